package dev.tollgate.policy.compile;

import dev.tollgate.crds.route.HeaderMatch;
import dev.tollgate.crds.route.Hedge;
import dev.tollgate.crds.route.Match;
import dev.tollgate.crds.route.Retry;
import dev.tollgate.crds.route.Rule;
import dev.tollgate.crds.route.Selection;
import dev.tollgate.policy.route.Router;
import dev.tollgate.policy.snapshot.RuleEntry;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One rule of a RoutingPolicy, but for its targets (api.md, section 3). */
final class RuleCompiler {

    /** Header names that a rule may not look at: they carry credentials; R54. */
    private static final Set<String> CREDENTIAL_HEADERS =
            Set.of(
                    "authorization",
                    "proxy-authorization",
                    "cookie",
                    "x-api-key",
                    "api-key",
                    "x-goog-api-key");

    private static final int MAX_ATTEMPTS = 64;

    private final String namespace;
    private final Rule rule;
    private final String at;
    private final Findings findings;

    RuleCompiler(String namespace, Rule rule, String at, Findings findings) {
        this.namespace = namespace;
        this.rule = rule;
        this.at = at;
        this.findings = findings;
    }

    RuleEntry compile(List<RuleEntry.TargetEntry> targets) {
        refuseUnsupported();
        var timeouts = rule.timeouts();
        return new RuleEntry(
                rule.name(),
                match(),
                "weighted",
                targets,
                retry(),
                timeouts == null
                        ? null
                        : millis(timeouts.firstToken(), at + ".timeouts.firstToken"),
                timeouts == null ? null : millis(timeouts.request(), at + ".timeouts.request"));
    }

    private void refuseUnsupported() {
        findings.unsupportedIf(rule.sticky() != null, at + ".sticky");
        findings.unsupportedIf(rule.canary() != null, at + ".canary");
        findings.unsupportedIf(!rule.shadow().isEmpty(), at + ".shadow");
        var hedge = rule.hedge();
        var mode = hedge == null ? null : hedge.mode();
        if (mode != null && mode != Hedge.Mode.DISABLED) {
            findings.unsupported(at + ".hedge.mode", WireName.of(mode));
        }
        var selection = rule.selection();
        if (selection == null) {
            return;
        }
        var path = at + ".selection";
        var type = selection.type();
        if (type != null && type != Selection.Type.WEIGHTED) {
            findings.unsupported(path + ".type", WireName.of(type));
        }
        var weights = selection.weights();
        if (weights != null && weights != Selection.Weights.STATIC) {
            findings.unsupported(path + ".weights", WireName.of(weights));
        }
        findings.unsupportedIf(selection.qualityFloor() != null, path + ".qualityFloor");
        findings.unsupportedIf(selection.latency() != null, path + ".latency");
        findings.unsupportedIf(selection.score() != null, path + ".score");
        findings.unsupportedIf(selection.cascade() != null, path + ".cascade");
    }

    private RuleEntry.@Nullable Match match() {
        var match = rule.match();
        if (match == null) {
            return null;
        }
        var path = at + ".match";
        findings.unsupportedIf(
                match.estimatedInputTokens() != null, path + ".estimatedInputTokens");
        findings.unsupportedIf(!match.requires().isEmpty(), path + ".requires");
        findings.unsupportedIf(!match.complexity().isEmpty(), path + ".complexity");
        findings.unsupportedIf(match.time() != null, path + ".time");
        if (isEmpty(match)) {
            findings.invalid(path, "empty (expected: at least one member)");
        }
        var headers = match.headers().stream().map(this::header).filter(Objects::nonNull).toList();
        return new RuleEntry.Match(
                headers,
                match.serviceAccounts().stream()
                        .map(text -> Callers.serviceAccount(namespace, text))
                        .sorted()
                        .toList());
    }

    private static boolean isEmpty(Match match) {
        return match.headers().isEmpty()
                && match.serviceAccounts().isEmpty()
                && match.estimatedInputTokens() == null
                && match.requires().isEmpty()
                && match.complexity().isEmpty()
                && match.time() == null;
    }

    private RuleEntry.@Nullable HeaderMatch header(HeaderMatch header) {
        var path = at + ".match.headers";
        if (CREDENTIAL_HEADERS.contains(header.name())) {
            findings.invalid(path, header.name() + " (expected: no header of a credential)");
            return null;
        }
        var type = header.type() == null ? HeaderMatch.Type.EXACT : header.type();
        if (type == HeaderMatch.Type.UNKNOWN) {
            findings.unsupported(path, "a type of a newer version");
            return null;
        }
        boolean present = type == HeaderMatch.Type.PRESENT;
        if (present == (header.value() != null)) {
            findings.invalid(
                    path, header.name() + " (expected: a value, unless the type is Present)");
            return null;
        }
        return new RuleEntry.HeaderMatch(
                header.name(), type == HeaderMatch.Type.PREFIX, header.value());
    }

    private RuleEntry.Retry retry() {
        var retry = rule.retry();
        var usual = Router.DEFAULT_RETRY;
        if (retry == null) {
            return usual;
        }
        var path = at + ".retry";
        var attempts = retry.maxAttempts() == null ? usual.maxAttempts() : retry.maxAttempts();
        if (attempts < 1 || attempts > MAX_ATTEMPTS) {
            findings.invalid(
                    path + ".maxAttempts", attempts + " (expected: 1.." + MAX_ATTEMPTS + ")");
            attempts = usual.maxAttempts();
        }
        var backoff = retry.backoff();
        long base =
                findings.millis(
                        backoff == null ? null : backoff.base(),
                        path + ".backoff.base",
                        usual.backoffBaseMillis());
        long max =
                findings.millis(
                        backoff == null ? null : backoff.max(),
                        path + ".backoff.max",
                        Math.max(base, usual.backoffMaxMillis()));
        return new RuleEntry.Retry(
                causes(retry, path),
                attempts,
                millis(retry.perTryTimeout(), path + ".perTryTimeout"),
                base,
                max,
                findings.millis(
                        retry.maxRetryAfter(),
                        path + ".maxRetryAfter",
                        usual.maxRetryAfterMillis()));
    }

    private Set<RuleEntry.Cause> causes(Retry retry, String path) {
        if (retry.retryOn().isEmpty()) {
            return EnumSet.allOf(RuleEntry.Cause.class);
        }
        var causes = EnumSet.noneOf(RuleEntry.Cause.class);
        for (var cause : retry.retryOn()) {
            switch (cause) {
                case RATE_LIMITED -> causes.add(RuleEntry.Cause.RATE_LIMITED);
                case SERVER_ERROR -> causes.add(RuleEntry.Cause.SERVER_ERROR);
                case TIMEOUT -> causes.add(RuleEntry.Cause.TIMEOUT);
                case CONNECT_FAILURE -> causes.add(RuleEntry.Cause.CONNECT_FAILURE);
                case UNKNOWN ->
                        findings.unsupported(path + ".retryOn", "a value of a newer version");
            }
        }
        return causes;
    }

    /** Null if absent. */
    private @Nullable Long millis(@Nullable String text, String path) {
        return text == null ? null : (Long) findings.millis(text, path, 1);
    }
}
