package dev.tollgate.dataplane.exchange;

import dev.tollgate.dataplane.budget.Admission;
import dev.tollgate.dataplane.budget.Claim;
import dev.tollgate.dataplane.budget.Holds;
import dev.tollgate.dataplane.budget.Reservation;
import dev.tollgate.dataplane.budget.SteppedReservation;
import dev.tollgate.dialects.Bridge;
import dev.tollgate.policy.budget.Ladder;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.route.Candidate;
import dev.tollgate.policy.route.Exclusion;
import dev.tollgate.policy.route.RoutePlan;
import dev.tollgate.policy.route.Router;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.BudgetEntry.Mode;
import dev.tollgate.policy.snapshot.RuleEntry;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * One attempt before it is sent: quoted, its money held, translated, let through by the circuit. It
 * tells its owner exactly one end; but for {@link Owner#opened} its money has been given back then.
 *
 * <pre>
 * start -> quote -> claim --held--> translate --> opened, answeredByItself
 *            |        +--short, less output fits--> claim once more
 *            |        +--refused--> refused           +--cannot be said, circuit open--> skipped
 *            +--too dear--> skipped
 * </pre>
 */
final class Opening {

    /** Hears what became of it. */
    interface Owner {
        /** This target cannot serve the request: another may. */
        void skipped(Candidate candidate, Exclusion.Reason reason, String detail);

        /** No target can. */
        void refused(Refusal refusal);

        /** Nobody has to be asked. */
        void answeredByItself(byte[] body, List<String> estimated);

        /** All is decided, and the right to one call is taken: it is to be sent. */
        void opened(Opened opened);

        /** Nobody waits for the attempt any more. */
        boolean isOver();

        void safely(Runnable step);

        void broke(RuntimeException failure);
    }

    /**
     * An attempt that can be sent; its receiver settles it once it is {@link #handedOver}.
     *
     * @param hold extends the reservation as the answer grows; null: it holds the whole bound
     */
    record Opened(
            Candidate candidate,
            Quote.Held held,
            Bridge bridge,
            Bridge.Outbound.Ready ready,
            Reservation reservation,
            @Nullable StreamHold hold) {}

    /**
     * The attempt beside which this one is to run.
     *
     * @param held what that may cost
     * @param terms of the rule
     */
    record Beside(Money held, RuleEntry.Hedge terms) {}

    /** Where the price of a request that passes as it is comes from: {@code spec.passThrough}. */
    private static final String PASS_THROUGH = "provider";

    private final Owner owner;
    private final LoopParts loop;
    private final Arrival.Welcome welcome;
    private final Resolution.Resolved found;
    private final RoutePlan plan;
    private final Candidate candidate;
    private final Entrance entrance;
    private final Tally tally;
    private final Reply reply;
    private final @Nullable Beside beside;
    private List<BudgetEntry> budgets = List.of();
    private Ladder ladder = Ladder.NONE;
    private WhatIf whatIf = WhatIf.NOBODY;
    private @Nullable Reservation untried;

    /**
     * @param beside null: no other attempt runs, and this one is told in the answer's head
     */
    Opening(
            Owner owner,
            LoopParts loop,
            Arrival.Welcome welcome,
            Resolution.Resolved found,
            RoutePlan plan,
            Candidate candidate,
            Entrance entrance,
            Tally tally,
            Reply reply,
            @Nullable Beside beside) {
        this.owner = owner;
        this.loop = loop;
        this.welcome = welcome;
        this.found = found;
        this.plan = plan;
        this.candidate = candidate;
        this.entrance = entrance;
        this.tally = tally;
        this.reply = reply;
        this.beside = beside;
    }

    void start() {
        budgets =
                Router.budgets(
                        welcome.applied().index(), welcome.caller(), candidate.model().name());
        ladder = Ladder.of(budgets, b -> loop.gate().spent(b, tally.team).microsDown());
        tally.reached(ladder.steps());
        if (beside == null) {
            reply.limitedTo(OptionalLong.empty());
            tally.trying(candidate, budgets);
            if (found.endpoint() != null) {
                tally.costSource = PASS_THROUGH;
            }
        }
        var refusal = entrance.admits(budgets);
        var hold =
                refusal == null ? Holds.first(budgets, tally.team, loop.gate().violations()) : null;
        if (hold != null) {
            refusal = Refusal.of(hold, budgets, loop.gate(), tally.team);
        }
        if (refusal == null) {
            refusal = entrance.enters(budgets, plan.traits().inputTokens());
        }
        if (refusal != null) {
            owner.refused(refusal);
            return;
        }
        switch (quote()) {
            case Quote.Impossible impossible -> owner.refused(impossible.refusal());
            case Quote.TooDear dear -> skip(Exclusion.Reason.ABOVE_COST_CEILING, dear.detail());
            case Quote.Held held -> {
                if (beside == null) {
                    whatIf = whatIf(held);
                    claim(held, clamping());
                } else {
                    claim(held, 0);
                }
            }
        }
    }

    /** Others were faster since it was picked: its circuit has opened, or a limit is reached. */
    private void skipWhatHasNoRoom() {
        if (loop.targets().of(candidate.provider().key(), candidate.model().name()).circuitOpen()) {
            skip(Exclusion.Reason.BREAKER_OPEN, "has an open circuit");
        } else {
            skip(Exclusion.Reason.NEAR_LIMIT, "is near a limit");
        }
    }

    private Quote quote() {
        return beside == null
                ? Quote.of(found, candidate, budgets, tally.cost, ladder.maxOutputTokens())
                : Quote.beside(
                        found, candidate, budgets, tally.cost, ladder.maxOutputTokens(), beside);
    }

    private WhatIf whatIf(Quote.Held held) {
        var cap = ladder.maxOutputTokens();
        return WhatIf.of(found, candidate, budgets, held, tally.cost, cap, loop.gate(), tally.team);
    }

    private void skip(Exclusion.Reason reason, String detail) {
        owner.skipped(candidate, reason, detail);
    }

    /**
     * @param clamps how often it may be asked for less: once for each Budget that can be short, as
     *     another one may have less left than the first that was
     */
    private void claim(Quote.Held held, int clamps) {
        var first = beside == null ? firstStep(held) : null;
        var bound = first == null ? held.bound() : first;
        var next = beside == null ? tally.next(bound) : tally.next(candidate, bound);
        var all =
                held.claim(tally.logged(), next, budgets, candidate, welcome.applied().snapshot());
        var claim =
                beside == null
                        ? all.withLeast(() -> Quote.least(found, candidate, held))
                                .waited(tally.waitedNanos)
                                .asHard(whatIf.amounts(held, bound))
                        : all;
        long begun = System.nanoTime();
        var admission = loop.gate().reserve(claim);
        if (admission.succeeded()) {
            loop.metrics().reserved(System.nanoTime() - begun);
            admitted(held, claim, clamps, admission.result());
        } else {
            admission.onComplete(
                    a -> {
                        tally.waitedNanos += beside == null ? System.nanoTime() - begun : 0;
                        owner.safely(() -> admitted(held, claim, clamps, a));
                    },
                    failure -> owner.broke(new IllegalStateException("no admission", failure)));
        }
    }

    /** The Budgets that count it, as they are by now. */
    private List<BudgetEntry> present() {
        var applied = loop.live().applied();
        return applied == null
                ? budgets
                : Router.budgets(applied.index(), welcome.caller(), candidate.model().name());
    }

    private @Nullable Money firstStep(Quote.Held held) {
        boolean sse = welcome.ingress().sse();
        return StreamHold.first(found.scan(), sse, plan, candidate, budgets, held);
    }

    private void admitted(Quote.Held held, Claim claim, int clamps, Admission admission) {
        switch (admission) {
            case Admission.Refused refused -> {
                if (!owner.isOver()) {
                    refused(held, clamps, refused);
                }
            }
            case Admission.Reserved reserved -> {
                var first = reserved.reservation();
                if (owner.isOver()) {
                    first.settle(Money.ZERO, false);
                    return;
                }
                var stepped =
                        claim.bound().equals(claim.most())
                                ? null
                                : new SteppedReservation(loop.gate(), claim, first);
                var reservation = stepped == null ? first : stepped;
                untried = reservation;
                if (beside == null) {
                    whatIf.tell(held, reservation, tally);
                    tally.budgetViews = reservation.budgets();
                } else {
                    tally.charging(budgets);
                }
                translate(
                        held,
                        reservation,
                        stepped == null
                                ? null
                                : new StreamHold(stepped, candidate, held, this::present));
            }
        }
    }

    private void refused(Quote.Held held, int clamps, Admission.Refused refused) {
        var limit =
                clamps > 0 && refused.kind().isShort() && mayClamp(refused.budget())
                        ? Quote.clamped(found, candidate, held.size(), refused.remaining())
                        : OptionalLong.empty();
        if (limit.isPresent()
                && Quote.limited(candidate, held.size(), limit.getAsLong())
                        instanceof Quote.Held smaller) {
            claim(smaller, held.bound().isMoreThan(smaller.bound()) ? clamps - 1 : 0);
        } else {
            owner.refused(Refusal.of(refused, budgets, loop.gate(), tally.team));
        }
    }

    /** Of how many Budgets too little may be left for the answer, and enough for a shorter one. */
    private int clamping() {
        var count = 0;
        for (var i = 0; i < budgets.size(); i++) {
            var budget = budgets.get(i);
            boolean isShort = budget.mode() == Mode.HARD && budget.limitMicros() != null;
            count += isShort && budget.clamps() ? 1 : 0;
        }
        return count;
    }

    private boolean mayClamp(String budget) {
        return budgets.stream().filter(b -> b.key().equals(budget)).allMatch(BudgetEntry::clamps);
    }

    private void translate(Quote.Held held, Reservation reservation, @Nullable StreamHold hold) {
        var bridge = Resolution.bridge(found.scan(), candidate);
        if (bridge == null) {
            throw new IllegalStateException(
                    "bridge: null (expected: targets without one left out)");
        }
        var terms =
                new Bridge.RequestTerms(
                        candidate.model().name(),
                        held.writtenLimit(),
                        Trial.optional(candidate.model().maxOutputTokens()),
                        Resolution.quirks(found.scan(), candidate));
        switch (bridge.request(found.scan(), found.body(), terms)) {
            case Bridge.Outbound.Refused refused -> {
                giveBack();
                skip(Exclusion.Reason.CAPABILITY_MISSING, refused.message());
            }
            case Bridge.Outbound.Answered(var body, var estimated) -> {
                giveBack();
                owner.answeredByItself(body, estimated);
            }
            case Bridge.Outbound.Ready ready -> {
                if (!loop.targets().acquire(candidate, plan.traits().inputTokens())) {
                    giveBack();
                    skipWhatHasNoRoom();
                    return;
                }
                if (beside == null) {
                    reply.limitedTo(held.lowered(found.scan(), candidate));
                }
                owner.opened(new Opened(candidate, held, bridge, ready, reservation, hold));
            }
        }
    }

    /** What holds the money now is another's to settle. */
    void handedOver() {
        untried = null;
    }

    /** Nothing was sent under it. */
    void giveBack() {
        var reservation = untried;
        untried = null;
        if (reservation != null) {
            reservation.settle(Money.ZERO, false);
        }
    }
}
