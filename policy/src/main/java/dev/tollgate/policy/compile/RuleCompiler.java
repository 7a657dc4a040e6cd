package dev.tollgate.policy.compile;

import dev.tollgate.crds.route.Hedge;
import dev.tollgate.crds.route.Retry;
import dev.tollgate.crds.route.Rule;
import dev.tollgate.policy.route.Router;
import dev.tollgate.policy.snapshot.RuleEntry;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One rule of a RoutingPolicy, but for its targets (api.md, section 3). */
final class RuleCompiler {

    /** Header names that a rule may not look at: they carry credentials; R54. */
    static final Set<String> CREDENTIAL_HEADERS =
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

    /**
     * @param canary null: none, or its target is left out
     */
    RuleEntry compile(
            List<RuleEntry.TargetEntry> targets,
            RuleEntry.@Nullable Canary canary,
            List<RuleEntry.Shadow> shadows) {
        refuseUnsupported();
        var timeouts = rule.timeouts();
        var selection = new SelectionCompiler(rule, at, findings);
        return new RuleEntry(
                rule.name(),
                new MatchCompiler(namespace, rule.match(), at + ".match", findings).compile(),
                selection.compile(),
                targets,
                selection.sticky(),
                canary,
                shadows,
                null,
                retry(),
                timeouts == null
                        ? null
                        : millis(timeouts.firstToken(), at + ".timeouts.firstToken"),
                timeouts == null ? null : millis(timeouts.request(), at + ".timeouts.request"));
    }

    private void refuseUnsupported() {
        var hedge = rule.hedge();
        var mode = hedge == null ? null : hedge.mode();
        if (mode != null && mode != Hedge.Mode.DISABLED) {
            findings.unsupported(at + ".hedge.mode", WireName.of(mode));
        }
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
