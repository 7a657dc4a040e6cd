package dev.tollgate.dataplane.budget;

import java.util.Map;

/**
 * Counters since the start.
 *
 * @param doubleSettles calls of settle after the first
 * @param droppedRecords log records that could not be written
 * @param ledgerMessages sent to the ledger
 */
public record GateCounters(
        long reserved,
        long refused,
        long doubleSettles,
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
