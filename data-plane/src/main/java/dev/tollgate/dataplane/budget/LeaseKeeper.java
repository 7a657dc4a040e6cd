package dev.tollgate.dataplane.budget;

import dev.tollgate.dataplane.wal.Wal;
import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.HolderId;
import dev.tollgate.policy.budget.LeaseTotals;
import dev.tollgate.policy.budget.LedgerEffect;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.violation.Violation;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Everything about leases that is not on the request path, on one thread of its own: {@link
 * Refills} get money and serve those who wait, {@link Returns} give it back and close leases of
 * windows that are over, {@link LedgerSession} tells the ledger. What is said to it is in the log
 * first. Here is what starts them: requests, the link, and time.
 */
class LeaseKeeper implements LedgerLink.Listener {

    private static final Logger LOG = LoggerFactory.getLogger(LeaseKeeper.class);

    private static final long NANOS_PER_MICRO = 1_000;
    private static final long SECOND = 1_000_000_000L;
    private static final long TICK_MILLIS = 50;
    private static final long CLOSE_AGAIN_MILLIS = 20;

    /** Of a window that is over: the ledger writes it when it has time. */
    private static final long CLOSE_SAID_AGAIN_NANOS = 30 * SECOND;

    /** Its Budget is gone, and nothing is left of it: an answer that is late finds it still. */
    static final long FORGOTTEN_AFTER_NANOS = 60 * SECOND;

    private final Wal wal;
    private final GateSettings settings;
    private final TimeSource time;
    private final HolderId holder;
    private final KeeperThread thread;
    private final LedgerSession session;
    private final Refills refills;
    private final Returns returns;
    private final ToldCheck told = new ToldCheck();
    final LastHeard heard = new LastHeard();
    final BoundViolations violations;

    private final LongAdder unexplained = new LongAdder();

    private @Nullable Admitter admitter;
    private @Nullable Set<String> budgets;
    private long secondAt;
    private long closesAt;

    /**
     * @param thread a single one, which is shut down at the end
     */
    LeaseKeeper(
            Wal wal,
            LedgerLink link,
            GateSettings settings,
            TimeSource time,
            BoundViolations violations,
            ScheduledExecutorService thread) {
        this.wal = wal;
        this.violations = violations;
        this.settings = settings;
        this.time = time;
        this.holder = wal.holder();
        this.thread = new KeeperThread(thread);
        this.session = new LedgerSession(wal, link, settings, time, told);
        this.refills = new Refills(wal, session, settings, time, this.thread, this::gate);
        this.returns = new Returns(wal, session, time, this::gate, told);
        this.secondAt = time.nanos();
        this.closesAt = secondAt;
    }

    static ScheduledExecutorService newThread() {
        return Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().daemon().name("budget-leases").factory());
    }

    void start(Admitter gate) {
        admitter = gate;
        thread.each(this::tick, TICK_MILLIS);
        session.start(this);
    }

    Promise<Void> firstRegistration() {
        return session.firstRegistration();
    }

    boolean reachable() {
        return session.registered();
    }

    /** For longer than a request would wait. */
    boolean unreachable(long nowNanos) {
        return session.unreachable(nowNanos);
    }

    /** Nothing of it is held or unsettled, all is given back, and the ledger was told of it. */
    boolean hasTold(Counter counter, Lease lease) {
        synchronized (counter.over) {
            if (!counter.over.isEmpty()) {
                return false;
            }
        }
        return reachable()
                && counter.kept().isEmpty()
                && lease.idle()
                && lease.freeNanos() < NANOS_PER_MICRO
                && lease.spentNanos.get() <= lease.reportedNanos;
    }

    /** How many messages were sent to the ledger. */
    Map<GateCounters.Message, Long> ledgerMessages() {
        return session.sent.sums();
    }

    /** Attempts that were charged more than they can cost, though no provider said so. */
    long unexplained() {
        return unexplained.sum();
    }

    /** How often the totals of a lease were not what was settled of it, or the ledger had more. */
    long mistold() {
        return told.wrong();
    }

    /** The last task that broke an invariant; the keeper goes on with the next. */
    @Nullable Throwable bug() {
        return thread.bug;
    }

    // From the request path, any thread

    void taken(Counter counter, Lease lease) {
        if (lease.wantsRefill() && counter.refillAsked.compareAndSet(false, true)) {
            run(() -> refills.ask(counter));
        }
    }

    /** Of a claim that does not wait for it: the lease has too little left, or was given back. */
    void ranShort(Counter counter) {
        if (counter.refillAsked.compareAndSet(false, true)) {
            run(() -> refills.ask(counter));
        }
    }

    void settled(Counter counter, Lease lease) {
        if (counter.waiting.get() > 0 || lease.direct && lease.freeNanos() > 0) {
            run(
                    () -> {
                        refills.serve(counter);
                        if (lease.direct && counter.waiting.get() == 0) {
                            giveBack(counter, lease);
                        }
                    });
        }
    }

    /**
     * A provider billed more than the bound that its call was admitted under: a Hard Budget is
     * stopped, unless the provider is another namespace's.
     *
     * @param cost of the last claim of the attempt: the earlier ones cost what they hold
     */
    void violated(Counter counter, BudgetEntry entry, Claim claim, Money cost) {
        counter.boundViolations.incrementAndGet();
        var request = claim.request().id();
        var all = claim.earlier().plus(cost);
        var bound = claim.earlier().plus(claim.most());
        LOG.warn(
                "BoundViolation: request {} cost {} USD, its bound was {} USD, Budget {}",
                request,
                all,
                bound,
                counter.budget);
        violations.saw(
                new Violation(counter.budget, time.now(), request, all, bound, claim.stops(entry)));
    }

    /** No provider has said so, and no alarm tells of it (I8). */
    void unexplained(Claim claim, long nanos) {
        unexplained.increment();
        LOG.error(
                "I8: request {}: {} nano-USD are assumed for an attempt that can cost {}",
                claim.request().id(),
                nanos,
                claim.most().nanos());
    }

    /**
     * The excess of a bill above its bound is an overrun of the account; what this process holds of
     * the account goes back, so that the overrun is paid from what nobody has yet.
     *
     * @param takenNanos out of the lease, for the excess
     */
    void takeBack(Counter counter, Lease lease, long takenNanos) {
        run(
                () -> {
                    lease.give(takenNanos);
                    giveBack(counter, lease);
                    session.report(List.of(lease));
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
                    refills.serve(counter);
                    refills.ask(counter);
                });
        return true;
    }

    // From the link

    @Override
    public void connected() {
        run(session::register);
    }

    @Override
    public void disconnected(String reason) {
        run(
                () -> {
                    if (session.registered()) {
                        LOG.warn("ledger disconnected: {}", reason);
                        counters().forEach(refills::lost);
                        session.disconnected();
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
            case LedgerEffect.Denied denied -> refills.denied(denied);
            case LedgerEffect.Recall recall -> recall(recall.account());
            case LedgerEffect.State state -> state(state);
            case LedgerEffect.Freeze freeze -> frozen(freeze.account(), freeze.frozen());
            case LedgerEffect.Closed closed -> returns.closed(closed.account(), closed.bootEpoch());
        }
    }

    /** Known before anybody is refused or asks; leases that begin later find it. */
    private void frozen(@Nullable AccountKey account, boolean is) {
        heard.freeze(account, is);
        for (var counter : counters()) {
            if (account == null || counter.of(account) != null) {
                refills.again(counter);
            }
        }
    }

    private void registered(LedgerEffect.Registered answer) {
        if (!answer.accepted()) {
            session.refused(answer.reason());
            return;
        }
        session.accepted();
        heard.thaw(); // what this ledger has frozen it tells next
        for (var counter : counters()) {
            refills.sayAgain(counter);
            refills.again(counter);
        }
    }

    private void recall(AccountKey account) {
        var counter = find(account);
        var lease = counter == null ? null : counter.of(account);
        if (counter != null && lease != null && !giveBack(counter, lease)) {
            lease.recalled = true;
            session.report(List.of(lease)); // the ledger may wait for what is spent
        }
    }

    private void granted(LedgerEffect.Grant grant) {
        refills.granted(grant);
        var counter = find(grant.account());
        var lease = counter == null ? null : counter.of(grant.account());
        if (counter != null && lease != null && lease.recalled) {
            lease.recalled = false;
            if (counter.waiting.get() == 0) {
                giveBack(counter, lease);
            }
        }
    }

    private void state(LedgerEffect.State state) {
        heard.hear(state, time.nanos());
        told.heard(state, wal.totals(state.account().toString(), holder.bootEpoch()));
        var counter = find(state.account());
        if (counter == null) {
            return;
        }
        var left = state.windowRemaining();
        var rolled =
                counter.adopt(
                        state.account(), left == null ? null : left.toNanos(), time.nanos(), time);
        var lease = counter.of(state.account());
        if (lease == null) {
            return;
        }
        lease.othersSpentNanos = Math.multiplyExact(state.elsewhereMicros(), NANOS_PER_MICRO);
        if (lease != counter.current()) {
            return;
        }
        var limit = Math.multiplyExact(state.limitMicros(), NANOS_PER_MICRO);
        var changed = limit != counter.limitNanos;
        counter.limitNanos = limit;
        if (rolled || state.freeAgain() || changed) {
            counter.refusal = null;
            counter.refillAsked.set(false);
            refills.serve(counter);
            if (counter.waiting.get() > 0) {
                refills.ask(counter);
            }
        }
    }

    /** False: there was nothing to give back. */
    boolean giveBack(Counter counter, Lease lease) {
        return returns.giveBack(counter, lease);
    }

    private void tick() {
        var now = time.nanos();
        session.registerAgain(now);
        var second = now - secondAt >= SECOND;
        boolean late = now - closesAt >= CLOSE_SAID_AGAIN_NANOS;
        var due = new ArrayList<Lease>();
        for (var counter : counters()) {
            refills.giveUpLate(counter, now);
            refills.sayAgainLate(counter, now);
            returnKept(counter, now, second, due);
            returns.closeOver(counter, late);
            if (second) {
                eachSecond(counter, now, due);
            }
        }
        if (late) {
            closesAt = now;
            heard.forgetOver(now);
        }
        if (second) {
            secondAt = now;
            session.report(due);
            forgetGone(now);
        }
    }

    /** Counters of Budgets that are gone, once nothing is left of them but their names. */
    private void forgetGone(long now) {
        var present = budgets;
        if (present == null) {
            return;
        }
        for (var counter : counters()) {
            var since = counter.restsSinceNanos;
            var lease = counter.current();
            boolean gone = !present.contains(counter.budget);
            if (gone && lease != null) {
                giveBack(counter, lease);
            }
            if (!gone || !returns.rests(counter)) {
                counter.restsSinceNanos = null;
            } else if (since == null) {
                counter.restsSinceNanos = now;
            } else if (now - since >= FORGOTTEN_AFTER_NANOS) {
                gate().forget(counter, () -> returns.forget(counter));
            }
        }
    }

    /**
     * Of leases that are not the current one nothing stays here: what is free, and what settlements
     * free, goes back; and what they spend is told.
     */
    private void returnKept(Counter counter, long now, boolean second, List<Lease> due) {
        counter.retireOver(now);
        for (var lease : counter.kept()) {
            giveBack(counter, lease);
            var spent = lease.spentNanos.get();
            lease.burnSpentNanos = spent;
            if (second && (spent > lease.reportedNanos || now - lease.unsureUntilNanos < 0)) {
                due.add(lease);
            }
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
        counter.burn.second(delta);
        counter.boundMaxNanos.updateAndGet(bound -> bound - bound / 64);
        refills.refillBelow(counter, lease);
        var known = counter.refusal;
        if (known != null
                && known.untilNanos() != Long.MAX_VALUE
                && now - known.untilNanos() >= 0) {
            counter.refusal = null;
            counter.refillAsked.set(false);
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

    /** New limits and periods; budgets that are gone give their money back. */
    void budgetsChanged(Map<String, Long> limits) {
        run(
                () -> {
                    budgets = Set.copyOf(limits.keySet());
                    for (var counter : counters()) {
                        var limit = limits.get(counter.budget);
                        var lease = counter.current();
                        if (limit == null) {
                            if (lease != null) {
                                giveBack(counter, lease);
                            }
                        } else if (limit * NANOS_PER_MICRO != counter.limitNanos) {
                            counter.limitNanos = limit * NANOS_PER_MICRO;
                            refills.again(counter);
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
            var leases = new ArrayList<>(counter.kept());
            var current = counter.current();
            if (current != null) {
                leases.add(current);
            }
            for (var lease : leases) {
                if (lease.idle() || time.nanos() - deadline >= 0) {
                    lease.end();
                    open |= !returns.close(lease, false);
                } else {
                    open = true;
                }
            }
            returns.closeOver(counter, false);
        }
        var late = time.nanos() - deadline;
        var unheard = session.registered() && wal.totals().stream().anyMatch(LeaseTotals::closed);
        if (open && late < 0 || unheard && late < SECOND) {
            thread.later(() -> closeAll(deadline, done), CLOSE_AGAIN_MILLIS);
            return;
        }
        thread.end();
        session.close();
        violations.flush();
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

    private void run(Runnable task) {
        thread.run(task);
    }
}
