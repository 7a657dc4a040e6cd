package dev.tollgate.dialects.responses;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.codec.Logprobs;
import dev.tollgate.dialects.codec.MadeMedia;
import dev.tollgate.dialects.codec.ProviderUsage;
import dev.tollgate.dialects.codec.Reading;
import dev.tollgate.dialects.conversation.Answer;
import dev.tollgate.dialects.conversation.Citation;
import dev.tollgate.dialects.conversation.FinishReason;
import dev.tollgate.dialects.conversation.Media;
import dev.tollgate.dialects.conversation.Part;
import dev.tollgate.dialects.conversation.TokenLogprob;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads a complete Responses answer. Items of OpenAI's own tools are left out, but for the images
 * that they made.
 */
final class ResponsesAnswerReader {
    private ResponsesAnswerReader() {}

    static Reading read(ObjectNode body) {
        var status = Json.textOr(body, "status", "completed");
        if (body.path("error").isObject() || status.equals("failed")) {
            return new Reading.Unreadable(
                    "the provider's response failed: "
                            + Json.textOr(body.path("error"), "message", "no reason given"));
        }
        if (!body.path("output").isArray()
                || status.equals("queued")
                || status.equals("in_progress")
                || status.equals("cancelled")) {
            return new Reading.Unreadable("the provider's response is not complete: " + status);
        }
        var parts = parts(body);
        return new Reading.Read(
                new Answer(
                        Json.text(body, "id"),
                        Json.text(body, "model"),
                        parts,
                        finish(body),
                        word(body),
                        null,
                        ProviderUsage.read(Dialect.OPENAI_RESPONSES, body),
                        logprobs(body),
                        List.of()));
    }

    private static List<TokenLogprob> logprobs(JsonNode response) {
        var tokens = new ArrayList<TokenLogprob>();
        for (var item : response.path("output")) {
            for (var content : item.path("content")) {
                tokens.addAll(Logprobs.read(content.path("logprobs")));
            }
        }
        return tokens;
    }

    static FinishReason finish(JsonNode response) {
        if (!"incomplete".equals(Json.text(response, "status"))) {
            return FinishReason.STOP;
        }
        return "content_filter".equals(Json.text(response.path("incomplete_details"), "reason"))
                ? FinishReason.CONTENT_FILTER
                : FinishReason.LENGTH;
    }

    static String word(JsonNode response) {
        return Json.textOr(
                response.path("incomplete_details"),
                "reason",
                Json.textOr(response, "status", "completed"));
    }

    static List<Part> parts(JsonNode response) {
        var parts = new ArrayList<Part>();
        for (var item : response.path("output")) {
            switch (Json.textOr(item, "type", "")) {
                case "message" -> message(item, parts);
                case "function_call", "custom_tool_call" -> parts.add(toolCall(item));
                case "reasoning" -> {
                    var thought = ResponsesItemsReader.reasoning(item);
                    if (!thought.text().isEmpty() || thought.signature() != null) {
                        parts.add(thought);
                    }
                }
                case "image_generation_call" -> parts.add(image(item));
                default -> {}
            }
        }
        return parts;
    }

    static Part image(JsonNode item) {
        var type = "image/" + Json.textOr(item, "output_format", "png");
        return MadeMedia.part(new Media.Inline(type, Json.textOr(item, "result", "")));
    }

    private static void message(JsonNode item, List<Part> parts) {
        for (var content : item.path("content")) {
            var refusal = Json.text(content, "refusal");
            if (refusal != null) {
                parts.add(new Part.Refusal(refusal));
            } else if (content.hasNonNull("text")) {
                var citations = new ArrayList<Citation>();
                for (var annotation : content.path("annotations")) {
                    var citation = citation(annotation);
                    if (citation != null) {
                        citations.add(citation);
                    }
                }
                parts.add(new Part.Text(Json.textOr(content, "text", ""), null, citations, null));
            }
        }
    }

    /** Null for what is no web page. */
    static @Nullable Citation citation(JsonNode annotation) {
        var url = Json.text(annotation, "url");
        return url == null
                ? null
                : new Citation(
                        url,
                        Json.text(annotation, "title"),
                        annotation.path("start_index").asInt(),
                        annotation.path("end_index").asInt());
    }

    private static Part toolCall(JsonNode item) {
        boolean custom = "custom_tool_call".equals(Json.text(item, "type"));
        var arguments = Json.textOr(item, custom ? "input" : "arguments", "");
        return new Part.ToolCall(
                Json.textOr(item, "call_id", Json.textOr(item, "id", "")),
                Json.textOr(item, "name", ""),
                !custom && arguments.isBlank() ? "{}" : arguments,
                custom,
                null);
    }
}
