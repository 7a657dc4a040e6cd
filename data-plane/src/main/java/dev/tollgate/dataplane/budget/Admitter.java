package dev.tollgate.dataplane.budget;

import dev.tollgate.dataplane.budget.Admission.RefusalKind;
import dev.tollgate.dataplane.wal.LogRecord;
import dev.tollgate.dataplane.wal.Wal;
import dev.tollgate.policy.budget.Ladder;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.BudgetEntry.Mode;
import dev.tollgate.policy.snapshot.BudgetEntry.OnLedgerUnavailable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The decision on a claim, at once: one compare and swap per lease in the order of their keys, then
 * the intent in the log. The first lease that is short puts the others back.
 */
final class Admitter {

    private static final long NANOS_PER_MICRO = 1_000;
    private static final int RETRY_MIN_SECONDS = 5;
    private static final int RETRY_MAX_SECONDS = 15;

    /** What came of a try. */
    sealed interface Verdict {
        record Decided(Admission admission) implements Verdict {}

        /** A lease is short, and the ledger may have more, or may answer again. */
        record Short(Counter counter, long shortNanos) implements Verdict {}
    }

    private record CounterKey(String budget, String subject) {}

    private final Wal wal;
    private final LeaseKeeper keeper;
    private final TimeSource time;
    private final ConcurrentHashMap<CounterKey, Counter> counters = new ConcurrentHashMap<>();
    final LongAdder reserved = new LongAdder();
    final LongAdder refused = new LongAdder();
    final LongAdder doubleSettles = new LongAdder();
    final LongAdder unlogged = new LongAdder();
    volatile boolean closing;

    Admitter(Wal wal, LeaseKeeper keeper, TimeSource time) {
        this.wal = wal;
        this.keeper = keeper;
        this.time = time;
    }

    Iterable<Counter> counters() {
        return counters.values();
    }

    /**
     * @param waited it stood in the queue of the first counter that was short: it need not queue
     *     again behind those that came later
     */
    Verdict decide(Claim claim, boolean waited) {
        return decide(claim, waited, true);
    }

    private Verdict decide(Claim claim, boolean waited, boolean again) {
        var entries = claim.budgets();
        if (entries.size() > 1) {
            entries = new ArrayList<>(entries);
            entries.sort(Comparator.comparing(BudgetEntry::key));
        }
        for (var entry : entries) {
            var refusal = precheck(entry, claim);
            if (refusal != null) {
                return refuse(refusal);
            }
        }
        var parts = new ArrayList<HeldReservation.Part>(entries.size());
        List<WouldRefuse> wouldRefuse = List.of();
        for (var entry : entries) {
            boolean counts = entry.limitMicros() != null && entry.period() != null;
            if (counts && entry.mode() == Mode.SHADOW) {
                var would = wouldRefuse(entry, claim);
                if (would != null) {
                    wouldRefuse = wouldRefuse.isEmpty() ? new ArrayList<>(1) : wouldRefuse;
                    wouldRefuse.add(would);
                }
            }
            if (!counts || claim.isFree()) {
                continue;
            }
            var verdict = take(entry, claim, waited, parts);
            if (verdict != null) {
                release(parts);
                if (verdict instanceof Verdict.Short) {
                    askAhead(entries.subList(entries.indexOf(entry) + 1, entries.size()), claim);
                }
                return verdict;
            }
        }
        var holds = new ArrayList<LogRecord.Hold>(parts.size());
        for (var part : parts) {
            holds.add(new LogRecord.Hold(part.lease().account, part.heldNanos()));
        }
        var intent = wal.append(new LogRecord.Intent(claim.request(), claim.attempt(), holds));
        if (intent == 0) {
            release(parts);
            if (again && leaveClosed(parts)) {
                return decide(claim, waited, false);
            }
            for (var part : parts) {
                if (part.entry().mode() == Mode.HARD) {
                    return refuse(logUnavailable(part));
                }
            }
            unlogged.increment();
            return admit(claim, List.of(), wouldRefuse, 0);
        }
        for (var part : parts) {
            part.lease().heldNanos.addAndGet(part.heldNanos());
        }
        return admit(claim, parts, wouldRefuse, intent);
    }

    /**
     * Whatever is held of a lease that is closed, the log takes none of it. False: of no part is it
     * so.
     */
    private boolean leaveClosed(List<HeldReservation.Part> parts) {
        var found = false;
        for (var part : parts) {
            if (wal.isClosed(part.lease().account)) {
                part.counter().leaveClosed(part.lease(), time.nanos());
                found = true;
            }
        }
        return found;
    }

    /** What needs no money to be said. */
    private Admission.@Nullable Refused precheck(BudgetEntry entry, Claim claim) {
        if (closing) {
            return refusal(
                    RefusalKind.LEDGER_UNAVAILABLE,
                    entry,
                    null,
                    null,
                    Duration.ofSeconds(1),
                    "the gateway is shutting down");
        }
        var hold = Holds.of(entry, claim.request().team(), keeper.violations);
        if (hold != null) {
            return hold;
        }
        var ceiling = entry.maxCostNanosPerRequest();
        if (ceiling != null && entry.mode() != Mode.SHADOW && claim.bound().nanos() > ceiling) {
            return refusal(
                    RefusalKind.CEILING,
                    entry,
                    null,
                    null,
                    Duration.ZERO,
                    "this request may cost %s USD, and Budget %s allows %s USD a request"
                            .formatted(claim.bound(), entry.key(), new Money(ceiling)));
        }
        return null;
    }

    /** Null: taken. */
    private @Nullable Verdict take(
            BudgetEntry entry, Claim claim, boolean waited, List<HeldReservation.Part> parts) {
        var nowNanos = time.nanos();
        var bound = claim.bound().nanos();
        var counter = counter(entry, claim.request().team());
        var period = Objects.requireNonNull(entry.period());
        var known = counter.lease(period, nowNanos, time);
        known.usedNanos = nowNanos;
        if (bound > counter.boundMaxNanos.get()) {
            counter.boundMaxNanos.accumulateAndGet(bound, Math::max);
        }
        if (entry.mode() != Mode.SHADOW) {
            if (isCutOff(entry)) {
                return refuse(refusal(RefusalKind.LEDGER_UNAVAILABLE, entry, counter, null));
            }
            var step = block(entry, counter);
            if (step != null) {
                return refuse(blocked(entry, counter, known, step));
            }
        }
        var lease = counter.entered(period, time);
        if (lease == null) {
            return take(entry, claim, waited, parts); // by the one that stands for it
        }
        if (entry.mode() == Mode.HARD) {
            if ((waited || counter.waiting.get() == 0) && lease.take(bound)) {
                parts.add(new HeldReservation.Part(counter, lease, entry, bound));
                keeper.taken(counter, lease);
                return null;
            }
            lease.leave();
            return shortOf(entry, counter, lease, bound, nowNanos);
        }
        var part = lease.takeUpTo(bound);
        parts.add(new HeldReservation.Part(counter, lease, entry, part));
        if (part < bound) {
            keeper.ranShort(counter);
        } else {
            keeper.taken(counter, lease);
        }
        if (entry.mode() == Mode.SHADOW) {
            return null;
        }
        if (counter.spentNanos() >= counter.limitNanos) {
            return refuse(refusal(RefusalKind.EXHAUSTED, entry, counter, Money.ZERO));
        }
        return part < bound && entry.onLedgerUnavailable() != OnLedgerUnavailable.ALLOW
                ? leasedOnly(entry, counter, bound - part, nowNanos)
                : null;
    }

    /**
     * A claim that waits needs money of these too: it is asked for at the same time, as one answer
     * after the other may take longer than the claim waits.
     */
    private void askAhead(List<BudgetEntry> entries, Claim claim) {
        var bound = claim.bound().nanos();
        for (var entry : entries) {
            var period = entry.period();
            if (entry.mode() != Mode.HARD || entry.limitMicros() == null || period == null) {
                continue;
            }
            var counter = counter(entry, claim.request().team());
            counter.boundMaxNanos.accumulateAndGet(bound, Math::max);
            if (counter.lease(period, time.nanos(), time).freeNanos() < bound) {
                keeper.ranShort(counter);
            }
        }
    }

    /** Without the ledger it lets nothing pass. */
    private boolean isCutOff(BudgetEntry entry) {
        return entry.onLedgerUnavailable() == OnLedgerUnavailable.BLOCK && !keeper.reachable();
    }

    private static BudgetEntry.@Nullable Step block(BudgetEntry entry, Counter counter) {
        return Ladder.block(entry, Math.max(0, counter.spentNanos()) / NANOS_PER_MICRO);
    }

    /**
     * What a Budget in mode Shadow would say, were it Hard; null: it would admit the claim. A Hard
     * one that is short asks the ledger; this one, for which nobody waits, goes by what is spent
     * and held as far as it is known here, and by what the ledger last said.
     */
    private @Nullable WouldRefuse wouldRefuse(BudgetEntry entry, Claim claim) {
        var wanted = claim.asHard(entry).nanos();
        if (wanted == 0 || claim.earlier().nanos() > 0) {
            return null;
        }
        var nowNanos = time.nanos();
        var counter = counter(entry, claim.request().team());
        var lease = counter.lease(Objects.requireNonNull(entry.period()), nowNanos, time);
        if (isCutOff(entry)) {
            return would(RefusalKind.LEDGER_UNAVAILABLE, entry, 0);
        }
        if (block(entry, counter) != null) {
            return would(RefusalKind.EXHAUSTED, entry, 0);
        }
        var held = lease.heldNanos.get();
        var left = counter.limitNanos - counter.spentNanos() - held;
        if (left < wanted) {
            return would(held > 0 ? RefusalKind.RESERVED : RefusalKind.EXHAUSTED, entry, left);
        }
        var shortNanos = wanted - lease.freeNanos();
        var counts = entry.onLedgerUnavailable() != OnLedgerUnavailable.ALLOW;
        if (shortNanos <= 0) {
            return null;
        }
        if (keeper.heard.isFrozen(lease.key) && counts) {
            return would(RefusalKind.FROZEN, entry, 0);
        }
        var known = counter.refusal;
        if (known != null
                && known.covers(shortNanos, nowNanos)
                && (counts || known.kind() != RefusalKind.LEDGER_UNAVAILABLE)) {
            return would(known.kind(), entry, known.remainingNanos() + lease.freeNanos());
        }
        return counts && keeper.unreachable(nowNanos)
                ? would(RefusalKind.LEDGER_UNAVAILABLE, entry, 0)
                : null;
    }

    private static WouldRefuse would(RefusalKind kind, BudgetEntry entry, long remainingNanos) {
        return new WouldRefuse(entry.key(), kind, new Money(Math.max(0, remainingNanos)));
    }

    /**
     * A Soft lease is short, which is no matter while the ledger answers: what is spent without a
     * lease is told. Without it only what was granted is spent, so the claim waits for it as a hard
     * one does. Null: admitted.
     */
    private @Nullable Verdict leasedOnly(
            BudgetEntry entry, Counter counter, long shortNanos, long nowNanos) {
        var known = counter.refusal;
        var storeAway =
                known != null
                        && known.kind() == RefusalKind.LEDGER_UNAVAILABLE
                        && known.covers(shortNanos, nowNanos);
        if (storeAway || keeper.unreachable(nowNanos)) {
            return refuse(refusal(RefusalKind.LEDGER_UNAVAILABLE, entry, counter, null));
        }
        return keeper.reachable() ? null : new Verdict.Short(counter, shortNanos);
    }

    private Verdict shortOf(
            BudgetEntry entry, Counter counter, Lease lease, long bound, long nowNanos) {
        var shortNanos = Math.max(1, bound - lease.freeNanos());
        if (keeper.heard.isFrozen(lease.key)) {
            return refuse(refusal(RefusalKind.FROZEN, entry, counter, null));
        }
        var known = counter.refusal;
        if (known != null && known.covers(shortNanos, nowNanos)) {
            // while requests of this process are open, their rest may come back
            var kind =
                    known.kind() == RefusalKind.EXHAUSTED && lease.heldNanos.get() > 0
                            ? RefusalKind.RESERVED
                            : known.kind();
            return refuse(refusal(kind, entry, counter, left(known, lease)));
        }
        if (keeper.unreachable(nowNanos)) {
            return refuse(refusal(RefusalKind.LEDGER_UNAVAILABLE, entry, counter, null));
        }
        return new Verdict.Short(counter, shortNanos);
    }

    /** By the ledger's last word, and here. */
    private static Money left(Refusal known, Lease lease) {
        return new Money(Math.max(0, known.remainingNanos() + lease.freeNanos()));
    }

    private Admission.Refused blocked(
            BudgetEntry entry, Counter counter, Lease lease, BudgetEntry.Step step) {
        var left = lease.window.remaining(time.now());
        var resets = lease.window.end();
        return refusal(
                RefusalKind.EXHAUSTED,
                entry,
                counter,
                Money.ZERO,
                left == null ? Duration.ZERO : left.plusSeconds(1),
                "Budget %s: its step %s refuses from %d %% of %s USD on%s"
                        .formatted(
                                entry.key(),
                                step.name(),
                                step.percent(),
                                new Money(counter.limitNanos).toDollars(),
                                resets == null ? "" : ", resets at " + resets));
    }

    private static void release(List<HeldReservation.Part> parts) {
        for (var part : parts) {
            part.lease().give(part.heldNanos());
            part.lease().leave();
        }
    }

    private Verdict admit(
            Claim claim, List<HeldReservation.Part> parts, List<WouldRefuse> would, long intent) {
        reserved.increment();
        return new Verdict.Decided(
                new Admission.Reserved(
                        new HeldReservation(
                                claim, parts, would, intent, wal, keeper, doubleSettles)));
    }

    private Verdict refuse(Admission.Refused refusal) {
        refused.increment();
        return new Verdict.Decided(refusal);
    }

    /** For a claim that may not even wait: what the ledger would say to it is not known. */
    Admission crowded(Claim claim, Counter counter, int waitersMax) {
        return unasked(claim, counter, waitersMax + " requests wait for its money already");
    }

    /** For a claim to which earlier ones of its request have left too little time: the same. */
    Admission outOfTime(Claim claim, Counter counter) {
        return unasked(claim, counter, "earlier tries of this request have waited for its money");
    }

    private Admission unasked(Claim claim, Counter counter, String why) {
        refused.increment();
        var entry = claim.budget(counter.budget);
        var seconds = jitterSeconds(RETRY_MIN_SECONDS, RETRY_MAX_SECONDS);
        return refusal(
                RefusalKind.RESERVED,
                entry,
                counter,
                null,
                Duration.ofSeconds(seconds),
                "Budget " + entry.key() + ": " + why);
    }

    /** For a claim that waited in vain: what is left is not known. */
    Admission giveUp(Claim claim, Counter counter, RefusalKind kind) {
        refused.increment();
        return refusal(kind, claim.budget(counter.budget), counter, null);
    }

    /**
     * Leaves it to a new one, if one is needed again.
     *
     * @param leaves nobody is inside, and nobody enters it any more; meanwhile there is no new one
     */
    void forget(Counter counter, BooleanSupplier leaves) {
        counters.computeIfPresent(
                new CounterKey(counter.budget, counter.subject),
                (_, known) -> known == counter && leaves.getAsBoolean() ? null : known);
    }

    @Nullable Counter counter(String budget, String subject) {
        return counters.get(new CounterKey(budget, subject));
    }

    Money spent(BudgetEntry entry, String team) {
        var period = entry.period();
        if (entry.limitMicros() == null || period == null) {
            return Money.ZERO;
        }
        var counter = counter(entry, team);
        counter.lease(period, time.nanos(), time);
        return new Money(Math.max(0, counter.spentNanos()));
    }

    private Counter counter(BudgetEntry entry, String team) {
        var subject = entry.perNamespace() ? team : "";
        var key = new CounterKey(entry.key(), subject);
        var counter = counters.get(key);
        if (counter == null || counter.isForgotten()) {
            counter =
                    counters.compute(
                            key,
                            (k, known) ->
                                    known == null || known.isForgotten()
                                            ? new Counter(k.budget(), k.subject(), keeper.heard)
                                            : known);
        }
        var limit = entry.limitMicros();
        if (limit != null) {
            counter.limitNanos = Money.ofMicros(limit).nanos();
        }
        return counter;
    }

    private static Admission.Refused logUnavailable(HeldReservation.Part part) {
        return refusal(
                RefusalKind.LOG_UNAVAILABLE,
                part.entry(),
                part.counter(),
                null,
                Duration.ofSeconds(jitterSeconds(1, RETRY_MIN_SECONDS)),
                "the usage log cannot be written, so no request of Budget "
                        + part.entry().key()
                        + " is admitted");
    }

    private Admission.Refused refusal(
            RefusalKind kind, BudgetEntry entry, Counter counter, @Nullable Money remaining) {
        var lease = counter.current();
        var resets = lease == null ? null : lease.window.end();
        var limit = entry.limitMicros() == null ? Money.ZERO : Money.ofMicros(entry.limitMicros());
        var until = resets == null ? "" : ", resets at " + resets;
        var soon = Duration.ofSeconds(jitterSeconds(RETRY_MIN_SECONDS, RETRY_MAX_SECONDS));
        var name = "Budget " + entry.key();
        return switch (kind) {
            case EXHAUSTED -> {
                var left = lease == null ? null : lease.window.remaining(time.now());
                yield refusal(
                        kind,
                        entry,
                        counter,
                        remaining,
                        left == null ? Duration.ZERO : left.plusSeconds(1),
                        "%s of %s USD is exhausted%s".formatted(name, limit.toDollars(), until));
            }
            case RESERVED ->
                    refusal(
                            kind,
                            entry,
                            counter,
                            remaining,
                            soon,
                            "%s of %s USD: open requests hold what is left%s"
                                    .formatted(name, limit.toDollars(), until));
            case FROZEN ->
                    refusal(
                            kind,
                            entry,
                            counter,
                            null,
                            soon,
                            name + ": its ledger is being rebuilt");
            case SUSPENDED, BLOCKED, LEDGER_UNAVAILABLE, LOG_UNAVAILABLE, CEILING ->
                    refusal(
                            kind,
                            entry,
                            counter,
                            null,
                            soon,
                            name + ": its ledger does not answer");
        };
    }

    private static Admission.Refused refusal(
            RefusalKind kind,
            BudgetEntry entry,
            @Nullable Counter counter,
            @Nullable Money remaining,
            Duration retryAfter,
            String message) {
        var lease = counter == null ? null : counter.current();
        return new Admission.Refused(
                kind,
                entry.key(),
                entry.limitMicros() == null ? Money.ZERO : Money.ofMicros(entry.limitMicros()),
                remaining,
                lease == null ? null : lease.window.end(),
                retryAfter,
                message);
    }

    private static long jitterSeconds(int from, int to) {
        return ThreadLocalRandom.current().nextLong(from, to + 1L);
    }
}
