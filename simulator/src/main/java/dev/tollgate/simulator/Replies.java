package dev.tollgate.simulator;

import dev.tollgate.simulator.script.Dialect;
import dev.tollgate.simulator.wire.ApiError;
import io.vertx.core.http.HttpServerResponse;

/** The headers and errors that all answers of a dialect share. */
final class Replies {
    static final String JSON = "application/json";

    private Replies() {}

    static void identify(HttpServerResponse response, Dialect dialect, String requestId) {
        switch (dialect) {
            case OPENAI ->
                    response.putHeader("x-request-id", requestId)
                            .putHeader("openai-version", "2020-10-01");
            case ANTHROPIC -> response.putHeader("request-id", requestId);
            case GEMINI -> response.putHeader("x-request-id", requestId);
        }
    }

    /** Answers with an error; Gemini wraps it in an array if an array was asked for. */
    static void error(
            HttpServerResponse response,
            Dialect dialect,
            ApiError error,
            String requestId,
            boolean inArray) {
        if (response.closed() || response.ended()) {
            return;
        }
        identify(response, dialect, requestId);
        if (error.retryAfter() != null) {
            response.putHeader("retry-after", error.retryAfter());
        }
        var body = error.body(dialect, requestId).toString();
        response.setStatusCode(error.status())
                .putHeader("content-type", JSON)
                .end(inArray ? "[" + body + "]" : body);
    }
}
