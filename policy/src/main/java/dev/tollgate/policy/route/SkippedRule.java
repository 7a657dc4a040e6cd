package dev.tollgate.policy.route;

import dev.tollgate.policy.snapshot.RuleEntry;

/** A rule that stands before the one that serves and does not match; for {@code explain}. */
public record SkippedRule(RuleEntry rule, Condition failed) {

    /** Members of {@code match}. */
    public enum Condition {
        SERVICE_ACCOUNTS,
        ESTIMATED_INPUT_TOKENS,
        REQUIRES,
        HEADERS,
        TIME,
        COMPLEXITY
    }
}
