package dev.tollgate.dialects.responses;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.conversation.Media;
import dev.tollgate.dialects.conversation.Part;
import dev.tollgate.dialects.conversation.Signature.Issuer;
import dev.tollgate.dialects.conversation.Turn;
import dev.tollgate.dialects.conversation.Turn.Role;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Writes the turns of a Responses request: leading system prompts as instructions, then items. */
final class ResponsesItemsWriter {
    private final Set<String> customCalls = new HashSet<>();

    void write(List<Turn> turns, ObjectNode body) {
        int first = 0;
        var instructions = new ArrayList<String>();
        while (first < turns.size() && turns.get(first).role() == Role.SYSTEM) {
            instructions.add(text(turns.get(first).parts(), "\n"));
            first++;
        }
        var input = Json.array();
        if (first == turns.size() && !instructions.isEmpty()) {
            // system prompts alone are what the user has to say
            message(input).put("role", "user").put("content", instructions.removeLast());
        }
        if (!instructions.isEmpty()) {
            body.put("instructions", String.join("\n", instructions));
        }
        for (var turn : turns.subList(first, turns.size())) {
            switch (turn.role()) {
                case SYSTEM ->
                        message(input)
                                .put("role", "system")
                                .put("content", text(turn.parts(), "\n"));
                case USER -> user(turn, input);
                case ASSISTANT -> assistant(turn, input);
            }
        }
        body.set("input", input);
    }

    private static ObjectNode message(ArrayNode input) {
        return input.addObject().put("type", "message");
    }

    private static String text(List<Part> parts, String separator) {
        var texts = new ArrayList<String>();
        for (var part : parts) {
            if (part instanceof Part.Text(var text, _, _, _) && !text.isEmpty()) {
                texts.add(text);
            }
        }
        return String.join(separator, texts);
    }

    private void user(Turn turn, ArrayNode input) {
        var rest = new ArrayList<Part>();
        for (var part : turn.parts()) {
            if (part instanceof Part.ToolResult result) {
                toolResult(result, input);
            } else {
                rest.add(part);
            }
        }
        if (turn.parts().isEmpty()) {
            rest.add(new Part.Text(""));
        }
        if (rest.size() == 1 && rest.getFirst() instanceof Part.Text(var text, _, _, _)) {
            message(input).put("role", "user").put("content", text);
        } else if (!rest.isEmpty()) {
            var content = message(input).put("role", "user").putArray("content");
            rest.forEach(part -> content(part, content));
        }
    }

    private void toolResult(Part.ToolResult result, ArrayNode input) {
        var item = input.addObject();
        item.put(
                "type",
                customCalls.contains(result.callId())
                        ? "custom_tool_call_output"
                        : "function_call_output");
        item.put("call_id", result.callId());
        var prefix = result.error() ? "Error: " : "";
        if (result.content().stream().allMatch(Part.Text.class::isInstance)) {
            item.put("output", prefix + text(result.content(), "\n"));
            return;
        }
        var output = item.putArray("output");
        if (result.error()) {
            output.addObject().put("type", "input_text").put("text", "Error:");
        }
        result.content().forEach(part -> content(part, output));
    }

    private void assistant(Turn turn, ArrayNode input) {
        var text = new StringBuilder();
        for (var part : turn.parts()) {
            switch (part) {
                case Part.Text(var words, _, _, _) -> text.append(words);
                case Part.Refusal(var words) -> text.append(words);
                case Part.ToolCall call -> {
                    flush(text, input);
                    toolCall(call, input);
                }
                case Part.Reasoning thought -> {
                    flush(text, input);
                    reasoning(thought, input);
                }
                case Part.Image _,
                        Part.Document _,
                        Part.Audio _,
                        Part.Video _,
                        Part.ToolResult _ -> {}
            }
        }
        flush(text, input);
    }

    private static void flush(StringBuilder text, ArrayNode input) {
        if (!text.isEmpty()) {
            message(input).put("role", "assistant").put("content", text.toString());
            text.setLength(0);
        }
    }

    private void toolCall(Part.ToolCall call, ArrayNode input) {
        var item = input.addObject();
        if (call.custom()) {
            customCalls.add(call.id());
            item.put("type", "custom_tool_call");
            item.put("call_id", call.id()).put("name", call.name()).put("input", call.arguments());
        } else {
            item.put("type", "function_call");
            item.put("call_id", call.id())
                    .put("name", call.name())
                    .put("arguments", call.arguments());
        }
    }

    private static void reasoning(Part.Reasoning thought, ArrayNode input) {
        var signature = thought.signature();
        if (signature == null || signature.issuer() != Issuer.OPENAI) {
            return;
        }
        var item = input.addObject().put("type", "reasoning");
        var id = EncryptedReasoning.id(signature);
        if (!id.isEmpty()) {
            item.put("id", id);
        }
        var summary = item.putArray("summary");
        if (!thought.text().isEmpty()) {
            summary.addObject().put("type", "summary_text").put("text", thought.text());
        }
        item.put("encrypted_content", EncryptedReasoning.content(signature));
    }

    private static void content(Part part, ArrayNode content) {
        switch (part) {
            case Part.Text(var text, _, _, _) ->
                    content.addObject().put("type", "input_text").put("text", text);
            case Part.Refusal(var text) ->
                    content.addObject().put("type", "input_text").put("text", text);
            case Part.Image(var media, var detail, _) ->
                    content.addObject()
                            .put("type", "input_image")
                            .put("detail", detail == null ? "auto" : detail)
                            .put("image_url", url(media));
            case Part.Document(Media.PlainText(var plain), var title, _) ->
                    content.addObject()
                            .put("type", "input_text")
                            .put("text", title == null ? plain : title + ":\n" + plain);
            case Part.Document(Media.Url(var url, _), _, _) ->
                    content.addObject().put("type", "input_file").put("file_url", url);
            case Part.Document(var media, var title, _) ->
                    content.addObject()
                            .put("type", "input_file")
                            .put("filename", title == null ? "document.pdf" : title)
                            .put("file_data", url(media));
            // refused by the table of traits, or no part of user turns
            case Part.Audio _,
                    Part.Video _,
                    Part.ToolCall _,
                    Part.ToolResult _,
                    Part.Reasoning _ -> {}
        }
    }

    private static String url(Media media) {
        return switch (media) {
            case Media.Inline(var type, var base64) -> "data:" + type + ";base64," + base64;
            case Media.Url(var url, _) -> url;
            case Media.PlainText(var text) -> text;
        };
    }
}
