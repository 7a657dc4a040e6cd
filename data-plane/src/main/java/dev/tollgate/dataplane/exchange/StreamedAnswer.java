package dev.tollgate.dataplane.exchange;

import dev.tollgate.dataplane.upstream.Connections;
import dev.tollgate.dialects.ErrorKind;
import dev.tollgate.policy.attempt.Outcome;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpServerRequest;

/**
 * An attempt's answer as a stream, on its way to the client or held back from it, to its end: what
 * the client is given, and what the attempt is settled by.
 */
final class StreamedAnswer implements Relay.Owner {

    private final Trial trial;
    private final Trial.Owner owner;
    private final HttpServerRequest request;
    private final Reply reply;
    private final Tally tally;
    private final TrialTerms terms;
    private final Closing closing;
    private final HttpClientResponse head;
    private final boolean sameDialect;
    private final Ticker ticker;
    private final Outlet outlet;
    private final Relay relay;
    private boolean unheard;
    private boolean extending;

    /**
     * @param firstByteNanos when its first byte is due
     */
    StreamedAnswer(
            Trial trial,
            Trial.Owner owner,
            LoopParts loop,
            HttpServerRequest request,
            Reply reply,
            Tally tally,
            TrialTerms terms,
            Closing closing,
            HttpClientResponse head,
            boolean sameDialect,
            long firstByteNanos) {
        this.trial = trial;
        this.owner = owner;
        this.request = request;
        this.reply = reply;
        this.tally = tally;
        this.terms = terms;
        this.closing = closing;
        this.head = head;
        this.sameDialect = sameDialect;
        this.ticker = loop.ticker();
        this.outlet =
                terms.steps() == null && !terms.raced()
                        ? Outlet.open(reply.response(), this::openHead)
                        : Outlet.holding(reply.response(), this::openHead);
        this.relay =
                new Relay(
                        this,
                        head,
                        outlet,
                        terms.stream(tally),
                        firstByteNanos,
                        terms.candidate().provider().timeouts().streamIdleMillis(),
                        loop.settings().clientStallMillis(),
                        terms.capture());
    }

    void start() {
        var capture = terms.capture();
        if (capture != null) {
            boolean sse = terms.arrival().ingress().sse();
            var client = terms.resolved().scan().dialect();
            capture.begin(Reply.streamType(head, sameDialect, client, sse));
        }
        relay.start();
    }

    /** How it ends now, before its proper end. */
    private Closing.End early(Closing.End end) {
        boolean unseen = relay.isBehind() || ticker.stoodStill();
        return unseen && !relay.isReadToItsEnd() ? Closing.End.UNSEEN : end;
    }

    /** How it ends now, by its provider or by its connection. */
    private Closing.End unfinished() {
        return early(relay.isReadToItsEnd() ? Closing.End.BROKEN : Closing.End.CUT);
    }

    // ---- from the relay

    @Override
    public void opens() {
        closing.firstChunk();
        outlet.begin();
    }

    private boolean holds() {
        return outlet.holds();
    }

    private void openHead() {
        owner.wins(trial);
        if (closing.sawToken()) {
            tally.firstTokenNanos = System.nanoTime() - tally.startNanos;
        }
        var found = terms.resolved();
        if (found.endpoint() != null) {
            // its price was known before, and is due whether or not it is read to the end
            reply.openRaw(
                    head,
                    sameDialect,
                    found.scan().stream() ? null : tally.cost.plus(closing.held()));
            return;
        }
        reply.open(head, sameDialect, found.scan().dialect(), terms.arrival().ingress().sse());
    }

    @Override
    public void token() {
        long now = System.nanoTime();
        closing.firstToken(now);
        if (closing.isLost()) {
            return;
        }
        if (terms.raced() && !unheard) {
            outlet.release();
        }
        if (!holds()) {
            tally.firstTokenNanos = now - tally.startNanos;
        }
    }

    /**
     * Its hold follows; without money for that, the answer ends here, unless what the money was for
     * is over: a client that did not keep up does again. It is read on while that is asked for:
     * what the provider writes meanwhile is billed anyway, and so it is counted.
     */
    @Override
    public void grew() {
        var hold = terms.hold();
        var stream = relay.stream();
        if (extending || hold != null && stream.finishReason() != null) {
            return;
        }
        boolean unread = relay.isFull();
        long seen = stream.visibleOutputBytes();
        if (hold == null || (unread ? hold.isWhole() : hold.covers(seen))) {
            relay.pause();
            return;
        }
        extending = true;
        var extended = unread ? hold.extendToWhole() : hold.extend(seen);
        extended.onComplete(
                held -> {
                    try {
                        extended(held || unread && !relay.isFull());
                    } catch (RuntimeException e) {
                        owner.broke(e);
                    }
                },
                failure -> owner.broke(new IllegalStateException("no admission", failure)));
    }

    private void extended(boolean goesOn) {
        extending = false;
        if (closing.isDone()) {
            return;
        }
        if (goesOn) {
            grew();
        } else {
            relay.endAtLimit();
        }
    }

    @Override
    public void limited() {
        closing.limited(relay.stream(), early(Closing.End.CUT));
        reply.response().end();
        owner.answered(trial);
    }

    @Override
    public void complete() {
        if (outlet.holds()) {
            var usage = relay.stream().usage();
            var kept = terms.poor(head, sameDialect, true, outlet.held(), usage, reply);
            if (kept != null) {
                closing.stream(
                        relay.stream(),
                        Closing.End.WHOLE,
                        new Outcome.Poor(),
                        Call.word(new Outcome.Poor()));
                owner.stepped(trial, kept);
                return;
            }
            outlet.release();
        }
        closing.stream(relay.stream(), Closing.End.WHOLE, new Outcome.Success(), "ok");
        captured();
        reply.response().end();
        owner.answered(trial);
    }

    @Override
    public void nothing(ErrorKind kind, String message) {
        var failure = StreamError.of(kind, message);
        closing.failure(failure, true);
        owner.failed(trial, failure);
    }

    @Override
    public void truncated(ErrorKind kind, String message) {
        boolean late = kind == ErrorKind.TIMEOUT;
        var end = unfinished();
        if (holds()) {
            var failure = StreamError.of(kind, message);
            closing.stream(relay.stream(), end, failure.outcome(), failure.word());
            owner.failed(trial, failure);
            return;
        }
        closing.stream(
                relay.stream(),
                end,
                late ? new Outcome.Timeout() : new Outcome.ServerError(StreamError.STATUS, null),
                "truncated");
        relay.flushed().onComplete(v -> reply.response().reset());
        owner.truncated(trial, kind);
    }

    @Override
    public void detached(boolean whole) {
        boolean stalled = !unheard;
        closing.stream(relay.stream(), whole ? Closing.End.WHOLE : unfinished(), null, "aborted");
        if (whole && !closing.isLost() && !holds()) {
            captured();
        }
        if (stalled) {
            Connections.cut(request.connection());
        }
        owner.aborted(trial);
    }

    @Override
    public void broke(RuntimeException failure) {
        owner.broke(failure);
    }

    private void captured() {
        var capture = terms.capture();
        if (capture != null) {
            capture.complete();
        }
    }

    // ---- from outside

    /** Nobody waits for its first token with another trial. */
    void goOn() {
        if (terms.raced() && !unheard) {
            outlet.holdNoMore();
        }
    }

    /** Nobody hears it any more: it is read to its end all the same. */
    void detach() {
        unheard = true;
        if (terms.raced()) {
            outlet.discard();
        }
        relay.detach();
    }

    /** Nobody hears it any more, and it is read no further: it is settled now, or in a moment. */
    void giveUp() {
        unheard = true;
        if (terms.raced()) {
            outlet.discard();
        }
        relay.giveUp();
    }

    /** Nothing of it is read any more. */
    void abandon() {
        relay.abandon();
    }

    void tick(long nowNanos) {
        if (nowNanos - terms.deadlineNanos() >= 0) {
            relay.expire();
        } else {
            relay.tick(nowNanos);
        }
    }
}
