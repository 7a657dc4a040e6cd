package dev.tollgate.policy.snapshot;

import java.net.URI;
import java.net.URISyntaxException;
import java.time.DateTimeException;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Whether a proxy can serve a snapshot. The one check on both sides of the push: the control plane
 * runs it before it pushes, a proxy before it swaps, so a NACK is an alarm about a defect.
 */
public final class SnapshotValidator {

    /** Wire names of the dialects that a provider may speak. */
    public static final Set<String> DIALECTS = Set.of("openai-chat", "anthropic", "gemini");

    private static final Pattern KEY = Pattern.compile("[a-z0-9.-]{1,253}/[a-z0-9.-]{1,253}");
    private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");
    private static final Pattern CREDENTIAL =
            Pattern.compile("[a-z0-9.-]{1,253}/[a-z0-9.-]{1,253}/[-._a-zA-Z0-9]{1,253}");

    private final Snapshot snapshot;
    private final List<SnapshotError> errors = new ArrayList<>();
    private final Set<String> providers = new HashSet<>();

    private SnapshotValidator(Snapshot snapshot) {
        this.snapshot = snapshot;
    }

    /** Every error at once; empty: it can be served. */
    public static List<SnapshotError> validate(Snapshot snapshot) {
        var validator = new SnapshotValidator(snapshot);
        validator.run();
        return List.copyOf(validator.errors);
    }

    private void run() {
        if (snapshot.schemaVersion() < 1) {
            whole("schemaVersion", snapshot.schemaVersion() + " (expected: >= 1)");
        }
        if (snapshot.platformNamespace().isEmpty()) {
            whole("platformNamespace", "empty (expected: a namespace)");
        }
        snapshot.providers().forEach(this::provider);
        var policies = new HashSet<String>();
        snapshot.policies().forEach(entry -> policy(entry, policies.add(entry.key())));
        var budgets = new HashSet<String>();
        snapshot.budgets().forEach(entry -> budget(entry, budgets.add(entry.key())));
        clientKeys();
        issuers();
    }

    private void provider(ProviderEntry entry) {
        var at = new At("ModelProvider", entry.key(), "");
        check(at, providers.add(entry.key()), "key", entry.key(), "one entry a key");
        check(at, KEY.matcher(entry.key()).matches(), "key", entry.key(), "namespace/name");
        check(
                at,
                DIALECTS.contains(entry.dialect()),
                "dialect",
                entry.dialect(),
                "one of " + DIALECTS.stream().sorted().toList());
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
        var limits = entry.timeouts();
        positive(at, "timeouts.connectMillis", limits.connectMillis());
        positive(at, "timeouts.firstByteMillis", limits.firstByteMillis());
        positive(at, "timeouts.streamIdleMillis", limits.streamIdleMillis());
        positive(at, "timeouts.requestMillis", limits.requestMillis());
        positive(at, "breaker.consecutiveFailures", entry.breaker().consecutiveFailures());
        positive(at, "breaker.openMillis", entry.breaker().openMillis());
        positive(at, "breaker.halfOpenProbes", entry.breaker().halfOpenProbes());
        check(
                at,
                entry.breaker().maxOpenMillis() >= entry.breaker().openMillis(),
                "breaker.maxOpenMillis",
                entry.breaker().maxOpenMillis(),
                ">= openMillis");
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

    private void policy(PolicyEntry entry, boolean first) {
        var at = new At("RoutingPolicy", entry.key(), "");
        check(at, first, "key", entry.key(), "one entry a key");
        check(at, KEY.matcher(entry.key()).matches(), "key", entry.key(), "namespace/name");
        check(at, !entry.models().isEmpty(), "models", "[]", "at least one name");
        boolean onlyConstrains =
                entry.override()
                        && (entry.regions() != null || entry.maxCostNanosPerRequest() != null);
        check(at, !entry.rules().isEmpty() || onlyConstrains, "rules", "[]", "at least one rule");
        var cache = entry.cache();
        if (cache != null) {
            boolean sound = PolicyEntry.Cache.isTtl(cache.ttlMillis());
            check(at, sound, "cache.ttlMillis", cache.ttlMillis(), "1000..86400000");
        }
        for (int i = 0; i < entry.rules().size(); i++) {
            var rule = entry.rules().get(i);
            var atRule = at.in("rules[" + i + "]");
            var retry = rule.retry();
            positive(atRule, "retry.maxAttempts", retry.maxAttempts());
            notNegative(atRule, "retry.backoffBaseMillis", retry.backoffBaseMillis());
            notNegative(atRule, "retry.backoffMaxMillis", retry.backoffMaxMillis());
            notNegative(atRule, "retry.maxRetryAfterMillis", retry.maxRetryAfterMillis());
            cascade(atRule.in("selection"), rule.selection());
            shadows(atRule, rule);
            var names = new HashSet<String>();
            for (int j = 0; j < rule.targets().size(); j++) {
                var target = rule.targets().get(j);
                var atTarget = atRule.in("targets[" + j + "]");
                check(atTarget, names.add(target.name()), "name", target.name(), "one a name");
                notNegative(atTarget, "priority", target.priority());
                notNegative(atTarget, "weight", target.weight());
                check(
                        atTarget,
                        providers.contains(target.provider()),
                        "provider",
                        target.provider(),
                        "a provider of this snapshot");
            }
            var canary = rule.canary();
            if (canary != null) {
                check(
                        atRule,
                        names.contains(canary.target()),
                        "canary.target",
                        canary.target(),
                        "a target of this rule");
                check(
                        atRule,
                        canary.percent() >= 0 && canary.percent() <= 100,
                        "canary.percent",
                        String.valueOf(canary.percent()),
                        "0..100");
            }
        }
    }

    private void shadows(At atRule, RuleEntry rule) {
        var names = new HashSet<String>();
        for (var shadow : rule.shadows()) {
            var at = atRule.in("shadows");
            int percent = shadow.percent();
            check(at, names.add(shadow.name()), "name", shadow.name(), "one a name");
            check(at, percent >= 1 && percent <= 100, "percent", percent, "1..100");
            positive(at, "maxConcurrent", shadow.maxConcurrent());
            check(
                    at,
                    providers.contains(shadow.provider()),
                    "provider",
                    shadow.provider(),
                    "a provider of this snapshot");
        }
    }

    private void cascade(At at, SelectionEntry selection) {
        var cascade = selection.cascade();
        boolean wanted = selection.type() == SelectionEntry.Type.CASCADE;
        check(at, wanted == (cascade != null), "cascade", cascade, "exactly with type CASCADE");
        if (cascade != null) {
            int least = cascade.minConfidencePercent();
            positive(at, "cascade.maxSteps", cascade.maxSteps());
            check(at, least >= 1 && least <= 100, "minConfidencePercent", least, "1..100");
        }
    }

    private void budget(BudgetEntry entry, boolean first) {
        var at = new At("Budget", entry.key(), "");
        check(at, first, "key", entry.key(), "one entry a key");
        check(at, KEY.matcher(entry.key()).matches(), "key", entry.key(), "namespace/name");
        if (entry.blocked() != null) {
            return;
        }
        var period = entry.period();
        check(
                at,
                (entry.limitMicros() == null) == (period == null),
                "period",
                period,
                "exactly when there is a limit");
        if (entry.limitMicros() != null) {
            positive(at, "limitMicros", entry.limitMicros());
        }
        if (entry.maxCostNanosPerRequest() != null) {
            positive(at, "maxCostNanosPerRequest", entry.maxCostNanosPerRequest());
        }
        if (period != null) {
            check(at, isZone(period.timeZone()), "period.timeZone", period.timeZone(), "a zone");
            int most =
                    switch (period.type()) {
                        case MONTH -> 28;
                        case WEEK -> 7;
                        case HOUR, DAY, LIFETIME -> 1;
                    };
            check(
                    at,
                    period.startDay() >= 1 && period.startDay() <= most,
                    "period.startDay",
                    period.startDay(),
                    "1.." + most);
        }
        check(
                at,
                entry.onLedgerUnavailable() != BudgetEntry.OnLedgerUnavailable.ALLOW
                        || entry.mode() != BudgetEntry.Mode.HARD,
                "onLedgerUnavailable",
                entry.onLedgerUnavailable(),
                "not ALLOW in mode HARD");
    }

    private void clientKeys() {
        var hashes = new HashSet<String>();
        for (var key : snapshot.clientKeys()) {
            var parts = key.caller().split("[:/]", -1);
            var at =
                    parts.length == 4
                            ? new At("Secret", parts[1] + "/" + parts[2], parts[3])
                            : new At("", "/", "clientKeys");
            check(at, parts.length == 4, "caller", key.caller(), "key:namespace/secret/entry");
            check(
                    at,
                    SHA256.matcher(key.sha256()).matches(),
                    "sha256",
                    "[redacted]",
                    "64 hex digits");
            check(at, hashes.add(key.sha256()), "sha256", "[redacted]", "one holder a key");
        }
    }

    private void issuers() {
        var seen = new HashSet<String>();
        for (int i = 0; i < snapshot.issuers().size(); i++) {
            var issuer = snapshot.issuers().get(i);
            var path = "issuers[" + i + "]";
            if (!seen.add(issuer.issuer())) {
                whole(path + ".issuer", issuer.issuer() + " (expected: one entry an issuer)");
            }
            var ids = new HashSet<String>();
            for (var key : issuer.keys()) {
                boolean rsa = key.algorithm().equals("RS256") && key.n() != null && key.e() != null;
                boolean ec = key.algorithm().equals("ES256") && key.x() != null && key.y() != null;
                if (!rsa && !ec || !ids.add(key.id())) {
                    whole(
                            path + ".keys",
                            "key "
                                    + key.id()
                                    + " (expected: one key an id, RS256 with n and e or ES256 with"
                                    + " x and y)");
                }
            }
        }
    }

    private void positive(At at, String path, long value) {
        check(at, value > 0, path, value, "> 0");
    }

    private void notNegative(At at, String path, long value) {
        check(at, value >= 0, path, value, ">= 0");
    }

    private void check(At at, boolean sound, String path, @Nullable Object value, String expected) {
        if (!sound) {
            errors.add(at.error(path, value + " (expected: " + expected + ")"));
        }
    }

    private void whole(String path, String message) {
        errors.add(SnapshotError.whole(path, message));
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

    private static boolean isZone(String id) {
        try {
            ZoneId.of(id);
            return true;
        } catch (DateTimeException e) {
            return false;
        }
    }

    /** Where an error is: the resource, and the path in its entry so far. */
    private record At(String kind, String key, String path) {
        At in(String member) {
            return new At(kind, key, path.isEmpty() ? member : path + "." + member);
        }

        SnapshotError error(String member, String message) {
            int slash = key.indexOf('/');
            var at = path.isEmpty() ? member : path + "." + member;
            return kind.isEmpty()
                    ? SnapshotError.whole(at, message)
                    : new SnapshotError(
                            kind,
                            slash < 0 ? "" : key.substring(0, slash),
                            key.substring(slash + 1),
                            at,
                            message);
        }
    }
}
