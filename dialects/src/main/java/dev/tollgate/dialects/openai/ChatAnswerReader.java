package dev.tollgate.dialects.openai;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.codec.CallIds;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.codec.Logprobs;
import dev.tollgate.dialects.codec.MadeMedia;
import dev.tollgate.dialects.codec.ProviderUsage;
import dev.tollgate.dialects.codec.Reading;
import dev.tollgate.dialects.conversation.Answer;
import dev.tollgate.dialects.conversation.Citation;
import dev.tollgate.dialects.conversation.FinishReason;
import dev.tollgate.dialects.conversation.Part;
import dev.tollgate.dialects.conversation.Signature;
import dev.tollgate.dialects.conversation.Signature.Issuer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads a complete chat answer, of OpenAI and of compatible servers. */
final class ChatAnswerReader {
    private ChatAnswerReader() {}

    static Reading read(ObjectNode body, String idSeed) {
        var choices = new ArrayList<Answer.Choice>();
        for (var choice : inOrder(Json.arrayIn(body, "choices"))) {
            var word = Json.text(choice, "finish_reason");
            var message = Json.objectIn(choice, "message");
            if (message == null && word != null && ChatFinish.isWithoutAnswer(word)) {
                message = Json.object(); // Google's compatible endpoint
            }
            if (message == null) {
                break;
            }
            if (word != null && ChatFinish.isFailure(word)) {
                return new Reading.Unreadable(
                        "the provider's answer ended with "
                                + (word.equals("error") ? "an error" : word)
                                + ": "
                                + Json.textOr(choice.path("error"), "message", "no reason given"));
            }
            var parts = parts(body, message, CallIds.seed(idSeed, choices.size()));
            if (parts.isEmpty() && word != null && ChatFinish.isFailureIfSilent(word)) {
                return new Reading.Unreadable("the provider's model failed with " + word);
            }
            choices.add(
                    new Answer.Choice(
                            parts,
                            word == null ? FinishReason.STOP : ChatFinish.read(word),
                            word,
                            Logprobs.read(choice.path("logprobs").path("content"))));
        }
        if (choices.isEmpty()) {
            var error = body.path("error");
            return new Reading.Unreadable(
                    error.isObject()
                            ? "the provider answered with an error: "
                                    + error.path("message").asText()
                            : "the provider's answer has no choices[0].message");
        }
        return new Reading.Read(
                Answer.of(
                        Json.text(body, "id"),
                        Json.text(body, "model"),
                        choices,
                        ProviderUsage.read(Dialect.OPENAI_CHAT, body)));
    }

    /** By their index, as servers may finish a later answer first. */
    private static List<JsonNode> inOrder(JsonNode choices) {
        var sorted = new ArrayList<JsonNode>();
        choices.forEach(sorted::add);
        sorted.sort(Comparator.comparingInt(choice -> choice.path("index").asInt()));
        return sorted;
    }

    private static List<Part> parts(ObjectNode body, ObjectNode message, String idSeed) {
        var parts = new ArrayList<Part>();
        parts.addAll(ReasoningDetails.read(message));
        content(body, message, parts);
        var spoken = Json.text(message.path("audio"), "transcript");
        if (spoken != null && !spoken.isEmpty()) {
            parts.add(new Part.Text(spoken));
        }
        for (var image : Json.arrayIn(message, "images")) {
            parts.add(MadeMedia.image(imageUrl(image)));
        }
        var refusal = Json.text(message, "refusal");
        if (refusal != null && !refusal.isEmpty()) {
            parts.add(new Part.Refusal(refusal));
        }
        var calls = Json.arrayIn(message, "tool_calls");
        for (int i = 0; i < calls.size(); i++) {
            parts.add(toolCall(calls.get(i), i, message, idSeed));
        }
        var legacy = Json.objectIn(message, "function_call");
        if (legacy != null && calls.isEmpty()) {
            var call = Json.object();
            call.set("function", legacy);
            parts.add(toolCall(call, 0, message, idSeed));
        }
        return parts;
    }

    private static void content(ObjectNode body, ObjectNode message, List<Part> parts) {
        var content = message.path("content");
        if (content.isTextual() && !content.textValue().isEmpty()) {
            var citations = citations(message);
            citations.addAll(SearchResults.cited(body, content.textValue()));
            parts.add(new Part.Text(content.textValue(), null, citations, null));
        }
        for (var each : content) {
            if ("thinking".equals(Json.text(each, "type"))) {
                parts.add(new Part.Reasoning(ChatMessagesReader.thinking(each), null, false));
            } else {
                var text = Json.text(each, "text");
                if (text != null && !text.isEmpty()) {
                    parts.add(new Part.Text(text));
                }
            }
        }
    }

    /** OpenRouter's form of what a model painted. */
    static String imageUrl(JsonNode image) {
        return Json.textOr(image.path("image_url"), "url", "");
    }

    private static List<Citation> citations(ObjectNode message) {
        var citations = new ArrayList<Citation>();
        for (var annotation : Json.arrayIn(message, "annotations")) {
            var citation = citation(annotation);
            if (citation != null) {
                citations.add(citation);
            }
        }
        return citations;
    }

    /** Null if it cites nothing by URL. */
    static @Nullable Citation citation(JsonNode annotation) {
        var cited = annotation.path("url_citation");
        var url = Json.text(cited, "url");
        return url == null
                ? null
                : new Citation(
                        url,
                        Json.text(cited, "title"),
                        cited.path("start_index").asInt(),
                        cited.path("end_index").asInt());
    }

    private static Part toolCall(JsonNode call, int index, ObjectNode message, String idSeed) {
        var id = Json.textOr(call, "id", "");
        if (id.isEmpty()) {
            id = CallIds.made(idSeed, index);
        }
        var custom = Json.objectIn(call, "custom");
        if (custom != null) {
            return new Part.ToolCall(
                    id,
                    Json.textOr(custom, "name", ""),
                    Json.textOr(custom, "input", ""),
                    true,
                    null);
        }
        return new Part.ToolCall(
                id,
                Json.textOr(call.path("function"), "name", ""),
                ChatMessagesReader.arguments(call.path("function").get("arguments")),
                false,
                signature(call, index, message));
    }

    /** Where Google's compatible endpoint puts it: on the call, or on the message. */
    static @Nullable Signature signature(JsonNode call, int index, JsonNode message) {
        var written = Json.text(call.path("extra_content").path("google"), "thought_signature");
        if (written == null && index == 0) {
            written = Json.text(message.path("extra_content").path("google"), "thought_signature");
        }
        return Signature.read(written, Issuer.GEMINI);
    }
}
