package dev.tollgate.dataplane.exchange;

import dev.tollgate.dataplane.upstream.Connections;
import dev.tollgate.dataplane.upstream.Upstream;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.error.UpstreamError;
import dev.tollgate.policy.attempt.Outcome;
import io.vertx.core.AsyncResult;
import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One upstream call, up to its answer: a whole one, the head of a stream, or a failure. It tells
 * its owner exactly one of them, unless it was cancelled first. One event loop.
 *
 * <pre>
 * CONNECTING --connected--> WAITING --2xx, stream--> OVER: streaming
 *     |                        |------2xx----> READING --end--> OVER: answered
 *     |                        |------other--> READING --end--> OVER: failed
 *     +------ refused, timeout, reset, cancel: OVER ------+
 * </pre>
 */
final class Call {

    private static final int MAX_ERROR_BYTES = 64 * 1024;

    /** Hears how the call went. */
    interface Owner {
        /** Nothing of the answer went to the client. */
        void failed(Failure failure);

        void answered(HttpClientResponse head, byte[] body);

        /** A connection is there. Throws if nothing may be sent, which is a bug. */
        void goesOut();

        /** A handler threw: a bug. */
        void broke(RuntimeException failure);

        /** Takes over: sets its handlers before it returns. */
        void streaming(HttpClientResponse head);
    }

    /**
     * @param word for records and spans
     * @param status of the provider, 0 if it did not answer
     * @param sent whether a byte of the request may have reached the provider
     * @param error what the provider said, null if it did not answer
     */
    record Failure(
            Outcome outcome,
            String word,
            int status,
            boolean sent,
            @Nullable UpstreamError error,
            byte[] body) {}

    private enum Phase {
        CONNECTING,
        WAITING,
        READING,
        OVER
    }

    private static final byte[] EMPTY = {};

    private final Owner owner;
    private final Dialect providerDialect;
    private final boolean stream;
    private final int maxAnswerBytes;
    private Phase phase = Phase.CONNECTING;
    private long deadlineNanos;
    private @Nullable Upstream pool;
    private @Nullable HttpClientRequest request;
    private Buffer gathered = Buffer.buffer(0);

    /**
     * @param deadlineNanos for the first byte of a stream, or for a whole answer
     */
    Call(
            Owner owner,
            Dialect providerDialect,
            boolean stream,
            int maxAnswerBytes,
            long deadlineNanos) {
        this.owner = owner;
        this.providerDialect = providerDialect;
        this.stream = stream;
        this.maxAnswerBytes = maxAnswerBytes;
        this.deadlineNanos = deadlineNanos;
    }

    /**
     * @param head puts the headers
     */
    void start(
            Upstream upstream,
            String target,
            long connectMillis,
            byte[] body,
            Consumer<HttpClientRequest> head) {
        pool = upstream;
        upstream.request(target, connectMillis)
                .onComplete(safe(connected -> connected(connected, body, head)));
    }

    /** The connection is the pool's again, or will be once it is closed. Done once. */
    void release() {
        if (request != null) {
            giveBack();
        }
    }

    private void giveBack() {
        var from = pool;
        if (from != null) {
            pool = null;
            from.release();
        }
    }

    private void connected(
            AsyncResult<HttpClientRequest> connected,
            byte[] body,
            Consumer<HttpClientRequest> head) {
        if (phase == Phase.OVER) {
            if (connected.succeeded()) {
                request = connected.result();
                connected.result().reset();
                release();
            }
            return;
        }
        if (connected.failed()) {
            over(unconnected(connected.cause()));
            return;
        }
        var made = connected.result();
        permit(made);
        request = made;
        phase = Phase.WAITING;
        head.accept(made);
        made.exceptionHandler(safe(failure -> broken()));
        made.send(Bytes.wrap(body)).onComplete(safe(this::sent));
    }

    /** Else nothing was sent, and the connection is the pool's again. */
    private void permit(HttpClientRequest made) {
        var permitted = false;
        try {
            owner.goesOut();
            permitted = true;
        } finally {
            if (!permitted) {
                phase = Phase.OVER;
                made.exceptionHandler(reset -> {});
                made.reset();
                giveBack();
            }
        }
    }

    private void sent(AsyncResult<HttpClientResponse> answer) {
        if (answer.succeeded()) {
            head(answer.result());
        } else {
            broken();
        }
    }

    private <T> Handler<T> safe(Handler<T> handler) {
        return event -> {
            try {
                handler.handle(event);
            } catch (RuntimeException e) {
                owner.broke(e);
            }
        };
    }

    private static Failure unconnected(Throwable cause) {
        if (cause instanceof Upstream.NoFreeConnection) {
            var full = new Outcome.NoFreeConnection();
            return new Failure(full, word(full), 0, false, null, EMPTY);
        }
        var word =
                cause instanceof Upstream.EndpointRefused ? "endpoint_refused" : "connect_failure";
        return new Failure(new Outcome.ConnectFailure(), word, 0, false, null, EMPTY);
    }

    private void head(HttpClientResponse response) {
        if (phase == Phase.OVER) {
            return;
        }
        int status = response.statusCode();
        boolean good = status >= 200 && status < 300;
        response.exceptionHandler(safe(failure -> broken()));
        if (good && stream) {
            phase = Phase.OVER;
            owner.streaming(response);
            return;
        }
        phase = Phase.READING;
        int most = good ? maxAnswerBytes : MAX_ERROR_BYTES;
        response.handler(safe(chunk -> gather(chunk, most, good, status)));
        response.endHandler(safe(v -> read(response, good)));
    }

    private void gather(Buffer chunk, int most, boolean good, int status) {
        if (phase != Phase.READING) {
            return;
        }
        if (gathered.length() + chunk.length() > most) {
            cancel();
            var outcome = good ? new Outcome.ServerError(status, null) : failureOf(status, null);
            owner.failed(new Failure(outcome, "answer_too_large", status, true, null, EMPTY));
            return;
        }
        gathered = gathered.length() == 0 ? chunk : gathered.copy().appendBuffer(chunk);
    }

    private void read(HttpClientResponse response, boolean good) {
        if (phase != Phase.READING) {
            return;
        }
        phase = Phase.OVER;
        var body = Bytes.of(gathered);
        if (good) {
            owner.answered(response, body);
            return;
        }
        int status = response.statusCode();
        if (status < 400) {
            // a redirect: not followed, so that no key goes elsewhere
            var refused = new Outcome.ServerError(status, null);
            owner.failed(new Failure(refused, "redirected", status, true, null, EMPTY));
            return;
        }
        var error = UpstreamError.read(providerDialect, status, body);
        var wait = RetryAfter.of(response.headers(), error.retryAfter());
        var outcome = outcome(status, error, wait);
        owner.failed(new Failure(outcome, word(outcome), status, true, error, body));
    }

    private void broken() {
        if (phase == Phase.WAITING || phase == Phase.READING) {
            over(
                    new Failure(
                            new Outcome.ConnectFailure(), "connection_lost", 0, true, null, EMPTY));
        }
    }

    /** Gives the call up if its time is over. */
    void tick(long nowNanos) {
        if (phase != Phase.OVER && nowNanos - deadlineNanos >= 0) {
            boolean sent = phase != Phase.CONNECTING;
            cancel();
            owner.failed(new Failure(new Outcome.Timeout(), "timeout", 0, sent, null, EMPTY));
        }
    }

    /** No one wants the answer any more: the connection is closed, the owner hears nothing. */
    void cancel() {
        var before = phase;
        phase = Phase.OVER;
        var made = request;
        if (made != null) {
            made.reset();
            if (before == Phase.WAITING) {
                Connections.cut(made.connection()); // it may not have read the request
            }
        }
    }

    /** Whether a byte may have reached the provider. */
    boolean sent() {
        return request != null;
    }

    private void over(Failure failure) {
        phase = Phase.OVER;
        owner.failed(failure);
    }

    private static Outcome outcome(int status, UpstreamError error, @Nullable Duration wait) {
        return switch (error.fault()) {
            case CREDENTIAL, BALANCE -> new Outcome.CredentialRejected(status);
            case CLIENT -> new Outcome.ClientFault(status);
            case PROVIDER -> failureOf(status, wait);
        };
    }

    private static Outcome failureOf(int status, @Nullable Duration wait) {
        if (status == 429) {
            return new Outcome.RateLimited(wait);
        }
        return status == 408 || status == 504
                ? new Outcome.Timeout()
                : new Outcome.ServerError(status, wait);
    }

    /** The outcome in the words of the record. */
    static String word(Outcome outcome) {
        return switch (outcome) {
            case Outcome.Success s -> "ok";
            case Outcome.RateLimited r -> "rate_limited";
            case Outcome.ServerError s -> "server_error";
            case Outcome.Timeout t -> "timeout";
            case Outcome.ConnectFailure c -> "connect_failure";
            case Outcome.ClientFault c -> "client_error";
            case Outcome.CredentialRejected c -> "credential_rejected";
            case Outcome.NoFreeConnection n -> "no_free_connection";
            case Outcome.Poor p -> "stepped_up";
        };
    }
}
