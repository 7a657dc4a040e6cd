package dev.tollgate.dialects.prompt;

import dev.tollgate.dialects.json.JsonCursor;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Finds the texts that a user wrote in the messages of a request; one use, one thread. */
final class PromptReader {

    private final byte[] body;
    private final TextCount turn = new TextCount();
    private final TextCount ask = new TextCount();
    private boolean answered;
    private int turns;
    private int tools;

    PromptReader(byte[] body) {
        this.body = body;
    }

    PromptSignals read() throws IOException {
        try (var cursor = new JsonCursor(body)) {
            cursor.next();
            top(cursor);
        }
        return new PromptSignals(
                ask.bytes,
                turns,
                tools,
                (ask.fences + 1) / 2,
                ask.codeLines,
                ask.constraints,
                ask.reasoning);
    }

    private void top(JsonCursor cursor) throws IOException {
        while (cursor.nextMember()) {
            switch (cursor.name()) {
                case "messages", "contents", "input" -> messages(cursor);
                case "tools", "functions" -> tools(cursor);
                case "generateContentRequest", "generate_content_request" -> {
                    if (cursor.isObject()) {
                        top(cursor);
                    }
                }
                default -> cursor.skip();
            }
        }
    }

    /** A list of messages; in Responses also the user's text alone, in Gemini one message. */
    private void messages(JsonCursor cursor) throws IOException {
        if (cursor.isObject()) {
            message(cursor);
            return;
        }
        if (!cursor.isArray()) {
            turn.clear();
            text(cursor);
            said("user");
            return;
        }
        while (cursor.nextElement()) {
            if (cursor.isObject()) {
                message(cursor);
            } else {
                turn.clear();
                text(cursor);
                said("user");
            }
        }
    }

    private void message(JsonCursor cursor) throws IOException {
        turn.clear();
        @Nullable String role = null;
        while (cursor.nextMember()) {
            switch (cursor.name()) {
                case "role" -> role = cursor.word();
                case "content", "parts" -> {
                    if (isUser(role)) {
                        content(cursor);
                    } else {
                        cursor.skip();
                    }
                }
                default -> cursor.skip();
            }
        }
        said(role);
    }

    /** Without a role it is the user's, or not known yet. */
    private static boolean isUser(@Nullable String role) {
        return role == null || role.equals("user");
    }

    /** A message is over: what stands in {@link #turn} is the user's if the role says so. */
    private void said(@Nullable String role) {
        if ("system".equals(role) || "developer".equals(role)) {
            return;
        }
        turns++;
        if (!isUser(role)) {
            answered |= "assistant".equals(role) || "model".equals(role);
        } else if (turn.bytes > 0) {
            if (answered) {
                ask.clear();
                answered = false;
            }
            ask.add(turn);
        }
    }

    /** A text, one part, or a list of parts. */
    private void content(JsonCursor cursor) throws IOException {
        if (cursor.isObject()) {
            part(cursor);
        } else if (cursor.isArray()) {
            while (cursor.nextElement()) {
                if (cursor.isObject()) {
                    part(cursor);
                } else {
                    text(cursor);
                }
            }
        } else {
            text(cursor);
        }
    }

    /** Only {@code text}: anything else is media, or the result of a tool. */
    private void part(JsonCursor cursor) throws IOException {
        while (cursor.nextMember()) {
            if (cursor.name().equals("text")) {
                text(cursor);
            } else {
                cursor.skip();
            }
        }
    }

    private void text(JsonCursor cursor) throws IOException {
        if (cursor.isString()) {
            var span = cursor.span();
            turn.read(body, span.from() + 1, span.to() - 1);
        } else {
            cursor.skip();
        }
    }

    /** Gemini puts several functions into one element. */
    private void tools(JsonCursor cursor) throws IOException {
        if (cursor.isObject()) {
            tools += tool(cursor);
            return;
        }
        if (!cursor.isArray()) {
            return;
        }
        while (cursor.nextElement()) {
            tools += cursor.isObject() ? tool(cursor) : 1;
        }
    }

    private static int tool(JsonCursor cursor) throws IOException {
        int declared = 0;
        while (cursor.nextMember()) {
            var name = cursor.name();
            boolean several =
                    name.equals("functionDeclarations") || name.equals("function_declarations");
            if (several && cursor.isArray()) {
                while (cursor.nextElement()) {
                    declared++;
                    cursor.skip();
                }
            } else {
                cursor.skip();
            }
        }
        return Math.max(1, declared);
    }
}
