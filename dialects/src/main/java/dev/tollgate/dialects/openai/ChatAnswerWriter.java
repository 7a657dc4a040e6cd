package dev.tollgate.dialects.openai;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.Usage;
import dev.tollgate.dialects.codec.ClientTerms;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.codec.Logprobs;
import dev.tollgate.dialects.codec.MadeMedia;
import dev.tollgate.dialects.conversation.Answer;
import dev.tollgate.dialects.conversation.Citation;
import dev.tollgate.dialects.conversation.Part;
import dev.tollgate.dialects.conversation.Signature;
import dev.tollgate.dialects.conversation.Signature.Issuer;
import dev.tollgate.dialects.conversation.TokenLogprob;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Writes a complete chat answer. */
final class ChatAnswerWriter {
    private ChatAnswerWriter() {}

    static ObjectNode write(Answer answer, ClientTerms terms) {
        var body = Json.object();
        body.put("id", id(answer.id(), terms));
        body.put("object", "chat.completion");
        body.put("created", terms.createdSeconds());
        body.put("model", terms.modelOr(answer.model()));
        var choices = body.putArray("choices");
        boolean functions = functions(terms);
        for (var each : answer.choices()) {
            var choice = choices.addObject();
            choice.put("index", choices.size() - 1);
            choice.set("message", message(each.parts(), functions));
            choice.set("logprobs", logprobs(each.logprobs()));
            choice.put("finish_reason", ChatFinish.write(each.finish(), functions));
        }
        var usage = answer.usage();
        body.set("usage", ChatUsage.write(usage == null ? Usage.NONE : usage));
        body.putNull("system_fingerprint");
        return body;
    }

    static @Nullable ObjectNode logprobs(List<TokenLogprob> tokens) {
        if (tokens.isEmpty()) {
            return null;
        }
        var node = Json.object();
        node.set("content", Logprobs.write(tokens));
        return node.putNull("refusal");
    }

    static String id(@Nullable String providers, ClientTerms terms) {
        var id = providers == null || providers.isEmpty() ? terms.id() : providers;
        return id.startsWith("chatcmpl-") ? id : "chatcmpl-" + id;
    }

    /** Whether the client calls tools by their old name, and so knows one call at a time. */
    static boolean functions(ClientTerms terms) {
        return terms.body().has("functions") && !terms.body().has("tools");
    }

    private static ObjectNode message(List<Part> parts, boolean functions) {
        var message = Json.object().put("role", "assistant");
        var text = new StringBuilder();
        var reasoning = new StringBuilder();
        var refusal = new StringBuilder();
        var blocks = Json.array();
        var calls = Json.array();
        var annotations = Json.array();
        var images = Json.array();
        for (var part : parts) {
            switch (part) {
                case Part.Text(var words, _, var citations, _) -> {
                    annotate(citations, text.length(), annotations);
                    text.append(words);
                }
                case Part.Reasoning thought -> {
                    reasoning.append(thought.text());
                    thinkingBlock(thought, blocks);
                }
                case Part.Refusal(var words) -> refusal.append(words);
                case Part.ToolCall call -> calls.add(toolCall(call));
                case Part.Image _ -> images.add(image(part, images.size()));
                case Part.Document _, Part.Audio _, Part.Video _, Part.ToolResult _ -> {}
            }
        }
        if (text.isEmpty() && (!calls.isEmpty() || !refusal.isEmpty())) {
            message.putNull("content");
        } else {
            message.put("content", text.toString());
        }
        if (refusal.isEmpty()) {
            message.putNull("refusal");
        } else {
            message.put("refusal", refusal.toString());
        }
        message.set("annotations", annotations);
        if (!images.isEmpty()) {
            message.set("images", images);
        }
        if (!reasoning.isEmpty()) {
            message.put("reasoning_content", reasoning.toString());
        }
        if (!blocks.isEmpty()) {
            message.set("thinking_blocks", blocks);
        }
        if (functions && !calls.isEmpty()) {
            message.set("function_call", calls.get(0).path("function"));
        } else if (!calls.isEmpty()) {
            message.set("tool_calls", calls);
        }
        return message;
    }

    /**
     * Signed thoughts in the form that LiteLLM's clients send back; unsigned ones are text only.
     */
    private static void thinkingBlock(Part.Reasoning thought, ArrayNode blocks) {
        var signature = thought.signature();
        if (signature == null) {
            return;
        }
        var written = signature.written(Issuer.ANTHROPIC);
        if (thought.redacted()) {
            blocks.addObject().put("type", "redacted_thinking").put("data", written);
        } else {
            blocks.addObject()
                    .put("type", "thinking")
                    .put("thinking", thought.text())
                    .put("signature", written);
        }
    }

    /** In the form of OpenRouter, whose clients know it: the official dialect has none. */
    static ObjectNode image(Part image, int index) {
        var node = Json.object().put("type", "image_url").put("index", index);
        node.putObject("image_url").put("url", MadeMedia.url(image));
        return node;
    }

    private static ObjectNode toolCall(Part.ToolCall call) {
        var node = Json.object().put("id", call.id());
        if (call.custom()) {
            node.put("type", "custom")
                    .putObject("custom")
                    .put("name", call.name())
                    .put("input", call.arguments());
            return node;
        }
        node.put("type", "function")
                .putObject("function")
                .put("name", call.name())
                .put("arguments", call.arguments());
        googleSignature(call.signature(), node);
        return node;
    }

    static void googleSignature(@Nullable Signature signature, ObjectNode call) {
        if (signature != null) {
            call.putObject("extra_content")
                    .putObject("google")
                    .put("thought_signature", signature.written(Issuer.GEMINI));
        }
    }

    private static void annotate(List<Citation> citations, int offset, ArrayNode annotations) {
        for (var citation : citations) {
            annotations.add(annotation(citation, offset));
        }
    }

    static ObjectNode annotation(Citation citation, int offset) {
        var node = Json.object().put("type", "url_citation");
        node.putObject("url_citation")
                .put("start_index", offset + citation.start())
                .put("end_index", offset + citation.end())
                .put("title", citation.title() == null ? citation.url() : citation.title())
                .put("url", citation.url());
        return node;
    }
}
