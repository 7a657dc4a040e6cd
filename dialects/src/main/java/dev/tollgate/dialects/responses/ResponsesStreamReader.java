package dev.tollgate.dialects.responses;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.codec.Logprobs;
import dev.tollgate.dialects.codec.StreamFailures;
import dev.tollgate.dialects.codec.StreamReader;
import dev.tollgate.dialects.conversation.AnswerEvent;
import dev.tollgate.dialects.conversation.Part;
import dev.tollgate.dialects.usage.RunningUsage;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads the events of a Responses stream. Servers leave events out, so each item counts as told
 * once: by its deltas, else by its {@code done}, else by the final response.
 */
final class ResponsesStreamReader implements StreamReader {
    /** Above the index of every item that a server numbers. */
    private static final int BEHIND_ALL = 1 << 20;

    private final Map<Integer, Integer> callByOutput = new HashMap<>();
    private final Set<Integer> argumentsSeen = new HashSet<>();
    private final Set<Integer> told = new HashSet<>();
    private final Set<String> callIds = new HashSet<>();
    private int calls;
    private boolean started;
    private final RunningUsage usage = new RunningUsage(Dialect.OPENAI_RESPONSES);
    private boolean anyItem;
    private boolean finished;

    @Override
    public void event(@Nullable String name, JsonNode data, Consumer<AnswerEvent> out) {
        int output = data.path("output_index").asInt();
        switch (Json.textOr(data, "type", name == null ? "" : name)) {
            case "response.created", "response.in_progress", "response.queued" ->
                    start(data.path("response"), out);
            case "response.output_item.added" -> added(data.path("item"), output, out);
            case "response.output_item.done" -> done(data.path("item"), output, out);
            case "response.output_text.delta" -> {
                var logprobs = Logprobs.read(data.path("logprobs"));
                if (!logprobs.isEmpty()) {
                    out.accept(new AnswerEvent.Logprobs(logprobs));
                }
                delta(output, new AnswerEvent.TextDelta(text(data)), out);
            }
            case "response.refusal.delta" ->
                    delta(output, new AnswerEvent.RefusalDelta(text(data)), out);
            case "response.reasoning_summary_text.delta", "response.reasoning_text.delta" ->
                    delta(output, new AnswerEvent.ReasoningDelta(text(data)), out);
            case "response.reasoning_summary_part.added" -> {
                if (data.path("summary_index").asInt() > 0) {
                    out.accept(new AnswerEvent.ReasoningDelta("\n\n"));
                }
            }
            case "response.function_call_arguments.delta",
                    "response.custom_tool_call_input.delta" ->
                    arguments(output, text(data), out);
            case "response.output_text.annotation.added" -> {
                var citation = ResponsesAnswerReader.citation(data.path("annotation"));
                if (citation != null) {
                    out.accept(new AnswerEvent.Cited(citation));
                }
            }
            case "response.completed", "response.incomplete", "response.done" ->
                    completed(data.path("response"), out);
            case "response.failed", "error" ->
                    out.accept(StreamFailures.read(Dialect.OPENAI_RESPONSES, data));
            default -> {}
        }
    }

    private static String text(JsonNode data) {
        return Json.textOr(data, "delta", "");
    }

    private void start(JsonNode response, Consumer<AnswerEvent> out) {
        if (!started) {
            started = true;
            out.accept(
                    new AnswerEvent.Start(Json.text(response, "id"), Json.text(response, "model")));
        }
    }

    private void delta(int output, AnswerEvent event, Consumer<AnswerEvent> out) {
        anyItem = true;
        told.add(output);
        out.accept(event);
    }

    private void added(JsonNode item, int output, Consumer<AnswerEvent> out) {
        if (isCall(item)) {
            anyItem = true;
            callByOutput.put(output, calls);
            callIds.add(callId(item));
            out.accept(
                    new AnswerEvent.ToolCallStart(
                            calls++,
                            callId(item),
                            Json.textOr(item, "name", ""),
                            "custom_tool_call".equals(Json.text(item, "type")),
                            null));
        }
    }

    private static boolean isCall(JsonNode item) {
        var type = Json.textOr(item, "type", "");
        return type.equals("function_call") || type.equals("custom_tool_call");
    }

    private static String callId(JsonNode item) {
        return Json.textOr(item, "call_id", Json.textOr(item, "id", ""));
    }

    private void arguments(int output, String text, Consumer<AnswerEvent> out) {
        var call = callByOutput.get(output);
        if (call != null && !text.isEmpty()) {
            argumentsSeen.add(output);
            out.accept(new AnswerEvent.ToolCallDelta(call, text));
        }
    }

    private void done(JsonNode item, int output, Consumer<AnswerEvent> out) {
        switch (Json.textOr(item, "type", "")) {
            case "function_call", "custom_tool_call" -> {
                if (!callByOutput.containsKey(output)) {
                    added(item, output, out);
                }
                if (!argumentsSeen.contains(output)) {
                    arguments(
                            output,
                            Json.textOr(item, "arguments", Json.textOr(item, "input", "")),
                            out);
                }
                var call = callByOutput.remove(output);
                argumentsSeen.remove(output);
                if (call != null) {
                    out.accept(new AnswerEvent.ToolCallEnd(call));
                }
            }
            case "message" -> {
                if (told.add(output)) {
                    whole(item, out);
                }
            }
            case "reasoning" -> {
                if (told.add(output)) {
                    whole(item, out);
                } else {
                    sign(ResponsesItemsReader.reasoning(item), out);
                }
            }
            case "image_generation_call" -> {
                if (told.add(output)) {
                    var image = ResponsesAnswerReader.image(item);
                    delta(output, new AnswerEvent.MediaMade(image), out);
                }
            }
            default -> {}
        }
    }

    /** An item that had no deltas. */
    private void whole(JsonNode item, Consumer<AnswerEvent> out) {
        anyItem = true;
        var response = Json.object();
        response.putArray("output").add(item);
        for (var part : ResponsesAnswerReader.parts(response)) {
            switch (part) {
                case Part.Text(var text, _, _, _) -> {
                    if (!text.isEmpty()) {
                        out.accept(new AnswerEvent.TextDelta(text));
                    }
                }
                case Part.Refusal(var text) -> out.accept(new AnswerEvent.RefusalDelta(text));
                case Part.Reasoning thought -> {
                    if (!thought.text().isEmpty()) {
                        out.accept(new AnswerEvent.ReasoningDelta(thought.text()));
                    }
                    sign(thought, out);
                }
                case Part.ToolCall _,
                        Part.Image _,
                        Part.Document _,
                        Part.Audio _,
                        Part.Video _,
                        Part.ToolResult _ -> {}
            }
        }
    }

    private static void sign(Part.Reasoning thought, Consumer<AnswerEvent> out) {
        var signature = thought.signature();
        if (signature != null) {
            out.accept(
                    thought.text().isEmpty()
                            ? new AnswerEvent.ReasoningRedacted(signature)
                            : new AnswerEvent.ReasoningSigned(signature));
        }
    }

    private void completed(JsonNode response, Consumer<AnswerEvent> out) {
        start(response, out);
        int output = anyItem ? BEHIND_ALL : 0;
        for (var item : response.path("output")) {
            // of what was told in part, only a call that was never announced is still to tell
            if (output < BEHIND_ALL || isCall(item) && !callIds.contains(callId(item))) {
                done(item, output, out);
            }
            output++;
        }
        if (response.path("usage") instanceof ObjectNode object) {
            usage.saw(object);
            var read = usage.usage();
            if (read != null) {
                out.accept(new AnswerEvent.UsageSeen(read));
            }
        }
        finished = true;
        out.accept(
                new AnswerEvent.Finished(
                        ResponsesAnswerReader.finish(response),
                        ResponsesAnswerReader.word(response),
                        null));
        out.accept(new AnswerEvent.Done());
    }

    @Override
    public boolean usageShrank() {
        return usage.shrank();
    }

    @Override
    public void end(Consumer<AnswerEvent> out) {
        if (finished) {
            out.accept(new AnswerEvent.Done());
        }
    }
}
