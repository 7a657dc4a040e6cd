package dev.tollgate.policy.compile;

import dev.tollgate.crds.budget.RateLimits;
import dev.tollgate.crds.provider.ProviderLimits;
import dev.tollgate.policy.snapshot.LimitsEntry;
import org.jspecify.annotations.Nullable;

/** Limits of an account or a team; api.md, P6. */
final class LimitsCompiler {

    private static final String AT = "spec.limits";
    private static final int PERCENT = 100;
    private static final int USUAL_SKIP_PERCENT = 95;

    private LimitsCompiler() {}

    static @Nullable LimitsEntry of(@Nullable ProviderLimits limits, Findings findings) {
        if (limits == null) {
            return null;
        }
        int skip =
                limits.skipAbovePercent() == null ? USUAL_SKIP_PERCENT : limits.skipAbovePercent();
        if (skip < 1 || skip > PERCENT) {
            findings.invalid(AT + ".skipAbovePercent", skip + " (expected: 1..100)");
        }
        return checked(
                new LimitsEntry(
                        limits.requestsPerMinute(),
                        limits.tokensPerMinute(),
                        limits.maxConcurrent(),
                        skip),
                findings);
    }

    static @Nullable LimitsEntry of(@Nullable RateLimits limits, Findings findings) {
        return limits == null
                ? null
                : checked(
                        new LimitsEntry(
                                limits.requestsPerMinute(),
                                limits.tokensPerMinute(),
                                limits.maxConcurrent(),
                                PERCENT),
                        findings);
    }

    private static LimitsEntry checked(LimitsEntry limits, Findings findings) {
        positive(limits.requestsPerMinute(), "requestsPerMinute", findings);
        positive(limits.tokensPerMinute(), "tokensPerMinute", findings);
        positive(limits.maxConcurrent(), "maxConcurrent", findings);
        return limits;
    }

    private static void positive(@Nullable Number limit, String name, Findings findings) {
        if (limit != null && limit.longValue() < 1) {
            findings.invalid(AT + "." + name, limit + " (expected: at least 1)");
        }
    }
}
