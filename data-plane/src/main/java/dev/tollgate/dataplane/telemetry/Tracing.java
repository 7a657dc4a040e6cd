package dev.tollgate.dataplane.telemetry;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Spans of requests and attempts (protocols.md, 10.2). Without an exporter nothing but ids is made:
 * the trace of a client goes on, and records carry its id. Any thread may use it.
 */
public final class Tracing implements AutoCloseable {

    private static final String INSTRUMENTATION = "dev.tollgate";
    private static final int MAX_QUEUED_SPANS = 8_192;
    private static final Duration EXPORT_DELAY = Duration.ofSeconds(1);
    private static final Duration EXPORT_TIMEOUT = Duration.ofSeconds(10);

    private final @Nullable SdkTracerProvider provider;
    private final @Nullable Tracer tracer;

    private Tracing(@Nullable SdkTracerProvider provider) {
        this.provider = provider;
        this.tracer = provider == null ? null : provider.get(INSTRUMENTATION);
    }

    /** No exporter. */
    public static Tracing none() {
        return new Tracing(null);
    }

    /**
     * Exports over OTLP/HTTP.
     *
     * @param endpoint base address, to which {@code /v1/traces} is added if it is not there
     * @param ratio share of new traces that are recorded; a client's own decision goes first
     * @param resourceAttributes {@code a=b,c=d}, as in {@code OTEL_RESOURCE_ATTRIBUTES}
     */
    public static Tracing otlp(String endpoint, double ratio, @Nullable String resourceAttributes) {
        var exporter =
                OtlpHttpSpanExporter.builder()
                        .setEndpoint(Otlp.traces(endpoint))
                        .setTimeout(EXPORT_TIMEOUT)
                        .build();
        return to(exporter, ratio, resourceAttributes);
    }

    /** Exports in batches to any exporter. */
    public static Tracing to(
            SpanExporter exporter, double ratio, @Nullable String resourceAttributes) {
        return new Tracing(
                SdkTracerProvider.builder()
                        .setResource(Otlp.resource(resourceAttributes))
                        .setSampler(Sampler.parentBased(Sampler.traceIdRatioBased(ratio)))
                        .addSpanProcessor(
                                BatchSpanProcessor.builder(exporter)
                                        .setMaxQueueSize(MAX_QUEUED_SPANS)
                                        .setScheduleDelay(EXPORT_DELAY)
                                        .setExporterTimeout(EXPORT_TIMEOUT)
                                        .build())
                        .build());
    }

    /**
     * Starts the span of an inbound request.
     *
     * @param traceparent the client's header, null if it sent none
     * @param route the path with its model cut out: few values
     */
    public RequestSpan request(
            String method, String route, String path, @Nullable String traceparent) {
        if (tracer == null) {
            return new RequestSpan(null, null, TraceIds.next(traceparent));
        }
        var parent = TraceIds.parse(traceparent);
        var context = Context.root();
        if (parent != null) {
            context =
                    context.with(
                            Span.wrap(
                                    SpanContext.createFromRemoteParent(
                                            parent.traceId(),
                                            parent.spanId(),
                                            parent.sampled()
                                                    ? TraceFlags.getSampled()
                                                    : TraceFlags.getDefault(),
                                            TraceState.getDefault())));
        }
        var span =
                tracer.spanBuilder(method + " " + route)
                        .setParent(context)
                        .setSpanKind(SpanKind.SERVER)
                        .setAttribute(GenAi.HTTP_METHOD, method)
                        .setAttribute(GenAi.URL_PATH, path)
                        .setAttribute(GenAi.URL_SCHEME, "http")
                        .setAttribute(GenAi.HTTP_ROUTE, route)
                        .setAttribute(GenAi.PROTOCOL_VERSION, "1.1")
                        .startSpan();
        var ids = span.getSpanContext();
        return new RequestSpan(
                tracer,
                span.isRecording() ? span : null,
                new TraceIds(ids.getTraceId(), ids.getSpanId(), ids.isSampled()));
    }

    /** Sends what is queued; blocks for a few seconds at most. */
    @Override
    public void close() {
        if (provider != null) {
            provider.shutdown().join(5, TimeUnit.SECONDS);
        }
    }
}
