package dev.tollgate.dialects.same;

import com.fasterxml.jackson.core.JsonToken;
import dev.tollgate.dialects.json.JsonCursor;
import dev.tollgate.dialects.sse.SseEvent;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * OpenAI responses and the events of their streams. The last event repeats the whole answer, so in
 * a stream only deltas count as visible output.
 */
final class ResponsesReader implements EventReader {

    @Override
    public boolean isMark(SseEvent event, Facts facts) {
        return event.length() == 0 || event.dataIs("[DONE]");
    }

    @Override
    public boolean complete(Facts facts) {
        return facts.terminal;
    }

    @Override
    public void object(JsonCursor cursor, byte[] array, Facts facts) throws IOException {
        boolean event = false;
        @Nullable String status = null;
        while (cursor.nextMember()) {
            switch (cursor.name()) {
                case "type" -> event |= type(cursor, facts);
                case "model" -> facts.model(cursor);
                case "usage" -> facts.usage(cursor, array);
                case "status" -> status = cursor.word();
                case "incomplete_details" -> incomplete(cursor, facts);
                case "delta" -> facts.visible(cursor);
                case "sequence_number" -> sequence(cursor, facts);
                case "response" -> response(cursor, array, facts);
                case "output" -> output(cursor, facts, !event);
                default -> cursor.skip();
            }
        }
        status(status, facts);
    }

    private static void sequence(JsonCursor cursor, Facts facts) throws IOException {
        if (cursor.token() == JsonToken.VALUE_NUMBER_INT) {
            facts.nextSequence = Math.addExact(Integer.parseInt(cursor.text()), 1);
        } else {
            cursor.skip();
        }
    }

    /** A response within an event. */
    private static void response(JsonCursor cursor, byte[] array, Facts facts) throws IOException {
        if (!cursor.isObject()) {
            cursor.skip();
            return;
        }
        @Nullable String status = null;
        while (cursor.nextMember()) {
            switch (cursor.name()) {
                case "model" -> facts.model(cursor);
                case "usage" -> facts.usage(cursor, array);
                case "status" -> status = cursor.word();
                case "incomplete_details" -> incomplete(cursor, facts);
                default -> cursor.skip();
            }
        }
        status(status, facts);
    }

    private static void status(@Nullable String status, Facts facts) {
        if (status != null
                && facts.finishReason == null
                && !status.equals("in_progress")
                && !status.equals("queued")) {
            facts.finishReason = status;
        }
    }

    /** Whether the type is that of an event, and not of an object. */
    private static boolean type(JsonCursor cursor, Facts facts) throws IOException {
        var type = cursor.word();
        if (type == null) {
            return false;
        }
        switch (type) {
            case "response.completed", "response.incomplete" -> facts.terminal = true;
            case "response.failed", "error" -> facts.error = true;
            // Calls of some tools have no deltas: the whole item is the first to be seen.
            case "response.output_item.done" -> facts.token = true;
            default -> {
                // Every other event only adds to the answer.
            }
        }
        return true;
    }

    private static void incomplete(JsonCursor cursor, Facts facts) throws IOException {
        if (!cursor.isObject()) {
            cursor.skip();
            return;
        }
        while (cursor.nextMember()) {
            if (cursor.name().equals("reason")) {
                facts.finish(cursor);
            } else {
                cursor.skip();
            }
        }
    }

    private static void output(JsonCursor cursor, Facts facts, boolean counts) throws IOException {
        if (!counts || !cursor.isArray()) {
            cursor.skip();
            return;
        }
        while (cursor.nextElement()) {
            if (!cursor.isObject()) {
                cursor.skip();
                continue;
            }
            while (cursor.nextMember()) {
                switch (cursor.name()) {
                    case "content", "summary" -> parts(cursor, facts);
                    case "arguments", "input", "name" -> facts.visible(cursor);
                    default -> cursor.skip();
                }
            }
        }
    }

    private static void parts(JsonCursor cursor, Facts facts) throws IOException {
        if (!cursor.isArray()) {
            cursor.skip();
            return;
        }
        while (cursor.nextElement()) {
            if (!cursor.isObject()) {
                cursor.skip();
                continue;
            }
            while (cursor.nextMember()) {
                switch (cursor.name()) {
                    case "text", "refusal" -> facts.visible(cursor);
                    default -> cursor.skip();
                }
            }
        }
    }
}
