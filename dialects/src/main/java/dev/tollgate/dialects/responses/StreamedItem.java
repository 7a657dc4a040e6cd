package dev.tollgate.dialects.responses;

import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.tollgate.dialects.codec.Json;
import org.jspecify.annotations.Nullable;

/** An item of an answer while its events are written: all that its last events repeat. */
final class StreamedItem {
    enum Kind {
        TEXT,
        REFUSAL,
        REASONING,
        CALL
    }

    final Kind kind;
    final int output;
    final String id;
    final StringBuilder text = new StringBuilder();
    final ArrayNode annotations = Json.array();
    final ArrayNode logprobs = Json.array();
    String callId = "";
    String name = "";
    boolean custom;
    boolean announced;
    boolean ended;
    int sentChars;
    @Nullable String signature;

    StreamedItem(Kind kind, int output, String id) {
        this.kind = kind;
        this.output = output;
        this.id = id;
    }
}
