package dev.tollgate.dataplane.budget;

import java.util.Map;

/**
 * Counters since the start.
 *
 * @param doubleSettles calls of settle after the first
 * @param wrongCharges attempts that were charged less than they cost, or more than they held though
 *     no provider said so
 * @param wrongTotals how often the totals of a lease were not what its settlements come to
 * @param droppedRecords log records that could not be written
 * @param ledgerMessages sent to the ledger
 */
public record GateCounters(
        long reserved,
        long refused,
        long doubleSettles,
        long wrongCharges,
        long wrongTotals,
        long droppedRecords,
        Map<Message, Long> ledgerMessages) {

    /** What a proxy says to the ledger. */
    public enum Message {
        REGISTER("register"),
        ACQUIRE("acquire"),
        REPORT("report"),
        CLOSE("close");

        private final String word;

        Message(String word) {
            this.word = word;
        }

        public String word() {
            return word;
        }
    }

    public GateCounters {
        ledgerMessages = Map.copyOf(ledgerMessages);
    }

    /** Messages of all kinds. */
    long ledgerCalls() {
        return ledgerMessages.values().stream().mapToLong(Long::longValue).sum();
    }
}
