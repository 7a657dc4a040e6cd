package dev.tollgate.dataplane.exchange;

import dev.tollgate.dataplane.budget.Holds;
import dev.tollgate.dataplane.cache.Answer;
import dev.tollgate.dataplane.cache.CacheResult;
import dev.tollgate.dataplane.cache.RequestKey;
import dev.tollgate.dataplane.record.UsageRecord.Outcome;
import dev.tollgate.dataplane.telemetry.RequestSpan;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.ErrorKind;
import dev.tollgate.policy.route.Router;
import io.vertx.core.http.HttpServerRequest;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way of one request, top-down:
 *
 * <pre>
 * accept -> authenticate -> read -> resolve -> reserve -> attempt (loop) -> answer/stream -> settle -> record
 * {@link Arrival}                   {@link Resolution}  {@link Opening}    {@link Trial}             {@link Reply}, {@link Relay}  {@link Closing}  {@link Tally}
 * </pre>
 *
 * The loop of attempts is {@link Attempts}. Where the policy has a cache, {@link Recall} stands
 * behind resolve: an answer that is kept goes straight to the record.
 *
 * <p>Each step takes what the one before it returned. All of it runs on one event loop and never
 * blocks. Whatever happens, every attempt is settled once and the request is recorded once, in
 * {@link #quiet}. What throws is a bug: the request ends by {@link #broke} then, at once, or when
 * its time is over if nobody saw the exception.
 */
final class Exchange extends Ticker.Ticked implements Attempts.Owner, Recall.Owner {

    private static final Logger LOG = LoggerFactory.getLogger(Exchange.class);

    private static final int CLIENT_CLOSED_REQUEST = 499;
    private static final int INTERNAL_STATUS = 500;

    /** Nothing of a request is still running so long after its time is over, but for a bug. */
    private static final long OUTLIVED_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** What is to be told of the request. */
    private record End(Outcome outcome, int status, long latencyNanos) {}

    private final LoopParts loop;
    private final HttpServerRequest request;
    private final Tally tally;
    private final RequestSpan span;
    private final Reply reply;
    private Dialect dialect = Dialect.OPENAI_CHAT;
    private Arrival.@Nullable Welcome arrival;
    private @Nullable BodyReader reader;
    private Resolution.@Nullable Resolved resolved;
    private @Nullable Entrance entrance;
    private @Nullable Recall recall;
    private @Nullable Attempts attempts;
    private final Runnable over;
    private @Nullable End end;
    private boolean clientGone;
    private boolean broken;
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
                    case Resolution.Resolved asked -> {
                        var found = Downgrade.of(loop, welcome, asked, headers::get, tally);
                        resolved = found;
                        entrance = new Entrance(loop, welcome, request.headers(), tally);
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
            case RequestKey.Off off -> unknown();
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
        var welcome = arrival;
        var found = resolved;
        var entered = entrance;
        if (!concluded && welcome != null && found != null && entered != null) {
            var asked =
                    new Asked(loop, request, welcome, found, entered, span, tally, reply, recall);
            var made = new Attempts(this, asked);
            attempts = made;
            made.choose();
        }
    }

    /** It costs nothing and holds nothing; but who may not spend may not have it either. */
    @Override
    public void known(Answer answer) {
        if (concluded || arrival == null || entrance == null) {
            return;
        }
        var budgets = Router.budgets(arrival.applied().index(), arrival.caller(), answer.model());
        var refusal = entrance.admits(budgets);
        var hold =
                refusal == null
                        ? Holds.first(
                                budgets, arrival.caller().namespace(), loop.gate().violations())
                        : null;
        if (hold != null) {
            refusal = Refusal.of(hold, budgets, loop.gate(), tally.team);
        }
        if (refusal == null) {
            refusal = entrance.enters(budgets, 0);
        }
        if (refusal != null) {
            refuse(refusal);
            return;
        }
        tally.remembered(answer);
        reply.replay(answer, tally.stream, System.currentTimeMillis());
        conclude(Outcome.OK, 200);
    }

    @Override
    public void refuse(Refusal refusal) {
        if (concluded || attempts != null && attempts.serveKept()) {
            return;
        }
        int status = reply.refuse(dialect, refusal, false);
        conclude(refusal.outcome(), status);
    }

    private void clientGone() {
        if (clientGone || broken || concluded) {
            return;
        }
        clientGone = true;
        if (attempts == null) {
            conclude(Outcome.ABORTED, CLIENT_CLOSED_REQUEST);
        } else {
            attempts.clientGone();
        }
    }

    @Override
    public void broke(RuntimeException failure) {
        LOG.error("request {}: a bug", tally.requestId, failure);
        if (concluded) {
            brokeQuietly();
            return;
        }
        broken = true;
        reader = null;
        try {
            if (attempts != null) {
                attempts.abandon();
            }
            int status = apologize();
            conclude(clientGone ? Outcome.ABORTED : Outcome.INTERNAL_ERROR, status);
        } catch (RuntimeException again) {
            LOG.error("request {}: a bug on the way out", tally.requestId, again);
            request.response().reset();
            conclude(Outcome.INTERNAL_ERROR, INTERNAL_STATUS);
        }
    }

    /** The client has its answer: what is still read is given up. */
    private void brokeQuietly() {
        if (end != null && attempts != null) {
            try {
                attempts.abandon();
            } finally {
                quiet();
            }
        }
    }

    /** The gateway's own fault, in the client's dialect if it has nothing yet. */
    private int apologize() {
        var response = request.response();
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
        long deadline = attempts == null ? Long.MAX_VALUE : attempts.deadlineNanos();
        if (deadline != Long.MAX_VALUE && nowNanos - deadline > OUTLIVED_NANOS) {
            broke(new IllegalStateException("the request has outlived its deadline"));
            return;
        }
        if (reader != null) {
            reader.tick(nowNanos);
        }
        if (recall != null) {
            recall.tick(nowNanos);
        }
        if (attempts != null) {
            attempts.tick(nowNanos);
        }
    }

    @Override
    public boolean isOver() {
        return concluded;
    }

    @Override
    public boolean isClientGone() {
        return clientGone;
    }

    @Override
    public void concluded(Outcome outcome, int status) {
        conclude(outcome, status);
    }

    /** What the client gets is decided; the record waits for a trial that is still read. */
    private void conclude(Outcome outcome, int status) {
        if (concluded) {
            return;
        }
        concluded = true;
        loop.retries().end();
        if (entrance != null) {
            entrance.leave();
        }
        end = new End(outcome, status, System.nanoTime() - tally.startNanos);
        if (recall != null) {
            recall.over(clientGone);
            tally.upstreamNanos += recall.waitedNanos();
        }
        if (attempts == null || !attempts.stillReads()) {
            quiet();
        }
    }

    /** The one end of every request. */
    @Override
    public void quiet() {
        var told = end;
        if (told == null) {
            return;
        }
        end = null;
        loop.ticker().remove(this);
        try {
            Conclusion.write(loop, tally, span, told.outcome(), told.status(), told.latencyNanos());
            if (attempts != null) {
                attempts.over(told.outcome() == Outcome.OK);
            }
        } finally {
            Audit.over(loop, tally);
            over.run();
        }
    }
}
