package dev.tollgate.dialects.scan;

import dev.tollgate.dialects.RequestScan.Feature;
import java.io.IOException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Anthropic Messages, and the counting of their tokens. */
final class AnthropicScan {
    private static final Set<String> FIELDS =
            Set.of(
                    "model",
                    "messages",
                    "system",
                    "max_tokens",
                    "stream",
                    "tools",
                    "mcp_servers",
                    "container",
                    "thinking",
                    "output_config",
                    "output_format",
                    "context_management",
                    "service_tier",
                    "speed",
                    "inference_geo",
                    "fallbacks");

    private AnthropicScan() {}

    static void read(Cursor cursor, Tally tally) throws IOException, MalformedBody {
        var seen = new Seen("");
        boolean messages = false;
        while (cursor.nextMember()) {
            tally.empty = false;
            var name = cursor.name();
            seen.add(name);
            switch (name) {
                case "model" -> tally.model(cursor);
                case "messages" -> {
                    messages = true;
                    messages(cursor, tally);
                }
                case "system" -> {
                    if (!cursor.isNull()) {
                        tally.messages++;
                    }
                    content(cursor, tally);
                }
                case "max_tokens" -> tally.limit(cursor, name);
                case "stream" -> tally.stream(cursor);
                case "temperature" -> tally.temperature(cursor, name);
                case "tools" -> ToolScan.anthropic(cursor, tally);
                default -> rare(cursor, tally, name);
            }
        }
        if (tally.model == null) {
            throw new MalformedBody("`model` is missing", "model");
        }
        if (!messages) {
            throw new MalformedBody("`messages` is missing", "messages");
        }
    }

    private static void rare(Cursor cursor, Tally tally, String name)
            throws IOException, MalformedBody {
        if (cursor.isNull()) {
            Cursor.refuseVariant(name, FIELDS, false);
            return;
        }
        switch (name) {
            case "thinking" -> {
                if (!ToolScan.typeAndText(cursor, tally).equals("disabled")) {
                    tally.feature(Feature.REASONING);
                }
            }
            case "output_config" -> {
                cursor.expectObject(name);
                while (cursor.nextMember()) {
                    if (cursor.name().equals("format") && !cursor.isNull()) {
                        tally.feature(Feature.JSON_SCHEMA);
                    }
                    tally.text(cursor);
                }
            }
            case "output_format" -> {
                tally.feature(Feature.JSON_SCHEMA);
                tally.text(cursor);
            }
            case "tool_choice" -> tally.text(cursor);
            case "service_tier" -> tally.priced(cursor, name, Set.of("auto", "standard_only"));
            case "speed" -> tally.priced(cursor, name, Set.of("standard"));
            case "inference_geo" -> tally.priced(cursor, name, Set.of("global"));
            case "mcp_servers", "container", "fallbacks" -> {
                boolean emptyList = cursor.isArray() && cursor.rawBytes() <= 2;
                if (!emptyList) {
                    tally.unbounded(name);
                }
                cursor.skip();
            }
            case "context_management" -> contextManagement(cursor, tally);
            default -> {
                Cursor.refuseVariant(name, FIELDS, false);
                cursor.skip();
            }
        }
    }

    /** Clearing old content only makes the input smaller; anything else runs the model again. */
    private static void contextManagement(Cursor cursor, Tally tally)
            throws IOException, MalformedBody {
        cursor.expectObject("context_management");
        while (cursor.nextMember()) {
            if (!cursor.isArray()) {
                cursor.skip();
                continue;
            }
            while (cursor.nextElement()) {
                if (!cursor.isObject()) {
                    cursor.skip();
                    continue;
                }
                while (cursor.nextMember()) {
                    if (cursor.name().equals("type") && !cursor.stringStartsWith("clear_")) {
                        tally.unbounded("context_management");
                    }
                    cursor.skip();
                }
            }
        }
    }

    private static void messages(Cursor cursor, Tally tally) throws IOException, MalformedBody {
        cursor.expectArray("messages");
        while (cursor.nextElement()) {
            cursor.expectObject("messages[]");
            tally.messages++;
            while (cursor.nextMember()) {
                if (cursor.name().equals("content")) {
                    content(cursor, tally);
                } else {
                    tally.text(cursor);
                }
            }
        }
    }

    /** A string, or a list of blocks. */
    private static void content(Cursor cursor, Tally tally) throws IOException, MalformedBody {
        if (cursor.isObject()) {
            block(cursor, tally);
            return;
        }
        if (!cursor.isArray()) {
            tally.text(cursor);
            return;
        }
        while (cursor.nextElement()) {
            if (cursor.isObject()) {
                block(cursor, tally);
            } else {
                tally.text(cursor);
            }
        }
    }

    private static void block(Cursor cursor, Tally tally) throws IOException, MalformedBody {
        boolean image = false;
        boolean byUrl = false;
        while (cursor.nextMember()) {
            switch (cursor.name()) {
                case "type" -> {
                    var type = cursor.word();
                    tally.textBytes += type == null ? 0 : type.length();
                    image = "image".equals(type);
                    if (type == null || !knownBlock(type)) {
                        tally.unbounded("messages[].content[] of type " + type);
                    }
                }
                case "source" -> {
                    if (cursor.isObject()) {
                        byUrl |= source(cursor, tally);
                    } else {
                        tally.text(cursor);
                    }
                }
                case "content" -> content(cursor, tally);
                case "file_id" -> {
                    tally.unbounded("messages[].content[].file_id");
                    cursor.skip();
                }
                default -> tally.text(cursor);
            }
        }
        if (byUrl && image) {
            tally.image();
        } else if (byUrl) {
            tally.unbounded("messages[].content[].source.url");
        }
    }

    private static boolean knownBlock(String type) {
        return switch (type) {
            case "text",
                    "image",
                    "document",
                    "tool_use",
                    "tool_result",
                    "thinking",
                    "redacted_thinking",
                    "search_result",
                    "server_tool_use",
                    "tool_reference",
                    "mcp_tool_use",
                    "mcp_tool_result",
                    "web_search_result",
                    "web_fetch_result",
                    "code_execution_result",
                    "bash_code_execution_result",
                    "encrypted_code_execution_result",
                    "text_editor_code_execution_view_result",
                    "text_editor_code_execution_create_result",
                    "text_editor_code_execution_str_replace_result",
                    "tool_search_tool_search_result",
                    "advisor_tool_result",
                    "compaction" ->
                    true;
            default -> type.endsWith("_tool_result") || type.endsWith("_tool_result_error");
        };
    }

    /** The source of an image or a document; whether it is a URL. */
    private static boolean source(Cursor cursor, Tally tally) throws IOException, MalformedBody {
        var seen = new Seen("source.");
        @Nullable String type = null;
        @Nullable String mediaType = null;
        long bytes = 0;
        long dataText = 0;
        boolean byUrl = false;
        while (cursor.nextMember()) {
            var name = cursor.name();
            seen.add(name);
            switch (name) {
                case "type" -> type = cursor.word();
                case "media_type" -> mediaType = cursor.word();
                case "data" -> {
                    bytes = cursor.isString() ? cursor.decodedBase64Bytes() : 0;
                    dataText = cursor.textBytes();
                }
                case "content" -> content(cursor, tally);
                case "url" -> {
                    byUrl = true;
                    tally.text(cursor);
                }
                case "file_id" -> {
                    tally.unbounded("messages[].content[].source.file_id");
                    cursor.skip();
                }
                default -> tally.text(cursor);
            }
        }
        if ("text".equals(type)) {
            tally.textBytes += dataText;
        } else if ("base64".equals(type) || dataText > 0) {
            tally.media(mediaType, bytes, "messages[].content[].source of " + mediaType);
        } else if (!byUrl && !"content".equals(type) && !"file".equals(type)) {
            tally.unbounded("messages[].content[].source of type " + type);
        }
        return byUrl;
    }
}
