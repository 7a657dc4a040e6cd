package dev.tollgate.dataplane.exchange;

import dev.tollgate.dataplane.record.UsageRecord.Outcome;
import dev.tollgate.dialects.ErrorKind;
import dev.tollgate.dialects.count.TokenEstimate;
import dev.tollgate.policy.attempt.AttemptRule;
import dev.tollgate.policy.attempt.Decision;
import dev.tollgate.policy.attempt.Selection;
import dev.tollgate.policy.route.Candidate;
import dev.tollgate.policy.route.Exclusion;
import dev.tollgate.policy.route.NoRoute;
import dev.tollgate.policy.route.RoutePlan;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The attempts of one request, until its client has an answer or there is nobody left to ask: each
 * is chosen, opened ({@link Opening}) and tried ({@link Trial}). {@link AttemptRule} decides, this
 * obeys.
 *
 * <pre>
 * choose -> Opening --opened--> Trial --answered, truncated, aborted--> over
 *   ^         |skipped            |failed, stepped
 *   +---------+-------------------+
 * </pre>
 */
final class Attempts implements Opening.Owner, Trial.Owner, Hedge.Owner {

    /** Hears what the client has been given. */
    interface Owner {
        /** The client gets the gateway's own error, unless it can be given {@link #serveKept}. */
        void refuse(Refusal refusal);

        /** The client has what it gets. */
        void concluded(Outcome outcome, int status);

        /** A trial that lost to another one is over too: nothing of the request runs any more. */
        void quiet();

        boolean isOver();

        boolean isClientGone();

        void safely(Runnable step);

        void broke(RuntimeException failure);
    }

    private static final int CLIENT_CLOSED_REQUEST = 499;

    private final Owner owner;
    private final LoopParts loop;
    private final Asked asked;
    private final Tally tally;
    private final Reply reply;
    private final @Nullable Steps steps;
    private final @Nullable Hedge hedge;
    private RoutePlan plan;
    private List<ShadowCall> shadows = List.of();
    private boolean copied;
    private @Nullable Opening opening;
    private @Nullable Trial trial;
    private Call.@Nullable Failure lastFailure;
    private long deadlineNanos = Long.MAX_VALUE;

    Attempts(Owner owner, Asked asked) {
        this.owner = owner;
        this.asked = asked;
        this.loop = asked.loop();
        this.tally = asked.tally();
        this.reply = asked.reply();
        this.plan = asked.found().plan();
        this.steps = Steps.of(loop, asked.found(), asked.welcome().ingress().sse(), tally, reply);
        this.hedge = Hedge.of(this, asked);
    }

    /** When the request's time is over; never, as long as nothing was sent. */
    long deadlineNanos() {
        return deadlineNanos;
    }

    /** The next target: the first one by its share, later ones as the attempt rule decides. */
    @Override
    public void choose() {
        if (tally.attempts.isEmpty()) {
            switch (Selection.first(plan, loop.targets(), Instant.now(), loop.random())) {
                case Selection.None none -> owner.refuse(Refusal.of(none.noRoute()));
                case Selection.Chosen chosen -> open(chosen.candidate());
            }
            return;
        }
        switch (AttemptRule.decide(plan, tally.attempts, circumstances())) {
            case Decision.GiveUp giveUp -> giveUp();
            case Decision.StepUp step -> open(step.candidate());
            case Decision.Retry retry -> {
                if (isAgain(retry.candidate()) && serveKept()) {
                    return;
                }
                loop.retries().spend(System.nanoTime());
                later(retry.delay(), () -> open(retry.candidate()));
            }
        }
    }

    @Override
    public AttemptRule.Circumstances circumstances() {
        long nanos = System.nanoTime();
        var now = Instant.now();
        return new AttemptRule.Circumstances(
                loop.targets(),
                now,
                now.plusNanos(deadlineNanos - nanos),
                loop.retries().hasRoom(nanos),
                loop.random());
    }

    private boolean isAgain(Candidate candidate) {
        return tally.attempts.getLast().candidate().target().equals(candidate.target());
    }

    /** A cascade's best answer so far, rather than an error. False: it has none. */
    boolean serveKept() {
        var kept = steps;
        if (owner.isClientGone() || kept == null || !kept.hasAnswer()) {
            return false;
        }
        kept.deliver();
        owner.concluded(Outcome.OK, reply.response().getStatusCode());
        return true;
    }

    private void later(Duration delay, Runnable step) {
        if (delay.isZero()) {
            step.run();
            return;
        }
        loop.vertx()
                .setTimer(
                        delay.toMillis(),
                        id -> {
                            if (!owner.isOver()) {
                                owner.safely(step);
                            }
                        });
    }

    // ---- what becomes of an opening

    private void open(Candidate candidate) {
        var next = asked.opening(this, plan, candidate, null);
        opening = next;
        next.start();
    }

    /** The plan goes on without it. */
    @Override
    public void skipped(Candidate candidate, Exclusion.Reason reason, String detail) {
        var exclusion =
                new Exclusion(
                        candidate.target().name(),
                        candidate.provider().key(),
                        candidate.model().name(),
                        reason,
                        detail);
        switch (Resolution.without(plan, candidate, exclusion)) {
            case NoRoute none -> {
                if (tally.attempts.isEmpty()) {
                    owner.refuse(Refusal.of(none));
                } else {
                    giveUp();
                }
            }
            case RoutePlan rest -> {
                plan = rest;
                choose();
            }
        }
    }

    @Override
    public void refused(Refusal refusal) {
        owner.refuse(refusal);
    }

    /** Nobody was asked, and nothing is charged. */
    @Override
    public void answeredByItself(byte[] body, List<String> estimated) {
        reply.estimated(estimated);
        reply.answer(null, true, body);
        owner.concluded(Outcome.OK, 200);
    }

    @Override
    public void opened(Opening.Opened opened) {
        var candidate = opened.candidate();
        if (deadlineNanos == Long.MAX_VALUE) {
            deadlineNanos =
                    tally.startNanos + TimeUnit.MILLISECONDS.toNanos(plan.requestMillis(candidate));
        }
        reply.dropped(opened.ready().dropped());
        var started = trial(opened, hedge != null && hedge.isPossible());
        trial = started;
        if (opening != null) {
            opening.handedOver();
        }
        if (hedge != null) {
            hedge.begins(started);
        }
        started.start(opened.ready().body(), asked.span());
        copy();
    }

    @Override
    public Trial trial(Opening.Opened opened, boolean raced) {
        var steps = judging(opened.candidate());
        return asked.trial(this, plan, opened, deadlineNanos, steps, raced);
    }

    /** Copies go to the rule's shadows once, behind the first attempt. */
    private void copy() {
        if (!copied && !owner.isOver()) {
            copied = true;
            shadows =
                    ShadowCopies.copies(
                            loop,
                            asked.welcome(),
                            asked.found(),
                            asked.request().headers(),
                            tally.requestId);
        }
    }

    /** Null: the answer goes out as it comes. */
    private @Nullable Steps judging(Candidate candidate) {
        var cascade = steps;
        return cascade != null && cascade.judges(plan, candidate) ? cascade : null;
    }

    @Override
    public boolean isOver() {
        return owner.isOver();
    }

    @Override
    public void safely(Runnable step) {
        owner.safely(step);
    }

    @Override
    public boolean isClientGone() {
        return owner.isClientGone();
    }

    @Override
    public RoutePlan plan() {
        return plan;
    }

    // ---- what becomes of a trial

    @Override
    public void wins(Trial answering) {
        if (hedge != null) {
            hedge.wins(answering);
        }
    }

    /** Whether the request goes on without looking at what has ended. */
    private boolean isBeside(Trial ended) {
        return hedge != null && hedge.ended(ended);
    }

    @Override
    public void loserOver() {
        if (owner.isOver()) {
            owner.quiet();
        }
    }

    @Override
    public void failed(Trial ended, Call.Failure failure) {
        lastFailure = failure;
        if (!isBeside(ended)) {
            trial = null;
            chooseUnlessGone();
        }
    }

    @Override
    public void stepped(Trial ended, Kept answer) {
        trial = null;
        if (steps != null) {
            steps.keep(answer);
        }
        chooseUnlessGone();
    }

    private void chooseUnlessGone() {
        if (owner.isClientGone()) {
            aborted();
        } else {
            choose();
        }
    }

    /** No other try: the client is told of the last one. */
    private void giveUp() {
        if (serveKept()) {
            return;
        }
        var failure = lastFailure;
        if (failure == null) {
            throw new IllegalStateException("failure: null (expected: the last attempt's)");
        }
        var dialect = asked.welcome().ingress().dialect();
        switch (LastWord.of(failure, tally, asked.found().scan(), dialect, loop.random())) {
            case LastWord.Estimated estimated ->
                    answeredByItself(estimated.body(), TokenEstimate.FIELDS);
            case LastWord.Verbatim verbatim -> {
                reply.pass(verbatim.status(), verbatim.body());
                owner.concluded(Outcome.INVALID_REQUEST, verbatim.status());
            }
            case LastWord.Own own -> {
                int status = reply.refuse(dialect, own.refusal(), own.exhausted());
                owner.concluded(own.refusal().outcome(), status);
            }
        }
    }

    @Override
    public void answered(Trial ended) {
        if (isBeside(ended)) {
            return;
        }
        if (owner.isClientGone()) {
            aborted();
        } else {
            owner.concluded(Outcome.OK, reply.response().getStatusCode());
        }
    }

    @Override
    public void truncated(Trial ended, ErrorKind kind) {
        if (!isBeside(ended)) {
            owner.concluded(kind == ErrorKind.TIMEOUT ? Outcome.TIMEOUT : Outcome.TRUNCATED, 200);
        }
    }

    @Override
    public void aborted(Trial ended) {
        if (!isBeside(ended)) {
            aborted();
        }
    }

    private void aborted() {
        owner.concluded(Outcome.ABORTED, CLIENT_CLOSED_REQUEST);
    }

    @Override
    public void broke(RuntimeException failure) {
        owner.broke(failure);
    }

    // ---- from outside

    /** The client has left: what runs ends as its provider bills it. */
    void clientGone() {
        if (hedge != null) {
            if (!hedge.clientGone()) {
                aborted();
            }
        } else if (trial == null) {
            aborted();
        } else {
            trial.clientGone();
        }
    }

    /** A bug ends the request: nothing of it goes on. */
    void abandon() {
        var running = trial;
        var unsent = opening;
        trial = null;
        opening = null;
        if (hedge != null) {
            hedge.abandon();
        } else if (running != null) {
            running.abandon();
        }
        if (unsent != null) {
            unsent.giveBack();
        }
    }

    /** The client has what it gets, and a trial that lost is still read for its exact cost. */
    boolean stillReads() {
        return hedge != null && hedge.stillReads();
    }

    void tick(long nowNanos) {
        if (hedge != null) {
            hedge.tick(nowNanos);
        } else if (trial != null) {
            trial.tick(nowNanos);
        }
    }

    /** The request is over, and its record written. */
    void over(boolean ok) {
        shadows.forEach(shadow -> shadow.originalOver(tally, ok));
    }
}
