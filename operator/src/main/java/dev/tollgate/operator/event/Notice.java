package dev.tollgate.operator.event;

/**
 * One transition of one object, for people; api.md, O4.
 *
 * @param note what has happened, and why
 */
public record Notice(Reason reason, String note) {

    /** The reasons, as Events spell them. */
    public enum Reason {
        PROGRAMMED("Programmed", false),
        REJECTED_BY_PROXY("RejectedByProxy", true),
        BUDGET_THRESHOLD("BudgetThreshold", true),
        BUDGET_EXHAUSTED("BudgetExhausted", true),
        BUDGET_BOUND_VIOLATION("BoundViolation", true),
        BUDGET_RESET("BudgetReset", false),
        BUDGET_RECLAIMED("BudgetReclaimed", true),
        BUDGET_RECLAIM_REFUSED("BudgetReclaimRefused", true),
        CANARY_PROMOTED("CanaryPromoted", false),
        CANARY_ROLLED_BACK("CanaryRolledBack", true),
        CREDENTIAL_ROTATED("CredentialRotated", false),
        CONFLICTED("Conflicted", true),
        MODEL_DEPRECATED("ModelDeprecated", true);

        private final String word;
        private final boolean warns;

        Reason(String word, boolean warns) {
            this.word = word;
            this.warns = warns;
        }

        public String word() {
            return word;
        }

        /** Whether it is of type Warning, else Normal. */
        public boolean warns() {
            return warns;
        }
    }
}
