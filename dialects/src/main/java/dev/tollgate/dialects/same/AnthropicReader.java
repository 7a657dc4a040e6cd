package dev.tollgate.dialects.same;

import dev.tollgate.dialects.json.JsonCursor;
import dev.tollgate.dialects.sse.SseEvent;
import java.io.IOException;

/** Anthropic messages, the events of their streams, and counts of tokens. */
final class AnthropicReader implements EventReader {

    @Override
    public boolean isMark(SseEvent event, Facts facts) {
        // vLLM ends its streams of messages as those of chat completions
        return event.length() == 0 || event.dataIs("[DONE]") || "ping".equals(event.event());
    }

    @Override
    public boolean complete(Facts facts) {
        return facts.terminal;
    }

    /** The members of a message and of all its events have names that do not collide. */
    @Override
    public void object(JsonCursor cursor, byte[] array, Facts facts) throws IOException {
        while (cursor.nextMember()) {
            switch (cursor.name()) {
                case "type" -> type(cursor, facts);
                case "model" -> facts.model(cursor);
                case "message" -> inner(cursor, array, facts);
                case "stop_reason" -> facts.finish(cursor);
                case "usage" -> facts.usage(cursor, array);
                case "content" -> blocks(cursor, facts);
                case "content_block", "delta" -> block(cursor, facts);
                default -> cursor.skip();
            }
        }
    }

    private static void type(JsonCursor cursor, Facts facts) throws IOException {
        var type = cursor.word();
        if ("message_stop".equals(type)) {
            facts.terminal = true;
        } else if ("error".equals(type)) {
            facts.error = true;
        }
    }

    private void inner(JsonCursor cursor, byte[] array, Facts facts) throws IOException {
        if (cursor.isObject()) {
            object(cursor, array, facts);
        } else {
            cursor.skip();
        }
    }

    private static void blocks(JsonCursor cursor, Facts facts) throws IOException {
        if (!cursor.isArray()) {
            cursor.skip();
            return;
        }
        while (cursor.nextElement()) {
            block(cursor, facts);
        }
    }

    /** A content block, its first form in a stream, or a change of it; also a message's delta. */
    private static void block(JsonCursor cursor, Facts facts) throws IOException {
        if (!cursor.isObject()) {
            cursor.skip();
            return;
        }
        while (cursor.nextMember()) {
            switch (cursor.name()) {
                case "text", "thinking", "partial_json", "name" -> facts.visible(cursor);
                case "input" -> {
                    // A stream's first form of a tool call has an empty input, its changes follow.
                    long bytes = cursor.rawBytes();
                    if (bytes > 2) {
                        facts.visibleBytes += bytes;
                        facts.token = true;
                    }
                }
                case "stop_reason" -> facts.finish(cursor);
                default -> cursor.skip();
            }
        }
    }
}
