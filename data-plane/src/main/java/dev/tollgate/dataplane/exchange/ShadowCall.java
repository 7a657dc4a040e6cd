package dev.tollgate.dataplane.exchange;

import dev.tollgate.dataplane.budget.Admission;
import dev.tollgate.dataplane.budget.Reservation;
import dev.tollgate.dataplane.limits.TeamLimits;
import dev.tollgate.dataplane.record.ShadowOf;
import dev.tollgate.dataplane.record.UsageRecord;
import dev.tollgate.dataplane.telemetry.ShadowSeries;
import dev.tollgate.dialects.AnswerStream;
import dev.tollgate.dialects.Bridge;
import dev.tollgate.dialects.Usage;
import dev.tollgate.policy.attempt.Attempt;
import dev.tollgate.policy.attempt.Outcome;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.route.Candidate;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.RuleEntry;
import io.vertx.core.Handler;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientResponse;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A copy of one request at a shadow (api.md, R22). Its answer is read to its end, compared, and
 * thrown away. Nothing of it reaches the request: it starts when the request's own attempt is on
 * its way, and is dropped where a budget, a limit or {@code maxConcurrent} has no room. It is paid
 * by the namespace of the policy, and has a usage record of its own, written when both are over.
 */
final class ShadowCall extends Ticker.Ticked implements Call.Owner {

    private static final Logger LOG = LoggerFactory.getLogger(ShadowCall.class);
    private static final AnswerStream.Sink NOWHERE = (bytes, offset, length) -> {};

    /** Who pays and how the copy is called; with its slot in the pool. */
    record Terms(
            RuleEntry.Shadow shadow,
            String slot,
            Resolution.Resolved found,
            Candidate candidate,
            Quote.Held held,
            Bridge bridge,
            List<BudgetEntry> budgets,
            byte[] body,
            MultiMap headers,
            String original,
            boolean sse) {}

    private final LoopParts loop;
    private final Arrival.Welcome welcome;
    private final Terms terms;
    private final Tally tally;
    private final TeamLimits.Pass pass;
    private final ShadowSeries series;
    private long startNanos;
    private long deadlineNanos = Long.MAX_VALUE;
    private long idleDeadlineNanos = Long.MAX_VALUE;
    private @Nullable Reservation reservation;
    private @Nullable Call call;
    private @Nullable HttpClientResponse head;
    private @Nullable AnswerStream stream;
    private long firstTokenNanos = -1;
    private boolean over;
    private boolean acquired;
    private UsageRecord.Outcome outcome = UsageRecord.Outcome.OK;
    private int status;
    private String finishReason = "";
    private ShadowOf.@Nullable Original primary;
    private boolean primaryAnswered;
    private boolean audited;

    ShadowCall(
            LoopParts loop,
            Arrival.Welcome welcome,
            Terms terms,
            Tally tally,
            TeamLimits.Pass pass,
            ShadowSeries series) {
        this.loop = loop;
        this.welcome = welcome;
        this.terms = terms;
        this.tally = tally;
        this.pass = pass;
        this.series = series;
    }

    /** Holds its money, and starts then. */
    void reserve() {
        var claim =
                terms.held()
                        .claim(
                                tally.logged(),
                                tally.next(terms.held().bound()),
                                terms.budgets(),
                                terms.candidate(),
                                welcome.applied().snapshot());
        loop.gate()
                .reserve(claim)
                .onComplete(
                        safe(
                                admission -> {
                                    if (admission.succeeded()
                                            && admission.result()
                                                    instanceof Admission.Reserved reserved) {
                                        reservation = reserved.reservation();
                                        start();
                                    } else {
                                        drop("dropped_budget");
                                    }
                                }));
    }

    /** Nothing was sent. */
    private void drop(String why) {
        if (over) {
            return;
        }
        over = true;
        outcome = UsageRecord.Outcome.NO_TARGET;
        series.copy(why);
        var held = reservation;
        if (held != null) {
            held.settle(Money.ZERO, false);
        }
        pass.end(0, Instant.now());
        loop.shadows().leave(terms.slot());
    }

    private void start() {
        var candidate = terms.candidate();
        var plan = terms.found().plan();
        var outgoing = new Outgoing(loop, welcome, terms.found(), candidate, terms.headers());
        var key = outgoing.key();
        if (key == null || !loop.targets().acquire(candidate, plan.traits().inputTokens())) {
            drop("dropped_unavailable");
            return;
        }
        acquired = true;
        var scan = terms.found().scan();
        startNanos = System.nanoTime();
        deadlineNanos = startNanos + TimeUnit.MILLISECONDS.toNanos(plan.requestMillis(candidate));
        long first =
                scan.stream()
                        ? startNanos
                                + TimeUnit.MILLISECONDS.toNanos(plan.firstByteMillis(candidate))
                        : deadlineNanos;
        var started =
                new Call(
                        this,
                        outgoing.dialect(),
                        scan.stream(),
                        loop.settings().maxAnswerBytes(),
                        Math.min(first, deadlineNanos));
        call = started;
        loop.ticker().add(this);
        outgoing.send(started, key, terms.body());
    }

    private <T> Handler<T> safe(Handler<T> handler) {
        return event -> {
            try {
                handler.handle(event);
            } catch (RuntimeException e) {
                broke(e);
            }
        };
    }

    @Override
    public void goesOut() {
        Audit.goesOut(loop, tally, reservation);
    }

    // ---- its answer

    @Override
    public void failed(Call.Failure failure) {
        var never = terms.candidate().provider().billing().neverBilledStatuses();
        settle(
                Settlement.mayBeBilled(failure, false, never)
                        ? Settlement.hold(terms.held().bound())
                        : Settlement.NOTHING,
                failure.outcome(),
                failure.word(),
                failure.status(),
                null);
    }

    @Override
    public void answered(HttpClientResponse head, byte[] body) {
        loop.targets().told(terms.candidate(), head.headers());
        switch (terms.bridge().answer(body, answerTerms())) {
            case Bridge.AnswerRead.Unreadable unreadable ->
                    settle(
                            Settlement.hold(terms.held().bound()),
                            new Outcome.ServerError(head.statusCode(), null),
                            "unreadable_answer",
                            head.statusCode(),
                            null);
            case Bridge.AnswerRead.Read read -> {
                finishReason = read.finishReason() == null ? "" : read.finishReason();
                settle(
                        charged(read.usage(), read.visibleOutputBytes()),
                        new Outcome.Success(),
                        "ok",
                        head.statusCode(),
                        read.usage());
            }
        }
    }

    @Override
    public void streaming(HttpClientResponse head) {
        loop.targets().told(terms.candidate(), head.headers());
        this.head = head;
        var read = terms.bridge().stream(answerTerms());
        stream = read;
        heard();
        head.handler(safe(chunk -> read(read, chunk)));
        head.endHandler(safe(v -> ended(read, Relay.hasEndOfItsOwn(head))));
        head.exceptionHandler(
                safe(v -> cut(new Outcome.ServerError(head.statusCode(), null), false)));
    }

    private void read(AnswerStream read, Buffer chunk) {
        if (over) {
            return;
        }
        var bytes = Bytes.of(chunk);
        read.feed(bytes, 0, bytes.length, NOWHERE);
        heard();
        if (firstTokenNanos < 0 && read.sawToken()) {
            long now = System.nanoTime();
            firstTokenNanos = now - startNanos;
            tally.firstTokenNanos = now - tally.startNanos;
        }
        if (read.failed()) {
            cut(new Outcome.ServerError(200, null), read.toldError());
        }
    }

    private void heard() {
        idleDeadlineNanos =
                System.nanoTime()
                        + TimeUnit.MILLISECONDS.toNanos(
                                terms.candidate().provider().timeouts().streamIdleMillis());
    }

    private void ended(AnswerStream read, boolean byItsProvider) {
        if (over) {
            return;
        }
        switch (read.end(NOWHERE)) {
            case AnswerStream.End.Complete complete -> {
                finishReason = read.finishReason() == null ? "" : read.finishReason();
                settle(
                        read.usageShrank()
                                ? Settlement.implausible(terms.held().bound())
                                : charged(read.usage(), read.visibleOutputBytes()),
                        new Outcome.Success(),
                        "ok",
                        200,
                        read.usage());
            }
            case AnswerStream.End.Broken broken ->
                    cut(new Outcome.ServerError(200, null), byItsProvider);
        }
    }

    /**
     * The stream is given up; what it generates may be billed to its end.
     *
     * @param byItsProvider that has ended it, and generates no more
     */
    private void cut(Outcome because, boolean byItsProvider) {
        var read = stream;
        boolean ours = because instanceof Outcome.Timeout;
        boolean billsOn =
                !byItsProvider && !terms.candidate().provider().billing().stopsOnDisconnect();
        var settlement =
                read == null || billsOn || loop.ticker().stoodStill()
                        ? Settlement.hold(terms.held().bound())
                        : Settlement.unreported(
                                terms.candidate().model(),
                                terms.held().size(),
                                read.usage(),
                                read.visibleOutputBytes(),
                                terms.held().bound());
        var answer = over ? null : head;
        settle(settlement, because, ours ? "timeout" : "truncated", 200, null);
        if (answer != null) {
            // this calls the handler of a stream that breaks: by now it is settled
            answer.request().reset();
        }
    }

    private Settlement charged(@Nullable Usage usage, long visibleBytes) {
        var model = terms.candidate().model();
        var size = terms.held().size();
        var bound = terms.held().bound();
        return usage == null
                ? Settlement.unreported(model, size, null, visibleBytes, bound)
                : Settlement.reported(
                        model, size, usage, terms.found().scan().choices(), bound, false);
    }

    private Bridge.AnswerTerms answerTerms() {
        return new Bridge.AnswerTerms(
                terms.found().scan(),
                terms.found().body(),
                null,
                terms.sse(),
                tally.requestId,
                TimeUnit.MILLISECONDS.toSeconds(tally.startMillis));
    }

    @Override
    void tick(long nowNanos) {
        if (over) {
            return;
        }
        if (stream == null) {
            if (call != null) {
                call.tick(nowNanos);
            }
        } else if (nowNanos - deadlineNanos >= 0 || nowNanos - idleDeadlineNanos >= 0) {
            cut(new Outcome.Timeout(), false);
        }
    }

    /** A bug: nothing of the copy goes on, and the request knows nothing of it. */
    @Override
    public void broke(RuntimeException failure) {
        LOG.error(
                "request {}: a bug in a shadow of {}", tally.requestId, terms.original(), failure);
        if (over) {
            if (tally.sent > 0 && (tally.recorded.isEmpty() || primary != null)) {
                audit(); // in the middle of its end: it gets no record
            }
            return;
        }
        if (!acquired) {
            drop("internal_error");
            return;
        }
        var called = call;
        if (called != null) {
            called.cancel();
        }
        boolean unsent = called != null && !called.sent();
        settle(
                unsent ? Settlement.NOTHING : Settlement.hold(terms.held().bound()),
                new Outcome.ServerError(0, null),
                "internal_error",
                0,
                null);
    }

    // ---- the end

    private void settle(
            Settlement settlement,
            Outcome result,
            String word,
            int status,
            @Nullable Usage reported) {
        if (over) {
            return;
        }
        over = true;
        this.status = status;
        outcome = outcome(result);
        loop.ticker().remove(this);
        loop.shadows().leave(terms.slot());
        var held = reservation;
        if (held != null) {
            held.settle(settlement.cost(), settlement.assumed());
        }
        var called = call;
        if (called != null) {
            called.release();
        }
        var usage = settlement.implausible() ? null : reported;
        long latency = System.nanoTime() - startNanos;
        long expected = terms.found().plan().traits().inputTokens();
        long seen = usage == null ? expected : usage.input() + usage.output();
        var now = Instant.now();
        loop.targets()
                .done(terms.candidate(), result, latency, firstTokenNanos, seen - expected, now);
        pass.end(seen, now);
        if (settlement.implausible()) {
            loop.metrics().implausible();
        }
        tally.settled(
                new Attempt(terms.candidate(), result), word, status, latency, settlement, usage);
        if (tally.sent > 0) {
            Audit.settled(
                    loop,
                    tally,
                    reservation,
                    usage == null
                            ? Money.ZERO
                            : Settlement.billed(terms.candidate().model(), usage));
        }
        series.copy(outcome.word());
        compare();
    }

    private static UsageRecord.Outcome outcome(Outcome result) {
        return switch (result) {
            case Outcome.Success s -> UsageRecord.Outcome.OK;
            case Outcome.Poor p -> UsageRecord.Outcome.OK;
            case Outcome.RateLimited r -> UsageRecord.Outcome.RATE_LIMITED;
            case Outcome.Timeout t -> UsageRecord.Outcome.TIMEOUT;
            case Outcome.ClientFault c -> UsageRecord.Outcome.INVALID_REQUEST;
            case Outcome.NoFreeConnection n -> UsageRecord.Outcome.OVERLOADED;
            case Outcome.ServerError s -> UsageRecord.Outcome.PROVIDER_ERROR;
            case Outcome.ConnectFailure c -> UsageRecord.Outcome.PROVIDER_ERROR;
            case Outcome.CredentialRejected c -> UsageRecord.Outcome.PROVIDER_ERROR;
        };
    }

    /** The request itself is over. */
    void originalOver(Tally request, boolean answered) {
        primary =
                new ShadowOf.Original(
                        request.provider,
                        request.model,
                        request.finishReason,
                        request.usage.output(),
                        TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - request.startNanos),
                        request.cost);
        primaryAnswered = answered;
        try {
            compare();
        } catch (RuntimeException e) {
            LOG.error("request {}: a bug in its shadow", request.requestId, e);
        }
    }

    /** Once both are over. A copy that was dropped has no record. */
    private void compare() {
        var original = primary;
        if (!over || original == null || tally.recorded.isEmpty()) {
            return;
        }
        long latency = tally.upstreamNanos;
        tally.shadow =
                new ShadowOf(terms.shadow().name(), terms.original(), finishReason, original);
        try {
            loop.recorder().write(tally.record(outcome, status, latency, ""));
            tally.records++;
        } finally {
            audit();
        }
        if (outcome == UsageRecord.Outcome.OK && primaryAnswered) {
            series.compared(
                    new ShadowSeries.Figures(tally.cost.nanos(), latency, tally.usage.output()),
                    new ShadowSeries.Figures(
                            original.cost().nanos(),
                            TimeUnit.MILLISECONDS.toNanos(original.latencyMillis()),
                            original.outputTokens()),
                    finishReason.equals(original.finishReason()));
        }
    }

    /** Nothing of it goes on, with or without its record. */
    private void audit() {
        if (!audited) {
            audited = true;
            Audit.over(loop, tally);
        }
    }
}
