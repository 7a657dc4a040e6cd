package dev.tollgate.dialects.responses;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.codec.CallIds;
import dev.tollgate.dialects.codec.ClientTerms;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.codec.MadeMedia;
import dev.tollgate.dialects.conversation.Citation;
import dev.tollgate.dialects.conversation.Media;
import dev.tollgate.dialects.conversation.Part;
import org.jspecify.annotations.Nullable;

/** Makes the items of an answer, with ids that stay the same over a stream. */
final class ResponsesItems {
    private final String idSeed;
    private final boolean encrypted;
    private final Namespaces namespaces;

    ResponsesItems(ClientTerms terms) {
        this.idSeed = terms.id();
        boolean wanted = false;
        for (var each : terms.body().path("include")) {
            wanted |= each.asText().equals("reasoning.encrypted_content");
        }
        this.encrypted = wanted;
        this.namespaces = new Namespaces(terms.body());
    }

    /** Whether the client asked for encrypted reasoning, and so sends it back. */
    boolean encrypted() {
        return encrypted;
    }

    String id(String prefix, int output) {
        return prefix + CallIds.made(idSeed, output).substring("call".length());
    }

    String reasoningId(int output) {
        return id(OpenAiResponses.REASONING_ID, output);
    }

    ObjectNode message(int output, String status, @Nullable JsonNode part) {
        var item = Json.object().put("id", id("msg", output)).put("type", "message");
        item.put("status", status).put("role", "assistant");
        var content = item.putArray("content");
        if (part != null) {
            content.add(part);
        }
        return item;
    }

    static ObjectNode text(String text, ArrayNode annotations, ArrayNode logprobs) {
        var part = Json.object().put("type", "output_text").put("text", text);
        part.set("annotations", annotations);
        part.set("logprobs", logprobs);
        return part;
    }

    static ObjectNode refusal(String text) {
        return Json.object().put("type", "refusal").put("refusal", text);
    }

    ObjectNode reasoning(int output, String text, @Nullable String signature) {
        var item = Json.object().put("id", reasoningId(output)).put("type", "reasoning");
        var summary = item.putArray("summary");
        if (!text.isEmpty()) {
            summary.addObject().put("type", "summary_text").put("text", text);
        }
        if (signature != null && encrypted) {
            item.put("encrypted_content", signature);
        }
        return item;
    }

    ObjectNode call(
            int output,
            String status,
            String callId,
            String name,
            String arguments,
            boolean custom) {
        var item = Json.object().put("id", id(custom ? "ctc" : "fc", output));
        item.put("type", custom ? "custom_tool_call" : "function_call");
        item.put("status", status);
        var tool = namespaces.known(name);
        item.put("call_id", callId).put("name", tool.name());
        item.put(custom ? "input" : "arguments", arguments);
        if (tool.namespace() != null) {
            item.put("namespace", tool.namespace());
        }
        return item;
    }

    /** The name of a called tool, in its namespace. */
    String name(String called) {
        return namespaces.known(called).name();
    }

    /** As of OpenAI's own tool. */
    ObjectNode image(int output, Part image) {
        var item = Json.object().put("id", id("ig", output)).put("type", "image_generation_call");
        item.put("status", "completed");
        if (MadeMedia.media(image) instanceof Media.Inline(var type, var base64)) {
            item.put("output_format", type.substring(type.indexOf('/') + 1));
            item.put("result", base64);
        }
        return item;
    }

    static ObjectNode annotation(Citation citation, int offset) {
        return Json.object()
                .put("type", "url_citation")
                .put("start_index", offset + citation.start())
                .put("end_index", offset + citation.end())
                .put("url", citation.url())
                .put("title", citation.title() == null ? citation.url() : citation.title());
    }
}
