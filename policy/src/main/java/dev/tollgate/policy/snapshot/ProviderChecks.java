package dev.tollgate.policy.snapshot;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.HashSet;
import java.util.List;
import java.util.regex.Pattern;

/** Whether a proxy can call a provider of a snapshot. */
final class ProviderChecks extends Checks {

    private static final Pattern CREDENTIAL =
            Pattern.compile("[a-z0-9.-]{1,253}/[a-z0-9.-]{1,253}/[-._a-zA-Z0-9]{1,253}");

    ProviderChecks(List<SnapshotError> errors) {
        super(errors);
    }

    void provider(ProviderEntry entry, boolean first) {
        var at = new At("ModelProvider", entry.key(), "");
        check(at, first, "key", entry.key(), "one entry a key");
        check(
                at,
                SnapshotValidator.KEY.matcher(entry.key()).matches(),
                "key",
                entry.key(),
                "namespace/name");
        check(
                at,
                SnapshotValidator.DIALECTS.contains(entry.dialect()),
                "dialect",
                entry.dialect(),
                "one of " + SnapshotValidator.DIALECTS.stream().sorted().toList());
        check(at, isBaseUrl(entry.url()), "url", entry.url(), "http(s)://host[:port][/path]");
        var credential = entry.auth().credential();
        boolean needed = entry.auth().kind() == ProviderEntry.Auth.Kind.API_KEY;
        boolean sound =
                needed
                        ? credential != null && CREDENTIAL.matcher(credential).matches()
                        : credential == null;
        check(at, sound, "auth.credential", credential, "ns/secret/key exactly for API_KEY");
        var names = new HashSet<String>();
        for (int i = 0; i < entry.models().size(); i++) {
            var model = entry.models().get(i);
            var atModel = at.in("models[" + i + "]");
            check(atModel, names.add(model.name()), "name", model.name(), "one entry a name");
            model(atModel, model);
        }
        passThrough(at, entry);
        timeouts(at, entry);
        breaker(at, entry.breaker());
        limits(at, entry.limits());
        healthCheck(at, entry);
    }

    private void timeouts(At at, ProviderEntry entry) {
        var limits = entry.timeouts();
        positive(at, "timeouts.connectMillis", limits.connectMillis());
        positive(at, "timeouts.firstByteMillis", limits.firstByteMillis());
        positive(at, "timeouts.streamIdleMillis", limits.streamIdleMillis());
        positive(at, "timeouts.requestMillis", limits.requestMillis());
    }

    private void breaker(At at, ProviderEntry.Breaker breaker) {
        positive(at, "breaker.consecutiveFailures", breaker.consecutiveFailures());
        positive(at, "breaker.openMillis", breaker.openMillis());
        positive(at, "breaker.halfOpenProbes", breaker.halfOpenProbes());
        check(
                at,
                breaker.maxOpenMillis() >= breaker.openMillis(),
                "breaker.maxOpenMillis",
                breaker.maxOpenMillis(),
                ">= openMillis");
    }

    private void healthCheck(At at, ProviderEntry entry) {
        var check = entry.healthCheck();
        if (check == null) {
            return;
        }
        var in = at.in("healthCheck");
        positive(in, "intervalMillis", check.intervalMillis());
        positive(in, "timeoutMillis", check.timeoutMillis());
        positive(in, "unhealthyAfter", check.unhealthyAfter());
        positive(in, "healthyAfter", check.healthyAfter());
        var name = check.model();
        if (name != null) {
            var model = entry.model(name);
            check(in, model != null, "model", name, "a model of this provider");
            boolean priced = model == null || model.price() != null;
            check(in, priced, "model", name, "one with a price");
        }
    }

    private void passThrough(At at, ProviderEntry entry) {
        var paths = new HashSet<String>();
        for (int i = 0; i < entry.passThrough().size(); i++) {
            var declared = entry.passThrough().get(i);
            var path = declared.path();
            var atPath = at.in("passThrough[" + i + "]");
            check(atPath, PassThroughEntry.isAllowed(path), "path", path, "one that may pass");
            check(atPath, paths.add(path), "path", path, "one entry a path");
            notNegative(atPath, "microsPerRequest", declared.microsPerRequest());
            for (var model : declared.models()) {
                notNegative(atPath.in("models"), model.name(), model.microsPerRequest());
            }
        }
    }

    private static boolean isBaseUrl(String url) {
        try {
            var uri = new URI(url);
            return ("https".equals(uri.getScheme()) || "http".equals(uri.getScheme()))
                    && uri.getHost() != null
                    && uri.getUserInfo() == null
                    && uri.getQuery() == null
                    && uri.getFragment() == null
                    && !url.endsWith("/");
        } catch (URISyntaxException e) {
            return false;
        }
    }

    private void model(At at, ModelEntry model) {
        check(at, !model.name().isEmpty(), "name", model.name(), "a model id");
        check(
                at,
                model.quality() >= 1 && model.quality() <= 100,
                "quality",
                model.quality(),
                "1..100");
        notNegative(at, "imageTokens", model.imageTokens());
        if (model.contextTokens() != null) {
            positive(at, "contextTokens", model.contextTokens());
        }
        if (model.maxOutputTokens() != null) {
            positive(at, "maxOutputTokens", model.maxOutputTokens());
        }
        var price = model.price();
        if (price == null) {
            return;
        }
        var atPrice = at.in("price");
        notNegative(atPrice, "input", price.input());
        notNegative(atPrice, "cachedInput", price.cachedInput());
        notNegative(atPrice, "cacheWrite", price.cacheWrite());
        notNegative(atPrice, "cacheWrite1h", price.cacheWrite1h());
        notNegative(atPrice, "output", price.output());
        notNegative(atPrice, "inputAudio", price.inputAudio());
        notNegative(atPrice, "outputAudio", price.outputAudio());
        notNegative(atPrice, "perRequest", price.perRequest());
        long above = 0;
        for (int i = 0; i < price.tiers().size(); i++) {
            var tier = price.tiers().get(i);
            var atTier = atPrice.in("tiers[" + i + "]");
            check(
                    atTier,
                    tier.aboveInputTokens() > above,
                    "aboveInputTokens",
                    tier.aboveInputTokens(),
                    "more than " + above);
            above = tier.aboveInputTokens();
            notNegative(atTier, "input", tier.input());
            notNegative(atTier, "cachedInput", tier.cachedInput());
            notNegative(atTier, "cacheWrite", tier.cacheWrite());
            notNegative(atTier, "cacheWrite1h", tier.cacheWrite1h());
            notNegative(atTier, "output", tier.output());
        }
    }
}
