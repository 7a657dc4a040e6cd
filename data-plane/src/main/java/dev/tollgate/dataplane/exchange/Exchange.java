package dev.tollgate.dataplane.exchange;

import dev.tollgate.dataplane.budget.Admission;
import dev.tollgate.dataplane.budget.Claim;
import dev.tollgate.dataplane.budget.Holds;
import dev.tollgate.dataplane.budget.Reservation;
import dev.tollgate.dataplane.cache.Answer;
import dev.tollgate.dataplane.cache.CacheResult;
import dev.tollgate.dataplane.cache.RequestKey;
import dev.tollgate.dataplane.limits.TeamLimits;
import dev.tollgate.dataplane.record.UsageRecord.Outcome;
import dev.tollgate.dataplane.telemetry.RequestSpan;
import dev.tollgate.dialects.Bridge;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.ErrorKind;
import dev.tollgate.dialects.Operation;
import dev.tollgate.dialects.RequestScan;
import dev.tollgate.dialects.count.TokenEstimate;
import dev.tollgate.policy.attempt.AttemptRule;
import dev.tollgate.policy.attempt.Decision;
import dev.tollgate.policy.attempt.Selection;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.route.Candidate;
import dev.tollgate.policy.route.Exclusion;
import dev.tollgate.policy.route.NoRoute;
import dev.tollgate.policy.route.RoutePlan;
import dev.tollgate.policy.route.Router;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.SettingsEntry.Unbudgeted;
import io.vertx.core.http.HttpServerRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way of one request, top-down:
 *
 * <pre>
 * accept -> authenticate -> read -> resolve -> reserve -> attempt (loop) -> answer/stream -> settle -> record
 * {@link Arrival}                   {@link Resolution}  {@link Quote}      {@link Trial}             {@link Reply}, {@link Relay}  {@link Settlement}  {@link Tally}
 * </pre>
 *
 * Where the policy has a cache, {@link Recall} stands behind resolve: an answer that is kept goes
 * straight to the record.
 *
 * <p>Each step takes what the one before it returned. All of it runs on one event loop and never
 * blocks. Whatever happens, every attempt is settled once and the request is recorded once, in
 * {@link #conclude}. What throws is a bug: the request ends by {@link #broke} then, at once, or
 * when its time is over if nobody saw the exception.
 */
final class Exchange extends Ticker.Ticked implements Trial.Owner, Recall.Owner {

    private static final Logger LOG = LoggerFactory.getLogger(Exchange.class);

    private static final int CLIENT_CLOSED_REQUEST = 499;
    private static final int INTERNAL_STATUS = 500;

    /** Nothing of a request is still running so long after its time is over, but for a bug. */
    private static final long OUTLIVED_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** Where the price of a request that passes as it is comes from: {@code spec.passThrough}. */
    private static final String PASS_THROUGH = "provider";

    private final LoopParts loop;
    private final HttpServerRequest request;
    private final Tally tally;
    private final RequestSpan span;
    private final Reply reply;
    private Dialect dialect = Dialect.OPENAI_CHAT;
    private Arrival.@Nullable Welcome arrival;
    private @Nullable BodyReader reader;
    private Resolution.@Nullable Resolved resolved;
    private @Nullable RoutePlan plan;
    private @Nullable Recall recall;
    private @Nullable Steps steps;
    private List<ShadowCall> shadows = List.of();
    private boolean copied;
    private @Nullable Trial trial;
    private Call.@Nullable Failure lastFailure;
    private @Nullable Reservation untried;
    private long deadlineNanos = Long.MAX_VALUE;
    private final Runnable over;
    private TeamLimits.@Nullable Pass pass;
    private boolean clientGone;
    private boolean answered;
    private boolean concluded;

    private Exchange(
            LoopParts loop,
            HttpServerRequest request,
            Tally tally,
            RequestSpan span,
            Runnable over) {
        this.over = over;
        this.loop = loop;
        this.request = request;
        this.tally = tally;
        this.span = span;
        this.reply = new Reply(request, tally, span.ids().traceparent(), loop);
    }

    /**
     * Takes a request that has just arrived on this event loop.
     *
     * @param over called when it is concluded
     */
    static void accept(LoopParts loop, HttpServerRequest request, Runnable over) {
        long millis = System.currentTimeMillis();
        var tally = new Tally(RequestIds.next(millis), millis, System.nanoTime());
        var path = request.path() == null ? "" : request.path();
        var span =
                loop.tracing()
                        .request(
                                request.method().name(),
                                HttpRoutes.of(path),
                                path,
                                request.getHeader(Names.TRACEPARENT));
        var exchange = new Exchange(loop, request, tally, span, over);
        loop.retries().begin();
        loop.ticker().add(exchange);
        request.response().closeHandler(v -> exchange.safely(exchange::clientGone));
        request.response().exceptionHandler(failure -> exchange.safely(exchange::clientGone));
        request.exceptionHandler(failure -> exchange.safely(exchange::clientGone));
        exchange.safely(
                () -> exchange.arrive(Arrival.of(request, loop, Instant.ofEpochMilli(millis))));
    }

    /** Runs what an event starts. */
    @Override
    public void safely(Runnable step) {
        try {
            step.run();
        } catch (RuntimeException e) {
            broke(e);
        }
    }

    private void arrive(Arrival arrived) {
        switch (arrived) {
            case Arrival.Turned turned -> {
                dialect = turned.dialect();
                tally.dialect = dialect.wireName();
                if (turned.allow() != null) {
                    reply.allow(turned.allow());
                }
                refuse(turned.refusal());
            }
            case Arrival.Welcome welcome -> {
                arrival = welcome;
                dialect = welcome.ingress().dialect();
                tally.dialect = dialect.wireName();
                tally.team = welcome.caller().namespace();
                tally.caller = welcome.caller().name();
                var passed = welcome.ingress().endpoint();
                tally.endpoint = passed == null ? "" : passed;
                read(welcome);
            }
        }
    }

    private void read(Arrival.Welcome welcome) {
        switch (welcome.ingress().operation()) {
            case LIST_MODELS, GET_MODEL -> answerModels(welcome);
            case GENERATE, EMBED, EMBED_ONE, COUNT_TOKENS, PASS -> {
                if (welcome.expectsContinue()) {
                    request.response().writeContinue();
                }
                var body =
                        new BodyReader(
                                request,
                                loop.settings().maxBodyBytes(),
                                tally.startNanos,
                                result -> safely(() -> resolve(welcome, result)));
                reader = body;
                body.start();
            }
        }
    }

    private void answerModels(Arrival.Welcome welcome) {
        switch (ModelListing.of(welcome)) {
            case ModelListing.Listed listed -> {
                answered = true;
                reply.answer(null, true, listed.body());
                conclude(Outcome.OK, 200);
            }
            case ModelListing.Missing missing -> refuse(missing.refusal());
        }
    }

    private void resolve(Arrival.Welcome welcome, BodyReader.Result result) {
        reader = null;
        switch (result) {
            case BodyReader.Result.TooLarge t -> refuse(Arrival.tooLarge(loop));
            case BodyReader.Result.TooSlow t -> {
                reply.cutOff();
                refuse(
                        Refusal.of(
                                ErrorKind.REQUEST_TIMEOUT,
                                "the body came too slowly: send at least 1 KiB a second",
                                Outcome.INVALID_REQUEST));
            }
            case BodyReader.Result.Whole whole -> {
                var headers = request.headers();
                switch (Resolution.of(welcome, whole.body(), headers::get)) {
                    case Resolution.Impossible impossible -> {
                        tally.modelRequested = impossible.model();
                        tally.route = impossible.route();
                        tally.stream = impossible.stream();
                        refuse(impossible.refusal());
                    }
                    case Resolution.Resolved found -> {
                        resolved = found;
                        plan = found.plan();
                        steps = Steps.of(loop, found, welcome.ingress().sse(), tally, reply);
                        tally.planned(found.plan(), found.model());
                        tally.stream = found.scan().stream();
                        tally.results = found.endpoint() == null ? 0 : found.scan().choices();
                        recall(welcome, found);
                    }
                }
            }
        }
    }

    private void recall(Arrival.Welcome welcome, Resolution.Resolved found) {
        switch (Remembered.key(welcome, found, request)) {
            case RequestKey.Off off -> choose(welcome, found, found.plan());
            case RequestKey.Keyed keyed -> {
                tally.cache = CacheResult.MISS;
                var asked = found.plan();
                var looking =
                        new Recall(
                                this,
                                loop,
                                keyed,
                                answer -> Remembered.serves(asked, answer),
                                asked.requestMillis(asked.candidates().getFirst()));
                recall = looking;
                looking.start();
            }
        }
    }

    @Override
    public void unknown() {
        if (!concluded && arrival != null && resolved != null) {
            choose(arrival, resolved, resolved.plan());
        }
    }

    /** It costs nothing and holds nothing; but who may not spend may not have it either. */
    @Override
    public void known(Answer answer) {
        if (concluded || arrival == null) {
            return;
        }
        var budgets = Router.budgets(arrival.applied().index(), arrival.caller(), answer.model());
        if (!admits(arrival, budgets)) {
            return;
        }
        var hold = Holds.first(budgets);
        if (hold != null) {
            refuse(Refusal.of(hold));
            return;
        }
        if (!enters(budgets, 0)) {
            return;
        }
        tally.remembered(answer);
        answered = true;
        reply.replay(answer, tally.stream, System.currentTimeMillis());
        conclude(Outcome.OK, 200);
    }

    /** The next target: the first one by its share, later ones as the attempt rule decides. */
    private void choose(Arrival.Welcome welcome, Resolution.Resolved found, RoutePlan current) {
        var now = Instant.now();
        if (tally.attempts.isEmpty()) {
            switch (Selection.first(current, loop.targets(), now, loop.random())) {
                case Selection.None none -> refuse(Refusal.of(none.noRoute()));
                case Selection.Chosen chosen ->
                        reserve(welcome, found, current, chosen.candidate());
            }
            return;
        }
        long nanos = System.nanoTime();
        var circumstances =
                new AttemptRule.Circumstances(
                        loop.targets(),
                        now,
                        now.plusNanos(deadlineNanos - nanos),
                        loop.retries().hasRoom(nanos),
                        loop.random());
        switch (AttemptRule.decide(current, tally.attempts, circumstances)) {
            case Decision.GiveUp giveUp -> giveUp();
            case Decision.StepUp step -> reserve(welcome, found, current, step.candidate());
            case Decision.Retry retry -> {
                if (isAgain(retry.candidate()) && serveKept()) {
                    return;
                }
                loop.retries().spend(nanos);
                later(retry.delay(), () -> reserve(welcome, found, current, retry.candidate()));
            }
        }
    }

    private boolean isAgain(Candidate candidate) {
        return tally.attempts.getLast().candidate().target().equals(candidate.target());
    }

    /** A cascade's best answer so far, rather than an error. False: it has none. */
    private boolean serveKept() {
        var kept = steps;
        if (clientGone || kept == null || !kept.hasAnswer()) {
            return false;
        }
        answered = true;
        kept.deliver();
        conclude(Outcome.OK, reply.response().getStatusCode());
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
                            if (!concluded) {
                                safely(step);
                            }
                        });
    }

    private void reserve(
            Arrival.Welcome welcome,
            Resolution.Resolved found,
            RoutePlan current,
            Candidate candidate) {
        var index = welcome.applied().index();
        var budgets = Router.budgets(index, welcome.caller(), candidate.model().name());
        tally.trying(candidate, budgets);
        if (found.endpoint() != null) {
            tally.costSource = PASS_THROUGH;
        }
        if (!admits(welcome, budgets)) {
            return;
        }
        if (!enters(budgets, current.traits().inputTokens())) {
            return;
        }
        switch (Quote.of(found, candidate, budgets, tally.cost)) {
            case Quote.Impossible impossible -> refuse(impossible.refusal());
            case Quote.TooDear dear ->
                    skip(
                            welcome,
                            found,
                            current,
                            candidate,
                            Exclusion.Reason.ABOVE_COST_CEILING,
                            dear.detail());
            case Quote.Held held -> claim(welcome, found, candidate, budgets, held, true);
        }
    }

    /** Counts the request in the rate limits of its Budgets, once; if one is reached it is over. */
    private boolean enters(List<BudgetEntry> budgets, long tokens) {
        if (pass != null) {
            return true;
        }
        return switch (loop.teamLimits().enter(budgets, tally.team, tokens, Instant.now())) {
            case TeamLimits.Entry.In in -> {
                pass = in.pass();
                yield true;
            }
            case TeamLimits.Entry.Full full -> {
                refuse(Refusal.of(full));
                yield false;
            }
        };
    }

    /** Whether the request may be served under these budgets, and for which tags; else refuses. */
    private boolean admits(Arrival.Welcome welcome, List<BudgetEntry> budgets) {
        var snapshot = welcome.applied().snapshot();
        if (budgets.isEmpty() && snapshot.settings().unbudgetedNamespaces() == Unbudgeted.BLOCK) {
            refuse(Refusal.unbudgeted(welcome.caller().namespace()));
            return false;
        }
        if (tally.tags.isEmpty()) {
            var repeated = TagValues.repeated(budgets, request.headers());
            if (repeated != null) {
                refuse(Refusal.invalid(repeated + ": given more than once", null));
                return false;
            }
            tally.tags = loop.tags().of(budgets, request.headers()::get);
        }
        return true;
    }

    /** This target cannot serve the request: the plan goes on without it. */
    private void skip(
            Arrival.Welcome welcome,
            Resolution.Resolved found,
            RoutePlan current,
            Candidate candidate,
            Exclusion.Reason reason,
            String detail) {
        var exclusion =
                new Exclusion(
                        candidate.target().name(),
                        candidate.provider().key(),
                        candidate.model().name(),
                        reason,
                        detail);
        switch (Resolution.without(current, candidate, exclusion)) {
            case NoRoute none -> {
                if (tally.attempts.isEmpty()) {
                    refuse(Refusal.of(none));
                } else {
                    giveUp();
                }
            }
            case RoutePlan rest -> {
                plan = rest;
                choose(welcome, found, rest);
            }
        }
    }

    private void claim(
            Arrival.Welcome welcome,
            Resolution.Resolved found,
            Candidate candidate,
            List<BudgetEntry> budgets,
            Quote.Held held,
            boolean mayClamp) {
        var claim = new Claim(tally.logged(), tally.next(held.bound()), budgets);
        var admission = loop.gate().reserve(claim);
        if (admission.succeeded()) {
            admitted(welcome, found, candidate, budgets, held, mayClamp, admission.result());
        } else {
            admission.onComplete(
                    a ->
                            safely(
                                    () ->
                                            admitted(
                                                    welcome, found, candidate, budgets, held,
                                                    mayClamp, a)),
                    failure -> broke(new IllegalStateException("no admission", failure)));
        }
    }

    private void admitted(
            Arrival.Welcome welcome,
            Resolution.Resolved found,
            Candidate candidate,
            List<BudgetEntry> budgets,
            Quote.Held held,
            boolean mayClamp,
            Admission admission) {
        switch (admission) {
            case Admission.Refused refused -> {
                if (concluded) {
                    return;
                }
                var limit =
                        mayClamp && isShort(refused)
                                ? Quote.clamped(found, candidate, held.size(), refused.remaining())
                                : OptionalLong.empty();
                if (limit.isPresent()
                        && Quote.limited(candidate, held.size(), limit.getAsLong())
                                instanceof Quote.Held smaller) {
                    reply.clampedTo(limit.getAsLong());
                    claim(welcome, found, candidate, budgets, smaller, false);
                } else {
                    refuse(Refusal.of(refused));
                }
            }
            case Admission.Reserved reserved -> {
                if (concluded) {
                    reserved.reservation().settle(Money.ZERO, false);
                    return;
                }
                untried = reserved.reservation();
                tally.budgetViews = reserved.reservation().budgets();
                attempt(welcome, found, candidate, held, reserved.reservation());
            }
        }
    }

    private static boolean isShort(Admission.Refused refused) {
        return switch (refused.kind()) {
            case EXHAUSTED, RESERVED, CEILING -> true;
            case SUSPENDED, BLOCKED, LEDGER_UNAVAILABLE, FROZEN, LOG_UNAVAILABLE -> false;
        };
    }

    private void attempt(
            Arrival.Welcome welcome,
            Resolution.Resolved found,
            Candidate candidate,
            Quote.Held held,
            Reservation reservation) {
        var current = plan;
        var bridge = Resolution.bridge(found.scan(), candidate);
        if (current == null || bridge == null) {
            throw new IllegalStateException(
                    "bridge: null (expected: targets without one left out)");
        }
        if (deadlineNanos == Long.MAX_VALUE) {
            deadlineNanos =
                    tally.startNanos
                            + TimeUnit.MILLISECONDS.toNanos(current.requestMillis(candidate));
        }
        var terms =
                new Bridge.RequestTerms(
                        candidate.model().name(),
                        held.writtenLimit(),
                        Trial.optional(candidate.model().maxOutputTokens()),
                        Resolution.quirks(found.scan(), candidate));
        switch (bridge.request(found.scan(), found.body(), terms)) {
            case Bridge.Outbound.Refused refused -> {
                giveBack(reservation);
                skip(
                        welcome,
                        found,
                        current,
                        candidate,
                        Exclusion.Reason.CAPABILITY_MISSING,
                        refused.message());
            }
            case Bridge.Outbound.Answered(var body, var estimated) -> {
                giveBack(reservation);
                answerByItself(body, estimated);
            }
            case Bridge.Outbound.Ready ready -> {
                if (!loop.targets().acquire(candidate, current.traits().inputTokens())) {
                    giveBack(reservation);
                    skip(
                            welcome,
                            found,
                            current,
                            candidate,
                            Exclusion.Reason.BREAKER_OPEN,
                            "has an open circuit");
                    return;
                }
                reply.dropped(ready.dropped());
                var capture = Remembered.capture(recall, found, candidate, held, ready.dropped());
                var started =
                        new Trial(
                                this,
                                loop,
                                request,
                                reply,
                                tally,
                                new Trial.Terms(
                                        welcome,
                                        found,
                                        current,
                                        candidate,
                                        held,
                                        bridge,
                                        capture,
                                        deadlineNanos,
                                        judging(current, candidate)),
                                reservation);
                trial = started;
                untried = null;
                started.start(ready.body(), span);
                copy(welcome, found);
            }
        }
    }

    /** Copies go to the rule's shadows once, behind the first attempt. */
    private void copy(Arrival.Welcome welcome, Resolution.Resolved found) {
        if (!copied && !concluded) {
            copied = true;
            shadows = ShadowCall.copies(loop, welcome, found, request.headers(), tally.requestId);
        }
    }

    /** Null: the answer goes out as it comes. */
    private @Nullable Steps judging(RoutePlan current, Candidate candidate) {
        var cascade = steps;
        return cascade != null && cascade.judges(current, candidate) ? cascade : null;
    }

    /** Nothing was sent under it. */
    private void giveBack(Reservation reservation) {
        untried = null;
        reservation.settle(Money.ZERO, false);
    }

    /** Nobody was asked, and nothing is charged. */
    private void answerByItself(byte[] body, List<String> estimated) {
        answered = true;
        reply.estimated(estimated);
        reply.answer(null, true, body);
        conclude(Outcome.OK, 200);
    }

    // ---- what becomes of an attempt

    @Override
    public void failed(Call.Failure failure) {
        trial = null;
        if (clientGone) {
            conclude(Outcome.ABORTED, CLIENT_CLOSED_REQUEST);
            return;
        }
        if (arrival != null && resolved != null && plan != null) {
            lastFailure = failure;
            choose(arrival, resolved, plan);
        }
    }

    @Override
    public void stepped(Kept answer) {
        trial = null;
        if (clientGone) {
            conclude(Outcome.ABORTED, CLIENT_CLOSED_REQUEST);
            return;
        }
        if (arrival != null && resolved != null && plan != null && steps != null) {
            steps.keep(answer);
            choose(arrival, resolved, plan);
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
        var found = resolved;
        if (found != null && hasNoCounter(found.scan(), failure)) {
            answerByItself(TokenEstimate.answer(found.scan()), TokenEstimate.FIELDS);
            return;
        }
        var told = LastWord.of(failure, tally, dialect, loop.random());
        switch (told) {
            case LastWord.Verbatim verbatim -> {
                answered = true;
                reply.pass(verbatim.status(), verbatim.body());
                conclude(Outcome.INVALID_REQUEST, verbatim.status());
            }
            case LastWord.Own own -> {
                answered = true;
                int status = reply.refuse(dialect, own.refusal(), own.exhausted());
                conclude(own.refusal().outcome(), status);
            }
        }
    }

    /** A server that should count the tokens of another dialect and knows no such endpoint. */
    private boolean hasNoCounter(RequestScan scan, Call.Failure failure) {
        var provider = tally.attempts.getLast().candidate().provider();
        int status = failure.status();
        return scan.operation() == Operation.COUNT_TOKENS
                && dialect != Dialect.OPENAI_CHAT
                && provider.dialect().equals(Dialect.OPENAI_CHAT.wireName())
                && (status == 404 || status == 405 || status == 501)
                && TokenEstimate.isPossible(scan);
    }

    @Override
    public void answered() {
        answered = true;
        conclude(
                clientGone ? Outcome.ABORTED : Outcome.OK,
                clientGone ? CLIENT_CLOSED_REQUEST : reply.response().getStatusCode());
    }

    @Override
    public void truncated(ErrorKind kind) {
        answered = true;
        conclude(kind == ErrorKind.TIMEOUT ? Outcome.TIMEOUT : Outcome.TRUNCATED, 200);
    }

    @Override
    public void aborted() {
        conclude(Outcome.ABORTED, CLIENT_CLOSED_REQUEST);
    }

    private void refuse(Refusal refusal) {
        if (concluded || serveKept()) {
            return;
        }
        answered = true;
        int status = reply.refuse(dialect, refusal, false);
        conclude(refusal.outcome(), status);
    }

    private void clientGone() {
        if (clientGone || answered || concluded) {
            return;
        }
        clientGone = true;
        if (trial == null) {
            conclude(Outcome.ABORTED, CLIENT_CLOSED_REQUEST);
        } else {
            trial.clientGone();
        }
    }

    @Override
    public void broke(RuntimeException failure) {
        LOG.error("request {}: a bug", tally.requestId, failure);
        if (concluded) {
            return;
        }
        var running = trial;
        var reserved = untried;
        trial = null;
        reader = null;
        try {
            if (running != null) {
                running.abandon();
            }
            if (reserved != null) {
                giveBack(reserved);
            }
            int status = apologize();
            conclude(clientGone ? Outcome.ABORTED : Outcome.INTERNAL_ERROR, status);
        } catch (RuntimeException again) {
            LOG.error("request {}: a bug on the way out", tally.requestId, again);
            request.response().reset();
            conclude(Outcome.INTERNAL_ERROR, INTERNAL_STATUS);
        }
    }

    /** The gateway's own fault, in the client's dialect if it has nothing yet. */
    private int apologize() {
        var response = request.response();
        answered = true;
        if (clientGone || response.closed()) {
            return CLIENT_CLOSED_REQUEST;
        }
        if (response.headWritten()) {
            response.reset();
            return response.getStatusCode();
        }
        return reply.refuse(
                dialect,
                Refusal.of(
                        ErrorKind.INTERNAL,
                        "the gateway failed; its log knows more about " + tally.requestId,
                        Outcome.INTERNAL_ERROR),
                false);
    }

    @Override
    void tick(long nowNanos) {
        if (deadlineNanos != Long.MAX_VALUE && nowNanos - deadlineNanos > OUTLIVED_NANOS) {
            broke(new IllegalStateException("the request has outlived its deadline"));
            return;
        }
        if (reader != null) {
            reader.tick(nowNanos);
        }
        if (recall != null) {
            recall.tick(nowNanos);
        }
        if (trial != null) {
            trial.tick(nowNanos);
        }
    }

    /** The one end of every request. */
    private void conclude(Outcome outcome, int status) {
        if (concluded) {
            return;
        }
        concluded = true;
        loop.ticker().remove(this);
        loop.retries().end();
        if (pass != null) {
            pass.end(tally.usage.input() + tally.usage.output(), Instant.now());
        }
        try {
            if (recall != null) {
                recall.over(clientGone);
                tally.upstreamNanos += recall.waitedNanos();
            }
            Conclusion.write(loop, tally, span, outcome, status);
            shadows.forEach(shadow -> shadow.originalOver(tally, outcome == Outcome.OK));
        } finally {
            over.run();
        }
    }
}
