package dev.tollgate.dialects.usage;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.Usage;
import org.jspecify.annotations.Nullable;

/**
 * Normalises a provider's usage object. Deviations of providers are recognised by the object
 * itself, not by the provider's name, so that a compatible server in between changes nothing:
 *
 * <ul>
 *   <li>chat: where {@code total_tokens} exceeds prompt and completion, the rest is output that the
 *       provider bills and left out of {@code completion_tokens} (xAI: its reasoning; Gemini's
 *       compatible endpoint: its thinking);
 *   <li>chat: {@code prompt_cache_hit_tokens} (DeepSeek) and {@code cached_tokens} (Moonshot) where
 *       {@code prompt_tokens_details} does not say it;
 *   <li>Anthropic: calls listed in {@code iterations} that are not messages (a compaction, an
 *       advisor) are missing in the totals and billed, so they are added;
 *   <li>Bedrock's camelCase and Cohere's {@code billed_units}, under whichever dialect.
 * </ul>
 *
 * A field that is missing or null counts as 0; one that is no count becomes hugely negative, and a
 * negative one stays so: whoever prices the figures refuses them.
 */
public final class UsageReader {

    /** Sums with other counts stay below zero. */
    private static final long NO_COUNT = -(1L << 52);

    private UsageReader() {}

    /** Null if the node is no usage object of any known form. */
    public static @Nullable Usage read(Dialect dialect, @Nullable JsonNode usage) {
        if (usage == null || !usage.isObject()) {
            return null;
        }
        if (usage.has("billed_units") || usage.path("tokens").isObject()) {
            return cohere(usage);
        }
        if (usage.has("inputTokens") || usage.has("outputTokens")) {
            return bedrock(usage);
        }
        return switch (dialect) {
            case OPENAI_CHAT -> chat(usage);
            case OPENAI_RESPONSES -> responses(usage);
            case ANTHROPIC -> anthropic(usage);
            case GEMINI -> gemini(usage);
        };
    }

    private static @Nullable Usage chat(JsonNode usage) {
        if (!usage.has("prompt_tokens") && !usage.has("completion_tokens")) {
            return usage.has("input_tokens") ? responses(usage) : null;
        }
        var in = usage.path("prompt_tokens_details");
        var out = usage.path("completion_tokens_details");
        long prompt = number(usage, "prompt_tokens");
        long completion = number(usage, "completion_tokens");
        long reasoning = number(out, "reasoning_tokens");
        long total = number(usage, "total_tokens");
        long output = Math.max(completion, total - prompt);
        if (total == 0 && reasoning > completion) {
            output = completion + reasoning;
        }
        long cacheRead =
                first(
                        number(in, "cached_tokens"),
                        number(usage, "prompt_cache_hit_tokens"),
                        number(usage, "cached_tokens"));
        return new Usage(
                prompt,
                cacheRead,
                number(in, "cache_write_tokens"),
                0,
                output,
                reasoning,
                number(in, "audio_tokens"),
                number(out, "audio_tokens"),
                number(usage.path("server_tool_use_details"), "web_search_requests"));
    }

    private static @Nullable Usage responses(JsonNode usage) {
        if (!usage.has("input_tokens") && !usage.has("output_tokens")) {
            return usage.has("prompt_tokens") ? chat(usage) : null;
        }
        var in = usage.path("input_tokens_details");
        var out = usage.path("output_tokens_details");
        long input = number(usage, "input_tokens");
        long output = number(usage, "output_tokens");
        return new Usage(
                input,
                number(in, "cached_tokens"),
                number(in, "cache_write_tokens"),
                0,
                Math.max(output, number(usage, "total_tokens") - input),
                number(out, "reasoning_tokens"),
                number(in, "audio_tokens"),
                number(out, "audio_tokens"),
                0);
    }

    private static @Nullable Usage anthropic(JsonNode usage) {
        if (!usage.has("input_tokens") && !usage.has("output_tokens")) {
            return null;
        }
        var tools = usage.path("server_tool_use");
        var total =
                anthropicCounts(usage)
                        .withServerTools(
                                number(tools, "web_search_requests")
                                        + number(tools, "web_fetch_requests"));
        for (var iteration : usage.path("iterations")) {
            var type = iteration.path("type").asText("message");
            if (!type.equals("message")) {
                total = total.plus(anthropicCounts(iteration));
            }
        }
        return total.usage();
    }

    private static AnthropicCounts anthropicCounts(JsonNode usage) {
        var written = usage.path("cache_creation");
        long read = number(usage, "cache_read_input_tokens");
        long creation = number(usage, "cache_creation_input_tokens");
        long hour = number(written, "ephemeral_1h_input_tokens");
        long minutes = number(written, "ephemeral_5m_input_tokens");
        // Writes without a lifetime are of the shorter one (protocols.md, 15).
        long shortWrites = Math.max(minutes, creation - hour);
        return new AnthropicCounts(
                number(usage, "input_tokens"),
                read,
                shortWrites,
                hour,
                number(usage, "output_tokens"),
                number(usage.path("output_tokens_details"), "thinking_tokens"),
                0);
    }

    /** Anthropic's own split, in which input excludes what was read from or written to a cache. */
    private record AnthropicCounts(
            long plainInput,
            long cacheRead,
            long cacheWrite5m,
            long cacheWrite1h,
            long output,
            long reasoning,
            long serverTools) {

        AnthropicCounts withServerTools(long calls) {
            return new AnthropicCounts(
                    plainInput, cacheRead, cacheWrite5m, cacheWrite1h, output, reasoning, calls);
        }

        AnthropicCounts plus(AnthropicCounts other) {
            return new AnthropicCounts(
                    plainInput + other.plainInput,
                    cacheRead + other.cacheRead,
                    cacheWrite5m + other.cacheWrite5m,
                    cacheWrite1h + other.cacheWrite1h,
                    output + other.output,
                    reasoning + other.reasoning,
                    serverTools + other.serverTools);
        }

        Usage usage() {
            return new Usage(
                    plainInput + cacheRead + cacheWrite5m + cacheWrite1h,
                    cacheRead,
                    cacheWrite5m,
                    cacheWrite1h,
                    output,
                    reasoning,
                    0,
                    0,
                    serverTools);
        }
    }

    private static @Nullable Usage gemini(JsonNode usage) {
        if (!usage.has("promptTokenCount")
                && !usage.has("candidatesTokenCount")
                && !usage.has("totalTokenCount")) {
            return null;
        }
        long thoughts = number(usage, "thoughtsTokenCount");
        return new Usage(
                number(usage, "promptTokenCount") + number(usage, "toolUsePromptTokenCount"),
                number(usage, "cachedContentTokenCount"),
                0,
                0,
                number(usage, "candidatesTokenCount") + thoughts,
                thoughts,
                modality(usage.path("promptTokensDetails"), "AUDIO"),
                modality(usage.path("candidatesTokensDetails"), "AUDIO"),
                0);
    }

    private static long modality(JsonNode details, String modality) {
        long tokens = 0;
        for (var detail : details) {
            if (detail.path("modality").asText("").equals(modality)) {
                tokens += number(detail, "tokenCount");
            }
        }
        return tokens;
    }

    private static Usage bedrock(JsonNode usage) {
        long read = number(usage, "cacheReadInputTokens");
        long written = number(usage, "cacheWriteInputTokens");
        long hour = 0;
        for (var detail : usage.path("cacheDetails")) {
            if (detail.path("ttl").asText("").equals("1h")) {
                hour += number(detail, "inputTokens");
            }
        }
        return new Usage(
                number(usage, "inputTokens") + read + written,
                read,
                written - hour,
                hour,
                number(usage, "outputTokens"),
                0,
                0,
                0,
                0);
    }

    private static Usage cohere(JsonNode usage) {
        var counts = usage.has("billed_units") ? usage.path("billed_units") : usage.path("tokens");
        return new Usage(
                number(counts, "input_tokens"),
                0,
                0,
                0,
                number(counts, "output_tokens"),
                0,
                0,
                0,
                0);
    }

    private static long first(long... values) {
        for (long value : values) {
            if (value != 0) {
                return value;
            }
        }
        return 0;
    }

    /** 0 if absent; what is no count makes the whole usage implausible, whatever it is added to. */
    private static long number(JsonNode parent, String name) {
        var node = parent.get(name);
        if (node == null || node.isNull()) {
            return 0;
        }
        return node.isNumber() && node.canConvertToLong() ? node.longValue() : NO_COUNT;
    }
}
