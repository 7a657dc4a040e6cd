package dev.tollgate.simulator.script;

import com.fasterxml.jackson.annotation.JsonProperty;

/** What a request asks for, the same word in every dialect. */
public enum Endpoint {
    /** Chat completions, messages, generateContent and streamGenerateContent. */
    @JsonProperty("generate")
    GENERATE(true),
    @JsonProperty("responses")
    RESPONSES(true),
    @JsonProperty("embeddings")
    EMBEDDINGS(true),
    @JsonProperty("countTokens")
    COUNT_TOKENS(false),
    @JsonProperty("models")
    MODELS(false);

    private final boolean inference;

    Endpoint(boolean inference) {
        this.inference = inference;
    }

    /** Whether it is charged, and whether a rule that names no endpoint is about it. */
    public boolean inference() {
        return inference;
    }
}
