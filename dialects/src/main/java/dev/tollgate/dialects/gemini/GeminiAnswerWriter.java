package dev.tollgate.dialects.gemini;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.Usage;
import dev.tollgate.dialects.codec.ClientTerms;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.codec.MadeMedia;
import dev.tollgate.dialects.codec.Thoughts;
import dev.tollgate.dialects.conversation.Answer;
import dev.tollgate.dialects.conversation.Part;
import dev.tollgate.dialects.conversation.Signature;
import dev.tollgate.dialects.conversation.Signature.Issuer;
import org.jspecify.annotations.Nullable;

/** Writes a complete Gemini answer. */
final class GeminiAnswerWriter {
    private GeminiAnswerWriter() {}

    static ObjectNode write(Answer answer, ClientTerms terms) {
        var body = Json.object();
        var candidates = body.putArray("candidates");
        for (var choice : answer.choices()) {
            candidate(choice, candidates);
        }
        var usage = answer.usage();
        body.set("usageMetadata", usage(usage == null ? Usage.NONE : usage));
        body.put("modelVersion", terms.modelOr(answer.model()));
        body.put("responseId", id(answer.id(), terms));
        return body;
    }

    private static void candidate(Answer.Choice choice, ArrayNode candidates) {
        int number = candidates.size();
        var candidate = candidates.addObject();
        var content = candidate.putObject("content");
        var parts = content.putArray("parts");
        var grounding = new Grounding();
        for (var part : choice.parts()) {
            int index = parts.size();
            part(part, parts);
            if (part instanceof Part.Text(var text, _, var citations, _)) {
                citations.forEach(each -> grounding.add(each, index, text));
            }
        }
        if (parts.isEmpty()) {
            parts.addObject().put("text", "");
        }
        content.put("role", "model");
        candidate.put("finishReason", GeminiFinish.write(choice.finish()));
        candidate.put("index", number);
        grounding.write(candidate);
        GeminiLogprobs.write(choice.logprobs(), candidate);
    }

    static String id(@Nullable String providers, ClientTerms terms) {
        return providers == null || providers.isEmpty() ? terms.id() : providers;
    }

    private static void part(Part part, ArrayNode parts) {
        switch (part) {
            case Part.Text(var text, _, _, var signature) -> {
                if (!text.isEmpty() || signature != null) {
                    sign(parts.addObject().put("text", text), signature);
                }
            }
            case Part.Refusal(var text) -> parts.addObject().put("text", text);
            case Part.Reasoning thought -> {
                var signature = Thoughts.written(thought, Issuer.GEMINI);
                if (!thought.text().isEmpty() || signature != null) {
                    var node = parts.addObject().put("text", thought.text()).put("thought", true);
                    if (signature != null) {
                        node.put("thoughtSignature", signature);
                    }
                }
            }
            case Part.ToolCall call ->
                    parts.add(call(call.id(), call.name(), call.arguments(), call.signature()));
            case Part.Image _, Part.Document _ -> parts.add(file(part));
            case Part.Audio _, Part.Video _, Part.ToolResult _ -> {}
        }
    }

    /**
     * Unsigned calls are marked, as Gemini will refuse them if they come back to it as they are.
     */
    static ObjectNode call(
            String id, String name, String arguments, @Nullable Signature signature) {
        var part = Json.object();
        var call = part.putObject("functionCall");
        call.put("id", id);
        call.put("name", name);
        call.set("args", Json.arguments(arguments));
        sign(part, signature == null ? Signature.NONE : signature);
        return part;
    }

    private static void sign(ObjectNode part, @Nullable Signature signature) {
        if (signature != null) {
            part.put("thoughtSignature", signature.written(Issuer.GEMINI));
        }
    }

    /** A file that another provider's model made. */
    static JsonNode file(Part file) {
        var parts = Json.array();
        GeminiTurnsWriter.media(MadeMedia.media(file), "image/png", parts);
        return parts.get(0);
    }

    static ObjectNode usage(Usage usage) {
        var node = Json.object();
        node.put("promptTokenCount", usage.input());
        node.put("candidatesTokenCount", Math.max(0, usage.output() - usage.reasoning()));
        node.put("totalTokenCount", usage.input() + usage.output());
        if (usage.cacheRead() > 0) {
            node.put("cachedContentTokenCount", usage.cacheRead());
        }
        if (usage.reasoning() > 0) {
            node.put("thoughtsTokenCount", usage.reasoning());
        }
        var details = node.putArray("promptTokensDetails");
        modality("TEXT", usage.input() - usage.inputAudio(), details);
        if (usage.inputAudio() > 0) {
            modality("AUDIO", usage.inputAudio(), details);
        }
        return node;
    }

    private static void modality(String name, long tokens, ArrayNode details) {
        details.addObject().put("modality", name).put("tokenCount", tokens);
    }
}
