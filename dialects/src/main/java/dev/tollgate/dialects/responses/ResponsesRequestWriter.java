package dev.tollgate.dialects.responses;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.Bridge.RequestTerms;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.codec.JsonMode;
import dev.tollgate.dialects.codec.Loss;
import dev.tollgate.dialects.codec.OpenAiModel;
import dev.tollgate.dialects.codec.Written;
import dev.tollgate.dialects.conversation.Conversation;
import dev.tollgate.dialects.conversation.OutputFormat;
import dev.tollgate.dialects.conversation.ReasoningRequest;
import dev.tollgate.dialects.conversation.Tool;
import dev.tollgate.dialects.conversation.ToolChoice;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes a Responses request that keeps no state. Quirks that it knows: {@code
 * no_encrypted_reasoning}, {@code no_reasoning_effort}.
 */
final class ResponsesRequestWriter {
    private static final int MAX_USER_CHARS = 64;
    private static final long LEAST_OUTPUT_TOKENS = 16;

    private final RequestTerms terms;
    private final OpenAiModel model;
    private final boolean effort;
    private final List<String> dropped = new ArrayList<>();

    ResponsesRequestWriter(RequestTerms terms) {
        this.terms = terms;
        this.model = OpenAiModel.of(terms.model());
        this.effort = model.effort() && !terms.quirks().contains("no_reasoning_effort");
    }

    Written write(Conversation conversation, boolean stream) {
        var body = Json.object();
        body.put("model", terms.model());
        body.put("store", false);
        new ResponsesItemsWriter().write(conversation.turns(), body);
        var limit =
                terms.maxOutputTokens().isPresent()
                        ? terms.maxOutputTokens()
                        : conversation.maxOutputTokens();
        if (limit.isPresent()) {
            body.put("max_output_tokens", atLeast(limit.getAsLong()));
        }
        sampling(conversation, body);
        tools(conversation, body);
        format(conversation, body);
        reasoning(conversation.reasoning(), body);
        var user = conversation.user();
        if (user != null && user.length() <= MAX_USER_CHARS) {
            body.put("user", user);
        } else if (user != null) {
            dropped.add(Loss.USER.words());
        }
        if (stream) {
            body.put("stream", true);
        }
        return new Written.Body(body, dropped);
    }

    private void sampling(Conversation conversation, ObjectNode body) {
        var sampling = conversation.sampling();
        if (!model.samples(conversation.reasoning(), effort)) {
            if (!sampling.isDefault()) {
                dropped.add(Loss.OPENAI_SAMPLING.words());
            }
            return;
        }
        if (sampling.temperature() != null) {
            body.put("temperature", sampling.temperature());
        }
        if (sampling.topP() != null) {
            body.put("top_p", sampling.topP());
        }
        var topLogprobs = sampling.topLogprobs();
        if (topLogprobs != null) {
            body.withArray("/include").add("message.output_text.logprobs");
            body.put("top_logprobs", topLogprobs);
        }
    }

    /** OpenAI refuses less; what a budget has left is never exceeded for it. */
    private long atLeast(long limit) {
        if (limit >= LEAST_OUTPUT_TOKENS || terms.maxOutputTokens().isPresent()) {
            return limit;
        }
        dropped.add(Loss.OUTPUT_LIMIT.words());
        return LEAST_OUTPUT_TOKENS;
    }

    private static void tools(Conversation conversation, ObjectNode body) {
        if (conversation.tools().isEmpty()) {
            return;
        }
        var tools = body.putArray("tools");
        for (var tool : conversation.tools()) {
            tools.add(tool(tool));
        }
        var choice = conversation.toolChoice();
        if (choice != null) {
            choice(choice, conversation.tools(), body);
        }
        if (conversation.parallelToolCalls() != null) {
            body.put("parallel_tool_calls", conversation.parallelToolCalls());
        }
    }

    private static ObjectNode tool(Tool tool) {
        var node = Json.object().put("type", tool.custom() ? "custom" : "function");
        node.put("name", tool.name());
        if (tool.description() != null) {
            node.put("description", tool.description());
        }
        if (tool.custom()) {
            var grammar = tool.grammar();
            if (grammar != null) {
                node.putObject("format")
                        .put("type", "grammar")
                        .put("syntax", Json.textOr(grammar, "syntax", "lark"))
                        .put("definition", Json.textOr(grammar, "definition", ""));
            }
            return node;
        }
        var parameters = tool.parameters();
        if (parameters == null) {
            parameters = Json.object().put("type", "object");
            parameters.putObject("properties");
        } else if (!parameters.has("type")) {
            parameters = parameters.deepCopy().put("type", "object");
        }
        node.set("parameters", parameters);
        // left out, it would mean true here and false in all other dialects
        node.put("strict", Boolean.TRUE.equals(tool.strict()));
        return node;
    }

    private static void choice(ToolChoice choice, List<Tool> tools, ObjectNode body) {
        switch (choice) {
            case ToolChoice.Auto() -> body.put("tool_choice", "auto");
            case ToolChoice.None() -> body.put("tool_choice", "none");
            case ToolChoice.Required() -> body.put("tool_choice", "required");
            case ToolChoice.Named(var name) ->
                    body.putObject("tool_choice").put("type", type(name, tools)).put("name", name);
            case ToolChoice.Allowed(var names, var required) -> {
                var allowed = body.putObject("tool_choice").put("type", "allowed_tools");
                allowed.put("mode", required ? "required" : "auto");
                var list = allowed.putArray("tools");
                names.forEach(
                        name -> list.addObject().put("type", type(name, tools)).put("name", name));
            }
        }
    }

    private static String type(String name, List<Tool> tools) {
        return tools.stream().anyMatch(tool -> tool.custom() && tool.name().equals(name))
                ? "custom"
                : "function";
    }

    private static void format(Conversation conversation, ObjectNode body) {
        switch (conversation.format()) {
            case OutputFormat.Free() -> {}
            case OutputFormat.JsonObject() -> {
                body.putObject("text").putObject("format").put("type", "json_object");
                if (!JsonMode.isMentioned(conversation.turns())) {
                    var said = Json.textOr(body, "instructions", "");
                    body.put(
                            "instructions",
                            said.isEmpty()
                                    ? JsonMode.INSTRUCTION
                                    : said + "\n" + JsonMode.INSTRUCTION);
                }
            }
            case OutputFormat.JsonSchema(var name, var description, var schema, var strict, _) -> {
                var format = body.putObject("text").putObject("format");
                format.put("type", "json_schema").put("name", name);
                if (description != null) {
                    format.put("description", description);
                }
                format.set("schema", schema);
                format.put("strict", Boolean.TRUE.equals(strict));
            }
        }
    }

    private void reasoning(@Nullable ReasoningRequest reasoning, ObjectNode body) {
        if (!effort) {
            if (reasoning != null && !reasoning.off()) {
                dropped.add(Loss.REASONING_EFFORT.words());
            }
            return;
        }
        if (!terms.quirks().contains("no_encrypted_reasoning")) {
            body.withArray("/include").add("reasoning.encrypted_content");
        }
        if (reasoning == null) {
            return;
        }
        var word = model.word(reasoning);
        if (word == null) {
            dropped.add(Loss.REASONING_OFF.words());
            return;
        }
        var node = Json.object();
        if (!(reasoning.amount() instanceof ReasoningRequest.Unsaid)) {
            node.put("effort", word);
        }
        if (reasoning.visible() && !reasoning.off()) {
            node.put("summary", "auto");
        }
        if (!node.isEmpty()) {
            body.set("reasoning", node);
        }
    }
}
