package dev.tollgate.dialects.scan;

import dev.tollgate.dialects.RequestScan.Feature;
import java.io.IOException;
import java.util.Set;

/** OpenAI Responses: the top level, and the input items. */
final class ResponsesScan {
    private static final Set<String> FIELDS =
            Set.of(
                    "model",
                    "input",
                    "instructions",
                    "stream",
                    "max_output_tokens",
                    "tools",
                    "previous_response_id",
                    "conversation",
                    "prompt",
                    "background",
                    "text",
                    "reasoning",
                    "service_tier",
                    "context_management",
                    "modalities");

    private static final Set<String> TIERS_AT_LIST_PRICE = Set.of("auto", "default", "flex");

    private ResponsesScan() {}

    static void read(Cursor cursor, Tally tally) throws IOException, MalformedBody {
        var seen = new Seen("");
        while (cursor.nextMember()) {
            tally.empty = false;
            var name = cursor.name();
            seen.add(name);
            switch (name) {
                case "model" -> tally.model(cursor);
                case "input" -> input(cursor, tally);
                case "instructions" -> {
                    if (!cursor.isNull()) {
                        tally.messages++;
                    }
                    tally.text(cursor);
                }
                case "stream" -> tally.stream(cursor);
                case "max_output_tokens" -> tally.limit(cursor, name);
                case "temperature" -> tally.temperature(cursor, name);
                case "tools" -> ToolScan.openAi(cursor, tally);
                default -> rare(cursor, tally, name);
            }
        }
        if (tally.model == null) {
            throw new MalformedBody("`model` is missing", "model");
        }
    }

    private static void rare(Cursor cursor, Tally tally, String name)
            throws IOException, MalformedBody {
        if (cursor.isNull()) {
            Cursor.refuseVariant(name, FIELDS, false);
            return;
        }
        switch (name) {
            case "previous_response_id", "conversation", "prompt", "context_management" -> {
                tally.unbounded(name);
                cursor.skip();
            }
            case "background" -> {
                if (cursor.bool(name)) {
                    tally.unbounded(name);
                }
            }
            case "service_tier" -> tally.priced(cursor, name, TIERS_AT_LIST_PRICE);
            case "modalities" -> tally.outputKinds(cursor, name);
            case "text" -> text(cursor, tally);
            case "reasoning" -> reasoning(cursor, tally);
            case "top_logprobs" -> {
                tally.feature(Feature.LOGPROBS);
                cursor.skip();
            }
            case "tool_choice" -> tally.text(cursor);
            default -> {
                Cursor.refuseVariant(name, FIELDS, false);
                cursor.skip();
            }
        }
    }

    static void text(Cursor cursor, Tally tally) throws IOException, MalformedBody {
        cursor.expectObject("text");
        while (cursor.nextMember()) {
            if (cursor.name().equals("format")) {
                if (ToolScan.typeAndText(cursor, tally).equals("json_schema")) {
                    tally.feature(Feature.JSON_SCHEMA);
                }
            } else {
                tally.text(cursor);
            }
        }
    }

    private static void reasoning(Cursor cursor, Tally tally) throws IOException, MalformedBody {
        cursor.expectObject("reasoning");
        while (cursor.nextMember()) {
            var name = cursor.name();
            boolean nothing = cursor.isNull();
            var word = cursor.word();
            if (name.equals("effort") && !nothing && !"none".equals(word)) {
                tally.feature(Feature.REASONING);
            } else if (name.equals("mode") && !nothing && !"standard".equals(word)) {
                // Runs the model several times: recorded were 1,549 tokens of 70 bytes.
                tally.feature(Feature.REASONING);
                tally.unbounded("reasoning.mode");
            }
        }
    }

    static void input(Cursor cursor, Tally tally) throws IOException, MalformedBody {
        if (cursor.isNull()) {
            return;
        }
        if (cursor.isString()) {
            tally.messages++;
            tally.text(cursor);
            return;
        }
        cursor.expectArray("input");
        while (cursor.nextElement()) {
            cursor.expectObject("input[]");
            tally.messages++;
            item(cursor, tally);
        }
    }

    private static void item(Cursor cursor, Tally tally) throws IOException {
        while (cursor.nextMember()) {
            switch (cursor.name()) {
                case "type" -> {
                    var type = cursor.word();
                    tally.textBytes += type == null ? 0 : type.length();
                    if (type == null || !knownItem(type)) {
                        tally.unbounded("input[] of type " + type);
                    }
                }
                case "content", "output", "summary" -> parts(cursor, tally);
                case "tools" -> ToolScan.inItem(cursor, tally);
                default -> tally.text(cursor);
            }
        }
    }

    private static boolean knownItem(String type) {
        return switch (type) {
            case "message",
                    "function_call",
                    "function_call_output",
                    "custom_tool_call",
                    "custom_tool_call_output",
                    "reasoning",
                    "computer_call",
                    "computer_call_output",
                    "local_shell_call",
                    "local_shell_call_output",
                    "shell_call",
                    "shell_call_output",
                    "apply_patch_call",
                    "apply_patch_call_output",
                    "web_search_call",
                    "mcp_call",
                    "mcp_list_tools",
                    "mcp_approval_request",
                    "mcp_approval_response",
                    "additional_tools",
                    "tool_search_call",
                    "tool_search_output",
                    "compaction" ->
                    true;
            default -> false;
        };
    }

    /** A string, one part, or a list of parts. */
    private static void parts(Cursor cursor, Tally tally) throws IOException {
        if (cursor.isObject()) {
            part(cursor, tally);
            return;
        }
        if (!cursor.isArray()) {
            tally.text(cursor);
            return;
        }
        while (cursor.nextElement()) {
            if (cursor.isObject()) {
                part(cursor, tally);
            } else {
                tally.text(cursor);
            }
        }
    }

    private static void part(Cursor cursor, Tally tally) throws IOException {
        while (cursor.nextMember()) {
            switch (cursor.name()) {
                case "type" -> {
                    var type = cursor.word();
                    tally.textBytes += type == null ? 0 : type.length();
                    if (type == null || !knownPart(type)) {
                        tally.unbounded("content of type " + type);
                    }
                }
                case "image_url" -> tally.imageUrl(cursor, "input_image.image_url");
                case "file_data" -> {
                    if (cursor.isString()) {
                        tally.dataUrl(cursor, "input_file.file_data");
                    } else {
                        tally.text(cursor);
                    }
                }
                case "file_id", "file_url", "input_audio" -> {
                    if (!cursor.isNull()) {
                        tally.unbounded(cursor.name());
                    }
                    cursor.skip();
                }
                default -> tally.text(cursor);
            }
        }
    }

    private static boolean knownPart(String type) {
        return switch (type) {
            case "input_text",
                    "output_text",
                    "text",
                    "refusal",
                    "input_image",
                    "input_file",
                    "input_audio",
                    "summary_text",
                    "reasoning_text",
                    "computer_screenshot",
                    "logs",
                    "stdout",
                    "stderr" ->
                    true;
            default -> false;
        };
    }
}
