package dev.tollgate.dialects.codec;

/**
 * What a writer leaves out, clamps or adds because of a provider's model or limits, although the
 * dialect has a place for it. The answer names each to the client.
 */
public enum Loss {
    FIRST_TURN("(a user turn \".\" was put before the first assistant turn)"),
    CACHE_MARKERS("prompt cache markers beyond the fourth"),
    THINKING_BEFORE_FORCED_CALL("reasoning (the model cannot think before a forced tool call)"),
    THINKING_WITHOUT_ROOM("reasoning (the output limit leaves no room for it)"),
    REASONING("reasoning (the model does not reason)"),
    REASONING_EFFORT("reasoning effort (the model does not reason)"),
    REASONING_OFF("reasoning switched off (the model's own default holds)"),
    SAMPLING("temperature, top_p, top_k (the model does not take them)"),
    OPENAI_SAMPLING(
            "temperature, top_p, penalties, logprobs (the model does not take them while it"
                    + " reasons)"),
    TEMPERATURE("temperature above 1 (clamped to 1)"),
    TOP_P("top_p (the model takes temperature or top_p)"),
    OUTPUT_LIMIT("an output limit below 16 tokens (raised to 16)"),
    USER("user (longer than 64 characters)");

    private final String words;

    Loss(String words) {
        this.words = words;
    }

    /** For people. */
    public String words() {
        return words;
    }
}
