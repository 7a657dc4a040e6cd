package dev.tollgate.dialects.translate;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.conversation.OutputFormat;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * An answer whose schema is a list, a word or a number, from a provider that answers with objects
 * alone: the schema becomes that of an object's only member, and the answer is taken out of that
 * object again, piece by piece. Text that is no such object passes as it is. One per answer.
 */
final class WrappedAnswer {
    private static final String MEMBER = "value";
    private static final Pattern HEAD =
            Pattern.compile("\\s{0,99}\\{\\s{0,99}\"" + MEMBER + "\"\\s{0,99}:\\s{0,99}");

    private enum State {
        HEAD,
        VALUE,
        PLAIN
    }

    private final boolean bare;
    private final StringBuilder waiting = new StringBuilder();
    private State state = State.HEAD;
    private boolean begun;

    private WrappedAnswer(boolean bare) {
        this.bare = bare;
    }

    /** Null if the provider takes the format as it is. */
    static @Nullable WrappedAnswer of(OutputFormat format, Dialect provider) {
        return format instanceof OutputFormat.JsonSchema wanted && isWrapped(wanted, provider)
                ? new WrappedAnswer(wanted.bare())
                : null;
    }

    /** The format for the provider. */
    static OutputFormat forProvider(OutputFormat format, Dialect provider) {
        if (!(format instanceof OutputFormat.JsonSchema wanted) || !isWrapped(wanted, provider)) {
            return format;
        }
        var inner = wanted.schema().deepCopy();
        var outer = Json.object().put("type", "object");
        outer.putObject("properties").set(MEMBER, inner);
        outer.putArray("required").add(MEMBER);
        outer.put("additionalProperties", false);
        for (var shared : List.of("$schema", "$defs", "definitions")) {
            var moved = inner.remove(shared);
            if (moved != null) {
                outer.set(shared, moved);
            }
        }
        return new OutputFormat.JsonSchema(
                wanted.name(), wanted.description(), outer, wanted.strict());
    }

    private static boolean isWrapped(OutputFormat.JsonSchema format, Dialect provider) {
        return provider != Dialect.GEMINI && !isObject(format.schema());
    }

    private static boolean isObject(ObjectNode schema) {
        return schema.has("type")
                ? "object".equals(schema.path("type").asText())
                : !schema.has("enum") && !schema.has("const") && !schema.has("items");
    }

    /** What can be said of the answer after one more piece. */
    String next(String piece) {
        if (state == State.PLAIN) {
            return piece;
        }
        waiting.append(piece);
        if (state == State.HEAD) {
            var head = HEAD.matcher(waiting);
            if (head.lookingAt()) {
                state = State.VALUE;
                waiting.delete(0, head.end());
                begun = false;
            } else if (head.hitEnd()) {
                return "";
            } else {
                state = State.PLAIN;
            }
        }
        if (state == State.PLAIN) {
            return said(waiting.length());
        }
        while (!begun && !waiting.isEmpty()) {
            begun = !Character.isWhitespace(waiting.charAt(0));
            waiting.delete(0, begun ? 0 : 1);
        }
        return bare ? "" : said(certain());
    }

    /** Behind this may stand the end of the object. */
    private int certain() {
        int end = waiting.length();
        while (end > 0 && isEnd(waiting.charAt(end - 1))) {
            end--;
        }
        return end;
    }

    private static boolean isEnd(char c) {
        return c == '}' || Character.isWhitespace(c);
    }

    private String said(int chars) {
        var text = waiting.substring(0, chars);
        waiting.delete(0, chars);
        return text;
    }

    /** The rest. An answer that was cut off has no end of the object. */
    String end() {
        var rest = said(waiting.length());
        boolean value = state == State.VALUE;
        state = State.HEAD;
        if (!value) {
            return rest;
        }
        var text = rest.stripTrailing();
        text = text.endsWith("}") ? text.substring(0, text.length() - 1).stripTrailing() : text;
        if (bare && Json.parseObject("{\"" + MEMBER + "\":" + text + "}") instanceof ObjectNode o) {
            return o.path(MEMBER) instanceof TextNode word ? word.textValue() : text;
        }
        return text;
    }

    /** The same of an answer that is here as a whole. */
    String whole(String text) {
        return next(text) + end();
    }

    int waitingChars() {
        return waiting.length();
    }
}
