package dev.tollgate.dialects.anthropic;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;

/**
 * How many tokens of a Messages request's output limit are for thoughts: {@code
 * thinking.budget_tokens}. The API demands a limit above it.
 */
public final class ThinkingBudget {

    private static final ObjectMapper JSON = new ObjectMapper();

    private ThinkingBudget() {}

    /** Zero: the request names none. */
    public static long of(byte[] body) {
        try {
            JsonNode tokens = JSON.readTree(body).path("thinking").path("budget_tokens");
            return tokens.canConvertToLong() ? Math.max(0, tokens.asLong()) : 0;
        } catch (IOException e) {
            return 0; // its scan has refused it
        }
    }
}
