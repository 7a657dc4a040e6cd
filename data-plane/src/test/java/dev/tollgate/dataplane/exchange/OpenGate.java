package dev.tollgate.dataplane.exchange;

import dev.tollgate.dataplane.budget.Admission;
import dev.tollgate.dataplane.budget.BoundViolations;
import dev.tollgate.dataplane.budget.BudgetFigures;
import dev.tollgate.dataplane.budget.BudgetGate;
import dev.tollgate.dataplane.budget.BudgetView;
import dev.tollgate.dataplane.budget.Claim;
import dev.tollgate.dataplane.budget.GateCounters;
import dev.tollgate.dataplane.budget.Reservation;
import dev.tollgate.dataplane.budget.WouldRefuse;
import dev.tollgate.dataplane.wal.LogRecord;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.snapshot.BudgetEntry;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;

/** A gate with one purse for all: admits what fits and remembers every settlement. */
final class OpenGate implements BudgetGate {

    record Settled(Claim claim, Money cost, boolean assumed) {}

    final List<Claim> claims = new CopyOnWriteArrayList<>();
    final List<Settled> settled = new CopyOnWriteArrayList<>();
    final AtomicLong purseNanos = new AtomicLong(Long.MAX_VALUE / 2);
    final AtomicLong secondSettles = new AtomicLong();

    /** What the next claims get, one each. */
    final Queue<Admission.Refused> refusals = new ConcurrentLinkedQueue<>();

    /** The next claims wait for these, one each. */
    final Queue<Promise<Admission>> waits = new ConcurrentLinkedQueue<>();

    /** With every claim that it admits. */
    volatile List<WouldRefuse> would = List.of();

    /** Of these it is not in the log. */
    volatile Predicate<Claim> uncounted = claim -> false;

    /** In each Budget, for everybody. */
    volatile Money spent = Money.ZERO;

    volatile List<BudgetFigures> figures = List.of();

    final BoundViolations violations = BoundViolations.unkept();

    /** Reservations that nobody has settled. */
    final AtomicInteger open = new AtomicInteger();

    /**
     * Where the next call throws: reserve, admission, budgets, held or settle; leak: a settlement
     * is lost; undercharge: it charges nothing.
     */
    final AtomicReference<String> bug = new AtomicReference<>("");

    private boolean meets(String where) {
        return bug.get().equals(where) && !bug.getAndSet("").isEmpty();
    }

    private void maybeThrow(String where) {
        if (meets(where)) {
            throw new IllegalStateException("a bug in " + where);
        }
    }

    @Override
    public synchronized Future<Admission> reserve(Claim claim) {
        maybeThrow("reserve");
        if (meets("admission")) {
            return Future.failedFuture("a bug in admission");
        }
        claims.add(claim);
        var wait = waits.poll();
        if (wait != null) {
            var context = Vertx.currentContext();
            var here = Promise.<Admission>promise();
            wait.future().onSuccess(a -> context.runOnContext(ignored -> here.complete(a)));
            return here.future();
        }
        var refusal = refusals.poll();
        if (refusal != null) {
            return Future.succeededFuture(refusal);
        }
        if (claim.bound().nanos() > purseNanos.get()) {
            return Future.succeededFuture(exhausted(new Money(purseNanos.get())));
        }
        purseNanos.addAndGet(-claim.bound().nanos());
        open.incrementAndGet();
        return Future.succeededFuture(new Admission.Reserved(new Held(claim)));
    }

    static Admission.Refused exhausted(Money remaining) {
        return new Admission.Refused(
                Admission.RefusalKind.EXHAUSTED,
                "team-a/monthly",
                Money.parse("1"),
                remaining,
                null,
                Duration.ofMinutes(5),
                "Budget team-a/monthly is exhausted");
    }

    /** Of nobody. */
    Reservation held() {
        var request = new LogRecord.Request("r", 0, "", "", Map.of(), "", "", "", "", false);
        var attempt = new LogRecord.Try(1, "", "", "", 0);
        return new Held(new Claim(request, attempt, List.of(), Money.ZERO, true, ""));
    }

    private final class Held implements Reservation {
        private final Claim claim;
        private boolean over;
        private Money charged = Money.ZERO;

        Held(Claim claim) {
            this.claim = claim;
        }

        @Override
        public Money held() {
            maybeThrow("held");
            return claim.bound();
        }

        @Override
        public List<BudgetView> budgets() {
            maybeThrow("budgets");
            return claim.budgets().stream()
                    .map(b -> new BudgetView(b.key(), Money.parse("0.75"), Money.parse("1")))
                    .toList();
        }

        @Override
        public List<WouldRefuse> wouldRefuse() {
            return would;
        }

        @Override
        public boolean counts() {
            return !over && !uncounted.test(claim);
        }

        @Override
        public Money charged() {
            return charged;
        }

        @Override
        public void settle(Money cost, boolean assumed) {
            maybeThrow("settle");
            if (meets("leak")) {
                return;
            }
            if (over) {
                secondSettles.incrementAndGet();
                return;
            }
            over = true;
            open.decrementAndGet();
            purseNanos.addAndGet(claim.bound().nanos() - cost.nanos());
            charged = meets("undercharge") ? Money.ZERO : cost;
            settled.add(new Settled(claim, cost, assumed));
        }
    }

    @Override
    public Money spent(BudgetEntry budget, String team) {
        return spent;
    }

    @Override
    public void snapshotChanged(List<BudgetEntry> budgets) {}

    @Override
    public BoundViolations violations() {
        return violations;
    }

    @Override
    public List<BudgetFigures> figures() {
        return figures;
    }

    @Override
    public int openHolds() {
        return open.get();
    }

    @Override
    public GateCounters counters() {
        return new GateCounters(
                claims.size(),
                0,
                secondSettles.get(),
                0,
                0,
                3,
                Map.of(GateCounters.Message.REPORT, 7L));
    }

    @Override
    public Future<Void> close(long graceMillis) {
        return Future.succeededFuture();
    }
}
