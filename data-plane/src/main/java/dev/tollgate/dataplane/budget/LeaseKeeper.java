package dev.tollgate.dataplane.budget;

import dev.tollgate.dataplane.budget.Admission.RefusalKind;
import dev.tollgate.dataplane.wal.LogRecord;
import dev.tollgate.dataplane.wal.Wal;
import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.DeniedReason;
import dev.tollgate.policy.budget.HolderId;
import dev.tollgate.policy.budget.LeaseTotals;
import dev.tollgate.policy.budget.LedgerCommand;
import dev.tollgate.policy.budget.LedgerEffect;
import dev.tollgate.policy.price.Money;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Everything about leases that is not on the request path, on one thread of its own: asks the
 * ledger for slices, takes grants, serves those who wait, returns idle money, reports totals, and
 * closes leases of windows that are over. What it says to the ledger is in the log first.
 */
class LeaseKeeper implements LedgerLink.Listener {

    private static final Logger LOG = LoggerFactory.getLogger(LeaseKeeper.class);

    private static final long NANOS_PER_MICRO = 1_000;
    private static final long SECOND = 1_000_000_000L;
    private static final long TICK_MILLIS = 50;

    /** Unanswered for this long, an Acquire is said again, with the same number. */
    private static final long ASK_AGAIN_NANOS = 2 * SECOND;

    /** A ledger that gave no clear answer is told the totals for so long; it says what it has. */
    private static final long UNSURE_NANOS = 10 * SECOND;

    /** One call brings money for at most this many who wait. */
    private static final int BATCH_MAX = 64;

    /** A slice is at least this many of the dearest requests. */
    private static final int BOUNDS_PER_SLICE = 4;

    private final Wal wal;
    private final LedgerLink link;
    private final GateSettings settings;
    private final TimeSource time;
    private final HolderId holder;
    private final ScheduledExecutorService thread;
    private final Promise<Void> firstRegistration = Promise.promise();
    final LongAdder ledgerCalls = new LongAdder();
    final LastHeard heard = new LastHeard();

    private volatile boolean registered;
    private volatile long unregisteredSince;

    /** The last task that broke an invariant; the keeper goes on with the next. */
    volatile @Nullable RuntimeException bug;

    private @Nullable Admitter admitter;
    private List<LeaseTotals> registering = List.of();
    private long registerAgainAt = Long.MAX_VALUE;
    private long secondAt;

    /**
     * @param thread a single one, which is shut down at the end
     */
    LeaseKeeper(
            Wal wal,
            LedgerLink link,
            GateSettings settings,
            TimeSource time,
            ScheduledExecutorService thread) {
        this.thread = thread;
        this.wal = wal;
        this.link = link;
        this.settings = settings;
        this.time = time;
        this.holder = wal.holder();
        this.unregisteredSince = time.nanos();
        this.secondAt = time.nanos();
    }

    static ScheduledExecutorService newThread() {
        return Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().daemon().name("budget-leases").factory());
    }

    void start(Admitter gate) {
        admitter = gate;
        thread.scheduleAtFixedRate(
                () -> guarded(this::tick), TICK_MILLIS, TICK_MILLIS, TimeUnit.MILLISECONDS);
        link.start(this);
    }

    Promise<Void> firstRegistration() {
        return firstRegistration;
    }

    boolean reachable() {
        return registered;
    }

    /** For longer than a request would wait. */
    boolean unreachable(long nowNanos) {
        return !registered && nowNanos - unregisteredSince > settings.waitAtMost().toNanos();
    }

    // From the request path, any thread

    void taken(Counter counter, Lease lease) {
        if (lease.wantsRefill() && counter.refillAsked.compareAndSet(false, true)) {
            run(() -> ask(counter));
        }
    }

    void settled(Counter counter, Lease lease) {
        if (counter.waiting.get() > 0 || lease.direct && lease.freeNanos() > 0) {
            run(
                    () -> {
                        serve(counter);
                        if (lease.direct && counter.waiting.get() == 0) {
                            giveBack(counter, lease);
                        }
                    });
        }
    }

    /**
     * A provider billed more than the bound that its call was admitted under. The excess is an
     * overrun of the account, which tells the fleet of it; what this process holds of the account
     * goes back, so that the overrun is paid from what nobody has yet.
     *
     * @param takenNanos out of the lease, for the excess
     */
    void violated(Counter counter, Lease lease, Claim claim, Money cost, long takenNanos) {
        counter.boundViolations.incrementAndGet();
        LOG.warn(
                "BoundViolation: request {} cost {} USD, its bound was {} USD, Budget {}",
                claim.request().id(),
                cost,
                claim.most(),
                counter.budget);
        run(
                () -> {
                    lease.give(takenNanos);
                    giveBack(counter, lease);
                    report(List.of(lease));
                });
    }

    /** False: too many wait already. */
    boolean enqueue(Counter counter, Waiter waiter) {
        if (counter.waiting.incrementAndGet() > settings.waitersMax()) {
            counter.waiting.decrementAndGet();
            return false;
        }
        counter.waiters.add(waiter);
        run(
                () -> {
                    serve(counter);
                    ask(counter);
                });
        return true;
    }

    // From the link

    @Override
    public void connected() {
        run(this::register);
    }

    @Override
    public void disconnected(String reason) {
        run(
                () -> {
                    if (registered) {
                        LOG.warn("ledger disconnected: {}", reason);
                        for (var counter : counters()) {
                            var asked = counter.asked;
                            if (asked != null) {
                                asked.lease().unclear = true;
                            }
                        }
                        registered = false;
                        unregisteredSince = time.nanos();
                    }
                });
    }

    @Override
    public void effect(LedgerEffect effect) {
        run(() -> take(effect));
    }

    private void take(LedgerEffect effect) {
        if (!effect.to().equals(holder)) {
            LOG.warn("ledger: message for {} (expected: {})", effect.to(), holder);
            return;
        }
        switch (effect) {
            case LedgerEffect.Registered answer -> registered(answer);
            case LedgerEffect.Grant grant -> granted(grant);
            case LedgerEffect.Denied denied -> denied(denied);
            case LedgerEffect.Recall recall -> {
                var counter = find(recall.account());
                var lease = counter == null ? null : counter.current();
                if (counter != null
                        && lease != null
                        && lease.key.equals(recall.account())
                        && !giveBack(counter, lease)) {
                    report(List.of(lease)); // the ledger may wait for what is spent
                }
            }
            case LedgerEffect.State state -> state(state);
            case LedgerEffect.Freeze freeze -> {
                for (var counter : counters()) {
                    if (freeze.account() == null || counter.isFor(freeze.account())) {
                        counter.frozen = freeze.frozen();
                        again(counter);
                    }
                }
            }
            case LedgerEffect.Closed closed -> {
                wal.append(new LogRecord.Forget(closed.account().toString(), closed.bootEpoch()));
                var counter = find(closed.account());
                if (counter != null) {
                    synchronized (counter.over) {
                        counter.over.removeIf(lease -> lease.key.equals(closed.account()));
                    }
                }
            }
        }
    }

    private void register() {
        registering = wal.totals();
        registerAgainAt = Long.MAX_VALUE;
        send(new LedgerCommand.Register(holder, settings.proxy(), registering));
    }

    private void registered(LedgerEffect.Registered answer) {
        if (!answer.accepted()) {
            LOG.error("the ledger does not take this proxy: {}", answer.reason());
            registerAgainAt = time.nanos() + SECOND;
            firstRegistration.tryComplete();
            return;
        }
        for (var totals : registering) {
            if (totals.closed() || totals.bootEpoch() != holder.bootEpoch()) {
                wal.append(new LogRecord.Forget(totals.account().toString(), totals.bootEpoch()));
                var counter = find(totals.account());
                if (counter != null && totals.bootEpoch() == holder.bootEpoch()) {
                    synchronized (counter.over) {
                        counter.over.removeIf(lease -> lease.key.equals(totals.account()));
                    }
                }
            }
        }
        registered = true;
        sayWhatChanged(registering);
        registering = List.of();
        firstRegistration.tryComplete();
        for (var counter : counters()) {
            var asked = counter.asked;
            if (asked != null) {
                sendAcquire(
                        counter,
                        asked.lease(),
                        asked.request(),
                        asked.amountMicros(),
                        asked.wantedMicros());
            }
            again(counter);
        }
    }

    /** What was settled or returned while the ledger took the registration was not reported. */
    private void sayWhatChanged(List<LeaseTotals> said) {
        var changed = new ArrayList<LeaseTotals>();
        for (var totals : wal.totals()) {
            if (totals.bootEpoch() == holder.bootEpoch()
                    && !totals.closed()
                    && !said.contains(totals)) {
                changed.add(totals);
            }
        }
        if (!changed.isEmpty()) {
            send(new LedgerCommand.Report(holder, changed));
        }
    }

    /** What was refused may be possible now. */
    private void again(Counter counter) {
        counter.refusal = null;
        counter.refillAsked.set(false);
        counter.recallUntilNanos = 0;
        serve(counter);
        ask(counter);
    }

    private void granted(LedgerEffect.Grant grant) {
        var counter = find(grant.account());
        if (counter == null) {
            return;
        }
        var asked = counter.asked;
        if (asked != null
                && asked.lease().key.equals(grant.account())
                && asked.request() <= grant.request()) {
            counter.asked = null;
        }
        var lease = counter.current();
        if (lease == null || !lease.key.equals(grant.account()) || lease.ended()) {
            unclear(counter, asked, grant.account());
            again(counter); // of a window that is over: its close gives the money back
            return;
        }
        var known = wal.totals(lease.account, holder.bootEpoch());
        var before = known == null ? 0 : known.amountMicros();
        if (grant.amountMicros() > before) {
            var logged =
                    wal.append(
                            new LogRecord.Grant(lease.account, grant.amountMicros(), grant.seq()));
            if (logged == 0) {
                lease.unclear = true;
                lease.unsureUntilNanos = time.nanos() + UNSURE_NANOS;
                return; // not in the log: not to be spent; asked for again later
            }
            var slice = Math.multiplyExact(grant.amountMicros() - before, NANOS_PER_MICRO);
            lease.granted = true;
            lease.sliceNanos = grant.direct() ? 0 : slice;
            lease.direct = grant.direct();
            lease.give(slice);
        }
        if (grant.windowRemaining() != null && asked != null) {
            lease.endNanos = asked.sentNanos() + grant.windowRemaining().toNanos();
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

    /** Not in the log, and granted all the same: closed at its end, not forgotten. */
    private static void unclear(Counter counter, Counter.@Nullable Asked asked, AccountKey key) {
        if (asked != null && asked.lease().key.equals(key)) {
            asked.lease().unclear = true;
        }
        synchronized (counter.over) {
            counter.over.stream().filter(l -> l.key.equals(key)).forEach(l -> l.unclear = true);
        }
    }

    private void denied(LedgerEffect.Denied denied) {
        var counter = find(denied.account());
        var asked = counter == null ? null : counter.asked;
        if (counter == null
                || asked == null
                || asked.request() != denied.request()
                || !asked.lease().key.equals(denied.account())) {
            return;
        }
        counter.asked = null;
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
        if (needed && asked.amountMicros() == 0 && denied.remainingMicros() > 0) {
            // a refill that found little; whoever is short asks for exactly that
            counter.refusal = null;
            later(counter);
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
            case UNKNOWN_ACCOUNT -> later(counter);
            case UNAVAILABLE, LEDGER_FULL -> {
                // the store may have taken it all the same
                asked.lease().unclear = true;
                asked.lease().unsureUntilNanos = now + UNSURE_NANOS;
                refuseAll(counter, RefusalKind.LEDGER_UNAVAILABLE, 0, now + SECOND);
            }
            case FROZEN -> refuseAll(counter, RefusalKind.FROZEN, 0, now + SECOND);
        }
    }

    private static boolean lastReturnIsLater(Counter.Asked asked) {
        return asked.lease().returnedAtNanos != 0
                && asked.lease().returnedAtNanos - asked.sentNanos() >= 0;
    }

    private void later(Counter counter) {
        thread.schedule(
                () ->
                        guarded(
                                () -> {
                                    counter.refillAsked.set(false);
                                    if (counter.waiting.get() > 0) {
                                        ask(counter);
                                    }
                                }),
                250,
                TimeUnit.MILLISECONDS);
    }

    private void state(LedgerEffect.State state) {
        heard.hear(state, time.nanos());
        var counter = find(state.account());
        if (counter == null) {
            return;
        }
        var left = state.windowRemaining();
        var rolled =
                counter.adopt(
                        state.account(), left == null ? null : left.toNanos(), time.nanos(), time);
        var lease = counter.current();
        if (lease == null || !lease.key.equals(state.account())) {
            return;
        }
        counter.othersSpentNanos = Math.multiplyExact(state.elsewhereMicros(), NANOS_PER_MICRO);
        var limit = Math.multiplyExact(state.limitMicros(), NANOS_PER_MICRO);
        var changed = limit != counter.limitNanos;
        counter.limitNanos = limit;
        if (rolled || state.freeAgain() || changed) {
            counter.refusal = null;
            counter.refillAsked.set(false);
            serve(counter);
            if (counter.waiting.get() > 0) {
                ask(counter);
            }
        }
    }

    /** Sends an Acquire if none is on its way and one is of use. */
    private void ask(Counter counter) {
        var lease = counter.current();
        if (lease == null || counter.asked != null || !registered || lease.ended()) {
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
        if (need == 0 && !lease.wantsRefill() && lease.sliceNanos > 0) {
            counter.refillAsked.set(false);
            return;
        }
        if (need == 0 && counter.refusal != null) {
            return; // a refill is not worth a call; State tells when it may be
        }
        var ahead =
                Math.multiplyExact(counter.burnPerSecondNanos, settings.sliceAhead().toSeconds());
        var slice = Math.max(ahead, BOUNDS_PER_SLICE * counter.boundMaxNanos.get());
        var amount = Math.ceilDiv(need, NANOS_PER_MICRO);
        var wanted = Math.max(amount, Math.ceilDiv(slice, NANOS_PER_MICRO));
        var request = wal.lastRequest(lease.account) + 1;
        if (wal.append(new LogRecord.Acquire(lease.account, request, amount)) == 0) {
            refuseAll(counter, RefusalKind.LOG_UNAVAILABLE, 0, time.nanos() + SECOND);
            return;
        }
        if (amount > 0) {
            report(List.of(lease)); // so that no is said only to who has nothing left
        }
        sendAcquire(counter, lease, request, amount, wanted);
    }

    private void sendAcquire(Counter counter, Lease lease, long request, long amount, long wanted) {
        counter.asked = new Counter.Asked(lease, request, amount, wanted, time.nanos());
        send(new LedgerCommand.Acquire(holder, request, lease.key, amount, wanted, false));
    }

    /** In the order of their arrival, as far as the lease reaches. */
    private void serve(Counter counter) {
        while (true) {
            var waiter = counter.waiters.peek();
            if (waiter == null) {
                return;
            }
            switch (gate().decide(waiter.claim(), true)) {
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

    /** False: there was nothing to give back. */
    boolean giveBack(Counter counter, Lease lease) {
        var micros = lease.freeNanos() / NANOS_PER_MICRO;
        if (micros == 0) {
            return false;
        }
        counter.refusal = null; // before it is taken: whoever finds the lease empty may ask
        if (!lease.take(micros * NANOS_PER_MICRO)) {
            return false;
        }
        var totals = wal.totals(lease.account, holder.bootEpoch());
        var returned = (totals == null ? 0 : totals.returnedMicros()) + micros;
        if (wal.append(new LogRecord.Return(lease.account, returned)) == 0) {
            lease.give(micros * NANOS_PER_MICRO);
            return false;
        }
        lease.sliceNanos = 0;
        lease.returnedAtNanos = time.nanos();
        report(List.of(lease));
        return true;
    }

    private void report(List<Lease> leases) {
        var totals = new ArrayList<LeaseTotals>();
        for (var lease : leases) {
            var known = wal.totals(lease.account, holder.bootEpoch());
            if (known != null) {
                totals.add(known);
                lease.reportedNanos =
                        (known.settledMicros() + known.overrunMicros()) * NANOS_PER_MICRO;
                lease.reportedAtNanos = time.nanos();
            }
        }
        if (!totals.isEmpty() && registered) {
            send(new LedgerCommand.Report(holder, totals));
        }
    }

    private void tick() {
        var now = time.nanos();
        if (registerAgainAt != Long.MAX_VALUE && now - registerAgainAt >= 0) {
            register();
        }
        var second = now - secondAt >= SECOND;
        var due = new ArrayList<Lease>();
        for (var counter : counters()) {
            giveUpLate(counter, now);
            var asked = counter.asked;
            if (asked != null && registered && now - asked.sentNanos() > ASK_AGAIN_NANOS) {
                sendAcquire(
                        counter,
                        asked.lease(),
                        asked.request(),
                        asked.amountMicros(),
                        asked.wantedMicros());
            }
            closeOver(counter, second);
            if (second) {
                eachSecond(counter, now, due);
            }
        }
        if (second) {
            secondAt = now;
            report(due);
        }
    }

    private void eachSecond(Counter counter, long now, List<Lease> due) {
        var lease = counter.current();
        if (lease == null) {
            return;
        }
        if (lease.isOver(now)) {
            counter.lease(lease.period, now, time);
            return;
        }
        var spent = lease.spentNanos.get();
        var delta = Math.max(0, spent - lease.burnSpentNanos);
        lease.burnSpentNanos = spent;
        counter.burnPerSecondNanos = (counter.burnPerSecondNanos * 9 + delta) / 10;
        counter.boundMaxNanos.updateAndGet(bound -> bound - bound / 64);
        var known = counter.refusal;
        if (known != null
                && known.untilNanos() != Long.MAX_VALUE
                && now - known.untilNanos() >= 0) {
            counter.refusal = null;
        }
        var unreported = spent - lease.reportedNanos;
        if (unreported > lease.sliceNanos / 10
                || now - lease.unsureUntilNanos < 0
                || unreported > 0
                        && now - lease.reportedAtNanos > settings.reportEvery().toNanos()) {
            due.add(lease);
        }
        if (now - lease.usedNanos > settings.idleReturn().toNanos()) {
            giveBack(counter, lease);
        }
    }

    private void giveUpLate(Counter counter, long now) {
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
        while (true) {
            var waiter = counter.waiters.peek();
            if (waiter == null || now - waiter.untilNanos() < 0) {
                return;
            }
            counter.waiters.poll();
            counter.waiting.decrementAndGet();
            var kind =
                    counter.recallUntilNanos == 0
                            ? RefusalKind.LEDGER_UNAVAILABLE
                            : RefusalKind.RESERVED;
            waiter.complete(gate().giveUp(waiter.claim(), counter, kind, 0));
        }
    }

    /** A lease of a window that is over is closed once nothing of it is open. */
    private void closeOver(Counter counter, boolean sayAgain) {
        List<Lease> over;
        synchronized (counter.over) {
            if (counter.over.isEmpty()) {
                return;
            }
            over = List.copyOf(counter.over);
        }
        for (var lease : over) {
            close(lease, sayAgain);
        }
    }

    /** True: closed, as far as this process is concerned. */
    private boolean close(Lease lease, boolean sayAgain) {
        if (!lease.idle()) {
            return false;
        }
        var counter = find(lease.key);
        if (counter != null && counter.hasAnother(lease)) {
            leave(lease);
            return true; // the other one closes it
        }
        var totals = wal.totals(lease.account, holder.bootEpoch());
        if (totals == null) {
            leave(lease);
            return true; // it never got anything
        }
        if (!totals.closed() && isEmpty(totals) && !lease.unclear && !isAsked(lease)) {
            // it never got a grant: closed, its account would be closed to this process, whose
            // clock
            // may have been ahead of the ledger's
            wal.append(new LogRecord.Forget(lease.account, holder.bootEpoch()));
            leave(lease);
            return true;
        }
        if (!totals.closed()) {
            wal.append(new LogRecord.Close(lease.account, holder.bootEpoch()));
            totals = wal.totals(lease.account, holder.bootEpoch());
        } else if (!sayAgain) {
            return true;
        }
        if (registered && totals != null) {
            send(new LedgerCommand.Close(holder, totals));
        }
        return true;
    }

    /** Nothing was granted, and nothing was spent above it either. */
    private static boolean isEmpty(LeaseTotals totals) {
        return totals.amountMicros() == 0
                && totals.settledMicros() == 0
                && totals.overrunMicros() == 0
                && totals.openMicros() == 0;
    }

    private boolean isAsked(Lease lease) {
        var counter = find(lease.key);
        var asked = counter == null ? null : counter.asked;
        return asked != null && asked.lease() == lease;
    }

    private void leave(Lease lease) {
        var counter = find(lease.key);
        if (counter != null) {
            synchronized (counter.over) {
                counter.over.remove(lease);
            }
        }
    }

    /** New limits and periods; budgets that are gone give their money back. */
    void budgetsChanged(Map<String, Long> limits) {
        run(
                () -> {
                    for (var counter : counters()) {
                        var limit = limits.get(counter.budget);
                        var lease = counter.current();
                        if (limit == null) {
                            if (lease != null) {
                                giveBack(counter, lease);
                            }
                        } else if (limit * NANOS_PER_MICRO != counter.limitNanos) {
                            counter.limitNanos = limit * NANOS_PER_MICRO;
                            again(counter);
                        }
                    }
                });
    }

    /** Ends all leases and closes those that are idle; completes when the ledger knows, or late. */
    void shutDown(long graceMillis, Promise<Void> done) {
        var deadline = time.nanos() + Duration.ofMillis(graceMillis).toNanos();
        run(() -> closeAll(deadline, done));
    }

    private void closeAll(long deadline, Promise<Void> done) {
        var open = false;
        for (var counter : counters()) {
            var lease = counter.current();
            if (lease != null && (lease.idle() || time.nanos() - deadline >= 0)) {
                lease.end();
                open |= !close(lease, false);
            } else {
                open |= lease != null;
            }
            closeOver(counter, false);
        }
        var late = time.nanos() - deadline;
        var unheard = registered && wal.totals().stream().anyMatch(LeaseTotals::closed);
        if (open && late < 0 || unheard && late < SECOND) {
            thread.schedule(
                    () -> guarded(() -> closeAll(deadline, done)), 20, TimeUnit.MILLISECONDS);
            return;
        }
        thread.shutdown();
        link.close();
        wal.sync();
        done.tryComplete();
    }

    private Iterable<Counter> counters() {
        return gate().counters();
    }

    private Admitter gate() {
        return Objects.requireNonNull(admitter, "not started");
    }

    private @Nullable Counter find(AccountKey key) {
        return gate().counter(key.budget(), key.subject());
    }

    private void send(LedgerCommand command) {
        ledgerCalls.increment();
        link.send(command);
    }

    private void run(Runnable task) {
        try {
            thread.execute(() -> guarded(task));
        } catch (RejectedExecutionException e) {
            LOG.debug("after the end: {}", e.getMessage());
        }
    }

    private void guarded(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException e) {
            bug = e;
            LOG.error("budget leases: a bug", e);
        }
    }
}
