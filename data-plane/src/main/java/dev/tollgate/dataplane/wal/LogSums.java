package dev.tollgate.dataplane.wal;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * The settlements of a segment added up by themselves, from what its checkpoint says on: to compare
 * with what {@link LogState} makes of them, and with what the next checkpoint says (I12). One
 * thread.
 */
final class LogSums {

    /** A lease. */
    record Of(String account, long epoch) {}

    /** Of a lease. */
    record Spent(long settledNanos, long overrunNanos) {

        private static final Spent NOTHING = new Spent(0, 0);

        private Spent plus(LogRecord.Charge charge) {
            return new Spent(
                    Math.addExact(settledNanos, charge.settledNanos()),
                    Math.addExact(overrunNanos, charge.overrunNanos()));
        }

        private boolean isAtLeast(Spent other) {
            return settledNanos >= other.settledNanos && overrunNanos >= other.overrunNanos;
        }
    }

    private final Map<Of, Spent> sums;
    private final Set<Long> open;
    private long epoch;

    /**
     * @param checkpoint what the first record of the segment has restored
     */
    LogSums(LogState checkpoint) {
        this.sums = new HashMap<>(checkpoint.spent());
        this.open = new HashSet<>(checkpoint.open());
        this.epoch = checkpoint.epoch();
    }

    /**
     * The next record of the segment.
     *
     * @param number of the record in the log
     */
    void add(long number, LogRecord record) {
        switch (record) {
            case LogRecord.Boot boot -> epoch = boot.epoch();
            case LogRecord.Intent _ -> open.add(number);
            case LogRecord.Settle settle -> {
                if (open.remove(settle.intent())) { // the second one has no effect
                    for (var charge : settle.charges()) {
                        var of = new Of(charge.account(), epoch);
                        sums.put(of, sums.getOrDefault(of, Spent.NOTHING).plus(charge));
                    }
                }
            }
            case LogRecord.Forget(var account, var forgotten) ->
                    sums.remove(new Of(account, forgotten));
            case LogRecord.Acquire _,
                    LogRecord.Grant _,
                    LogRecord.Return _,
                    LogRecord.Close _,
                    LogRecord.Stop _,
                    LogRecord.Usage _,
                    LogRecord.Checkpoint _ -> {}
        }
    }

    /**
     * Whether each of these leases comes to no less than its settlements. What the log could not
     * take is in a checkpoint all the same, and a lease may be forgotten so.
     */
    boolean areIn(Map<Of, Spent> leases) {
        return leases.entrySet().stream()
                .allMatch(lease -> lease.getValue().isAtLeast(of(lease.getKey())));
    }

    /** Whether the leases come to the settlements, and to nothing else. */
    boolean are(Map<Of, Spent> leases) {
        return leases.entrySet().stream()
                        .allMatch(lease -> lease.getValue().equals(of(lease.getKey())))
                && sums.entrySet().stream()
                        .allMatch(
                                sum ->
                                        sum.getValue().equals(Spent.NOTHING)
                                                || leases.containsKey(sum.getKey()));
    }

    private Spent of(Of lease) {
        return sums.getOrDefault(lease, Spent.NOTHING);
    }
}
