package dev.tollgate.crds.provider;

import com.fasterxml.jackson.annotation.JsonEnumDefaultValue;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.tollgate.crds.resource.WireEnum;

/** The kind of upstream, which decides dialect, default address and catalogue. */
@WireEnum
public enum ProviderType {
    @JsonProperty("OpenAI")
    OPENAI,
    @JsonProperty("Anthropic")
    ANTHROPIC,
    @JsonProperty("Gemini")
    GEMINI,
    @JsonProperty("VertexAI")
    VERTEX_AI,
    @JsonProperty("Bedrock")
    BEDROCK,
    @JsonProperty("AzureOpenAI")
    AZURE_OPENAI,
    @JsonProperty("Cohere")
    COHERE,
    @JsonProperty("Mistral")
    MISTRAL,
    @JsonProperty("Groq")
    GROQ,
    @JsonProperty("XAI")
    XAI,
    @JsonProperty("DeepSeek")
    DEEPSEEK,
    @JsonProperty("OpenRouter")
    OPENROUTER,
    @JsonProperty("Together")
    TOGETHER,
    @JsonProperty("Fireworks")
    FIREWORKS,
    @JsonProperty("Perplexity")
    PERPLEXITY,
    @JsonProperty("Cerebras")
    CEREBRAS,
    @JsonProperty("Ollama")
    OLLAMA,
    @JsonProperty("VLLM")
    VLLM,
    @JsonProperty("OpenAICompatible")
    OPENAI_COMPATIBLE,
    /** A value of a newer schema; the compiler refuses it. */
    @JsonEnumDefaultValue
    UNKNOWN
}
