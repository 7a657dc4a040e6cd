package dev.tollgate.dataplane.budget;

import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.snapshot.BudgetEntry;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;

/**
 * A stream of a run, held in steps as those of clients are: billed as it is read, extended before
 * the guard, which nobody has seen yet, is no more held, and ended when there is no money for that.
 * The provider stops when nobody reads.
 */
final class SimulatedStream {

    private static final long SECOND = 1_000_000_000L;
    private static final int STEPS = 8;

    /** What one step holds, and of which accounts. */
    private record Step(long heldNanos, List<HeldReservation.Part> parts) {}

    private final Simulation run;
    private final SimulatedProxy proxy;
    private final Agenda.Life life;
    private final Referee.Call call;
    private final Claim claim;
    private final List<Step> steps = new ArrayList<>();
    private final long sizeNanos;
    private final long stepNanos;
    private final long guardNanos;
    private SteppedReservation reservation;
    private long seenNanos;
    private long billedNanos;

    /**
     * @param life of the proxy's process
     * @param whole holds all that the call can cost
     */
    SimulatedStream(
            Simulation run,
            SimulatedProxy proxy,
            Agenda.Life life,
            Referee.Call call,
            Claim whole) {
        this.run = run;
        this.proxy = proxy;
        this.life = life;
        this.call = call;
        this.stepNanos = Math.max(4, call.boundNanos / STEPS);
        this.guardNanos = stepNanos / 4;
        this.sizeNanos = run.random.nextLong(call.boundNanos + 1);
        var first = new Money(Math.min(stepNanos, call.boundNanos));
        this.claim = whole.more(Money.ZERO, first, whole.budgets());
    }

    void begin() {
        reserve(claim).onComplete(answer -> answered(answer.result()));
    }

    private void answered(Admission admission) {
        switch (admission) {
            case Admission.Refused refused -> {
                call.refused = refused;
                run.trace("refuses stream " + call.id, refused.kind());
            }
            case Admission.Reserved(var first) -> {
                proxy.maybeDie();
                run.trace("admits stream " + call.id, call.boundNanos);
                call.admitted(accounts(steps.getFirst()), proxy.wal().holder());
                run.referee.streams(call);
                reservation = new SteppedReservation(new Extending(), claim, first);
                later();
            }
        }
    }

    private static List<AccountKey> accounts(Step step) {
        return step.parts().stream().map(part -> part.lease().key).toList();
    }

    private Future<Admission> reserve(Claim more) {
        return proxy.gate()
                .reserve(more)
                .map(
                        admission -> {
                            if (admission instanceof Admission.Reserved(var reserved)) {
                                var held = (HeldReservation) reserved;
                                steps.add(new Step(held.held().nanos(), held.parts));
                            }
                            return admission;
                        });
    }

    private void later() {
        var slow = run.random.nextInt(10) == 0;
        var after = run.random.nextLong(slow ? 3 * SECOND : SECOND / 3);
        run.agenda.at(run.agenda.now() + after, life, this::read);
    }

    private void read() {
        if (!run.healed) {
            seenNanos = Math.min(sizeNanos, seenNanos + 1 + run.random.nextLong(guardNanos + 1));
            seenNanos = Math.min(seenNanos, reservation.held().nanos());
            bill(seenNanos);
        }
        if (run.healed || seenNanos == sizeNanos) {
            settle(seenNanos, false);
            return;
        }
        var held = reservation.held().nanos();
        if (seenNanos + guardNanos <= held || held >= call.boundNanos) {
            later();
            return;
        }
        reservation
                .extend(new Money(held + stepNanos), run.like(claim.budgets()))
                .onComplete(
                        answer -> {
                            proxy.maybeDie();
                            if (answer.result()) {
                                run.happened("Extended");
                                later();
                            } else {
                                end();
                            }
                        });
    }

    /** Until it hears that nobody reads, the provider has written at most the guard. */
    private void end() {
        var cost = Math.min(call.boundNanos, seenNanos + guardNanos);
        run.happened("Ended");
        run.trace("ends stream " + call.id, seenNanos + " of " + cost);
        var excess = Math.max(0, cost - reservation.held().nanos());
        for (var account : accounts(steps.getLast())) {
            run.invariants.streamed(account, excess);
        }
        call.assumed = true;
        bill(seenNanos + run.random.nextLong(cost - seenNanos + 1));
        settle(cost, true);
    }

    /** Each step pays what it holds, in their order, and the last one the rest. */
    private void bill(long allNanos) {
        var from = 0L;
        for (var step : steps) {
            var last = step == steps.getLast();
            var to = last ? Long.MAX_VALUE : from + step.heldNanos();
            var part = Math.min(allNanos, to) - Math.max(billedNanos, from);
            if (part > 0) {
                run.referee.bill(accounts(step), call, part);
            }
            from = to;
        }
        billedNanos = allNanos;
    }

    private void settle(long nanos, boolean assumed) {
        reservation.settle(new Money(nanos), assumed);
        run.charged(call.id, nanos, reservation.charged().nanos());
        proxy.maybeDie();
        proxy.recordSoon(life, call.id);
    }

    /** The proxy's gate, which remembers what each step holds. */
    private final class Extending implements BudgetGate {

        @Override
        public Future<Admission> reserve(Claim more) {
            return run.mutant == Mutant.STEP_BEFORE_LOGGED
                    ? Future.succeededFuture(new Admission.Reserved(unlogged(more)))
                    : SimulatedStream.this.reserve(more);
        }

        /** Goes on with what is not in the log, and may not be there. */
        private Reservation unlogged(Claim more) {
            steps.add(new Step(more.bound().nanos(), steps.getFirst().parts()));
            return new HeldReservation(
                    more, List.of(), List.of(), 0, proxy.wal(), proxy.keeper(), new LongAdder());
        }

        @Override
        public Money spent(BudgetEntry budget, String team) {
            return proxy.gate().spent(budget, team);
        }

        @Override
        public void snapshotChanged(List<BudgetEntry> budgets) {
            proxy.gate().snapshotChanged(budgets);
        }

        @Override
        public BoundViolations violations() {
            return proxy.gate().violations();
        }

        @Override
        public List<BudgetFigures> figures() {
            return proxy.gate().figures();
        }

        @Override
        public int openHolds() {
            return proxy.gate().openHolds();
        }

        @Override
        public GateCounters counters() {
            return proxy.gate().counters();
        }

        @Override
        public Future<Void> close(long graceMillis) {
            return proxy.gate().close(graceMillis);
        }
    }
}
