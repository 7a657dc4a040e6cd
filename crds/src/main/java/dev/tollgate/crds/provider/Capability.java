package dev.tollgate.crds.provider;

import com.fasterxml.jackson.annotation.JsonEnumDefaultValue;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.tollgate.crds.resource.WireEnum;

/** What a model can do. */
@WireEnum
public enum Capability {
    @JsonProperty("Chat")
    CHAT,
    @JsonProperty("Streaming")
    STREAMING,
    @JsonProperty("Tools")
    TOOLS,
    @JsonProperty("Vision")
    VISION,
    @JsonProperty("JsonSchema")
    JSON_SCHEMA,
    @JsonProperty("Logprobs")
    LOGPROBS,
    @JsonProperty("Completions")
    COMPLETIONS,
    @JsonProperty("Embeddings")
    EMBEDDINGS,
    @JsonProperty("Rerank")
    RERANK,
    @JsonProperty("Audio")
    AUDIO,
    @JsonProperty("Reasoning")
    REASONING,
    /** A value of a newer schema; the compiler refuses it. */
    @JsonEnumDefaultValue
    UNKNOWN
}
