package dev.tollgate.dataplane.exchange;

import dev.tollgate.dataplane.budget.Reservation;
import dev.tollgate.dataplane.telemetry.AttemptSpan;
import dev.tollgate.dataplane.telemetry.RequestSpan;
import dev.tollgate.dataplane.upstream.Connections;
import dev.tollgate.dataplane.upstream.Upstream;
import dev.tollgate.dialects.AnswerStream;
import dev.tollgate.dialects.Bridge;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.ErrorKind;
import dev.tollgate.dialects.Operation;
import dev.tollgate.dialects.Usage;
import dev.tollgate.dialects.error.UpstreamError;
import dev.tollgate.policy.attempt.Attempt;
import dev.tollgate.policy.attempt.CascadeRule;
import dev.tollgate.policy.attempt.Outcome;
import dev.tollgate.policy.route.Candidate;
import dev.tollgate.policy.route.RoutePlan;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpServerRequest;
import java.time.Instant;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One attempt with its own reservation: the upstream call, its answer on the way to the client, and
 * its settlement, which happens once whoever ends it. A client that leaves does not end an attempt
 * whose provider would go on billing: it is read to its end for the exact cost (budgets.md, 8).
 */
final class Trial implements Call.Owner, Relay.Owner {

    /** Hears the end of the attempt, after it is settled. */
    interface Owner {
        /** Nothing went to the client. */
        void failed(Call.Failure failure);

        /** A whole answer that is not good enough: the client has nothing of it. */
        void stepped(Kept answer);

        /** The client has a whole answer, or would have if it were still there. */
        void answered();

        /** The client has a part of a stream, an error event and then a reset. */
        void truncated(ErrorKind kind);

        /** The client was gone. */
        void aborted();

        /** A handler threw: a bug. The attempt is not over until {@link Trial#abandon}. */
        void broke(RuntimeException failure);
    }

    /**
     * What was decided about the attempt.
     *
     * @param capture null: its answer is not kept
     * @param steps judges its answer, which is held back until then; null: nobody does
     */
    record Terms(
            Arrival.Welcome arrival,
            Resolution.Resolved resolved,
            RoutePlan plan,
            Candidate candidate,
            Quote.Held held,
            Bridge bridge,
            @Nullable Capture capture,
            long deadlineNanos,
            @Nullable Steps steps) {}

    private static final byte[] EMPTY = {};
    private static final List<String> ESTIMATED_USAGE = List.of("usage");

    private final Owner owner;

    /** How a stream came to its end. */
    private enum End {
        WHOLE,
        BROKEN,
        CUT_BY_US
    }

    /** What the head of every stream said, whatever it told later. */
    private static final int STREAM_STATUS = 200;

    private final LoopParts loop;
    private final HttpServerRequest request;
    private final Reply reply;
    private final Tally tally;
    private final Terms terms;
    private final Reservation reservation;
    private final Dialect providerDialect;
    private final boolean sameDialect;

    /** The answer passes as it is: as a stream of bytes, at a price that is known. */
    private final boolean raw;

    private final long startNanos = System.nanoTime();
    private @Nullable AttemptSpan span;
    private @Nullable Call call;
    private @Nullable Relay relay;
    private @Nullable Outlet outlet;
    private @Nullable HttpClientResponse streamHead;
    private boolean draining;
    private boolean settled;
    private boolean charged;
    private long firstChunkNanos = -1;
    private long firstTokenNanos = -1;

    Trial(
            Owner owner,
            LoopParts loop,
            HttpServerRequest request,
            Reply reply,
            Tally tally,
            Terms terms,
            Reservation reservation) {
        this.owner = owner;
        this.loop = loop;
        this.request = request;
        this.reply = reply;
        this.tally = tally;
        this.terms = terms;
        this.reservation = reservation;
        var scan = terms.resolved().scan();
        this.providerDialect = Resolution.spoken(scan, terms.candidate().provider());
        this.sameDialect = providerDialect == scan.dialect();
        this.raw = terms.resolved().endpoint() != null;
    }

    void start(byte[] body, RequestSpan requestSpan) {
        var candidate = terms.candidate();
        var provider = candidate.provider();
        var scan = terms.resolved().scan();
        var policy = terms.arrival().applied().snapshot().settings().endpointPolicy();
        var upstream = loop.upstreams().of(provider, policy);
        int number = tally.attempts.size() + 1;
        if (requestSpan.recorded()) {
            span =
                    requestSpan.attempt(
                            new RequestSpan.AttemptStart(
                                    operationName(scan.operation(), providerDialect),
                                    provider.telemetryName(),
                                    provider.key(),
                                    candidate.model().name(),
                                    upstream.host(),
                                    upstream.port(),
                                    number,
                                    scan.stream(),
                                    terms.held()
                                            .writtenLimit()
                                            .orElse(scan.maxOutputTokens().orElse(-1)),
                                    scan.operation().embeds() ? 1 : scan.choices()));
        }
        var key = UpstreamHead.key(provider, loop.live().credentials());
        if (key == null) {
            failed(
                    new Call.Failure(
                            new Outcome.CredentialRejected(0),
                            "credential_missing",
                            0,
                            false,
                            null,
                            EMPTY));
            return;
        }
        if (loop.drills().hits(provider.key())) {
            failed(
                    new Call.Failure(
                            new Outcome.ConnectFailure(), Drills.WORD, 0, false, null, EMPTY));
            return;
        }
        boolean sse = scan.dialect() != Dialect.GEMINI || terms.arrival().ingress().sse();
        var started =
                new Call(
                        this,
                        providerDialect,
                        scan.stream() || raw,
                        loop.settings().maxAnswerBytes(),
                        firstDeadline(scan.stream()));
        call = started;
        started.start(
                upstream,
                target(upstream, sse),
                provider.timeouts().connectMillis(),
                body,
                made -> head(made, key));
    }

    private String target(Upstream upstream, boolean sse) {
        var scan = terms.resolved().scan();
        var endpoint = terms.resolved().endpoint();
        return endpoint != null
                ? upstream.target(providerDialect, endpoint)
                : upstream.target(
                        providerDialect,
                        scan.operation(),
                        terms.candidate().model().name(),
                        scan.stream(),
                        sse);
    }

    private void head(HttpClientRequest made, String key) {
        boolean stream = terms.resolved().scan().stream();
        var candidate = terms.candidate();
        UpstreamHead.put(
                made, candidate.provider(), candidate.apiVersion(), key, stream, request.headers());
        if (raw) {
            UpstreamHead.passes(made, request.headers());
        }
    }

    /**
     * For the first byte of a stream; a call without streaming has the total, or its try's limit.
     */
    private long firstDeadline(boolean stream) {
        var perTry = terms.plan().retry().perTryMillis();
        long limit =
                stream
                        ? terms.plan().firstByteMillis(terms.candidate())
                        : perTry == null ? Long.MAX_VALUE / 2_000_000 : perTry;
        long own = startNanos + TimeUnit.MILLISECONDS.toNanos(limit);
        return Math.min(own, terms.deadlineNanos());
    }

    // ---- the call's answer

    @Override
    public void failed(Call.Failure failure) {
        failed(failure, false);
    }

    private void failed(Call.Failure failure, boolean begun) {
        settle(charged(failure, begun), failure.outcome(), failure.word(), failure.status(), null);
        owner.failed(failure);
    }

    /** budgets.md, 8: nothing before inference, the hold for what may have been generated. */
    private Settlement charged(Call.Failure failure, boolean begun) {
        var never = terms.candidate().provider().billing().neverBilledStatuses();
        return !free() && Settlement.mayBeBilled(failure, begun, never)
                ? Settlement.hold(reservation.held())
                : Settlement.NOTHING;
    }

    @Override
    public void answered(HttpClientResponse head, byte[] body) {
        loop.targets().told(terms.candidate(), head.headers());
        switch (terms.bridge().answer(body, answerTerms())) {
            case Bridge.AnswerRead.Unreadable unreadable ->
                    failed(
                            new Call.Failure(
                                    new Outcome.ServerError(head.statusCode(), null),
                                    "unreadable_answer",
                                    head.statusCode(),
                                    true,
                                    null,
                                    EMPTY));
            case Bridge.AnswerRead.Read read -> {
                var kept = poor(head, false, read.body(), read.usage());
                var outcome = kept == null ? new Outcome.Success() : new Outcome.Poor();
                settle(
                        read.usage() == null
                                ? unreported(null, read.visibleOutputBytes())
                                : reported(read.usage()),
                        outcome,
                        Call.word(outcome),
                        head.statusCode(),
                        new Facts(read.usage(), read.finishReason(), read.model()));
                if (kept != null) {
                    owner.stepped(kept);
                    return;
                }
                boolean guessed =
                        terms.resolved().scan().operation().embeds()
                                && !sameDialect
                                && read.usage() == null;
                var estimated = guessed ? ESTIMATED_USAGE : List.<String>of();
                var capture = terms.capture();
                if (capture != null) {
                    capture.whole(read.body(), estimated);
                }
                if (!draining) {
                    reply.estimated(estimated);
                    reply.answer(head, sameDialect, read.body());
                }
                owner.answered();
            }
        }
    }

    /** Null: nobody judges the answer, or it is good enough. */
    private @Nullable Kept poor(
            HttpClientResponse head, boolean stream, byte[] body, @Nullable Usage usage) {
        var steps = terms.steps();
        var flaws = steps == null ? null : steps.flaws(body, stream);
        return flaws == null
                ? null
                : new Kept(
                        terms.candidate(),
                        head,
                        sameDialect,
                        stream,
                        body,
                        CascadeRule.poverty(flaws),
                        usage,
                        reply.dropped());
    }

    @Override
    public void streaming(HttpClientResponse head) {
        loop.targets().told(terms.candidate(), head.headers());
        var scan = terms.resolved().scan();
        var capture = terms.capture();
        if (capture != null) {
            boolean sse = terms.arrival().ingress().sse();
            capture.begin(Reply.streamType(head, sameDialect, scan.dialect(), sse));
        }
        var out =
                terms.steps() == null
                        ? Outlet.open(reply.response(), this::openHead)
                        : Outlet.holding(reply.response(), this::openHead);
        outlet = out;
        var made =
                new Relay(
                        this,
                        head,
                        out,
                        terms.bridge().stream(answerTerms()),
                        firstDeadline(!raw || scan.stream()),
                        terms.candidate().provider().timeouts().streamIdleMillis(),
                        loop.settings().clientStallMillis(),
                        capture);
        relay = made;
        streamHead = head;
        made.start();
        if (draining) {
            made.detach();
        }
    }

    // ---- the stream

    @Override
    public void opens() {
        var out = outlet;
        if (out != null) {
            firstChunkNanos = System.nanoTime() - startNanos;
            out.begin();
        }
    }

    private boolean holds() {
        return outlet != null && outlet.holds();
    }

    private void openHead() {
        var head = streamHead;
        if (head != null) {
            if (firstTokenNanos >= 0) {
                tally.firstTokenNanos = System.nanoTime() - tally.startNanos;
            }
            if (raw) {
                // its price was known before, and is due whether or not it is read to the end
                reply.openRaw(
                        head,
                        sameDialect,
                        terms.resolved().scan().stream()
                                ? null
                                : tally.cost.plus(reservation.held()));
                return;
            }
            reply.open(
                    head,
                    sameDialect,
                    terms.resolved().scan().dialect(),
                    terms.arrival().ingress().sse());
        }
    }

    @Override
    public void token() {
        long now = System.nanoTime();
        firstTokenNanos = now - startNanos;
        if (!holds()) {
            tally.firstTokenNanos = now - tally.startNanos;
        }
    }

    @Override
    public void complete() {
        var out = outlet;
        var head = streamHead;
        if (out != null && head != null && out.holds()) {
            var stream = relay == null ? null : relay.stream();
            var kept = poor(head, true, out.held(), stream == null ? null : stream.usage());
            if (kept != null) {
                settleStream(End.WHOLE, new Outcome.Poor(), Call.word(new Outcome.Poor()));
                owner.stepped(kept);
                return;
            }
            out.release();
        }
        settleStream(End.WHOLE, new Outcome.Success(), "ok");
        captured();
        reply.response().end();
        owner.answered();
    }

    @Override
    public void nothing(ErrorKind kind, String message) {
        failed(failure(kind, message), true);
    }

    private static Call.Failure failure(ErrorKind kind, String message) {
        var outcome = beforeFirstByte(kind);
        int status =
                switch (outcome) {
                    case Outcome.RateLimited r -> 429;
                    case Outcome.ClientFault c -> c.status();
                    case Outcome.ServerError s -> s.status();
                    case Outcome.Timeout t -> 0;
                    case Outcome.ConnectFailure c -> 0;
                    case Outcome.CredentialRejected c -> c.status();
                    case Outcome.NoFreeConnection n -> 0;
                    case Outcome.Success s -> 200;
                    case Outcome.Poor p -> 200;
                };
        var fault =
                outcome instanceof Outcome.ClientFault
                        ? UpstreamError.Fault.CLIENT
                        : UpstreamError.Fault.PROVIDER;
        return new Call.Failure(
                outcome,
                Call.word(outcome),
                status,
                true,
                new UpstreamError(kind, fault, status, message, null, false, null),
                EMPTY);
    }

    private static Outcome beforeFirstByte(ErrorKind kind) {
        return switch (kind) {
            case RATE_LIMITED -> new Outcome.RateLimited(null);
            case TIMEOUT -> new Outcome.Timeout();
            case OVERLOADED -> new Outcome.ServerError(529, null);
            case INVALID_REQUEST,
                    CONTEXT_LENGTH,
                    CONTENT_POLICY,
                    NOT_FOUND,
                    MODEL_NOT_FOUND,
                    REQUEST_TOO_LARGE,
                    REQUEST_TIMEOUT ->
                    new Outcome.ClientFault(400);
            case AUTHENTICATION,
                    PERMISSION,
                    BUDGET_EXHAUSTED,
                    BUDGET_RESERVED,
                    BUDGET_SUSPENDED,
                    BUDGET_UNBOUNDABLE,
                    BUDGET_LEDGER_UNAVAILABLE,
                    USAGE_LOG_UNAVAILABLE,
                    UPSTREAM,
                    NO_TARGET,
                    INTERNAL ->
                    new Outcome.ServerError(STREAM_STATUS, null);
        };
    }

    @Override
    public void truncated(ErrorKind kind, String message) {
        boolean late = kind == ErrorKind.TIMEOUT;
        if (holds()) {
            var failure = failure(kind, message);
            settleStream(late ? End.CUT_BY_US : End.BROKEN, failure.outcome(), failure.word());
            owner.failed(failure);
            return;
        }
        settleStream(
                late ? End.CUT_BY_US : End.BROKEN,
                late ? new Outcome.Timeout() : new Outcome.ServerError(STREAM_STATUS, null),
                "truncated");
        var relayed = relay;
        if (relayed != null) {
            relayed.flushed().onComplete(v -> reply.response().reset());
        }
        owner.truncated(kind);
    }

    @Override
    public void detached(boolean whole) {
        boolean stalled = !draining;
        settleStream(whole ? End.WHOLE : End.CUT_BY_US, null, "aborted");
        if (whole && !holds()) {
            captured();
        }
        if (stalled) {
            Connections.cut(request.connection());
        }
        owner.aborted();
    }

    private void captured() {
        var capture = terms.capture();
        if (capture != null) {
            capture.complete();
        }
    }

    // ---- the client leaves

    void clientGone() {
        if (settled || draining) {
            return;
        }
        boolean stream = terms.resolved().scan().stream();
        // what passes as it is costs its price, read to the end or not
        boolean stops = raw || stream && terms.candidate().provider().billing().stopsOnDisconnect();
        var relayed = relay;
        var called = call;
        boolean sent = called != null && called.sent();
        if (sent && !stops && loop.drains().enter()) {
            draining = true;
            if (relayed != null) {
                relayed.detach();
            }
            return;
        }
        if (relayed != null) {
            relayed.abandon();
        } else if (called != null) {
            called.cancel();
        }
        if (!sent) {
            settle(Settlement.NOTHING, null, "aborted", 0, null);
        } else if (stops) {
            settleStream(End.CUT_BY_US, null, "aborted");
        } else {
            settle(Settlement.hold(reservation.held()), null, "aborted", 0, null);
        }
        owner.aborted();
    }

    @Override
    public void broke(RuntimeException failure) {
        owner.broke(failure);
    }

    /** A bug ends the request: nothing of it goes on, and what may be billed is charged. */
    void abandon() {
        var relayed = relay;
        var called = call;
        boolean sent = called != null && called.sent();
        if (relayed != null) {
            relayed.abandon();
        } else if (called != null) {
            called.cancel();
        }
        settled &= charged;
        settle(
                sent ? Settlement.hold(reservation.held()) : Settlement.NOTHING,
                null,
                "internal_error",
                0,
                null);
    }

    void tick(long nowNanos) {
        if (settled) {
            return;
        }
        var relayed = relay;
        if (relayed == null) {
            if (call != null) {
                call.tick(nowNanos);
            }
        } else if (nowNanos - terms.deadlineNanos() >= 0) {
            relayed.expire();
        } else {
            relayed.tick(nowNanos);
        }
    }

    // ---- settlement

    private record Facts(
            @Nullable Usage usage, @Nullable String finishReason, @Nullable String model) {}

    /**
     * @param outcome null: says nothing about the provider
     */
    private void settleStream(End end, @Nullable Outcome outcome, String word) {
        AnswerStream stream = relay == null ? null : relay.stream();
        var usage = stream == null ? null : stream.usage();
        var finish = stream == null ? null : stream.finishReason();
        boolean isFinal = usage != null && (end == End.WHOLE || finish != null);
        var settlement =
                raw
                        ? Settlement.fixed(reservation.held(), end == End.WHOLE)
                        : isFinal && usage != null
                                ? reported(usage)
                                : end == End.CUT_BY_US && billsOn()
                                        ? Settlement.hold(reservation.held())
                                        : unreported(
                                                usage,
                                                stream == null ? 0 : stream.visibleOutputBytes());
        settle(
                settlement,
                outcome,
                word,
                stream == null ? 0 : 200,
                new Facts(usage, finish, stream == null ? null : stream.model()));
    }

    /** The provider generates, and bills, to the end, though nobody reads any more. */
    private boolean billsOn() {
        return !free() && !terms.candidate().provider().billing().stopsOnDisconnect();
    }

    private Settlement reported(Usage usage) {
        return Settlement.reported(
                terms.candidate().model(),
                terms.held().size(),
                usage,
                terms.resolved().scan().choices(),
                reservation.held(),
                free());
    }

    private Settlement unreported(@Nullable Usage partial, long visibleBytes) {
        return free()
                ? Settlement.NOTHING
                : Settlement.unreported(
                        terms.candidate().model(),
                        terms.held().size(),
                        partial,
                        visibleBytes,
                        reservation.held());
    }

    private boolean free() {
        return terms.resolved().scan().operation() == Operation.COUNT_TOKENS;
    }

    private void settle(
            Settlement settlement,
            @Nullable Outcome outcome,
            String word,
            int status,
            @Nullable Facts facts) {
        if (settled) {
            return;
        }
        settled = true;
        reservation.settle(settlement.cost(), settlement.assumed());
        charged = true;
        long latency = System.nanoTime() - startNanos;
        if (draining) {
            loop.drains().leave();
        }
        if (call != null) {
            call.release();
        }
        var candidate = terms.candidate();
        // an answer that is not good enough is one: the target did its work
        var done = outcome instanceof Outcome.Poor ? new Outcome.Success() : outcome;
        var counted = facts == null ? null : facts.usage();
        long moreTokens =
                counted == null
                        ? 0
                        : counted.input() + counted.output() - terms.plan().traits().inputTokens();
        if (done == null) {
            loop.targets().unused(candidate, moreTokens);
        } else {
            loop.targets()
                    .done(candidate, done, latency, firstTokenNanos, moreTokens, Instant.now());
            loop.targets()
                    .judged(
                            terms.plan(),
                            candidate,
                            done,
                            latency,
                            firstTokenNanos,
                            settlement.cost().nanos());
        }
        if (settlement.implausible()) {
            loop.metrics().implausible();
        }
        // figures that cannot be true are told by their alarm, and by no record or metric
        var usage = facts == null || settlement.implausible() ? null : facts.usage();
        if (usage != null && done instanceof Outcome.Success) {
            loop.targets().answered(terms.plan().route(), usage.output());
        }
        if (facts != null && facts.finishReason() != null) {
            tally.finishReason = facts.finishReason();
        }
        tally.settled(
                new Attempt(candidate, outcome == null ? new Outcome.Success() : outcome),
                word,
                status,
                latency,
                settlement,
                usage);
        if (span != null) {
            span.end(
                    status,
                    done instanceof Outcome.Success ? null : word,
                    facts == null ? null : facts.model(),
                    facts == null ? null : facts.finishReason(),
                    firstChunkNanos,
                    usage,
                    settlement.cost(),
                    settlement.assumed(),
                    tally.costSource);
        }
    }

    // ---- words and terms

    private Bridge.AnswerTerms answerTerms() {
        var plan = terms.plan();
        var asked = terms.resolved().model();
        boolean mapped =
                plan.answersRequestedModel() && !asked.equals(terms.candidate().model().name());
        return new Bridge.AnswerTerms(
                terms.resolved().scan(),
                terms.resolved().body(),
                mapped ? asked : null,
                terms.arrival().ingress().sse(),
                tally.requestId,
                TimeUnit.MILLISECONDS.toSeconds(tally.startMillis));
    }

    private static String operationName(Operation operation, Dialect provider) {
        return switch (operation) {
            case GENERATE -> provider == Dialect.GEMINI ? "generate_content" : "chat";
            case EMBED, EMBED_ONE -> "embeddings";
            case COUNT_TOKENS -> "count_tokens";
            case PASS -> "pass_through";
            case LIST_MODELS, GET_MODEL -> "models";
        };
    }

    static OptionalLong optional(@Nullable Long value) {
        return value == null ? OptionalLong.empty() : OptionalLong.of(value);
    }
}
