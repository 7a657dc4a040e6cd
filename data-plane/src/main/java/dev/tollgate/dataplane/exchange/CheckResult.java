package dev.tollgate.dataplane.exchange;

/** What one active check of a provider came to. */
sealed interface CheckResult {

    /** Somebody is there. */
    record Good() implements CheckResult {
        @Override
        public String word() {
            return "good";
        }
    }

    record Bad() implements CheckResult {
        @Override
        public String word() {
            return "bad";
        }
    }

    /**
     * It was not made, and says nothing about the provider.
     *
     * @param reason why, in one of few words
     * @param why for people
     */
    record Skipped(String reason, String why) implements CheckResult {
        @Override
        public String word() {
            return "skipped_" + reason;
        }
    }

    /** Its name in metrics. */
    String word();

    CheckResult GOOD = new Good();
    CheckResult BAD = new Bad();
}
