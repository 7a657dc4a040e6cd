package dev.tollgate.dialects.anthropic;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.Bridge.RequestTerms;
import dev.tollgate.dialects.codec.Emulation;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.codec.Loss;
import dev.tollgate.dialects.codec.Written;
import dev.tollgate.dialects.conversation.Conversation;
import dev.tollgate.dialects.conversation.OutputFormat;
import dev.tollgate.dialects.conversation.Part;
import dev.tollgate.dialects.conversation.ReasoningRequest;
import dev.tollgate.dialects.conversation.Signature.Issuer;
import dev.tollgate.dialects.conversation.Tool;
import dev.tollgate.dialects.conversation.ToolChoice;
import dev.tollgate.dialects.conversation.Turn;
import dev.tollgate.dialects.conversation.Turn.Role;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes a Messages request. A schema for the answer goes into {@code output_config.format} where
 * model and schema allow it, and else into a tool that the model is made to call (see {@link
 * Emulation}).
 */
final class MessagesRequestWriter {
    private static final long FALLBACK_MAX_TOKENS = 4096;
    private static final long MIN_BUDGET_TOKENS = 1024;

    private final Conversation conversation;
    private final RequestTerms terms;
    private final ClaudeModel model;
    private final List<String> dropped = new ArrayList<>();
    private final boolean emulated;
    private long maxTokens;

    MessagesRequestWriter(Conversation conversation, RequestTerms terms) {
        this.conversation = conversation;
        this.terms = terms;
        this.model = ClaudeModel.of(terms.model(), terms.quirks());
        this.emulated =
                switch (conversation.format()) {
                    case OutputFormat.Free() -> false;
                    case OutputFormat.JsonObject() -> true;
                    case OutputFormat.JsonSchema s ->
                            !model.outputFormat() || !ClosedSchema.is(s.schema());
                };
    }

    Written write(boolean stream) {
        for (var sequence : conversation.stop()) {
            if (sequence.isBlank()) {
                return new Written.Refused(
                        "a stop sequence of white space cannot be sent to an Anthropic model",
                        "stop");
            }
        }
        var body = Json.object();
        body.put("model", terms.model());
        maxTokens = maxTokens();
        body.put("max_tokens", maxTokens);
        var turns = turns();
        system(turns, body);
        var reasoning = conversation.reasoning();
        boolean thinks = reasoning != null && reasoning(reasoning, turns, body);
        sampling(thinks, body);
        tools(body);
        choice(thinks && !model.adaptiveThinking(), body);
        format(body);
        var user = conversation.user();
        if (user != null) {
            body.putObject("metadata").put("user_id", user);
        }
        if (stream) {
            body.put("stream", true);
        }
        var markers = new MessagesTurnsWriter().write(turns, body);
        if (turns.getLast().role() == Role.USER && !endsWithUser(body)) {
            return new Written.Refused(
                    "the last turn of the user says nothing, which Anthropic's models do not take",
                    null);
        }
        if (markers > 0) {
            dropped.add(Loss.CACHE_MARKERS.words());
        }
        return new Written.Body(body, dropped);
    }

    private static boolean endsWithUser(ObjectNode body) {
        var messages = body.path("messages");
        return "user".equals(Json.text(messages.path(messages.size() - 1), "role"));
    }

    private long maxTokens() {
        long wanted =
                terms.maxOutputTokens()
                        .orElse(
                                conversation
                                        .maxOutputTokens()
                                        .orElse(
                                                terms.catalogMaxOutputTokens()
                                                        .orElse(FALLBACK_MAX_TOKENS)));
        return Math.min(wanted, terms.catalogMaxOutputTokens().orElse(wanted));
    }

    /** Alternating turns that start with the user's, as the protocol demands. */
    private List<Turn> turns() {
        var turns = new ArrayList<>(Turn.alternating(conversation.turns()));
        if (turns.isEmpty()) {
            // system prompts alone: the last one is what the user has to say
            turns.add(new Turn(Role.USER, Turn.system(conversation.turns())));
        } else if (turns.getFirst().role() == Role.ASSISTANT) {
            turns.addFirst(new Turn(Role.USER, List.of(new Part.Text("."))));
            dropped.add(Loss.FIRST_TURN.words());
        }
        return turns;
    }

    private void system(List<Turn> turns, ObjectNode body) {
        var parts = new ArrayList<>(Turn.system(conversation.turns()));
        if (turns.size() == 1 && turns.getFirst().parts().equals(parts)) {
            parts.clear();
        }
        var texts = new ArrayList<Part.Text>();
        for (var part : parts) {
            if (part instanceof Part.Text text && !text.text().isBlank()) {
                texts.add(text);
            }
        }
        if (emulated && conversation.format() instanceof OutputFormat.JsonObject) {
            texts.add(new Part.Text(Emulation.JSON_OBJECT_INSTRUCTION));
        }
        if (texts.size() == 1 && texts.getFirst().cache() == null) {
            body.put("system", texts.getFirst().text());
        } else if (!texts.isEmpty()) {
            body.set("system", Json.array());
            MessagesTurnsWriter.system(texts, Json.arrayIn(body, "system"));
        }
    }

    /** Whether the model is told to think. */
    private boolean reasoning(ReasoningRequest reasoning, List<Turn> turns, ObjectNode body) {
        if (reasoning.off()) {
            return false;
        }
        if (model.adaptiveThinking()) {
            var thinking = body.putObject("thinking").put("type", "adaptive");
            if (reasoning.visible() && model.summaries()) {
                thinking.put("display", "summarized");
            }
            if (!(reasoning.amount() instanceof ReasoningRequest.Unsaid)) {
                var effort = reasoning.effort();
                outputConfig(body)
                        .put(
                                "effort",
                                effort == ReasoningRequest.Effort.MINIMAL ? "low" : effort.word());
            }
            return true;
        }
        if (forced() || unsignedToolLoop(turns)) {
            dropped.add(Loss.THINKING_BEFORE_FORCED_CALL.words());
            return false;
        }
        long budget =
                Math.max(
                        MIN_BUDGET_TOKENS,
                        reasoning
                                .budgetTokens()
                                .orElse(ReasoningRequest.Effort.HIGH.budgetTokens()));
        budget = Math.min(budget, maxTokens - 1);
        if (budget < MIN_BUDGET_TOKENS) {
            dropped.add(Loss.THINKING_WITHOUT_ROOM.words());
            return false;
        }
        body.putObject("thinking").put("type", "enabled").put("budget_tokens", budget);
        return true;
    }

    private boolean forced() {
        var choice = conversation.toolChoice();
        return emulated
                || choice instanceof ToolChoice.Required
                || choice instanceof ToolChoice.Named
                || (choice instanceof ToolChoice.Allowed(_, var required) && required);
    }

    /** A tool loop that began without Anthropic's thinking cannot go on with it. */
    private static boolean unsignedToolLoop(List<Turn> turns) {
        for (var turn : turns.reversed()) {
            if (turn.role() == Role.ASSISTANT) {
                boolean calls = turn.parts().stream().anyMatch(Part.ToolCall.class::isInstance);
                boolean signed =
                        turn.parts().stream().anyMatch(MessagesRequestWriter::anthropicThought);
                return calls && !signed;
            }
        }
        return false;
    }

    private static boolean anthropicThought(Part part) {
        return part instanceof Part.Reasoning(_, var signature, _)
                && signature != null
                && signature.issuer() == Issuer.ANTHROPIC;
    }

    private void sampling(boolean thinks, ObjectNode body) {
        var sampling = conversation.sampling();
        var temperature = sampling.temperature();
        var topP = sampling.topP();
        var topK = sampling.topK();
        if (!conversation.stop().isEmpty()) {
            var stop = body.putArray("stop_sequences");
            conversation.stop().forEach(stop::add);
        }
        if (thinks || !model.sampling()) {
            if (temperature != null || topP != null || topK != null) {
                dropped.add(Loss.SAMPLING.words());
            }
            return;
        }
        if (temperature != null) {
            if (temperature > 1) {
                dropped.add(Loss.TEMPERATURE.words());
            }
            body.put("temperature", Math.min(1, temperature));
            if (topP != null) {
                dropped.add(Loss.TOP_P.words());
            }
        } else if (topP != null) {
            body.put("top_p", topP);
        }
        if (topK != null) {
            body.put("top_k", topK);
        }
    }

    private void tools(ObjectNode body) {
        if (conversation.tools().isEmpty() && !emulated) {
            return;
        }
        var tools = body.putArray("tools");
        var allowed =
                conversation.toolChoice() instanceof ToolChoice.Allowed(var names, _)
                        ? names
                        : null;
        for (var tool : conversation.tools()) {
            if (allowed == null || allowed.contains(tool.name())) {
                tools.add(tool(tool));
            }
        }
        if (emulated) {
            tools.add(tool(Emulation.tool(conversation.format())));
        }
    }

    private ObjectNode tool(Tool tool) {
        var node = Json.object().put("name", tool.name());
        if (tool.description() != null && !tool.description().isEmpty()) {
            node.put("description", tool.description());
        }
        node.set("input_schema", schema(tool.parameters()));
        if (Boolean.TRUE.equals(tool.strict())
                && model.outputFormat()
                && tool.parameters() != null
                && ClosedSchema.is(tool.parameters())) {
            node.put("strict", true);
        }
        MessagesTurnsWriter.cacheControl(tool.cache(), node);
        return node;
    }

    private static ObjectNode schema(@Nullable ObjectNode parameters) {
        if (parameters == null) {
            var none = Json.object().put("type", "object");
            none.putObject("properties");
            return none;
        }
        return "object".equals(Json.text(parameters, "type"))
                ? parameters
                : parameters.deepCopy().put("type", "object");
    }

    private void choice(boolean onlyAuto, ObjectNode body) {
        if (!body.has("tools")) {
            return;
        }
        var choice = Json.object();
        var wanted = conversation.toolChoice();
        if (emulated) {
            emulatedChoice(choice);
        } else if (wanted == null || onlyAuto) {
            choice.put("type", "auto");
        } else {
            switch (wanted) {
                case ToolChoice.Auto() -> choice.put("type", "auto");
                case ToolChoice.None() -> choice.put("type", "none");
                case ToolChoice.Required() -> choice.put("type", "any");
                case ToolChoice.Named(var name) -> choice.put("type", "tool").put("name", name);
                case ToolChoice.Allowed(_, var required) ->
                        choice.put("type", required ? "any" : "auto");
            }
        }
        boolean serial = Boolean.FALSE.equals(conversation.parallelToolCalls());
        if (serial && !"none".equals(Json.text(choice, "type"))) {
            choice.put("disable_parallel_tool_use", true);
        }
        if (wanted != null || serial || emulated) {
            body.set("tool_choice", choice);
        }
    }

    /** With tools of the client's own the model may call those first. */
    private void emulatedChoice(ObjectNode choice) {
        if (conversation.tools().isEmpty()
                || conversation.toolChoice() instanceof ToolChoice.None) {
            choice.put("type", "tool").put("name", Emulation.TOOL_NAME);
        } else {
            choice.put("type", "any");
        }
    }

    private void format(ObjectNode body) {
        if (!emulated && conversation.format() instanceof OutputFormat.JsonSchema wanted) {
            outputConfig(body)
                    .putObject("format")
                    .put("type", "json_schema")
                    .set("schema", wanted.schema());
        }
    }

    private static ObjectNode outputConfig(ObjectNode body) {
        var config = Json.objectIn(body, "output_config");
        return config != null ? config : body.putObject("output_config");
    }
}
