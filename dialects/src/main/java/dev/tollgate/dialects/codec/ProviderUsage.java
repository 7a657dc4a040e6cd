package dev.tollgate.dialects.codec;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.Usage;
import org.jspecify.annotations.Nullable;

/** Reads the usage of a provider's answer or event. */
public final class ProviderUsage {
    private ProviderUsage() {}

    /** Null if the envelope holds none. */
    public static @Nullable Usage read(Dialect dialect, JsonNode envelope) {
        return switch (dialect) {
            case OPENAI_CHAT -> chat(usageIn(envelope));
            case OPENAI_RESPONSES -> responses(envelope.path("usage"));
            case ANTHROPIC -> anthropic(envelope.path("usage"));
            case GEMINI -> gemini(envelope.path("usageMetadata"));
        };
    }

    private static JsonNode usageIn(JsonNode envelope) {
        var usage = envelope.path("usage");
        return usage.isObject() ? usage : envelope.path("x_groq").path("usage");
    }

    private static @Nullable Usage chat(JsonNode usage) {
        if (!usage.path("prompt_tokens").isNumber()) {
            return null;
        }
        var prompt = usage.path("prompt_tokens_details");
        var completion = usage.path("completion_tokens_details");
        long input = usage.path("prompt_tokens").asLong();
        long output = usage.path("completion_tokens").asLong();
        long reasoning = completion.path("reasoning_tokens").asLong();
        long total = usage.path("total_tokens").asLong();
        if (total == input + output + reasoning) {
            output += reasoning;
        } else if (reasoning == 0 && total > input + output) {
            output = total - input;
        }
        long cached =
                Math.max(
                        prompt.path("cached_tokens").asLong(),
                        Math.max(
                                usage.path("prompt_cache_hit_tokens").asLong(),
                                usage.path("num_cached_tokens").asLong()));
        return new Usage(
                input,
                cached,
                prompt.path("cache_write_tokens").asLong(),
                0,
                output,
                reasoning,
                prompt.path("audio_tokens").asLong(),
                completion.path("audio_tokens").asLong(),
                0);
    }

    private static @Nullable Usage responses(JsonNode usage) {
        if (!usage.path("input_tokens").isNumber()) {
            return null;
        }
        var input = usage.path("input_tokens_details");
        return new Usage(
                usage.path("input_tokens").asLong(),
                input.path("cached_tokens").asLong(),
                input.path("cache_write_tokens").asLong(),
                0,
                usage.path("output_tokens").asLong(),
                usage.path("output_tokens_details").path("reasoning_tokens").asLong(),
                0,
                0,
                0);
    }

    private static @Nullable Usage anthropic(JsonNode usage) {
        if (!usage.path("input_tokens").isNumber() && !usage.path("output_tokens").isNumber()) {
            return null;
        }
        long read = usage.path("cache_read_input_tokens").asLong();
        long written = usage.path("cache_creation_input_tokens").asLong();
        long hour = usage.path("cache_creation").path("ephemeral_1h_input_tokens").asLong();
        var tools = usage.path("server_tool_use");
        return new Usage(
                usage.path("input_tokens").asLong() + read + written,
                read,
                Math.max(0, written - hour),
                Math.min(written, hour),
                usage.path("output_tokens").asLong(),
                usage.path("output_tokens_details").path("thinking_tokens").asLong(),
                0,
                0,
                tools.path("web_search_requests").asLong()
                        + tools.path("web_fetch_requests").asLong());
    }

    private static @Nullable Usage gemini(JsonNode usage) {
        if (!usage.path("promptTokenCount").isNumber()
                && !usage.path("totalTokenCount").isNumber()) {
            return null;
        }
        long thoughts = usage.path("thoughtsTokenCount").asLong();
        return new Usage(
                usage.path("promptTokenCount").asLong()
                        + usage.path("toolUsePromptTokenCount").asLong(),
                usage.path("cachedContentTokenCount").asLong(),
                0,
                0,
                usage.path("candidatesTokenCount").asLong() + thoughts,
                thoughts,
                audio(usage.path("promptTokensDetails")),
                audio(usage.path("candidatesTokensDetails")),
                0);
    }

    private static long audio(JsonNode details) {
        long tokens = 0;
        for (var each : details) {
            if ("AUDIO".equals(each.path("modality").asText())) {
                tokens += each.path("tokenCount").asLong();
            }
        }
        return tokens;
    }
}
