package dev.tollgate.policy.budget;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One account of the ledger: a Budget, a subject, a window. Immutable; {@link Ledger} makes the
 * next one. Amounts are micro-USD.
 *
 * @param limitMicros in force: the Budget's amount and {@code resetMicros}
 * @param settledMicros of all leases, closed ones too
 * @param overrunMicros charges above a hold, of all leases, closed ones too
 * @param resetMicros of the limit, what resets have added: what was spent when they came
 * @param resetAt when the last reset that counts was asked for; null: none
 * @param seq one more with every write, at least two when what was forgotten is rebuilt
 * @param epoch fencing number of the ledger that wrote it
 * @param leases at most {@link #MAX_LEASES}
 * @param closed the last {@link #MAX_CLOSED} holders that closed a lease which is counted, though
 *     nothing else could tell so when they say it again: they knew of no money in it, or of a
 *     {@code seq} above {@code frozenAtSeq}, or its window was not over
 * @param frozenAtSeq the {@code seq} that the store had before the first write of the freeze that
 *     the account is in: what a holder has seen beyond it, the store has forgotten; null: it is not
 *     frozen, or not written since
 */
public record Account(
        AccountKey key,
        long limitMicros,
        long settledMicros,
        long overrunMicros,
        long resetMicros,
        @Nullable Instant resetAt,
        long seq,
        long epoch,
        List<LeaseAccount> leases,
        List<HolderId> closed,
        @Nullable Long frozenAtSeq) {

    public static final int MAX_LEASES = 256;

    public static final int MAX_CLOSED = 64;

    /** JSON integers are exact up to here. */
    public static final long MAX_MICROS = (1L << 53) - 1;

    public Account {
        leases = List.copyOf(leases);
        closed =
                List.copyOf(closed.subList(Math.max(0, closed.size() - MAX_CLOSED), closed.size()));
        if (frozenAtSeq != null && (frozenAtSeq < 0 || frozenAtSeq > seq)) {
            throw new IllegalArgumentException(
                    key + ": frozenAtSeq " + frozenAtSeq + " (expected: 0 to " + seq + ")");
        }
    }

    /** One that is not frozen. */
    public Account(
            AccountKey key,
            long limitMicros,
            long settledMicros,
            long overrunMicros,
            long resetMicros,
            @Nullable Instant resetAt,
            long seq,
            long epoch,
            List<LeaseAccount> leases,
            List<HolderId> closed) {
        this(
                key,
                limitMicros,
                settledMicros,
                overrunMicros,
                resetMicros,
                resetAt,
                seq,
                epoch,
                leases,
                closed,
                null);
    }

    /** A new account that nobody has written yet. */
    public static Account opened(AccountKey key, long limitMicros) {
        return new Account(key, limitMicros, 0, 0, 0, null, 0, 0, List.of(), List.of());
    }

    /** A new account that counts a reset as done. */
    Account withReset(@Nullable Instant at) {
        return new Account(
                key,
                limitMicros,
                settledMicros,
                overrunMicros,
                0,
                at,
                seq,
                epoch,
                leases,
                closed,
                frozenAtSeq);
    }

    /** As the ledger of this epoch writes it next. */
    Account written(long byEpoch) {
        return new Account(
                key,
                limitMicros,
                settledMicros,
                overrunMicros,
                resetMicros,
                resetAt,
                seq + 1,
                byEpoch,
                leases,
                closed,
                frozenAtSeq);
    }

    /** The same, {@code seq} apart: one of several steps of a write. */
    Account withSeq(long number) {
        return number == seq
                ? this
                : new Account(
                        key,
                        limitMicros,
                        settledMicros,
                        overrunMicros,
                        resetMicros,
                        resetAt,
                        number,
                        epoch,
                        leases,
                        closed,
                        frozenAtSeq);
    }

    /** It gives nothing out until all proxies of the fleet have told what they hold of it. */
    public boolean isFrozen() {
        return frozenAtSeq != null;
    }

    /**
     * The same, frozen since a write of it had this number.
     *
     * @param number null: it is frozen no more
     */
    Account withFrozenAt(@Nullable Long number) {
        return Objects.equals(number, frozenAtSeq)
                ? this
                : new Account(
                        key,
                        limitMicros,
                        settledMicros,
                        overrunMicros,
                        resetMicros,
                        resetAt,
                        seq,
                        epoch,
                        leases,
                        closed,
                        number);
    }

    /** Up to here it knows what its holders have seen and closed. */
    long knownUpTo() {
        return frozenAtSeq == null ? seq : frozenAtSeq;
    }

    Account withLimit(long micros) {
        return with(micros, settledMicros, overrunMicros, leases, closed);
    }

    /** Instead of the holder's other one; what it has settled and overrun more, the account has. */
    Account withLease(LeaseAccount lease) {
        var known = lease(lease.holder());
        var next = new ArrayList<LeaseAccount>(leases.size() + 1);
        for (var other : leases) {
            next.add(other.holder().equals(lease.holder()) ? lease : other);
        }
        if (known == null) {
            next.add(lease);
        }
        var before = known == null ? LeaseAccount.opened(lease.holder()) : known;
        return with(
                limitMicros,
                Math.addExact(settledMicros, lease.settledMicros() - before.settledMicros()),
                Math.addExact(overrunMicros, lease.overrunMicros() - before.overrunMicros()),
                next,
                known == null ? closedWithout(lease.holder()) : closed);
    }

    /** What it has settled and overrun stays the account's. */
    Account withoutLease(HolderId holder) {
        return withLeases(leases.stream().filter(lease -> !lease.holder().equals(holder)).toList());
    }

    /** The holder's lease is closed and counted, and nothing else tells so. */
    Account withClosed(HolderId holder) {
        var all = closedWithout(holder);
        all.add(holder);
        return with(limitMicros, settledMicros, overrunMicros, leases, all);
    }

    private List<HolderId> closedWithout(HolderId holder) {
        var others = new ArrayList<>(closed);
        others.remove(holder);
        return others;
    }

    /** By the ledger's clock, now or once; see {@link #isSpentOfUnasked}. */
    boolean isEntered(Instant now) {
        var start = key.window().start();
        return start == null || !start.isAfter(now) || !isSpentOfUnasked();
    }

    /**
     * Somebody has spent of it without money, and no ledger has granted any: before its window
     * begins, that is a holder whose clock is ahead, and leads nobody else into it.
     */
    boolean isSpentOfUnasked() {
        return settledMicros == 0
                && (overrunMicros > 0 || !leases.isEmpty())
                && leases.stream().allMatch(lease -> lease.amountMicros() == 0);
    }

    boolean hasRoom() {
        return leases.size() < MAX_LEASES;
    }

    Account withLeases(List<LeaseAccount> all) {
        return with(limitMicros, settledMicros, overrunMicros, all, closed);
    }

    private Account with(
            long limit, long settled, long overrun, List<LeaseAccount> all, List<HolderId> gone) {
        return new Account(
                key,
                limit,
                settled,
                overrun,
                resetMicros,
                resetAt,
                seq,
                epoch,
                all,
                gone,
                frozenAtSeq);
    }

    /** A later start of the holder's log has a lease: this holder's time is over. */
    boolean isSucceeded(HolderId holder) {
        for (var lease : leases) {
            if (lease.holder().logId().equals(holder.logId())
                    && lease.holder().bootEpoch() > holder.bootEpoch()) {
                return true;
            }
        }
        return false;
    }

    /** When the window ends, from now on; null: never. */
    @Nullable Duration windowRemaining(Instant now) {
        return key.window().remaining(now);
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

    /** Of leases whose holders are lost, or may be: nobody can spend it. */
    public long suspectMicros() {
        var sum = 0L;
        for (var lease : leases) {
            if (lease.state() == LeaseAccount.State.SUSPECT) {
                sum = Math.addExact(sum, lease.outstandingMicros());
            }
        }
        return sum;
    }

    /** What may still be granted; negative after an overrun or when the limit was lowered. */
    public long remainingMicros() {
        return limitMicros - settledMicros - overrunMicros - outstandingMicros();
    }

    /** I3: what leases have settled that are closed; never negative. */
    long settledOfClosedMicros() {
        var rest = settledMicros;
        for (var lease : leases) {
            rest -= lease.settledMicros();
        }
        return rest;
    }

    /** The same, of overrun. */
    long overrunOfClosedMicros() {
        var rest = overrunMicros;
        for (var lease : leases) {
            rest -= lease.overrunMicros();
        }
        return rest;
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
