package dev.tollgate.dataplane.exchange;

import dev.tollgate.dialects.Operation;
import dev.tollgate.policy.attempt.AttemptRule;
import dev.tollgate.policy.attempt.HedgeRule;
import dev.tollgate.policy.attempt.Hedging;
import dev.tollgate.policy.route.Candidate;
import dev.tollgate.policy.route.Exclusion;
import dev.tollgate.policy.route.RoutePlan;
import dev.tollgate.policy.snapshot.RuleEntry;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The second target of a request whose first token is late (api.md, R23). {@link HedgeRule}
 * decides; this asks, lets the first to answer win, and ends the other. A stream has answered with
 * its first token, anything else with its whole answer. One hedge a request.
 *
 * <pre>
 * WAITING --after, and room in share and budgets--> OPENING --sent--> RACING --one answers--> WON: the other loses
 *    |                                                |not sent          |one fails
 *    |--first answers                                 v                  v
 *    +----------------------------------------------> ALONE <------------+
 * </pre>
 *
 * <p>The one that loses ends as it would if its client had left: cancelled where that stops the
 * bill, else read to its end in the pool of drains, else charged its bound. The request's record
 * waits for it, its client does not.
 */
final class Hedge implements Opening.Owner {

    /** The attempts of the request. */
    interface Owner {
        boolean isOver();

        boolean isClientGone();

        RoutePlan plan();

        /** As the attempt rule sees them, now. */
        AttemptRule.Circumstances circumstances();

        /** An attempt of the request, which is to be started. */
        Trial trial(Opening.Opened opened, boolean raced);

        /** Neither of the two has answered, and none runs any more. */
        void choose();

        /** The trial that lost is over. */
        void loserOver();

        void safely(Runnable step);

        void broke(RuntimeException failure);
    }

    private final Owner owner;
    private final LoopParts loop;
    private final Asked asked;
    private final Tally tally;
    private final Reply reply;
    private final RuleEntry.Hedge terms;
    private @Nullable Trial first;
    private @Nullable Trial second;
    private Opening.@Nullable Opened secondOpened;
    private @Nullable Opening opening;
    private @Nullable Trial winner;
    private @Nullable Trial loser;
    private boolean spent;
    private boolean racing;
    private long raceNanos;

    private Hedge(Owner owner, Asked asked, RuleEntry.Hedge terms) {
        this.owner = owner;
        this.asked = asked;
        this.loop = asked.loop();
        this.tally = asked.tally();
        this.reply = asked.reply();
        this.terms = terms;
    }

    /** Null: the rule hedges nothing, or the request is for no tokens. */
    static @Nullable Hedge of(Owner owner, Asked asked) {
        var terms = asked.found().plan().hedge();
        return terms == null || asked.found().scan().operation() != Operation.GENERATE
                ? null
                : new Hedge(owner, asked, terms);
    }

    /** Whether a second target may still be asked. */
    boolean isPossible() {
        return !spent && winner == null;
    }

    /** The trial that is hedged against. */
    void begins(Trial trial) {
        if (tally.started == 1) {
            loop.targets().routes().request(owner.plan().route(), terms.maxPercent());
        }
        first = trial;
    }

    void tick(long nowNanos) {
        tick(first, nowNanos);
        tick(second, nowNanos);
        tick(loser, nowNanos);
        var late = first;
        if (late != null
                && isPossible()
                && !owner.isClientGone()
                && nowNanos - late.startNanos()
                        >= TimeUnit.MILLISECONDS.toNanos(terms.afterMillis())) {
            spent = true;
            start(late);
        }
    }

    private static void tick(@Nullable Trial trial, long nowNanos) {
        if (trial != null) {
            trial.tick(nowNanos);
        }
    }

    private void start(Trial late) {
        var plan = owner.plan();
        // first the share: to pick a target that is not asked would use up its turn
        if (!loop.targets().routes().takeHedge(plan.route())) {
            stays(Hedging.Reason.SHARE_SPENT);
            return;
        }
        switch (HedgeRule.decide(plan, tally.attempts, late.candidate(), owner.circumstances())) {
            case Hedging.Alone alone -> {
                loop.targets().routes().returnHedge(plan.route());
                stays(alone.reason());
            }
            case Hedging.Ask(var candidate) -> {
                var beside = new Opening.Beside(late.held(), terms);
                var made = asked.opening(this, plan, candidate, beside);
                opening = made;
                made.start();
            }
        }
    }

    /** No second target: what is held back for one goes out. */
    private void stays(Hedging.Reason reason) {
        count("not_" + reason.word());
        if (first != null) {
            first.goOn();
        }
    }

    private void count(String result) {
        loop.metrics().hedge(owner.plan().route(), result);
    }

    // ---- the second one's opening

    @Override
    public void skipped(Candidate candidate, Exclusion.Reason reason, String detail) {
        unopened(
                reason == Exclusion.Reason.ABOVE_COST_CEILING
                        ? Hedging.Reason.TOO_DEAR
                        : Hedging.Reason.NO_TARGET);
    }

    @Override
    public void refused(Refusal refusal) {
        unopened(Hedging.Reason.NO_BUDGET);
    }

    @Override
    public void answeredByItself(byte[] body, List<String> estimated) {
        unopened(Hedging.Reason.NO_TARGET);
    }

    private void unopened(Hedging.Reason reason) {
        forgetOpening();
        stays(reason);
        if (first == null) {
            owner.choose();
        }
    }

    /** The right to a hedge goes back, for it was not made. */
    private void forgetOpening() {
        if (opening != null) {
            opening = null;
            loop.targets().routes().returnHedge(owner.plan().route());
        }
    }

    @Override
    public void opened(Opening.Opened opened) {
        secondOpened = opened;
        var trial = owner.trial(opened, true);
        second = trial;
        if (opening != null) {
            opening.handedOver();
            opening = null;
        }
        racing = true;
        raceNanos = System.nanoTime();
        trial.overlaps();
        if (first != null) {
            raceNanos = first.startNanos();
            first.overlaps();
        }
        trial.start(opened.ready().body(), asked.span());
    }

    @Override
    public boolean isOver() {
        return owner.isOver() || owner.isClientGone() || opening == null;
    }

    @Override
    public void safely(Runnable step) {
        owner.safely(step);
    }

    @Override
    public void broke(RuntimeException failure) {
        owner.broke(failure);
    }

    // ---- the race

    /** The first to answer: nothing of it has gone out yet. */
    void wins(Trial trial) {
        if (winner != null) {
            return;
        }
        winner = trial;
        forgetOpening();
        var opened = secondOpened;
        if (opened == null) {
            return;
        }
        boolean hedged = isSame(trial, second);
        tally.wonBy(trial.candidate());
        if (hedged) {
            reply.dropped(opened.ready().dropped());
            reply.limitedTo(opened.held().lowered(asked.found().scan(), trial.candidate()));
            tally.budgetViews = opened.reservation().budgets();
        }
        var other = hedged ? first : second;
        if (hedged || other != null) {
            count(hedged ? "won" : "lost");
        }
        if (other != null) {
            loser = other;
            first = hedged ? null : first;
            second = hedged ? second : null;
            other.lose(hedged);
            if (loser != null) {
                reply.costOpen();
            }
        }
    }

    /**
     * A trial is over.
     *
     * @return whether the request goes on without looking at it: it has lost, or another one runs
     */
    boolean ended(Trial trial) {
        if (isSame(trial, loser)) {
            loser = null;
            owner.loserOver();
            return true;
        }
        if (isSame(trial, first)) {
            first = null;
        } else if (isSame(trial, second)) {
            second = null;
            if (winner == null) {
                count("failed");
            }
        }
        if (winner == null && (first != null || second != null || opening != null)) {
            return true;
        }
        if (racing) {
            racing = false;
            tally.upstreamNanos += System.nanoTime() - raceNanos;
        }
        return false;
    }

    /** A trial that has lost is still read. */
    boolean stillReads() {
        return loser != null;
    }

    @SuppressWarnings("ReferenceEquality") // the same trial, not one like it
    private static boolean isSame(Trial trial, @Nullable Trial other) {
        return trial == other;
    }

    // ---- from outside

    /**
     * The client has left.
     *
     * @return false: nothing runs
     */
    boolean clientGone() {
        forgetOpening();
        var one = first;
        var other = second;
        if (one != null) {
            one.clientGone();
        }
        if (other != null) {
            other.clientGone();
        }
        return one != null || other != null;
    }

    /** A bug ends the request: nothing of it goes on. */
    void abandon() {
        var unsent = opening;
        forgetOpening();
        if (unsent != null) {
            unsent.giveBack();
        }
        for (var trial : new @Nullable Trial[] {first, second, loser}) {
            if (trial != null) {
                trial.abandon();
            }
        }
        first = null;
        second = null;
        loser = null;
    }
}
