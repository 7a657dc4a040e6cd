package dev.tollgate.dataplane.exchange;

import dev.tollgate.dataplane.budget.Reservation;
import dev.tollgate.dataplane.telemetry.RequestSpan;
import dev.tollgate.dialects.Bridge;
import dev.tollgate.dialects.ErrorKind;
import dev.tollgate.dialects.error.UpstreamError;
import dev.tollgate.policy.attempt.Outcome;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.route.Candidate;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpServerRequest;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One attempt with its own reservation: the upstream call, its answer on the way to the client, and
 * its settlement, which happens once whoever ends it. A client that leaves does not end an attempt
 * whose provider would go on billing: it is read to its end for the exact cost (budgets.md, 8). One
 * of two that run at the same time loses in the same way.
 */
final class Trial implements Call.Owner {

    /** Hears the end of the attempt, after it is settled. */
    interface Owner {
        /** Its first token, or its whole answer, is here; it goes to the client now. */
        void wins(Trial trial);

        /** Nothing went to the client. */
        void failed(Trial trial, Call.Failure failure);

        /** A whole answer that is not good enough: the client has nothing of it. */
        void stepped(Trial trial, Kept answer);

        /** The client has a whole answer, or would have if it were still there. */
        void answered(Trial trial);

        /** The client has a part of a stream, an error event and then a reset. */
        void truncated(Trial trial, ErrorKind kind);

        /** The client was gone, or another trial answers it. */
        void aborted(Trial trial);

        /** A handler threw: a bug. The attempt is not over until {@link Trial#abandon}. */
        void broke(RuntimeException failure);
    }

    private static final byte[] EMPTY = {};
    private static final List<String> ESTIMATED_USAGE = List.of("usage");

    private final Owner owner;

    private final LoopParts loop;
    private final HttpServerRequest request;
    private final Reply reply;
    private final Tally tally;
    private final TrialTerms terms;
    private final Outgoing outgoing;
    private final Closing closing;
    private final boolean sameDialect;

    /** The answer passes as it is: as a stream of bytes, at a price that is known. */
    private final boolean raw;

    private @Nullable Call call;
    private @Nullable StreamedAnswer streamed;
    private boolean draining;
    private boolean alone;

    Trial(
            Owner owner,
            LoopParts loop,
            HttpServerRequest request,
            Reply reply,
            Tally tally,
            TrialTerms terms,
            Reservation reservation) {
        this.owner = owner;
        this.loop = loop;
        this.request = request;
        this.reply = reply;
        this.tally = tally;
        this.terms = terms;
        var scan = terms.resolved().scan();
        this.outgoing =
                new Outgoing(
                        loop,
                        terms.arrival(),
                        terms.resolved(),
                        terms.candidate(),
                        request.headers());
        this.closing = new Closing(loop, tally, terms, reservation, this::free);
        this.sameDialect = outgoing.dialect() == scan.dialect();
        this.raw = terms.resolved().endpoint() != null;
    }

    void start(byte[] body, RequestSpan requestSpan) {
        var scan = terms.resolved().scan();
        closing.begins(outgoing, requestSpan);
        var key = outgoing.key();
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
        if (loop.drills().hits(terms.candidate().provider().key())) {
            failed(
                    new Call.Failure(
                            new Outcome.ConnectFailure(), Drills.WORD, 0, false, null, EMPTY));
            return;
        }
        var started =
                new Call(
                        this,
                        outgoing.dialect(),
                        scan.stream() || raw,
                        loop.settings().maxAnswerBytes(),
                        firstDeadline(scan.stream()));
        call = started;
        outgoing.send(started, key, body);
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
        long own = closing.startNanos() + TimeUnit.MILLISECONDS.toNanos(limit);
        return Math.min(own, terms.deadlineNanos());
    }

    @Override
    public void goesOut() {
        closing.goesOut();
    }

    // ---- the call's answer

    @Override
    public void failed(Call.Failure failure) {
        failed(failure, false);
    }

    private void failed(Call.Failure failure, boolean begun) {
        closing.failure(failure, begun);
        owner.failed(this, failure);
    }

    @Override
    public void answered(HttpClientResponse head, byte[] body) {
        loop.targets().told(terms.candidate(), head.headers());
        switch (terms.bridge().answer(body, terms.answerTerms(tally))) {
            case Bridge.AnswerRead.Unreadable unreadable ->
                    unreadable(head.statusCode(), UpstreamError.inAnswer(outgoing.dialect(), body));
            case Bridge.AnswerRead.Read read -> {
                var kept = terms.poor(head, sameDialect, false, read.body(), read.usage(), reply);
                var outcome = kept == null ? new Outcome.Success() : new Outcome.Poor();
                if (kept == null && !draining) {
                    owner.wins(this);
                }
                closing.answer(read, outcome, head.statusCode());
                if (kept != null) {
                    owner.stepped(this, kept);
                    return;
                }
                boolean guessed =
                        terms.resolved().scan().operation().embeds()
                                && !sameDialect
                                && read.usage() == null;
                var estimated = guessed ? ESTIMATED_USAGE : List.<String>of();
                var capture = terms.capture();
                if (capture != null && !closing.isLost()) {
                    capture.whole(read.body(), estimated);
                }
                if (!draining) {
                    reply.estimated(estimated);
                    reply.answer(head, sameDialect, read.body());
                }
                owner.answered(this);
            }
        }
    }

    /**
     * @param told the error that the provider tells in place of an answer
     */
    private void unreadable(int status, @Nullable UpstreamError told) {
        if (told != null) {
            failed(StreamError.of(told.kind(), told.message()), true);
            return;
        }
        failed(
                new Call.Failure(
                        new Outcome.ServerError(status, null),
                        "unreadable_answer",
                        status,
                        true,
                        null,
                        EMPTY));
    }

    @Override
    public void streaming(HttpClientResponse head) {
        loop.targets().told(terms.candidate(), head.headers());
        var scan = terms.resolved().scan();
        var made =
                new StreamedAnswer(
                        this,
                        owner,
                        loop,
                        request,
                        reply,
                        tally,
                        terms,
                        closing,
                        head,
                        sameDialect,
                        firstDeadline(!raw || scan.stream()));
        streamed = made;
        if (alone) {
            made.goOn();
        }
        made.start();
        if (draining) {
            made.detach();
        }
    }

    // ---- the client leaves

    void clientGone() {
        leave();
    }

    // ---- a second target

    long startNanos() {
        return closing.startNanos();
    }

    Candidate candidate() {
        return terms.candidate();
    }

    /** What it may cost at most. */
    Money held() {
        return terms.held().bound();
    }

    /** Another trial of the request runs at the same time. */
    void overlaps() {
        closing.overlaps();
    }

    /** No other trial follows: what is held back for that goes out. */
    void goOn() {
        if (streamed != null) {
            streamed.goOn();
        }
        alone = true;
    }

    /**
     * Another trial answers the client. It ends as if the client had left.
     *
     * @param late it was asked before the other
     */
    void lose(boolean late) {
        if (!closing.isDone()) {
            closing.lost(late);
            leave();
        }
    }

    /** Nobody hears the answer any more. */
    private void leave() {
        if (closing.isDone() || draining) {
            return;
        }
        boolean stream = terms.resolved().scan().stream();
        // what passes as it is costs its price, read to the end or not
        boolean stops = raw || stream && terms.candidate().provider().billing().stopsOnDisconnect();
        var running = streamed;
        var called = call;
        boolean sent = called != null && called.sent();
        if (sent && !stops && loop.drains().enter()) {
            draining = true;
            if (running != null) {
                running.detach();
            }
            return;
        }
        if (running != null && stops) {
            running.giveUp();
            return;
        }
        if (running != null) {
            running.abandon();
        } else if (called != null) {
            called.cancel();
        }
        if (sent && stops) {
            boolean unseen = loop.ticker().stoodStill();
            closing.stream(null, unseen ? Closing.End.UNSEEN : Closing.End.CUT, null, "aborted");
        } else {
            closing.unheard(sent, "aborted");
        }
        owner.aborted(this);
    }

    @Override
    public void broke(RuntimeException failure) {
        owner.broke(failure);
    }

    /** A bug ends the request: nothing of it goes on, and what may be billed is charged. */
    void abandon() {
        var running = streamed;
        var called = call;
        boolean sent = called != null && called.sent();
        if (running != null) {
            running.abandon();
        } else if (called != null) {
            called.cancel();
        }
        closing.broke(sent);
    }

    void tick(long nowNanos) {
        if (closing.isDone()) {
            return;
        }
        if (streamed != null) {
            streamed.tick(nowNanos);
        } else if (call != null) {
            call.tick(nowNanos);
        }
    }

    /** It is settled: what it took is another's. */
    private void free() {
        if (draining) {
            loop.drains().leave();
        }
        if (call != null) {
            call.release();
        }
    }

    static OptionalLong optional(@Nullable Long value) {
        return value == null ? OptionalLong.empty() : OptionalLong.of(value);
    }
}
