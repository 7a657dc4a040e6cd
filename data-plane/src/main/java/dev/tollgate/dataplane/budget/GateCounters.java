package dev.tollgate.dataplane.budget;

/**
 * Counters since the start.
 *
 * @param doubleSettles calls of settle after the first
 * @param droppedRecords log records that could not be written
 * @param ledgerCalls messages sent to the ledger
 */
public record GateCounters(
        long reserved, long refused, long doubleSettles, long droppedRecords, long ledgerCalls) {}
