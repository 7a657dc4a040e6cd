package dev.tollgate.dataplane.telemetry;

import dev.tollgate.policy.route.Complexity;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The SERVER span of one request; its attempts are CLIENT spans below it. */
public final class RequestSpan {

    /** What is known when an attempt starts. */
    public record AttemptStart(
            String operation,
            String telemetryProvider,
            String provider,
            String model,
            String serverAddress,
            int serverPort,
            int attempt,
            boolean stream,
            long maxTokens,
            int choices) {}

    /**
     * What is known when the request is over.
     *
     * @param complexity of the prompt, null: no rule asked
     */
    public record Finish(
            String requestId,
            String team,
            String caller,
            String clientDialect,
            String route,
            String strategy,
            String provider,
            String model,
            String modelRequested,
            String outcome,
            int status,
            int attempts,
            boolean fallbackUsed,
            boolean cacheHit,
            List<String> budgets,
            List<String> budgetSteps,
            List<String> budgetShadow,
            @Nullable Complexity complexity) {}

    private final @Nullable Tracer tracer;
    private final @Nullable Span span;
    private final TraceIds ids;

    RequestSpan(@Nullable Tracer tracer, @Nullable Span span, TraceIds ids) {
        this.tracer = tracer;
        this.span = span;
        this.ids = ids;
    }

    public TraceIds ids() {
        return ids;
    }

    /** Whether anything of this request is exported. */
    public boolean recorded() {
        return span != null;
    }

    /** Null unless this request is recorded. */
    public @Nullable AttemptSpan attempt(AttemptStart start) {
        if (tracer == null || span == null) {
            return null;
        }
        var builder =
                tracer.spanBuilder(start.operation() + " " + start.model())
                        .setParent(Context.root().with(span))
                        .setSpanKind(SpanKind.CLIENT)
                        .setAttribute(GenAi.OPERATION, start.operation())
                        .setAttribute(GenAi.PROVIDER, start.telemetryProvider())
                        .setAttribute(GenAi.REQUEST_MODEL, start.model())
                        .setAttribute(GenAi.SERVER_ADDRESS, start.serverAddress())
                        .setAttribute(GenAi.SERVER_PORT, (long) start.serverPort())
                        .setAttribute(GenAi.TOLLGATE_PROVIDER, start.provider())
                        .setAttribute(GenAi.ATTEMPT, (long) start.attempt());
        if (start.stream()) {
            builder.setAttribute(GenAi.REQUEST_STREAM, true);
        }
        if (start.maxTokens() >= 0) {
            builder.setAttribute(GenAi.REQUEST_MAX_TOKENS, start.maxTokens());
        }
        if (start.choices() != 1) {
            builder.setAttribute(GenAi.REQUEST_CHOICES, (long) start.choices());
        }
        return new AttemptSpan(builder.startSpan());
    }

    /** Ends the span; nothing of an answer's usage is on it, so that nothing is counted twice. */
    public void end(Finish finish) {
        if (span == null) {
            return;
        }
        span.setAttribute(GenAi.REQUEST_ID, finish.requestId());
        span.setAttribute(GenAi.TEAM, finish.team());
        span.setAttribute(GenAi.CALLER, finish.caller());
        span.setAttribute(GenAi.CLIENT_DIALECT, finish.clientDialect());
        span.setAttribute(GenAi.ROUTE, finish.route());
        span.setAttribute(GenAi.STRATEGY, finish.strategy());
        span.setAttribute(GenAi.TOLLGATE_PROVIDER, finish.provider());
        span.setAttribute(GenAi.MODEL, finish.model());
        span.setAttribute(GenAi.MODEL_REQUESTED, finish.modelRequested());
        span.setAttribute(GenAi.OUTCOME, finish.outcome());
        span.setAttribute(GenAi.ATTEMPTS, (long) finish.attempts());
        span.setAttribute(GenAi.FALLBACK_USED, finish.fallbackUsed());
        span.setAttribute(GenAi.CACHE_HIT, finish.cacheHit());
        span.setAttribute(GenAi.BUDGETS, finish.budgets());
        if (!finish.budgetSteps().isEmpty()) {
            span.setAttribute(GenAi.BUDGET_STEPS, finish.budgetSteps());
        }
        if (!finish.budgetShadow().isEmpty()) {
            span.setAttribute(GenAi.BUDGET_SHADOW, finish.budgetShadow());
        }
        var complexity = finish.complexity();
        if (complexity != null) {
            span.setAttribute(GenAi.COMPLEXITY_CLASS, complexity.word());
            span.setAttribute(GenAi.COMPLEXITY_SCORE, (long) complexity.score());
        }
        span.setAttribute(GenAi.HTTP_STATUS, (long) finish.status());
        if (finish.status() >= 500) {
            span.setAttribute(GenAi.ERROR_TYPE, Integer.toString(finish.status()));
            span.setStatus(StatusCode.ERROR);
        }
        span.end();
    }
}
