package dev.tollgate.dataplane.budget;

import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.snapshot.BudgetEntry;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;

/**
 * A reservation that grows with what is known of its cost. Each extension is a claim like any
 * other, with an intent of its own in the log, so that a kill charges all that was held until then;
 * it is charged to the window in which it is made. One thread at a time.
 */
public final class SteppedReservation implements Reservation {

    private final BudgetGate gate;
    private final Claim claim;
    private final List<Reservation> steps = new ArrayList<>(2);
    private Money held;
    private boolean settled;

    /**
     * @param claim holds less than the most that it can cost
     * @param first what was reserved for it
     */
    public SteppedReservation(BudgetGate gate, Claim claim, Reservation first) {
        this.gate = gate;
        this.claim = claim;
        this.held = first.held();
        steps.add(first);
    }

    /**
     * Holds so much in all, at most what the attempt can cost. False: there is no money for it, now
     * and within a second.
     *
     * @param budgets that match caller and model now: they may have changed since the claim
     */
    public Future<Boolean> extend(Money bound, List<BudgetEntry> budgets) {
        var wanted = bound.isMoreThan(claim.most()) ? claim.most() : bound;
        if (settled || !wanted.isMoreThan(held)) {
            return Future.succeededFuture(true);
        }
        var admission = gate.reserve(claim.more(held, wanted.minus(held), budgets));
        return admission.map(this::extended);
    }

    private boolean extended(Admission admission) {
        return switch (admission) {
            case Admission.Refused refused -> false;
            case Admission.Reserved(var reservation) -> {
                if (settled) {
                    reservation.settle(Money.ZERO, false);
                } else {
                    steps.add(reservation);
                    held = held.plus(reservation.held());
                }
                yield true;
            }
        };
    }

    @Override
    public Money held() {
        return held;
    }

    @Override
    public List<BudgetView> budgets() {
        return steps.getFirst().budgets();
    }

    @Override
    public List<WouldRefuse> wouldRefuse() {
        return steps.getFirst().wouldRefuse();
    }

    @Override
    public boolean counts() {
        for (var i = 0; i < steps.size(); i++) {
            if (!steps.get(i).counts()) {
                return false;
            }
        }
        return !settled;
    }

    @Override
    public Money charged() {
        var sum = Money.ZERO;
        for (var i = 0; i < steps.size(); i++) {
            sum = sum.plus(steps.get(i).charged());
        }
        return sum;
    }

    /** Each step pays what it holds, in their order, and the last one the rest. */
    @Override
    public void settle(Money cost, boolean assumed) {
        if (settled) {
            steps.getFirst().settle(cost, assumed); // it counts that
            return;
        }
        settled = true;
        var rest = cost;
        for (var step : steps.subList(0, steps.size() - 1)) {
            var part = rest.isMoreThan(step.held()) ? step.held() : rest;
            step.settle(part, assumed);
            rest = rest.minus(part);
        }
        steps.getLast().settle(rest, assumed);
    }
}
