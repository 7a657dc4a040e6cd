package dev.tollgate.dataplane.exchange;

import dev.tollgate.dataplane.cache.Answer;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.error.ErrorBody;
import dev.tollgate.policy.price.Money;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Writes the one answer of a request, with the gateway's own headers on each (contract.md, Data
 * port). Of a provider's headers only those of {@link #passes} go to the client; cookies and
 * credentials never do.
 */
final class Reply {

    private static final String EVENT_STREAM = "text/event-stream";
    private static final int SMALL_BODY_BYTES = 64 * 1024;
    private static final int LINGER_MILLIS = 2_000;
    private static final int NO_CONTENT = 204;

    private final HttpServerRequest request;
    private final HttpServerResponse response;
    private final Tally tally;
    private final String traceparent;
    private final LoopParts loop;
    private String allow = "";
    private List<String> dropped = List.of();
    private OptionalLong limit = OptionalLong.empty();
    private List<String> estimated = List.of();
    private boolean cutOff;
    private boolean costOpen;

    Reply(HttpServerRequest request, Tally tally, String traceparent, LoopParts loop) {
        this.request = request;
        this.response = request.response();
        this.tally = tally;
        this.traceparent = traceparent;
        this.loop = loop;
    }

    HttpServerResponse response() {
        return response;
    }

    /** Methods that a 405 names. */
    void allow(String methods) {
        allow = methods;
    }

    /** Fields of the request that the provider did not get. */
    void dropped(List<String> fields) {
        dropped = fields;
    }

    List<String> dropped() {
        return dropped;
    }

    /** Whatever of the request is still to come is not waited for: the connection is closed. */
    void cutOff() {
        cutOff = true;
    }

    /** What in the answer is a guess. */
    void estimated(List<String> fields) {
        estimated = fields;
    }

    /** The output limit of the attempt that answers, if it was lowered for want of money. */
    void limitedTo(OptionalLong limit) {
        this.limit = limit;
    }

    OptionalLong limit() {
        return limit;
    }

    /** What the request costs is not known when it is answered: another attempt still runs. */
    void costOpen() {
        costOpen = true;
    }

    /**
     * The gateway's own error, in the client's dialect.
     *
     * @param exhausted the gateway has retried already: the client should not
     * @return the status
     */
    int refuse(Dialect dialect, Refusal refusal, boolean exhausted) {
        var rendered =
                ErrorBody.of(
                        dialect,
                        refusal.kind(),
                        refusal.message(),
                        refusal.param(),
                        tally.requestId);
        int status = allow.isEmpty() ? rendered.status() : 405;
        response.setStatusCode(status);
        if (!allow.isEmpty()) {
            response.putHeader(Names.ALLOW, allow);
        }
        if (!rendered.retryHelps() || exhausted) {
            response.putHeader(Names.SHOULD_RETRY, Names.FALSE);
        }
        retryAfter(refusal.retryAfter());
        if (refusal.budget() != null) {
            tally.budgetViews = List.of(refusal.budget());
        }
        response.putHeader(Names.CONTENT_TYPE, rendered.contentType());
        stamp(tally.cost);
        end(rendered.bytes());
        return status;
    }

    /** The provider's own words about the client's fault, in the client's own dialect. */
    void pass(int status, byte[] body) {
        response.setStatusCode(status);
        response.putHeader(Names.SHOULD_RETRY, Names.FALSE);
        response.putHeader(Names.CONTENT_TYPE, Names.JSON);
        stamp(tally.cost);
        end(body);
    }

    /** A whole answer. */
    void answer(@Nullable HttpClientResponse head, boolean sameDialect, byte[] body) {
        response.setStatusCode(200);
        if (head != null) {
            providerHeaders(head.headers(), sameDialect);
        }
        response.putHeader(Names.CONTENT_TYPE, Names.JSON);
        stamp(tally.cost);
        end(body);
    }

    /** The head of a stream; its events follow. */
    void open(HttpClientResponse head, boolean sameDialect, Dialect client, boolean sse) {
        response.setStatusCode(200);
        response.setChunked(true);
        providerHeaders(head.headers(), sameDialect);
        response.putHeader(Names.CONTENT_TYPE, streamType(head, sameDialect, client, sse));
        response.putHeader(Names.CACHE_CONTROL, Names.NO_CACHE);
        stamp(null);
    }

    /** The content type that a stream's head tells its client. */
    static CharSequence streamType(
            HttpClientResponse head, boolean sameDialect, Dialect client, boolean sse) {
        var type = head.headers().get(Names.CONTENT_TYPE);
        if (sameDialect && type != null) {
            return type;
        }
        boolean array = client == Dialect.GEMINI && !sse;
        return array ? Names.JSON : Names.EVENT_STREAM_UTF8;
    }

    /** An answer that was kept: a stream all at once. */
    void replay(Answer answer, boolean stream, long nowMillis) {
        response.setStatusCode(200);
        response.putHeader(Names.CONTENT_TYPE, answer.contentType());
        if (stream) {
            response.putHeader(Names.CACHE_CONTROL, Names.NO_CACHE);
        }
        response.putHeader(Names.AGE, Long.toString(answer.ageSeconds(nowMillis)));
        stamp(Money.ZERO);
        if (!answer.dropped().isEmpty()) {
            response.putHeader(Names.DROPPED, answer.dropped());
        }
        if (!answer.estimated().isEmpty()) {
            response.putHeader(Names.ESTIMATED, answer.estimated());
        }
        end(answer.body());
    }

    /**
     * The head of an answer that passes as it is; its bytes follow.
     *
     * @param cost of the request with this answer, null: it is asked for as a stream
     */
    void openRaw(HttpClientResponse head, boolean sameDialect, @Nullable Money cost) {
        response.setStatusCode(head.statusCode());
        providerHeaders(head.headers(), sameDialect);
        for (var name : Names.OF_A_BODY) {
            var value = head.headers().get(name);
            if (value != null) {
                response.putHeader(name, value);
            }
        }
        if (!head.headers().contains(Names.CONTENT_LENGTH) && head.statusCode() != NO_CONTENT) {
            response.setChunked(true);
        }
        boolean events = isEventStream(head.headers().get(Names.CONTENT_TYPE));
        stamp(events ? null : cost);
    }

    private static boolean isEventStream(@Nullable String contentType) {
        return contentType != null && contentType.toLowerCase(Locale.ROOT).startsWith(EVENT_STREAM);
    }

    /**
     * @param cost of the request, null: not known yet
     */
    private void stamp(@Nullable Money cost) {
        response.putHeader(Names.REQUEST_ID, tally.requestId);
        response.putHeader(Names.CACHE, tally.cache.word());
        response.putHeader(Names.TRACEPARENT, traceparent);
        response.putHeader(Names.ATTEMPTS, Integer.toString(tally.started));
        if (!tally.provider.isEmpty()) {
            response.putHeader(Names.PROVIDER, tally.provider);
            response.putHeader(Names.MODEL, tally.model);
        }
        if (!tally.route.isEmpty()) {
            response.putHeader(Names.ROUTE, tally.route);
        }
        if (!tally.budgetViews.isEmpty()) {
            response.putHeader(Names.BUDGET, budgets());
        }
        if (!tally.steps().isEmpty()) {
            response.putHeader(Names.BUDGET_STEP, String.join(", ", tally.steps()));
        }
        if (!tally.would().isEmpty()) {
            response.putHeader(Names.BUDGET_SHADOW, String.join(", ", tally.shadows()));
        }
        if (limit.isPresent()) {
            response.putHeader(Names.MAX_TOKENS, Long.toString(limit.getAsLong()));
        }
        if (!dropped.isEmpty()) {
            response.putHeader(Names.DROPPED, String.join(", ", dropped));
        }
        if (!estimated.isEmpty()) {
            response.putHeader(Names.ESTIMATED, String.join(", ", estimated));
        }
        if (cost != null && !costOpen) {
            response.putHeader(Names.COST, cost.toString());
        }
    }

    private String budgets() {
        var text = new StringBuilder();
        for (var view : tally.budgetViews) {
            text.append(text.isEmpty() ? "" : ", ")
                    .append(view.name())
                    .append(" remaining=")
                    .append(view.remaining().toCents())
                    .append(" limit=")
                    .append(view.limit().toDollars());
        }
        return text.toString();
    }

    private void retryAfter(@Nullable Duration wait) {
        if (wait != null) {
            long seconds = Math.max(1, Math.ceilDiv(wait.toMillis(), 1_000));
            response.putHeader(Names.RETRY_AFTER, Long.toString(seconds));
        }
    }

    private void providerHeaders(MultiMap headers, boolean sameDialect) {
        if (!sameDialect) {
            return;
        }
        for (var header : headers) {
            if (passes(header.getKey())) {
                response.putHeader(header.getKey(), header.getValue());
            }
        }
    }

    /** Ids that support asks for, and limits that SDKs read. */
    private static boolean passes(String name) {
        var lower = name.toLowerCase(Locale.ROOT);
        return lower.equals("x-request-id")
                || lower.equals("request-id")
                || lower.equals("openai-processing-ms")
                || lower.equals("openai-version")
                || lower.startsWith("x-ratelimit-")
                || lower.startsWith("anthropic-ratelimit-");
    }

    /**
     * Ends the answer. If the client is still sending a large body, the connection lingers so that
     * the answer is not lost in a reset, and is closed then.
     */
    private void end(byte[] body) {
        boolean stillSending = !request.isEnded() && (cutOff || !smallBody());
        if (!stillSending) {
            response.end(Bytes.wrap(body));
            return;
        }
        response.putHeader(Names.CONNECTION, Names.CLOSE);
        response.putHeader(Names.CONTENT_LENGTH, Integer.toString(body.length));
        response.write(Bytes.wrap(body));
        long timer =
                loop.vertx()
                        .setTimer(
                                LINGER_MILLIS,
                                id -> {
                                    response.end();
                                    request.connection().close();
                                });
        request.handler(dropped -> {});
        request.endHandler(
                v -> {
                    if (loop.vertx().cancelTimer(timer)) {
                        response.end();
                    }
                });
    }

    private boolean smallBody() {
        var length = request.getHeader(Names.CONTENT_LENGTH);
        if (length == null) {
            return request.getHeader(Names.TRANSFER_ENCODING) == null;
        }
        try {
            return Long.parseLong(length.trim()) <= SMALL_BODY_BYTES;
        } catch (NumberFormatException e) {
            return false;
        }
    }
}
