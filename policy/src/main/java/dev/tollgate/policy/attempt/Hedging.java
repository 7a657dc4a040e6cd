package dev.tollgate.policy.attempt;

import dev.tollgate.policy.route.Candidate;

/** What {@link HedgeRule} decides when a first token is late. */
public sealed interface Hedging {

    /** Ask this target too. */
    record Ask(Candidate candidate) implements Hedging {}

    /** Go on waiting for the first one. */
    record Alone(Reason reason) implements Hedging {}

    /** Why no second target is asked, with its name in metrics. */
    enum Reason {
        /** The request is of the canary's share, whose figures stay its own. */
        CANARY("canary"),
        /** {@code maxAttempts} would be exceeded. */
        ATTEMPTS_SPENT("attempts"),
        /** The request's time is over. */
        DEADLINE("deadline"),
        /** No other target can take the request now. */
        NO_TARGET("target"),
        /** {@code maxPercent} of the rule's requests were hedged. */
        SHARE_SPENT("share"),
        /** It may cost more than {@code maxCost}, or both more than a ceiling. */
        TOO_DEAR("cost"),
        /** A budget has no room for both. */
        NO_BUDGET("budget");

        private final String word;

        Reason(String word) {
            this.word = word;
        }

        public String word() {
            return word;
        }
    }
}
