package dev.tollgate.dialects.anthropic;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.Usage;
import dev.tollgate.dialects.codec.ClientTerms;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.conversation.Answer;
import dev.tollgate.dialects.conversation.Citation;
import dev.tollgate.dialects.conversation.Part;
import dev.tollgate.dialects.conversation.ReasoningRequest;
import dev.tollgate.dialects.conversation.Signature;
import dev.tollgate.dialects.conversation.Signature.Issuer;
import java.util.HashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Writes a complete Messages answer, with every field that the official types demand. */
final class MessagesAnswerWriter {
    private MessagesAnswerWriter() {}

    static ObjectNode write(Answer answer, ClientTerms terms) {
        var usage = answer.usage();
        var body = head(answer.id(), answer.model(), usage == null ? Usage.NONE : usage, terms);
        var content = Json.arrayIn(body, "content");
        for (var part : answer.parts()) {
            part(part, wantsThoughts(terms), content);
        }
        body.put("stop_reason", MessagesStop.write(answer.finish()));
        body.put("stop_sequence", answer.stopSequence());
        return body;
    }

    /** A message without content, as {@code message_start} has it too. */
    static ObjectNode head(
            @Nullable String id, @Nullable String model, Usage usage, ClientTerms terms) {
        var body = Json.object();
        var given = id == null || id.isEmpty() ? terms.id() : id;
        body.put("id", given.startsWith("msg_") ? given : "msg_" + given);
        body.put("type", "message");
        body.put("role", "assistant");
        body.put("model", terms.modelOr(model));
        body.putArray("content");
        body.putNull("stop_reason");
        body.putNull("stop_sequence");
        body.putNull("stop_details");
        body.putNull("container");
        body.putNull("diagnostics");
        body.set("usage", usage(usage));
        return body;
    }

    static ObjectNode usage(Usage usage) {
        var node = deltaUsage(usage);
        var creation = node.putObject("cache_creation");
        creation.put("ephemeral_5m_input_tokens", usage.cacheWrite5m());
        creation.put("ephemeral_1h_input_tokens", usage.cacheWrite1h());
        node.put("service_tier", "standard");
        node.putNull("inference_geo");
        node.putNull("speed");
        return node;
    }

    static ObjectNode deltaUsage(Usage usage) {
        var node = Json.object();
        long written = usage.cacheWrite5m() + usage.cacheWrite1h();
        node.put("input_tokens", Math.max(0, usage.input() - usage.cacheRead() - written));
        node.put("cache_creation_input_tokens", written);
        node.put("cache_read_input_tokens", usage.cacheRead());
        node.put("output_tokens", usage.output());
        node.putObject("output_tokens_details").put("thinking_tokens", usage.reasoning());
        node.putNull("server_tool_use");
        return node;
    }

    /** Whether the client asked for thinking, and so can take blocks that hold no text. */
    static boolean wantsThoughts(ClientTerms terms) {
        var reasoning = terms.request().reasoning();
        return reasoning != null
                && !reasoning.off()
                && !(reasoning.amount() instanceof ReasoningRequest.Unsaid && !reasoning.visible());
    }

    /** A list without citations: some clients refuse null, others a block without the field. */
    static ObjectNode text(String text) {
        var block = Json.object().put("type", "text").put("text", text);
        block.putArray("citations");
        return block;
    }

    /**
     * The page that a text rests on, in the form of Anthropic's own search. What the page says and
     * where it stands in that search nobody else knows: both are empty.
     */
    static ObjectNode source(Citation citation) {
        return Json.object()
                .put("type", "web_search_result_location")
                .put("cited_text", "")
                .put("encrypted_index", "")
                .put("title", citation.title())
                .put("url", citation.url());
    }

    /** Each page once: the form has no place for where in the text it is cited. */
    private static ObjectNode text(String text, List<Citation> citations) {
        var block = text(text);
        var seen = new HashSet<String>();
        for (var citation : citations) {
            if (seen.add(citation.url())) {
                block.withArray("citations").add(source(citation));
            }
        }
        return block;
    }

    private static void part(Part part, boolean wantsThoughts, ArrayNode content) {
        switch (part) {
            case Part.Text(var text, _, var citations, _) -> {
                if (!text.isEmpty()) {
                    content.add(text(text, citations));
                }
            }
            case Part.Refusal(var text) -> content.add(text(text));
            case Part.Reasoning thought -> reasoning(thought, wantsThoughts, content);
            case Part.ToolCall call -> {
                var signature = call.signature();
                if (signature != null && wantsThoughts) {
                    content.add(thinking("", signature));
                }
                var block = content.addObject().put("type", "tool_use");
                block.put("id", call.id()).put("name", call.name());
                block.set("input", Json.arguments(call.arguments()));
                block.set("caller", direct());
            }
            case Part.Image _, Part.Document _, Part.Audio _, Part.Video _, Part.ToolResult _ -> {}
        }
    }

    private static void reasoning(
            Part.Reasoning thought, boolean wantsThoughts, ArrayNode content) {
        var signature = thought.signature();
        if (thought.redacted() && signature != null) {
            if (wantsThoughts) {
                content.addObject()
                        .put("type", "redacted_thinking")
                        .put("data", signature.written(Issuer.ANTHROPIC));
            }
        } else if (!thought.text().isEmpty() || (signature != null && wantsThoughts)) {
            content.add(thinking(thought.text(), signature));
        }
    }

    static ObjectNode thinking(String text, @Nullable Signature signature) {
        return Json.object()
                .put("type", "thinking")
                .put("thinking", text)
                .put("signature", signature == null ? "" : signature.written(Issuer.ANTHROPIC));
    }

    static ObjectNode direct() {
        return Json.object().put("type", "direct");
    }
}
