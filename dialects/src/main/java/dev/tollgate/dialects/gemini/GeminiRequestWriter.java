package dev.tollgate.dialects.gemini;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.Bridge.RequestTerms;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.codec.Loss;
import dev.tollgate.dialects.codec.Written;
import dev.tollgate.dialects.conversation.Conversation;
import dev.tollgate.dialects.conversation.OutputFormat;
import dev.tollgate.dialects.conversation.Part;
import dev.tollgate.dialects.conversation.ReasoningRequest;
import dev.tollgate.dialects.conversation.ToolChoice;
import dev.tollgate.dialects.conversation.Turn;
import dev.tollgate.dialects.conversation.Turn.Role;
import java.util.ArrayList;
import java.util.List;

/** Writes a generateContent request. */
final class GeminiRequestWriter {
    private static final long MAX_BUDGET_TOKENS = 24_576;
    private static final long MIN_PRO_BUDGET_TOKENS = 128;

    private final Conversation conversation;
    private final RequestTerms terms;
    private final GeminiModel model;
    private final List<String> dropped = new ArrayList<>();

    GeminiRequestWriter(Conversation conversation, RequestTerms terms) {
        this.conversation = conversation;
        this.terms = terms;
        this.model = GeminiModel.of(terms.model());
    }

    Written write() {
        var body = Json.object();
        var turns = new ArrayList<>(Turn.alternating(conversation.turns()));
        var system = Turn.system(conversation.turns());
        if (turns.isEmpty()) {
            // system prompts alone are what the user has to say
            turns.add(new Turn(Role.USER, system));
            system = List.of();
        } else if (turns.getFirst().role() == Role.ASSISTANT) {
            turns.addFirst(new Turn(Role.USER, List.of(new Part.Text("."))));
            dropped.add(Loss.FIRST_TURN.words());
        }
        var contents = body.putArray("contents");
        new GeminiTurnsWriter(model).write(turns, contents);
        system(system, body);
        tools(body);
        config(body);
        return new Written.Body(body, dropped);
    }

    private static void system(List<Part> system, ObjectNode body) {
        var parts = Json.array();
        for (var part : system) {
            if (part instanceof Part.Text(var text, _, _, _) && !text.isEmpty()) {
                parts.addObject().put("text", text);
            }
        }
        if (!parts.isEmpty()) {
            body.putObject("systemInstruction").set("parts", parts);
        }
    }

    private void tools(ObjectNode body) {
        if (conversation.tools().isEmpty()) {
            return;
        }
        var functions = body.putArray("tools").addObject().putArray("functionDeclarations");
        for (var tool : conversation.tools()) {
            var function = functions.addObject().put("name", tool.name());
            if (tool.description() != null) {
                function.put("description", tool.description());
            }
            var parameters = tool.parameters();
            if (parameters != null && takesSomething(parameters)) {
                function.set("parametersJsonSchema", parameters);
            }
        }
        var choice = conversation.toolChoice();
        if (choice != null) {
            var calling = body.putObject("toolConfig").putObject("functionCallingConfig");
            choice(choice, calling);
        }
    }

    /** Gemini refuses objects without properties; a tool without arguments has no schema. */
    private static boolean takesSomething(ObjectNode schema) {
        for (var field : schema.properties()) {
            var value = field.getValue();
            boolean nothing =
                    switch (field.getKey()) {
                        case "type", "title", "description", "$schema", "strict" -> true;
                        case "properties", "required", "$defs", "definitions" -> value.isEmpty();
                        case "additionalProperties" -> value.isBoolean();
                        default -> false;
                    };
            if (!nothing) {
                return true;
            }
        }
        return false;
    }

    private static void choice(ToolChoice choice, ObjectNode calling) {
        switch (choice) {
            case ToolChoice.Auto() -> calling.put("mode", "AUTO");
            case ToolChoice.None() -> calling.put("mode", "NONE");
            case ToolChoice.Required() -> calling.put("mode", "ANY");
            case ToolChoice.Named(var name) -> {
                calling.put("mode", "ANY");
                calling.putArray("allowedFunctionNames").add(name);
            }
            case ToolChoice.Allowed(var names, var required) -> {
                calling.put("mode", required ? "ANY" : "VALIDATED");
                var allowed = calling.putArray("allowedFunctionNames");
                names.forEach(allowed::add);
            }
        }
    }

    private void config(ObjectNode body) {
        var config = Json.object();
        var sampling = conversation.sampling();
        if (sampling.temperature() != null) {
            config.put("temperature", sampling.temperature());
        }
        if (sampling.topP() != null) {
            config.put("topP", sampling.topP());
        }
        if (sampling.topK() != null) {
            config.put("topK", sampling.topK());
        }
        if (sampling.seed() != null) {
            config.put("seed", sampling.seed().intValue());
        }
        if (sampling.frequencyPenalty() != null) {
            config.put("frequencyPenalty", sampling.frequencyPenalty());
        }
        if (sampling.presencePenalty() != null) {
            config.put("presencePenalty", sampling.presencePenalty());
        }
        if (conversation.choices() > 1) {
            config.put("candidateCount", conversation.choices());
        }
        var topLogprobs = sampling.topLogprobs();
        if (topLogprobs != null) {
            config.put("responseLogprobs", true);
            if (topLogprobs > 0) {
                config.put("logprobs", topLogprobs);
            }
        }
        var limit =
                terms.maxOutputTokens().isPresent()
                        ? terms.maxOutputTokens()
                        : conversation.maxOutputTokens();
        if (limit.isPresent()) {
            config.put("maxOutputTokens", limit.getAsLong());
        }
        if (!conversation.stop().isEmpty()) {
            var stop = config.putArray("stopSequences");
            conversation.stop().forEach(stop::add);
        }
        switch (conversation.format()) {
            case OutputFormat.Free() -> {}
            case OutputFormat.JsonObject() -> config.put("responseMimeType", "application/json");
            case OutputFormat.JsonSchema wanted -> {
                config.put("responseMimeType", wanted.bare() ? "text/x.enum" : "application/json");
                config.set("responseJsonSchema", wanted.schema());
            }
        }
        var reasoning = conversation.reasoning();
        if (reasoning != null) {
            thinking(reasoning, config);
        }
        if (!config.isEmpty()) {
            body.set("generationConfig", config);
        }
    }

    private void thinking(ReasoningRequest reasoning, ObjectNode config) {
        if (!model.thinks()) {
            dropped.add(Loss.REASONING.words());
            return;
        }
        var thinking = Json.object();
        if (model.third()) {
            level(reasoning, thinking);
        } else if (reasoning.off()) {
            thinking.put("thinkingBudget", model.pro() ? MIN_PRO_BUDGET_TOKENS : 0);
        } else if (reasoning.budgetTokens().isPresent()) {
            thinking.put(
                    "thinkingBudget",
                    Math.min(MAX_BUDGET_TOKENS, reasoning.budgetTokens().getAsLong()));
        }
        if (reasoning.visible() && !reasoning.off()) {
            thinking.put("includeThoughts", true);
        }
        if (!thinking.isEmpty()) {
            config.set("thinkingConfig", thinking);
        }
    }

    /** Of the levels, the first generation of the third knows low and high alone. */
    private void level(ReasoningRequest reasoning, ObjectNode thinking) {
        if (reasoning.amount() instanceof ReasoningRequest.Unsaid) {
            return;
        }
        boolean coarse = model.pro() && model.version() == 30;
        thinking.put(
                "thinkingLevel",
                switch (reasoning.effort()) {
                    case MINIMAL, LOW -> "LOW";
                    case MEDIUM -> coarse ? "HIGH" : "MEDIUM";
                    case HIGH, XHIGH, MAX -> "HIGH";
                });
    }
}
