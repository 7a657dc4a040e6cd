package dev.tollgate.dialects.same;

import dev.tollgate.dialects.json.JsonCursor;
import dev.tollgate.dialects.sse.SseEvent;
import java.io.IOException;

/** Gemini answers; a stream's chunks have the same form. */
final class GeminiReader implements EventReader {

    @Override
    public boolean isMark(SseEvent event, Facts facts) {
        return event.length() == 0 || event.dataIs("[DONE]");
    }

    /** A blocked prompt has a block reason and no candidate. */
    @Override
    public boolean complete(Facts facts) {
        return facts.finishReason != null;
    }

    @Override
    public void object(JsonCursor cursor, byte[] array, Facts facts) throws IOException {
        while (cursor.nextMember()) {
            switch (cursor.name()) {
                case "modelVersion" -> facts.model(cursor);
                case "usageMetadata" -> facts.usage(cursor, array);
                case "candidates" -> candidates(cursor, facts);
                case "promptFeedback" -> feedback(cursor, facts);
                case "error" -> {
                    facts.error |= !cursor.isNull();
                    cursor.skip();
                }
                default -> cursor.skip();
            }
        }
    }

    private static void feedback(JsonCursor cursor, Facts facts) throws IOException {
        if (!cursor.isObject()) {
            cursor.skip();
            return;
        }
        while (cursor.nextMember()) {
            if (cursor.name().equals("blockReason")) {
                facts.finish(cursor);
            } else {
                cursor.skip();
            }
        }
    }

    private static void candidates(JsonCursor cursor, Facts facts) throws IOException {
        if (!cursor.isArray()) {
            cursor.skip();
            return;
        }
        while (cursor.nextElement()) {
            if (!cursor.isObject()) {
                cursor.skip();
                continue;
            }
            int index = 0;
            boolean finished = false;
            while (cursor.nextMember()) {
                switch (cursor.name()) {
                    case "index" -> index = cursor.smallNumber(0);
                    case "finishReason" -> finished = facts.finish(cursor);
                    case "content" -> content(cursor, facts);
                    default -> cursor.skip();
                }
            }
            facts.finished(index, finished);
        }
    }

    private static void content(JsonCursor cursor, Facts facts) throws IOException {
        if (!cursor.isObject()) {
            cursor.skip();
            return;
        }
        while (cursor.nextMember()) {
            if (!cursor.name().equals("parts") || !cursor.isArray()) {
                cursor.skip();
                continue;
            }
            while (cursor.nextElement()) {
                part(cursor, facts);
            }
        }
    }

    private static void part(JsonCursor cursor, Facts facts) throws IOException {
        if (!cursor.isObject()) {
            cursor.skip();
            return;
        }
        while (cursor.nextMember()) {
            switch (cursor.name()) {
                case "text", "functionCall", "executableCode", "codeExecutionResult" ->
                        facts.visible(cursor);
                default -> cursor.skip();
            }
        }
    }
}
