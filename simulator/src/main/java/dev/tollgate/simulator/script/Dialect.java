package dev.tollgate.simulator.script;

import com.fasterxml.jackson.annotation.JsonProperty;

/** Whose API a simulated provider speaks. */
public enum Dialect {
    @JsonProperty("openai")
    OPENAI,
    @JsonProperty("anthropic")
    ANTHROPIC,
    @JsonProperty("gemini")
    GEMINI
}
