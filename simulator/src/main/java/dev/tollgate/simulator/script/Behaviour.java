package dev.tollgate.simulator.script;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What to do with one request; null means "not told", see {@link #over}.
 *
 * @param latencyMs from the request's last byte to the answer's first
 * @param gapMs between two chunks of a stream; an answer that is no stream does not wait for them
 * @param chunks pieces of text in a stream; by default one a token
 * @param inputTokens by default the UTF-8 bytes of all text in the prompt, divided by four, rounded
 *     up
 * @param cachedTokens of the input; more than the input counts as the input
 * @param cacheWriteTokens of the input, at most what is not cached
 * @param outputTokens including reasoning; by default those of the text and tool calls (bytes
 *     divided by four, rounded up), or one a chunk, or 24. The request's own maximum cuts it short
 * @param reasoningTokens of the output; nothing of them is shown
 * @param text what to say; by default words, one a token
 * @param structured says this as compact JSON, or calls the tool with it that the request forces
 * @param interleaveToolCalls OpenAI only: pieces of parallel calls take turns
 * @param billed overrides what is charged
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Behaviour(
        @Nullable Long latencyMs,
        @Nullable Long gapMs,
        @Nullable Integer chunks,
        @Nullable Long inputTokens,
        @Nullable Long cachedTokens,
        @Nullable Long cacheWriteTokens,
        @Nullable Long outputTokens,
        @Nullable Long reasoningTokens,
        @Nullable String text,
        @Nullable JsonNode structured,
        @Nullable List<ToolCall> toolCalls,
        @Nullable Boolean interleaveToolCalls,
        @Nullable Map<String, String> headers,
        @Nullable Failure error,
        @Nullable Hang hang,
        @Nullable Cut cut,
        @Nullable SseFaults sse,
        @Nullable FalseUsage usage,
        @Nullable Billed billed) {

    static final Behaviour UNTOLD =
            new Behaviour(
                    null, null, null, null, null, null, null, null, null, null, null, null, null,
                    null, null, null, null, null, null);

    /** What a call costs: by its outcome and the script's {@code billingStops}, or as told. */
    public enum Billed {
        @JsonProperty("auto")
        AUTO,
        @JsonProperty("nothing")
        NOTHING,
        @JsonProperty("soFar")
        SO_FAR,
        @JsonProperty("whole")
        WHOLE
    }

    public Behaviour {
        Bounds.optional("latencyMs", latencyMs, 0, Bounds.MAX_WAIT_MS);
        Bounds.optional("gapMs", gapMs, 0, Bounds.MAX_WAIT_MS);
        Bounds.optional("chunks", chunks, 1, Bounds.MAX_CHUNKS);
        Bounds.optional("inputTokens", inputTokens, 0, Bounds.MAX_TOKENS);
        Bounds.optional("cachedTokens", cachedTokens, 0, Bounds.MAX_TOKENS);
        Bounds.optional("cacheWriteTokens", cacheWriteTokens, 0, Bounds.MAX_TOKENS);
        Bounds.optional("outputTokens", outputTokens, 1, Bounds.MAX_TOKENS);
        Bounds.optional("reasoningTokens", reasoningTokens, 0, Bounds.MAX_TOKENS);
        if (text != null && structured != null) {
            throw new IllegalArgumentException("text and structured (expected: one of them)");
        }
        if (toolCalls != null) {
            toolCalls = List.copyOf(toolCalls);
            Bounds.optional("toolCalls", toolCalls.size(), 0, Bounds.MAX_TOOL_CALLS);
        }
        if (headers != null) {
            headers = Map.copyOf(headers);
            headers.forEach(Behaviour::checkHeader);
        }
    }

    private static void checkHeader(String name, String value) {
        if (!name.matches("[A-Za-z0-9!#$%&'*+.^_`|~-]{1,200}")) {
            throw new IllegalArgumentException("headers: name '" + name + "' (expected: a token)");
        }
        if (!value.matches("[\\x20-\\x7e]{0,8000}")) {
            throw new IllegalArgumentException(
                    "headers: value of " + name + " (expected: printable ASCII)");
        }
    }

    static Behaviour failing(Failure failure) {
        return new Behaviour(
                null, null, null, null, null, null, null, null, null, null, null, null, null,
                failure, null, null, null, null, null);
    }

    /**
     * This where it was told, {@code base} elsewhere. Text, structured output and tool calls go
     * together: if this tells one of them, none comes from the base.
     */
    public Behaviour over(Behaviour base) {
        var content = text != null || structured != null || toolCalls != null ? this : base;
        return new Behaviour(
                or(latencyMs, base.latencyMs),
                or(gapMs, base.gapMs),
                or(chunks, base.chunks),
                or(inputTokens, base.inputTokens),
                or(cachedTokens, base.cachedTokens),
                or(cacheWriteTokens, base.cacheWriteTokens),
                or(outputTokens, base.outputTokens),
                or(reasoningTokens, base.reasoningTokens),
                content.text,
                content.structured,
                content.toolCalls,
                or(interleaveToolCalls, base.interleaveToolCalls),
                or(headers, base.headers),
                or(error, base.error),
                or(hang, base.hang),
                or(cut, base.cut),
                or(sse, base.sse),
                or(usage, base.usage),
                or(billed, base.billed));
    }

    private static <T> @Nullable T or(@Nullable T told, @Nullable T base) {
        return told != null ? told : base;
    }

    public long latency() {
        return latencyMs == null ? 0 : latencyMs;
    }

    public long gap() {
        return gapMs == null ? 0 : gapMs;
    }

    public List<ToolCall> calls() {
        return toolCalls == null ? List.of() : toolCalls;
    }

    public Billed billing() {
        return billed == null ? Billed.AUTO : billed;
    }

    public boolean interleaves() {
        return Boolean.TRUE.equals(interleaveToolCalls);
    }
}
