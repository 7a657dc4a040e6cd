package dev.tollgate.dialects.codec;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.conversation.AnswerEvent;
import dev.tollgate.dialects.error.UpstreamError;

/** Reads errors that come as events of a stream, in words that are safe to show. */
public final class StreamFailures {
    private StreamFailures() {}

    public static AnswerEvent.Failed read(Dialect provider, JsonNode event) {
        var error = UpstreamError.inStream(provider, Json.bytes(event));
        return new AnswerEvent.Failed(error.kind(), error.message());
    }
}
