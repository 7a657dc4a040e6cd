package dev.tollgate.dialects.same;

import dev.tollgate.dialects.json.JsonCursor;
import dev.tollgate.dialects.sse.SseEvent;
import java.io.IOException;

/** Chat completions and their chunks; embeddings, which share the envelope. */
final class ChatReader implements EventReader {

    @Override
    public boolean isMark(SseEvent event, Facts facts) {
        if (event.dataIs("[DONE]")) {
            facts.terminal = true;
            return true;
        }
        return event.length() == 0;
    }

    /**
     * A missing end mark is tolerated, a missing finish reason is not (protocols.md, 4.2); but of a
     * server whose finish reasons are all empty, the end mark behind an answer is the end.
     */
    @Override
    public boolean complete(Facts facts) {
        return facts.finishReason != null || facts.terminal && facts.emptyFinish && facts.token;
    }

    @Override
    public void object(JsonCursor cursor, byte[] array, Facts facts) throws IOException {
        while (cursor.nextMember()) {
            switch (cursor.name()) {
                case "model" -> facts.model(cursor);
                case "choices" -> choices(cursor, facts);
                case "usage" -> {
                    facts.nullUsageAt = cursor.isNull() ? cursor.start() : facts.nullUsageAt;
                    facts.usage(cursor, array);
                }
                case "x_groq" -> groq(cursor, array, facts);
                case "error" -> {
                    facts.error |= !cursor.isNull();
                    cursor.skip();
                }
                default -> cursor.skip();
            }
        }
        if (facts.usageHere) {
            facts.usageOfOne = !facts.choicesEmpty;
        }
    }

    private static void groq(JsonCursor cursor, byte[] array, Facts facts) throws IOException {
        if (!cursor.isObject()) {
            cursor.skip();
            return;
        }
        while (cursor.nextMember()) {
            if (cursor.name().equals("usage") && facts.usage() == null) {
                facts.usage(cursor, array);
            } else {
                cursor.skip();
            }
        }
    }

    private static void choices(JsonCursor cursor, Facts facts) throws IOException {
        if (!cursor.isArray()) {
            cursor.skip();
            return;
        }
        facts.choicesEmpty = true;
        while (cursor.nextElement()) {
            facts.choicesEmpty = false;
            if (!cursor.isObject()) {
                cursor.skip();
                continue;
            }
            int index = 0;
            boolean finished = false;
            while (cursor.nextMember()) {
                switch (cursor.name()) {
                    case "index" -> index = cursor.smallNumber(0);
                    case "delta", "message" -> message(cursor, facts);
                    case "finish_reason" -> finished = facts.finish(cursor);
                    default -> cursor.skip();
                }
            }
            facts.finished(index, finished);
        }
    }

    private static void message(JsonCursor cursor, Facts facts) throws IOException {
        if (!cursor.isObject()) {
            cursor.skip();
            return;
        }
        while (cursor.nextMember()) {
            switch (cursor.name()) {
                case "content", "refusal", "reasoning_content", "reasoning" ->
                        facts.visible(cursor);
                case "tool_calls" -> toolCalls(cursor, facts);
                case "function_call" -> function(cursor, facts);
                default -> cursor.skip();
            }
        }
    }

    private static void toolCalls(JsonCursor cursor, Facts facts) throws IOException {
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
                    case "function", "custom" -> function(cursor, facts);
                    default -> cursor.skip();
                }
            }
        }
    }

    private static void function(JsonCursor cursor, Facts facts) throws IOException {
        if (!cursor.isObject()) {
            cursor.skip();
            return;
        }
        while (cursor.nextMember()) {
            switch (cursor.name()) {
                case "name", "arguments", "input" -> facts.visible(cursor);
                default -> cursor.skip();
            }
        }
    }
}
