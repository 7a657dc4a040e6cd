package dev.tollgate.dialects.scan;

import dev.tollgate.dialects.RequestScan.Feature;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Lists of tools. A tool that the client runs is text: its declaration is counted as it stands. A
 * tool that the provider runs feeds the model what no one can bound, and is noted by its type.
 */
final class ToolScan {
    /**
     * What Anthropic writes into the prompt for each of its own tools that the client runs, in
     * tokens at most: recorded with the memory tool were 1,480.
     */
    private static final int HIDDEN_PROMPT_TOKENS = 2_048;

    private ToolScan() {}

    /** {@code tools} of chat completions and Responses. */
    static void openAi(Cursor cursor, Tally tally) throws IOException, MalformedBody {
        if (cursor.isNull()) {
            return;
        }
        cursor.expectArray("tools");
        while (cursor.nextElement()) {
            cursor.expectObject("tools[]");
            tally.feature(Feature.TOOLS);
            int from = cursor.start();
            openAiTool(cursor, tally);
            tally.textBytes += cursor.start() + 1L - from;
        }
    }

    /**
     * Passes over one tool, or a namespace of several. A search for tools that the client runs is a
     * call like others; where the provider runs it, the model reads its prompt once more for each:
     * recorded were 1,594 tokens of 654 bytes. A list of what a server of the provider offers has
     * no types. What says two things of itself counts as the worse.
     */
    private static void openAiTool(Cursor cursor, Tally tally) throws IOException {
        @Nullable String type = null;
        boolean twoTypes = false;
        boolean atClient = false;
        boolean elsewhere = false;
        boolean listed = false;
        while (cursor.nextMember()) {
            switch (cursor.name()) {
                case "type" -> {
                    var next = cursor.word();
                    twoTypes |= type != null && !type.equals(next);
                    type = next;
                }
                case "execution" -> {
                    boolean client = "client".equals(cursor.word());
                    atClient |= client;
                    elsewhere |= !client;
                }
                case "tools" -> openAiTools(cursor, tally);
                case "input_schema" -> {
                    listed = true;
                    cursor.skip();
                }
                default -> cursor.skip();
            }
        }
        boolean text =
                switch (type) {
                    case "function", "custom", "namespace" -> true;
                    case "tool_search" -> atClient && !elsewhere;
                    case null -> listed;
                    default -> false;
                };
        if (!text || twoTypes) {
            tally.unbounded("tools[] of type " + type);
        }
    }

    /** {@code tools} of an item of Responses. */
    static void inItem(Cursor cursor, Tally tally) throws IOException {
        if (!cursor.isArray()) {
            tally.text(cursor);
            return;
        }
        int from = cursor.start();
        openAiTools(cursor, tally);
        tally.textBytes += cursor.start() + 1L - from;
    }

    /** Passes over tools within something whose bytes are counted as they stand. */
    private static void openAiTools(Cursor cursor, Tally tally) throws IOException {
        if (!cursor.isArray()) {
            cursor.skip();
            return;
        }
        while (cursor.nextElement()) {
            if (cursor.isObject()) {
                openAiTool(cursor, tally);
            } else {
                cursor.skip();
            }
        }
    }

    /** {@code tools} of Anthropic Messages. */
    static void anthropic(Cursor cursor, Tally tally) throws IOException, MalformedBody {
        if (cursor.isNull()) {
            return;
        }
        cursor.expectArray("tools");
        while (cursor.nextElement()) {
            cursor.expectObject("tools[]");
            tally.feature(Feature.TOOLS);
            int from = cursor.start();
            while (cursor.nextMember()) {
                if (cursor.name().equals("type")) {
                    var type = cursor.word();
                    if (!runsAtClient(type) && !cursor.isNull()) {
                        tally.unbounded("tools[] of type " + type);
                    } else if (type != null && !type.equals("custom")) {
                        tally.textBytes += HIDDEN_PROMPT_TOKENS;
                    }
                } else {
                    cursor.skip();
                }
            }
            tally.textBytes += cursor.start() + 1L - from;
        }
    }

    private static boolean runsAtClient(@Nullable String type) {
        return type != null
                && (type.equals("custom")
                        || type.startsWith("bash_")
                        || type.startsWith("text_editor_")
                        || type.startsWith("computer_")
                        || type.startsWith("memory_"));
    }

    /** {@code tools} of Gemini: each element is an object with one member for each kind of tool. */
    static void gemini(Cursor cursor, Tally tally) throws IOException, MalformedBody {
        if (cursor.isNull()) {
            return;
        }
        if (cursor.isObject()) {
            geminiTool(cursor, tally);
            return;
        }
        cursor.expectArray("tools");
        while (cursor.nextElement()) {
            cursor.expectObject("tools[]");
            geminiTool(cursor, tally);
        }
    }

    private static void geminiTool(Cursor cursor, Tally tally) throws IOException {
        while (cursor.nextMember()) {
            var name = cursor.name();
            if (cursor.isNull()) {
                continue;
            }
            tally.feature(Feature.TOOLS);
            if (!name.equals("functionDeclarations") && !name.equals("function_declarations")) {
                tally.unbounded("tools[]." + name);
            }
            tally.text(cursor);
        }
    }

    /** Passes over an object that the model reads; its {@code type}, empty if it has none. */
    static String typeAndText(Cursor cursor, Tally tally) throws IOException {
        if (!cursor.isObject()) {
            tally.text(cursor);
            return "";
        }
        String found = "";
        int from = cursor.start();
        while (cursor.nextMember()) {
            if (cursor.name().equals("type")) {
                var type = cursor.word();
                found = type == null ? "" : type;
            } else {
                cursor.skip();
            }
        }
        tally.textBytes += cursor.start() + 1L - from;
        return found;
    }
}
