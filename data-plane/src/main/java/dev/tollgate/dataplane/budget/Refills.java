package dev.tollgate.dataplane.budget;

import dev.tollgate.dataplane.budget.Admission.RefusalKind;
import dev.tollgate.dataplane.wal.LogRecord;
import dev.tollgate.dataplane.wal.Wal;
import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.DeniedReason;
import dev.tollgate.policy.budget.LedgerEffect;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Gets money for those who wait and ahead of need: asks the ledger, at most once at a time for a
 * counter unless more has come to wait than that would serve, puts its grants into leases,
 * remembers its refusals, and serves who waits. What is asked for and what is granted is in the log
 * first. On the keeper's thread.
 */
final class Refills {

    private static final long NANOS_PER_MICRO = 1_000;
    private static final long NANOS_PER_MILLI = 1_000_000;
    private static final long SECOND = 1_000_000_000L;

    /** Unanswered for this long, an Acquire is said again, with the same number. */
    private static final long ASK_AGAIN_NANOS = 2 * SECOND;

    /**
     * The same while nobody waits for it: the ledger may let a refill wait for the account's turn,
     * and one that is behind with its answers gets no further by hearing it all again.
     */
    private static final long ASK_AGAIN_UNHURRIED_NANOS = 60 * SECOND;

    /** A refill comes at most this long before it would, for its answer being late. */
    private static final long EARLY_NANOS_MAX = 90 * SECOND;

    /** A ledger that gave no clear answer is told the totals for so long; it says what it has. */
    private static final long UNSURE_NANOS = 10 * SECOND;

    private static final long LATER_MILLIS = 250;
    private static final long REFILL_LATER_MILLIS = 1_000;

    /** One call brings money for at most this many who wait. */
    private static final int BATCH_MAX = 64;

    /** A slice is at least this many of the dearest requests. */
    private static final int BOUNDS_PER_SLICE = 4;

    /** And so many times what is short. */
    private static final int SLICE_PER_NEED = 4;

    private final Wal wal;
    private final LedgerSession session;
    private final GateSettings settings;
    private final TimeSource time;
    private final KeeperThread thread;
    private final Supplier<Admitter> gate;

    Refills(
            Wal wal,
            LedgerSession session,
            GateSettings settings,
            TimeSource time,
            KeeperThread thread,
            Supplier<Admitter> gate) {
        this.wal = wal;
        this.session = session;
        this.settings = settings;
        this.time = time;
        this.thread = thread;
        this.gate = gate;
    }

    /** What was refused may be possible now. */
    void again(Counter counter) {
        counter.refusal = null;
        counter.refillAsked.set(false);
        counter.recallUntilNanos = 0;
        serve(counter);
        ask(counter);
    }

    void granted(LedgerEffect.Grant grant) {
        var counter = find(grant.account());
        if (counter == null) {
            return;
        }
        var asked = counter.asked;
        var lease = counter.of(grant.account());
        if (lease == null || lease.ended()) {
            unclear(counter, asked, grant.account());
            answered(counter, grant);
            again(counter); // of a window that is over: its close gives the money back
            return;
        }
        boolean logged = putIn(counter, lease, asked, grant);
        answered(counter, grant);
        if (!logged) {
            return; // not to be spent; asked for again later
        }
        if (lease != counter.current()) {
            again(counter); // of a window or period that was left: it goes back
            return;
        }
        if (grant.windowRemaining() != null
                && asked != null
                && asked.request() == grant.request()
                && time.nanos() - asked.sentNanos() < ASK_AGAIN_NANOS) {
            // an end counts from when it was asked for; one that was long on its way says nothing
            lease.endsAt(asked.sentNanos() + grant.windowRemaining().toNanos(), true);
        }
        counter.refusal = null;
        counter.onlyHead = false;
        counter.recallUntilNanos = 0;
        counter.refillAsked.set(false);
        serve(counter);
        if (counter.waiting.get() > 0) {
            ask(counter);
        }
    }

    /** Once what came of it is known of its lease: see {@link Counter#retireOver}. */
    private static void answered(Counter counter, LedgerEffect.Grant grant) {
        var asked = counter.asked;
        if (asked != null
                && asked.lease().key.equals(grant.account())
                && asked.request() <= grant.request()) {
            counter.asked = null;
        }
    }

    /** False: it is not in the log. */
    private boolean putIn(
            Counter counter, Lease lease, Counter.@Nullable Asked asked, LedgerEffect.Grant grant) {
        var known = wal.totals(lease.account, wal.holder().bootEpoch());
        var before = known == null ? 0 : known.amountMicros();
        if (grant.amountMicros() <= before) {
            return true; // said again
        }
        var record = new LogRecord.Grant(lease.account, grant.amountMicros(), grant.seq());
        if (wal.append(record) == 0) {
            notClear(lease);
            return false;
        }
        var slice = Math.multiplyExact(grant.amountMicros() - before, NANOS_PER_MICRO);
        lease.granted = true;
        lease.sliceNanos = grant.direct() ? 0 : slice;
        lease.direct = grant.direct();
        lease.give(slice);
        lease.usedNanos = time.nanos(); // what came late is not idle yet
        took(counter, asked, grant);
        lease.shortened =
                asked != null
                        && asked.request() == grant.request()
                        && slice < Math.multiplyExact(asked.wantedMicros(), NANOS_PER_MICRO);
        refillBelow(counter, lease);
        return true;
    }

    /** The ledger may count more as granted than is known here; the totals make it say so. */
    private void notClear(Lease lease) {
        lease.unclear = true;
        lease.unsureUntilNanos = time.nanos() + UNSURE_NANOS;
    }

    /** How late the ledger answers who does not wait: the next one is asked for as much earlier. */
    private void took(Counter counter, Counter.@Nullable Asked asked, LedgerEffect.Grant grant) {
        if (asked != null && asked.amountMicros() == 0 && asked.request() == grant.request()) {
            var took = Math.min(time.nanos() - asked.firstNanos(), EARLY_NANOS_MAX);
            counter.refillTakesNanos =
                    Math.max(took, counter.refillTakesNanos - counter.refillTakesNanos / 8);
        }
    }

    /**
     * At what a lease is refilled: at three quarters of what it is to last for, with what is burnt
     * until the answer comes, and a request that then still fits; at half of a slice that the
     * ledger cut, as the next one is cut too.
     */
    void refillBelow(Counter counter, Lease lease) {
        if (lease.shortened || lease.sliceNanos == 0) {
            lease.refillBelowNanos = lease.sliceNanos / 2;
            return;
        }
        var millis =
                settings.sliceAhead().toMillis() * 3 / 4
                        + counter.refillTakesNanos / NANOS_PER_MILLI;
        lease.refillBelowNanos =
                Math.max(
                        lease.sliceNanos / 2,
                        counter.burn.in(millis) + counter.boundMaxNanos.get());
    }

    /** Not in the log, and granted all the same: closed at its end, not forgotten. */
    private static void unclear(Counter counter, Counter.@Nullable Asked asked, AccountKey key) {
        if (asked != null && asked.lease().key.equals(key)) {
            asked.lease().unclear = true;
        }
        synchronized (counter.over) {
            counter.over.stream().filter(l -> l.key.equals(key)).forEach(l -> l.unclear = true);
        }
    }

    void denied(LedgerEffect.Denied denied) {
        var counter = find(denied.account());
        var asked = counter == null ? null : counter.asked;
        if (counter == null
                || asked == null
                || asked.request() != denied.request()
                || !asked.lease().key.equals(denied.account())) {
            return;
        }
        if (denied.reason() == DeniedReason.UNAVAILABLE
                || denied.reason() == DeniedReason.LEDGER_FULL) {
            notClear(asked.lease()); // the store may have taken it all the same
        }
        counter.asked = null; // once what came of it is known of its lease
        var now = time.nanos();
        var remaining = Math.multiplyExact(denied.remainingMicros(), NANOS_PER_MICRO);
        var retry = denied.retryAfter() == null ? Long.MAX_VALUE : denied.retryAfter().toNanos();
        if (counter.current() != asked.lease()) {
            again(counter); // another window has begun
            return;
        }
        if (lastReturnIsLater(asked)) {
            again(counter); // the answer did not know of it
            return;
        }
        var needed =
                denied.reason() == DeniedReason.EXHAUSTED
                        || denied.reason() == DeniedReason.RESERVED;
        boolean refill = asked.amountMicros() == 0;
        if (refill && (needed && remaining > 0 || denied.reason() == DeniedReason.RESERVED)) {
            // it found little, and took nothing from others; whoever is short asks for exactly that
            counter.refusal = null;
            later(counter, REFILL_LATER_MILLIS);
            if (counter.waiting.get() > 0) {
                ask(counter);
            }
            return;
        }
        if (needed && !counter.onlyHead && counter.waiting.get() > 1) {
            counter.onlyHead = true; // not for all at once, but perhaps for the first
            ask(counter);
            return;
        }
        switch (denied.reason()) {
            case EXHAUSTED -> {
                var until =
                        asked.lease().heldNanos.get() > 0
                                ? now + SECOND
                                : retry == Long.MAX_VALUE ? Long.MAX_VALUE : now + retry;
                refuseAll(counter, RefusalKind.EXHAUSTED, remaining, until);
            }
            case RESERVED -> {
                if (counter.recallUntilNanos == 0 && retry > 0 && counter.waiting.get() > 0) {
                    counter.recallUntilNanos = now + retry;
                } else if (counter.recallUntilNanos == 0
                        || now - counter.recallUntilNanos >= 0
                        || counter.waiting.get() == 0) {
                    refuseAll(counter, RefusalKind.RESERVED, remaining, now + SECOND);
                }
            }
            case UNKNOWN_ACCOUNT -> later(counter, LATER_MILLIS);
            case UNAVAILABLE, LEDGER_FULL ->
                    refuseAll(counter, RefusalKind.LEDGER_UNAVAILABLE, 0, now + SECOND);
            case FROZEN -> refuseAll(counter, RefusalKind.FROZEN, 0, now + SECOND);
        }
    }

    private static boolean lastReturnIsLater(Counter.Asked asked) {
        return asked.lease().returnedAtNanos != 0
                && asked.lease().returnedAtNanos - asked.sentNanos() >= 0;
    }

    private void later(Counter counter, long millis) {
        thread.later(
                () -> {
                    counter.refillAsked.set(false);
                    if (counter.waiting.get() > 0) {
                        ask(counter);
                    }
                },
                millis);
    }

    /**
     * Sends an Acquire if one is of use and none is on its way that brings enough. A burst is not
     * to wait for the answer to its first request before the others are asked for: the ledger
     * answers the last one alone if it has not begun with an earlier one.
     */
    void ask(Counter counter) {
        var lease = counter.current();
        if (lease == null || !session.registered() || lease.ended() || counter.isForgotten()) {
            return;
        }
        var asked = counter.asked;
        if (asked != null && counter.waiting.get() == 0) {
            return;
        }
        var need = 0L;
        var count = 0;
        for (var waiter : counter.waiters) {
            if (count++ == (counter.onlyHead ? 1 : BATCH_MAX)) {
                break;
            }
            need = Math.addExact(need, waiter.claim().bound().nanos());
        }
        need = Math.max(0, need - lease.freeNanos());
        var amount = Math.ceilDiv(need, NANOS_PER_MICRO);
        if (asked != null && amount <= (asked.amountMicros() > 0 ? asked.wantedMicros() : 0)) {
            return; // what was asked for ahead may come too late for who waits
        }
        if (need == 0 && !lease.wantsRefill() && lease.sliceNanos > 0) {
            counter.refillAsked.set(false);
            return;
        }
        if (need == 0 && counter.refusal != null) {
            return; // a refill is not worth a call; State tells when it may be
        }
        if (asked != null) {
            asked.lease().unclear = true; // its answer is not waited for
        }
        var ahead = counter.burn.in(settings.sliceAhead().toMillis());
        var slice = Math.max(ahead, BOUNDS_PER_SLICE * counter.boundMaxNanos.get());
        // at a sudden load, who waits tells the pace before the burn does
        var wanted = Math.max(SLICE_PER_NEED * amount, Math.ceilDiv(slice, NANOS_PER_MICRO));
        var request = wal.lastRequest(lease.account) + 1;
        if (wal.append(new LogRecord.Acquire(lease.account, request, amount)) == 0) {
            refuseAll(counter, RefusalKind.LOG_UNAVAILABLE, 0, time.nanos() + SECOND);
            return;
        }
        if (amount > 0) {
            session.report(List.of(lease)); // so that no is said only to who has nothing left
        }
        var needed = amount > 0 ? neededMicros(counter) : 0;
        var now = time.nanos();
        var next = new Counter.Asked(lease, request, amount, wanted, needed, now, now);
        if (!counter.asks(next)) {
            ask(counter); // its window has ended meanwhile
            return;
        }
        lease.recalled = false;
        session.acquire(next);
    }

    /** For who waits first. */
    private static long neededMicros(Counter counter) {
        var first = counter.waiters.peek();
        return first == null
                ? 0
                : Math.ceilDiv(first.claim().needed(counter.budget).nanos(), NANOS_PER_MICRO);
    }

    /** In the order of their arrival, as far as the lease reaches. */
    void serve(Counter counter) {
        while (true) {
            var waiter = counter.waiters.peek();
            if (waiter == null) {
                return;
            }
            switch (gate.get().decide(waiter.claim(), true)) {
                case Admitter.Verdict.Decided(var admission) -> {
                    counter.waiters.poll();
                    counter.waiting.decrementAndGet();
                    waiter.complete(admission);
                }
                case Admitter.Verdict.Short(var on, var shortNanos) -> {
                    if (on == counter) {
                        return;
                    }
                    counter.waiters.poll();
                    counter.waiting.decrementAndGet();
                    on.waiters.add(waiter);
                    on.waiting.incrementAndGet();
                    ask(on);
                }
            }
        }
    }

    private void refuseAll(
            Counter counter, RefusalKind kind, long remainingNanos, long untilNanos) {
        counter.onlyHead = false;
        counter.recallUntilNanos = 0;
        counter.refusal = new Refusal(kind, remainingNanos, untilNanos);
        counter.refillAsked.set(false);
        serve(counter); // the memory answers those that it covers
        if (counter.waiting.get() > 0) {
            ask(counter);
        }
    }

    void giveUpLate(Counter counter, long now) {
        if (counter.recallUntilNanos != 0 && counter.waiting.get() == 0) {
            counter.recallUntilNanos = 0; // served by what a settlement freed
            counter.onlyHead = false;
        }
        if (counter.recallUntilNanos != 0
                && now - counter.recallUntilNanos >= 0
                && counter.asked == null) {
            counter.onlyHead = true;
            ask(counter); // once more; a no is the last word then
        }
        // who has waited before came later and goes earlier
        for (var each = counter.waiters.iterator(); each.hasNext(); ) {
            var waiter = each.next();
            if (now - waiter.untilNanos() < 0) {
                continue;
            }
            each.remove();
            counter.waiting.decrementAndGet();
            waiter.complete(giveUp(waiter.claim(), counter));
        }
    }

    private Admission giveUp(Claim claim, Counter counter) {
        if (counter.recallUntilNanos != 0) {
            return gate.get().giveUp(claim, counter, RefusalKind.RESERVED);
        }
        // one that had less than half of the time does not know that the ledger is late
        boolean hadLittle = claim.waitedNanos() > settings.waitAtMost().toNanos() / 2;
        return hadLittle && session.registered()
                ? gate.get().outOfTime(claim, counter)
                : gate.get().giveUp(claim, counter, RefusalKind.LEDGER_UNAVAILABLE);
    }

    /** What had no answer before the connection was lost may be granted all the same. */
    void lost(Counter counter) {
        var asked = counter.asked;
        if (asked != null) {
            asked.lease().unclear = true;
        }
    }

    void sayAgain(Counter counter) {
        var asked = counter.asked;
        if (asked != null) {
            var again = asked.saidAgain(time.nanos());
            counter.asked = again;
            session.acquire(again);
        }
    }

    void sayAgainLate(Counter counter, long now) {
        var asked = counter.asked;
        if (asked == null) {
            return;
        }
        var late = counter.waiting.get() > 0 ? ASK_AGAIN_NANOS : ASK_AGAIN_UNHURRIED_NANOS;
        if (session.registered() && now - asked.sentNanos() > late) {
            sayAgain(counter);
        }
    }

    private @Nullable Counter find(AccountKey key) {
        return gate.get().counter(key.budget(), key.subject());
    }
}
