package dev.tollgate.dataplane.budget;

import dev.tollgate.dataplane.wal.Wal;
import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.snapshot.BudgetEntry;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * The gate over leases of the ledger. The log has been read before it opens, so what an earlier
 * process left open is settled at its hold; the first thing the ledger hears is that.
 */
public final class LeasedBudgetGate implements BudgetGate {

    /** An unreachable ledger does not hold up the start for longer. */
    private static final long REGISTRATION_MILLIS = 500;

    private final Wal wal;
    private final LeaseKeeper keeper;
    private final Admitter admitter;
    private final GateSettings settings;
    private final TimeSource time;
    private volatile Map<String, BudgetEntry> entries = Map.of();
    private volatile boolean applied;

    /**
     * @param keeper of {@code admitter}, not started
     */
    LeasedBudgetGate(
            Wal wal,
            LeaseKeeper keeper,
            Admitter admitter,
            GateSettings settings,
            TimeSource time) {
        this.wal = wal;
        this.settings = settings;
        this.time = time;
        this.keeper = keeper;
        this.admitter = admitter;
    }

    /**
     * Starts the link and completes when the ledger has answered the registration, or half a second
     * later.
     *
     * @param wal opened, so replayed; the caller closes it after {@link #close}
     * @param link not started
     * @param violations of earlier processes too
     */
    public static Future<BudgetGate> open(
            Wal wal,
            LedgerLink link,
            GateSettings settings,
            TimeSource time,
            BoundViolations violations) {
        var keeper =
                new LeaseKeeper(wal, link, settings, time, violations, LeaseKeeper.newThread());
        var admitter = new Admitter(wal, keeper, time);
        var gate = new LeasedBudgetGate(wal, keeper, admitter, settings, time);
        keeper.start(admitter);
        var opened = Promise.<BudgetGate>promise();
        keeper.firstRegistration().future().onComplete(registered -> opened.tryComplete(gate));
        CompletableFuture.delayedExecutor(REGISTRATION_MILLIS, TimeUnit.MILLISECONDS)
                .execute(() -> opened.tryComplete(gate));
        return opened.future();
    }

    @Override
    public Future<Admission> reserve(Claim claim) {
        return switch (admitter.decide(claim, false)) {
            case Admitter.Verdict.Decided(var admission) -> Future.succeededFuture(admission);
            case Admitter.Verdict.Short(var counter, var shortNanos) -> {
                var promise = Promise.<Admission>promise();
                var left = settings.waitAtMost().toNanos() - claim.waitedNanos();
                var until = time.nanos() + Math.max(0, left);
                var waiter = new Waiter(claim, promise, Vertx.currentContext(), until);
                if (!keeper.enqueue(counter, waiter)) {
                    yield Future.succeededFuture(
                            admitter.crowded(claim, counter, settings.waitersMax()));
                }
                yield promise.future();
            }
        };
    }

    @Override
    public Money spent(BudgetEntry budget, String team) {
        return admitter.spent(budget, team);
    }

    @Override
    public void snapshotChanged(List<BudgetEntry> budgets) {
        var limits = new HashMap<String, Long>();
        var counted = new HashMap<String, BudgetEntry>();
        for (var entry : budgets) {
            if (entry.limitMicros() != null) {
                limits.put(entry.key(), entry.limitMicros());
                counted.put(entry.key(), entry);
            }
        }
        entries = Map.copyOf(counted);
        applied = true;
        keeper.violations.budgets(budgets);
        keeper.budgetsChanged(limits);
    }

    @Override
    public BoundViolations violations() {
        return keeper.violations;
    }

    @Override
    public List<BudgetFigures> figures() {
        var figures = new ArrayList<BudgetFigures>();
        for (var counter : admitter.counters()) {
            var lease = counter.current();
            if (lease != null && isShown(counter, lease)) {
                figures.add(
                        new BudgetFigures(
                                counter.budget,
                                counter.subject,
                                new Money(counter.limitNanos),
                                new Money(counter.spentNanos()),
                                new Money(lease.heldNanos.get()),
                                new Money(lease.freeNanos()),
                                lease.window.end(),
                                keeper.reachable(),
                                keeper.heard.isFrozen(lease.key),
                                counter.boundViolations.get()));
            }
        }
        for (var standing : keeper.heard.all(time.nanos(), this::isUncharged)) {
            var account = standing.account();
            var entry = entries.get(account.budget());
            var limit = entry == null ? null : entry.limitMicros();
            if (limit != null) {
                figures.add(uncharged(standing, limit));
            }
        }
        return List.copyOf(figures);
    }

    /** One that is gone is, until all of it is settled and told. */
    private boolean isShown(Counter counter, Lease lease) {
        return !applied || entries.containsKey(counter.budget) || !keeper.hasTold(counter, lease);
    }

    /** Of a Budget as it is, and nothing of it is charged by this process. */
    private boolean isUncharged(AccountKey account) {
        var entry = entries.get(account.budget());
        var period = entry == null ? null : entry.period();
        if (entry == null
                || period == null
                || entry.perNamespace() == account.subject().isEmpty()
                || !account.window().isOf(period)) {
            return false;
        }
        var counter = admitter.counter(account.budget(), account.subject());
        return counter == null || counter.current() == null;
    }

    private BudgetFigures uncharged(LastHeard.Standing standing, long limitMicros) {
        var account = standing.account();
        return new BudgetFigures(
                account.budget(),
                account.subject(),
                Money.ofMicros(limitMicros),
                new Money(standing.spentNanos()),
                Money.ZERO,
                Money.ZERO,
                account.window().end(),
                keeper.reachable(),
                keeper.heard.isFrozen(account),
                0);
    }

    @Override
    public int openHolds() {
        var holding = 0;
        for (var counter : admitter.counters()) {
            var lease = counter.current();
            holding += lease != null && lease.heldNanos.get() != 0 ? 1 : 0;
            for (var kept : counter.kept()) {
                holding += kept.heldNanos.get() != 0 ? 1 : 0;
            }
        }
        return Math.max(wal.openIntents(), holding);
    }

    @Override
    public GateCounters counters() {
        return new GateCounters(
                admitter.reserved.sum(),
                admitter.refused.sum(),
                admitter.doubleSettles.sum(),
                keeper.unexplained() + wal.undercharged(),
                keeper.mistold() + wal.mistold(),
                wal.dropped() + admitter.unlogged.sum(),
                keeper.ledgerMessages());
    }

    @Override
    public Future<Void> close(long graceMillis) {
        admitter.closing = true;
        var done = Promise.<Void>promise();
        keeper.shutDown(graceMillis, done);
        return done.future();
    }
}
