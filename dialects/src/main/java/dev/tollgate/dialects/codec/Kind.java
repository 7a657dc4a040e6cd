package dev.tollgate.dialects.codec;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tollgate.dialects.conversation.Draft;

/**
 * What a field of a request must hold. A value of another kind is the client's mistake and is
 * refused by name: to read it as absent would send a request that the client did not make.
 */
public enum Kind {
    NUMBER("a number"),
    BOOLEAN("true or false"),
    TEXT("a string"),
    LIST("an array"),
    TEXT_OR_LIST("a string or an array"),
    OBJECT("an object");

    private static final int MAX_SHOWN_CHARS = 100;

    private final String words;

    Kind(String words) {
        this.words = words;
    }

    /**
     * Complains of each of these fields that is there and is no such thing.
     *
     * @param at where the parent stands, with a dot at its end; empty for the body
     */
    public void check(Draft draft, JsonNode parent, String at, String... fields) {
        for (var field : fields) {
            var value = parent.get(field);
            if (value != null && !value.isNull() && !fits(value)) {
                var shown = value.toString();
                draft.malformed(
                        at
                                + field
                                + ": "
                                + shown.substring(0, Math.min(MAX_SHOWN_CHARS, shown.length()))
                                + " (expected: "
                                + words
                                + ")",
                        at + field);
            }
        }
    }

    private boolean fits(JsonNode value) {
        return switch (this) {
            case NUMBER -> value.isNumber();
            case BOOLEAN -> value.isBoolean();
            case TEXT -> value.isTextual();
            case LIST -> value.isArray();
            case TEXT_OR_LIST -> value.isTextual() || value.isArray();
            case OBJECT -> value.isObject();
        };
    }
}
