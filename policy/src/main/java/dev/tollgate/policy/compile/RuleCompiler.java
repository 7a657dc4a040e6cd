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
    private static final int USUAL_HEDGE_PERCENT = 5;
    private static final int MAX_HEDGE_PERCENT = 20;

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
                hedge(),
                retry(),
                timeouts == null
                        ? null
                        : millis(timeouts.firstToken(), at + ".timeouts.firstToken"),
                timeouts == null ? null : millis(timeouts.request(), at + ".timeouts.request"));
    }

    private RuleEntry.@Nullable Hedge hedge() {
        var hedge = rule.hedge();
        var mode = hedge == null ? null : hedge.mode();
        if (hedge == null || mode == null) {
            return null;
        }
        return switch (mode) {
            case DISABLED -> null;
            case FIRST_TOKEN -> firstToken(hedge, at + ".hedge");
            case UNKNOWN -> {
                findings.unsupported(at + ".hedge.mode", "a value of a newer version");
                yield null;
            }
        };
    }

    /** R23 and R53. */
    private RuleEntry.Hedge firstToken(Hedge hedge, String path) {
        if (hedge.after() == null) {
            findings.invalid(path + ".after", "absent (expected: a duration, with FirstToken)");
        }
        var percent = hedge.maxPercent() == null ? USUAL_HEDGE_PERCENT : hedge.maxPercent();
        if (percent < 1 || percent > MAX_HEDGE_PERCENT) {
            findings.invalid(
                    path + ".maxPercent", percent + " (expected: 1.." + MAX_HEDGE_PERCENT + ")");
        }
        var most = findings.money(hedge.maxCost(), path + ".maxCost");
        return new RuleEntry.Hedge(
                findings.millis(hedge.after(), path + ".after", 1),
                percent,
                most == null ? null : (Long) most.nanos());
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
