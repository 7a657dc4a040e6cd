package dev.tollgate.dataplane.wal;

import java.util.List;
import java.util.Map;

/**
 * One record of the write-ahead log. Accounts are named by their key as text. Records of leases
 * belong to the boot epoch of the last {@link Boot} before them, but for those that name another.
 * Records with a number of micro-USD tell the new total, so that reading one twice does no harm.
 */
public sealed interface LogRecord {

    /**
     * A start of the process.
     *
     * @param kernelBoot which start of the kernel: what was written under another one may have lost
     *     its tail
     */
    record Boot(long epoch, String kernelBoot) implements LogRecord {}

    /** An Acquire is about to be sent. */
    record Acquire(String account, long request, long amountMicros) implements LogRecord {}

    /** A Grant arrived; the lease's amount is now this. */
    record Grant(String account, long amountMicros, long seq) implements LogRecord {}

    /**
     * An attempt is about to be sent; its number in the log names it.
     *
     * @param holds none: no budget counts it
     */
    record Intent(Request request, Try attempt, List<Hold> holds) implements LogRecord {
        public Intent {
            holds = List.copyOf(holds);
        }
    }

    /**
     * An attempt is over.
     *
     * @param intent number of its Intent
     * @param assumed the provider did not say; the cost is an upper bound
     */
    record Settle(long intent, long costNanos, boolean assumed, List<Charge> charges)
            implements LogRecord {
        public Settle {
            charges = List.copyOf(charges);
        }
    }

    /** Idle money is about to be returned; the lease's total of it is now this. */
    record Return(String account, long returnedMicros) implements LogRecord {}

    /** Nothing is spent from this lease afterwards. */
    record Close(String account, long epoch) implements LogRecord {}

    /** The ledger has stored the lease's final totals. */
    record Forget(String account, long epoch) implements LogRecord {}

    /** An orderly end of the process. */
    record Stop(long epoch) implements LogRecord {}

    /** A request's usage record, JSON: the request is over. */
    record Usage(String requestId, byte[] json) implements LogRecord {}

    /** All of the state that the records so far make: the first record of every segment. */
    record Checkpoint(byte[] state) implements LogRecord {}

    /**
     * What a usage record says of a request before its end.
     *
     * @param timeMillis when it arrived, Unix time
     * @param team the caller's namespace
     */
    record Request(
            String id,
            long timeMillis,
            String team,
            String caller,
            Map<String, String> tags,
            String dialect,
            String route,
            String strategy,
            String modelRequested,
            boolean stream) {
        public Request {
            tags = Map.copyOf(tags);
        }
    }

    /**
     * One attempt of a request.
     *
     * @param number from 1
     * @param boundNanos the most that it can cost
     */
    record Try(int number, String provider, String model, String priceSource, long boundNanos) {}

    /** What an attempt holds of one lease. */
    record Hold(String account, long nanos) {}

    /**
     * What an attempt costs one lease.
     *
     * @param settledNanos within the lease
     * @param overrunNanos above it
     */
    record Charge(String account, long settledNanos, long overrunNanos) {}
}
