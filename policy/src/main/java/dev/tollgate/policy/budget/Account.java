package dev.tollgate.policy.budget;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One account of the ledger: a Budget, a subject, a window. Immutable; {@link Ledger} makes the
 * next one. Amounts are micro-USD.
 *
 * @param windowEnd null: Lifetime
 * @param limitMicros in force: the Budget's amount and {@code resetMicros}
 * @param settledMicros of all leases, closed ones too
 * @param overrunMicros charges above a hold, of all leases, closed ones too
 * @param resetMicros of the limit, what resets have added: what was spent when they came
 * @param resetAt when the last reset that counts was asked for; null: none
 * @param seq one more with every write, at least two when what was forgotten is rebuilt
 * @param epoch fencing number of the ledger that wrote it
 * @param leases at most {@link #MAX_LEASES}
 */
public record Account(
        AccountKey key,
        @Nullable Instant windowEnd,
        long limitMicros,
        long settledMicros,
        long overrunMicros,
        long resetMicros,
        @Nullable Instant resetAt,
        long seq,
        long epoch,
        List<LeaseAccount> leases) {

    public static final int MAX_LEASES = 256;

    /** JSON integers are exact up to here. */
    public static final long MAX_MICROS = (1L << 53) - 1;

    public Account {
        leases = List.copyOf(leases);
    }

    /** A new account that nobody has written yet. */
    public static Account opened(AccountKey key, @Nullable Instant windowEnd, long limitMicros) {
        return new Account(key, windowEnd, limitMicros, 0, 0, 0, null, 0, 0, List.of());
    }

    /** A new account that counts a reset as done. */
    Account withReset(@Nullable Instant at) {
        return new Account(
                key,
                windowEnd,
                limitMicros,
                settledMicros,
                overrunMicros,
                0,
                at,
                seq,
                epoch,
                leases);
    }

    /** The same account by one more write. */
    Account rewritten() {
        return new Account(
                key,
                windowEnd,
                limitMicros,
                settledMicros,
                overrunMicros,
                resetMicros,
                resetAt,
                seq + 1,
                epoch,
                leases);
    }

    /** The Budget's amount. */
    public long amountMicros() {
        return limitMicros - resetMicros;
    }

    /** Settled and overrun, since the last reset. */
    public long spentMicros() {
        return Math.addExact(settledMicros, overrunMicros) - resetMicros;
    }

    public long outstandingMicros() {
        var sum = 0L;
        for (var lease : leases) {
            sum = Math.addExact(sum, lease.outstandingMicros());
        }
        return sum;
    }

    /** What may still be granted; negative after an overrun or when the limit was lowered. */
    public long remainingMicros() {
        return limitMicros - settledMicros - overrunMicros - outstandingMicros();
    }

    public @Nullable LeaseAccount lease(HolderId holder) {
        for (var lease : leases) {
            if (lease.holder().equals(holder)) {
                return lease;
            }
        }
        return null;
    }
}
