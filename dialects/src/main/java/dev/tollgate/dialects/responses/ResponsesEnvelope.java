package dev.tollgate.dialects.responses;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.Usage;
import dev.tollgate.dialects.codec.ClientTerms;
import dev.tollgate.dialects.codec.Json;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The response object around the items: most of it repeats what the client asked for. */
final class ResponsesEnvelope {
    private ResponsesEnvelope() {}

    static ObjectNode write(
            @Nullable String id, @Nullable String model, String status, ClientTerms terms) {
        var request = terms.body();
        var body = Json.object();
        body.put("id", id(id, terms));
        body.put("object", "response");
        body.put("created_at", terms.createdSeconds());
        body.put("status", status);
        body.put("background", false);
        body.putNull("error");
        body.putNull("incomplete_details");
        echo(request, "instructions", null, body);
        echo(request, "max_output_tokens", null, body);
        echo(request, "max_tool_calls", null, body);
        body.put("model", terms.modelOr(model));
        body.putArray("output");
        echo(request, "parallel_tool_calls", Json.object().booleanNode(true), body);
        body.putNull("previous_response_id");
        echo(request, "prompt_cache_key", null, body);
        body.set("reasoning", reasoning(request));
        echo(request, "safety_identifier", null, body);
        body.put("service_tier", "default");
        body.put("store", false);
        echo(request, "temperature", Json.object().numberNode(1.0), body);
        body.set("text", text(request));
        echo(request, "tool_choice", Json.object().textNode("auto"), body);
        body.set("tools", tools(Json.arrayIn(request, "tools")));
        body.put("top_logprobs", 0);
        echo(request, "top_p", Json.object().numberNode(1.0), body);
        echo(request, "truncation", Json.object().textNode("disabled"), body);
        body.putNull("usage");
        echo(request, "user", null, body);
        echo(request, "metadata", Json.object(), body);
        body.putNull("access_programs");
        return body;
    }

    private static String id(@Nullable String providers, ClientTerms terms) {
        var id = providers == null || providers.isEmpty() ? terms.id() : providers;
        return id.startsWith("resp_") ? id : "resp_" + id;
    }

    private static void echo(
            ObjectNode request, String field, @Nullable JsonNode otherwise, ObjectNode body) {
        var said = request.get(field);
        body.set(field, said == null || said.isNull() ? otherwise : said);
    }

    private static ObjectNode reasoning(ObjectNode request) {
        var asked = request.path("reasoning");
        var node = Json.object();
        node.put("effort", Json.text(asked, "effort"));
        node.put("summary", Json.text(asked, "summary"));
        return node;
    }

    private static ObjectNode text(ObjectNode request) {
        var node = Json.object();
        var asked = request.path("text");
        var format = Json.objectIn(asked, "format");
        node.set("format", format != null ? format : Json.object().put("type", "text"));
        if (asked.hasNonNull("verbosity")) {
            node.set("verbosity", asked.get("verbosity"));
        }
        return node;
    }

    /** The client's tools, with the fields that an answer must name and a request need not. */
    private static ArrayNode tools(ArrayNode asked) {
        var tools = Json.array();
        for (var each : asked) {
            var tool = each.deepCopy();
            if (tool instanceof ObjectNode object && "function".equals(Json.text(tool, "type"))) {
                for (var field : List.of("description", "parameters")) {
                    if (!object.has(field)) {
                        object.putNull(field);
                    }
                }
                if (!object.path("strict").isBoolean()) {
                    object.put("strict", true);
                }
            }
            tools.add(tool);
        }
        return tools;
    }

    static ObjectNode usage(Usage usage) {
        var node = Json.object();
        node.put("input_tokens", usage.input());
        node.putObject("input_tokens_details")
                .put("cached_tokens", usage.cacheRead())
                .put("cache_write_tokens", usage.cacheWrite5m() + usage.cacheWrite1h());
        node.put("output_tokens", usage.output());
        node.putObject("output_tokens_details").put("reasoning_tokens", usage.reasoning());
        node.put("total_tokens", usage.input() + usage.output());
        return node;
    }
}
