package dev.tollgate.dataplane.telemetry;

import dev.tollgate.dialects.Usage;
import dev.tollgate.policy.price.Money;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The CLIENT span of one upstream call, with its usage and cost. */
public final class AttemptSpan {

    private final Span span;

    AttemptSpan(Span span) {
        this.span = span;
    }

    /**
     * Ends the span.
     *
     * @param status of the provider's answer, 0 if none came
     * @param error word for {@code error.type}, null after success
     * @param firstChunkNanos time to the first piece of a stream, negative if it was none
     * @param cost null if nothing is known to have been priced
     */
    public void end(
            int status,
            @Nullable String error,
            @Nullable String responseModel,
            @Nullable String finishReason,
            long firstChunkNanos,
            @Nullable Usage usage,
            @Nullable Money cost,
            boolean assumed,
            String costSource) {
        if (status > 0) {
            span.setAttribute(GenAi.HTTP_STATUS, (long) status);
        }
        if (error != null) {
            span.setAttribute(GenAi.ERROR_TYPE, error);
            span.setStatus(StatusCode.ERROR);
        }
        if (responseModel != null) {
            span.setAttribute(GenAi.RESPONSE_MODEL, responseModel);
        }
        if (finishReason != null) {
            span.setAttribute(GenAi.FINISH_REASONS, List.of(finishReason));
        }
        if (firstChunkNanos >= 0) {
            span.setAttribute(GenAi.TIME_TO_FIRST_CHUNK, firstChunkNanos / 1e9);
            span.setAttribute(GenAi.TTFT_MS, firstChunkNanos / 1e6);
        }
        if (usage != null) {
            usage(usage);
        }
        if (cost != null) {
            span.setAttribute(GenAi.COST, cost.nanos() / 1e9);
            span.setAttribute(GenAi.COST_USD, cost.toString());
            span.setAttribute(GenAi.COST_SOURCE, costSource);
            span.setAttribute(GenAi.COST_ASSUMED, assumed);
        }
        span.end();
    }

    private void usage(Usage usage) {
        span.setAttribute(GenAi.INPUT_TOKENS, usage.input());
        span.setAttribute(GenAi.OUTPUT_TOKENS, usage.output());
        if (usage.cacheRead() > 0) {
            span.setAttribute(GenAi.CACHE_READ_TOKENS, usage.cacheRead());
        }
        if (usage.cacheWrite5m() + usage.cacheWrite1h() > 0) {
            span.setAttribute(
                    GenAi.CACHE_CREATION_TOKENS, usage.cacheWrite5m() + usage.cacheWrite1h());
        }
        if (usage.reasoning() > 0) {
            span.setAttribute(GenAi.REASONING_TOKENS, usage.reasoning());
        }
    }
}
