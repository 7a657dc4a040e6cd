package dev.tollgate.dialects.conversation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tollgate.dialects.conversation.ReasoningRequest.Effort;
import java.io.IOException;
import java.util.List;
import java.util.Locale;

/**
 * How many tokens of its output limit a request that asks to think is likely to think: the budget
 * that it names, else that of its level ({@link ReasoningRequest.Effort}), whatever its dialect.
 * None if it asks for none; thoughts that are only hidden are billed all the same.
 */
public final class ThoughtTokens {

    /** No model thinks as much. */
    private static final long MOST = 1L << 32;

    private static final ObjectMapper JSON = new ObjectMapper();

    private ThoughtTokens() {}

    public static long of(byte[] body) {
        JsonNode request;
        try {
            request = JSON.readTree(body);
        } catch (IOException e) {
            return 0; // its scan has refused it
        }
        if (isOff(request)) {
            return 0;
        }
        var config = in(request, "generationConfig", "generation_config");
        var gemini = in(config, "thinkingConfig", "thinking_config");
        var budgets =
                List.of(
                        request.path("thinking").path("budget_tokens"),
                        request.path("reasoning").path("max_tokens"),
                        request.path("thinking_budget"),
                        in(gemini, "thinkingBudget", "thinking_budget"));
        for (var budget : budgets) {
            if (budget.isIntegralNumber() && budget.canConvertToLong() && budget.asLong() >= 0) {
                return Math.min(MOST, budget.asLong());
            }
        }
        var levels =
                List.of(
                        request.path("reasoning_effort"),
                        request.path("reasoning").path("effort"),
                        request.path("output_config").path("effort"),
                        in(gemini, "thinkingLevel", "thinking_level"));
        for (var level : levels) {
            if (level.isTextual()) {
                return effort(level.asText()).budgetTokens();
            }
        }
        return Effort.HIGH.budgetTokens();
    }

    private static boolean isOff(JsonNode request) {
        var reasoning = request.path("reasoning");
        boolean amount = reasoning.hasNonNull("effort") || reasoning.hasNonNull("max_tokens");
        return isNone(request.path("reasoning_effort"))
                || isNone(reasoning.path("effort"))
                || isFalse(reasoning.path("enabled")) && !amount
                || isFalse(request.path("enable_thinking"))
                || request.path("thinking").path("type").asText().equals("disabled");
    }

    private static boolean isNone(JsonNode level) {
        var word = level.asText().toLowerCase(Locale.ROOT);
        return word.equals("none") || word.equals("off");
    }

    private static boolean isFalse(JsonNode value) {
        return value.isBoolean() && !value.booleanValue();
    }

    private static Effort effort(String word) {
        for (var effort : Effort.values()) {
            if (effort.word().equals(word.toLowerCase(Locale.ROOT))) {
                return effort;
            }
        }
        return Effort.HIGH;
    }

    private static JsonNode in(JsonNode node, String camel, String snake) {
        var found = node.path(camel);
        return found.isMissingNode() ? node.path(snake) : found;
    }
}
