package dev.tollgate.dialects.openai;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.Bridge.RequestTerms;
import dev.tollgate.dialects.codec.Documents;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.codec.JsonMode;
import dev.tollgate.dialects.codec.Loss;
import dev.tollgate.dialects.codec.OpenAiModel;
import dev.tollgate.dialects.codec.Written;
import dev.tollgate.dialects.conversation.Conversation;
import dev.tollgate.dialects.conversation.Media;
import dev.tollgate.dialects.conversation.OutputFormat;
import dev.tollgate.dialects.conversation.Part;
import dev.tollgate.dialects.conversation.ReasoningRequest;
import dev.tollgate.dialects.conversation.Tool;
import dev.tollgate.dialects.conversation.ToolChoice;
import dev.tollgate.dialects.conversation.Turn;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes a chat request. Quirks that it knows: {@code max_tokens} (the server does not know {@code
 * max_completion_tokens}), {@code reasoning_content} and {@code reasoning_details} (earlier
 * reasoning must be sent back), {@code no_stream_options}, {@code no_reasoning_effort}, {@code
 * no_parallel_tool_calls}.
 */
final class ChatRequestWriter {
    private static final int MAX_USER_CHARS = 64;

    private final RequestTerms terms;
    private final OpenAiModel model;
    private final boolean effort;
    private final List<String> dropped = new ArrayList<>();

    /** Media of tool results, until the last result of the calls before has been written. */
    private final List<Part> fromTools = new ArrayList<>();

    ChatRequestWriter(RequestTerms terms) {
        this.terms = terms;
        this.model = OpenAiModel.of(terms.model());
        this.effort = model.effort() && !terms.quirks().contains("no_reasoning_effort");
    }

    Written write(Conversation conversation, boolean stream) {
        if (!conversation.stop().isEmpty() && !model.stops(conversation.reasoning(), effort)) {
            return new Written.Refused(
                    "stop: the model reasons and cannot stop on a string", "stop");
        }
        var body = Json.object();
        body.put("model", terms.model());
        var messages = body.putArray("messages");
        for (var turn : conversation.turns()) {
            if (turn.role() != Turn.Role.USER) {
                userMessage(List.of(), messages);
            }
            switch (turn.role()) {
                case SYSTEM -> system(turn, messages);
                case USER -> user(turn, messages);
                case ASSISTANT -> assistant(turn, messages);
            }
        }
        userMessage(List.of(), messages);
        if (conversation.format() instanceof OutputFormat.JsonObject
                && !JsonMode.isMentioned(conversation.turns())) {
            messages.insertObject(0).put("role", "system").put("content", JsonMode.INSTRUCTION);
        }
        limit(conversation, body);
        sampling(conversation, body);
        tools(conversation, body);
        format(conversation.format(), body);
        reasoning(conversation.reasoning(), body);
        var user = conversation.user();
        if (user != null && user.length() <= MAX_USER_CHARS) {
            body.put("user", user);
        } else if (user != null) {
            dropped.add(Loss.USER.words());
        }
        if (stream) {
            body.put("stream", true);
            if (!terms.quirks().contains("no_stream_options")) {
                body.putObject("stream_options").put("include_usage", true);
            }
        }
        return new Written.Body(body, dropped);
    }

    private void limit(Conversation conversation, ObjectNode body) {
        var limit =
                terms.maxOutputTokens().isPresent()
                        ? terms.maxOutputTokens()
                        : conversation.maxOutputTokens();
        if (limit.isPresent()) {
            var old = terms.quirks().contains("max_tokens");
            body.put(old ? "max_tokens" : "max_completion_tokens", limit.getAsLong());
        }
    }

    private void sampling(Conversation conversation, ObjectNode body) {
        ChatSampling.write(conversation, body);
        var sampling = conversation.sampling();
        if (!model.samples(conversation.reasoning(), effort)) {
            if (!sampling.isDefault()) {
                dropped.add(Loss.OPENAI_SAMPLING.words());
            }
        } else {
            ChatSampling.free(sampling, body);
        }
    }

    private void tools(Conversation conversation, ObjectNode body) {
        if (conversation.tools().isEmpty()) {
            return;
        }
        var tools = body.putArray("tools");
        for (var tool : conversation.tools()) {
            tools.addObject().put("type", "function").set("function", function(tool));
        }
        var choice = conversation.toolChoice();
        if (choice != null) {
            choice(choice, body);
        }
        var parallel = conversation.parallelToolCalls();
        if (parallel != null && !terms.quirks().contains("no_parallel_tool_calls")) {
            body.put("parallel_tool_calls", parallel);
        }
    }

    private static ObjectNode function(Tool tool) {
        var function = Json.object();
        function.put("name", tool.name());
        if (tool.description() != null) {
            function.put("description", tool.description());
        }
        var parameters = tool.parameters();
        if (parameters == null) {
            parameters = Json.object().put("type", "object");
            parameters.putObject("properties");
        } else if (!parameters.has("type")) {
            parameters = parameters.deepCopy().put("type", "object");
        }
        function.set("parameters", parameters);
        if (tool.strict() != null) {
            function.put("strict", tool.strict());
        }
        return function;
    }

    private static void choice(ToolChoice choice, ObjectNode body) {
        switch (choice) {
            case ToolChoice.Auto() -> body.put("tool_choice", "auto");
            case ToolChoice.None() -> body.put("tool_choice", "none");
            case ToolChoice.Required() -> body.put("tool_choice", "required");
            case ToolChoice.Named(var name) ->
                    body.putObject("tool_choice")
                            .put("type", "function")
                            .putObject("function")
                            .put("name", name);
            case ToolChoice.Allowed(var names, var required) -> {
                var node = body.putObject("tool_choice").put("type", "allowed_tools");
                var allowed = node.putObject("allowed_tools");
                allowed.put("mode", required ? "required" : "auto");
                var tools = allowed.putArray("tools");
                for (var name : names) {
                    tools.addObject()
                            .put("type", "function")
                            .putObject("function")
                            .put("name", name);
                }
            }
        }
    }

    private static void format(OutputFormat format, ObjectNode body) {
        switch (format) {
            case OutputFormat.Free() -> {}
            case OutputFormat.JsonObject() ->
                    body.putObject("response_format").put("type", "json_object");
            case OutputFormat.JsonSchema(var name, var description, var schema, var strict, _) -> {
                var wanted =
                        body.putObject("response_format")
                                .put("type", "json_schema")
                                .putObject("json_schema");
                wanted.put("name", name);
                if (description != null) {
                    wanted.put("description", description);
                }
                wanted.set("schema", schema);
                if (strict != null) {
                    wanted.put("strict", strict);
                }
            }
        }
    }

    private void reasoning(@Nullable ReasoningRequest reasoning, ObjectNode body) {
        if (reasoning == null || reasoning.amount() instanceof ReasoningRequest.Unsaid) {
            return;
        }
        if (reasoning.off() && model.none() && model.restsByDefault()) {
            return; // some refuse the word beside tools
        }
        var word = model.word(reasoning);
        if (reasoning.off() && (word == null || !effort)) {
            dropped.add(Loss.REASONING_OFF.words());
        } else if (!effort) {
            dropped.add(Loss.REASONING_EFFORT.words());
        } else {
            body.put("reasoning_effort", word);
        }
    }

    private static void system(Turn turn, ArrayNode messages) {
        var text = text(turn.parts(), "\n");
        if (!text.isEmpty()) {
            messages.addObject().put("role", "system").put("content", text);
        }
    }

    /**
     * Tool results become messages of their own and come first, as the protocol demands; nothing
     * may stand between the results of one turn's calls, in however many turns they came.
     */
    private void user(Turn turn, ArrayNode messages) {
        var rest = new ArrayList<Part>();
        for (var part : turn.parts()) {
            if (part instanceof Part.ToolResult result) {
                toolResult(result, messages, fromTools);
            } else {
                rest.add(part);
            }
        }
        if (turn.parts().isEmpty()) {
            rest.add(new Part.Text(""));
        }
        if (!rest.isEmpty()) {
            userMessage(rest, messages);
        }
    }

    /** Writes these parts behind the media that wait. */
    private void userMessage(List<Part> rest, ArrayNode messages) {
        var parts = new ArrayList<>(fromTools);
        fromTools.clear();
        parts.addAll(rest);
        if (parts.isEmpty()) {
            return;
        }
        var message = messages.addObject().put("role", "user");
        if (parts.size() == 1 && parts.getFirst() instanceof Part.Text(var text, _, _, _)) {
            message.put("content", text);
            return;
        }
        var content = message.putArray("content");
        for (var part : parts) {
            content(part, content);
        }
    }

    /** A tool message holds text alone: media follow in a user message that says whose they are. */
    private static void toolResult(Part.ToolResult result, ArrayNode messages, List<Part> media) {
        var text = new StringBuilder(text(result.content(), "\n"));
        for (var part : result.content()) {
            if (part instanceof Part.Document(Media.PlainText(var plain), var title, _)) {
                text.append(text.isEmpty() ? "" : "\n").append(Documents.plain(title, plain));
            } else if (isMedia(part)) {
                if (media.stream().noneMatch(Part.Text.class::isInstance) || text.isEmpty()) {
                    text.append(text.isEmpty() ? "" : "\n")
                            .append("[attached in the next user message]");
                }
                media.add(new Part.Text("Result of tool call " + result.callId() + ":"));
                media.add(part);
            }
        }
        if (result.error()) {
            text.insert(0, "Error: ");
        }
        messages.addObject()
                .put("role", "tool")
                .put("tool_call_id", result.callId())
                .put("content", text.toString());
    }

    private static boolean isMedia(Part part) {
        return part instanceof Part.Image
                || part instanceof Part.Document
                || part instanceof Part.Audio
                || part instanceof Part.Video;
    }

    private void assistant(Turn turn, ArrayNode messages) {
        var message = Json.object().put("role", "assistant");
        var text = text(turn.parts(), "");
        var calls = Json.array();
        var refusal = new StringBuilder();
        var reasoning = new StringBuilder();
        var details = Json.array();
        for (var part : turn.parts()) {
            if (part instanceof Part.ToolCall call) {
                calls.addObject()
                        .put("id", call.id())
                        .put("type", "function")
                        .putObject("function")
                        .put("name", call.name())
                        .put("arguments", call.arguments());
            } else if (part instanceof Part.Refusal(var words)) {
                refusal.append(words);
            } else if (part instanceof Part.Reasoning thought) {
                reasoning.append(thought.text());
                ReasoningDetails.write(thought, details);
            }
        }
        if (text.isEmpty()) {
            message.putNull("content");
        } else {
            message.put("content", text);
        }
        if (!refusal.isEmpty()) {
            message.put("refusal", refusal.toString());
        }
        if (!reasoning.isEmpty() && terms.quirks().contains("reasoning_content")) {
            message.put("reasoning_content", reasoning.toString());
        }
        if (!details.isEmpty() && terms.quirks().contains("reasoning_details")) {
            message.set("reasoning_details", details);
        }
        if (!calls.isEmpty()) {
            message.set("tool_calls", calls);
        } else if (text.isEmpty() && refusal.isEmpty()) {
            message.put("content", "");
        }
        messages.add(message);
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

    private static void content(Part part, ArrayNode content) {
        switch (part) {
            case Part.Text(var text, _, _, _) ->
                    content.addObject().put("type", "text").put("text", text);
            case Part.Image(var media, var detail, _) -> {
                var image = content.addObject().put("type", "image_url").putObject("image_url");
                image.put("url", url(media));
                if (detail != null) {
                    image.put("detail", detail);
                }
            }
            case Part.Document(Media.PlainText(var plain), var title, _) ->
                    content.addObject()
                            .put("type", "text")
                            .put("text", Documents.plain(title, plain));
            case Part.Document(var media, var title, _) ->
                    content.addObject()
                            .put("type", "file")
                            .putObject("file")
                            .put("filename", title == null ? "document.pdf" : title)
                            .put("file_data", url(media));
            case Part.Audio(var media) -> {
                if (media instanceof Media.Inline(var type, var base64)) {
                    content.addObject()
                            .put("type", "input_audio")
                            .putObject("input_audio")
                            .put("data", base64)
                            .put("format", audioFormat(type));
                }
            }
            case Part.Refusal(var text) ->
                    content.addObject().put("type", "text").put("text", text);
            // refused by the table of traits, or no part of user turns
            case Part.Video _, Part.ToolCall _, Part.ToolResult _, Part.Reasoning _ -> {}
        }
    }

    private static String audioFormat(String mimeType) {
        return mimeType.equals("audio/mpeg")
                ? "mp3"
                : mimeType.substring(mimeType.indexOf('/') + 1).replaceFirst("^x-", "");
    }

    private static String url(Media media) {
        return switch (media) {
            case Media.Inline(var type, var base64) -> "data:" + type + ";base64," + base64;
            case Media.Url(var url, _) -> url;
            case Media.PlainText(var text) -> text;
        };
    }
}
