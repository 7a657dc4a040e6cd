package dev.tollgate.dataplane.record;

import dev.tollgate.dataplane.telemetry.Otlp;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.logs.Logger;
import io.opentelemetry.api.logs.Severity;
import io.opentelemetry.exporter.otlp.http.logs.OtlpHttpLogRecordExporter;
import io.opentelemetry.sdk.logs.SdkLoggerProvider;
import io.opentelemetry.sdk.logs.export.BatchLogRecordProcessor;
import io.opentelemetry.sdk.logs.export.LogRecordExporter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Sends usage records to an OTLP/HTTP collector as log records, whose body is the record's JSON, in
 * batches and on a thread of its own. A full queue drops: the record itself is in the usage log,
 * which loses nothing. Any thread; never blocks.
 */
public final class OtlpRecords implements AutoCloseable {

    /** The name by which collectors tell them from other log records. */
    static final String EVENT = "tollgate.usage";

    private static final AttributeKey<String> REQUEST_ID = key("tollgate.request_id");
    private static final AttributeKey<String> TEAM = key("tollgate.team");
    private static final AttributeKey<String> OUTCOME = key("tollgate.outcome");
    private static final AttributeKey<String> COST_USD = key("tollgate.cost_usd");

    private static final String INSTRUMENTATION = "dev.tollgate";
    private static final int MAX_QUEUED_RECORDS = 8_192;
    private static final Duration EXPORT_DELAY = Duration.ofSeconds(1);
    private static final Duration EXPORT_TIMEOUT = Duration.ofSeconds(10);
    private static final int CLOSE_SECONDS = 5;

    private final SdkLoggerProvider provider;
    private final Logger logger;

    private OtlpRecords(SdkLoggerProvider provider) {
        this.provider = provider;
        this.logger = provider.get(INSTRUMENTATION);
    }

    private static AttributeKey<String> key(String name) {
        return AttributeKey.stringKey(name);
    }

    /**
     * Exports over OTLP/HTTP.
     *
     * @param endpoint base address of the collector
     * @param resourceAttributes as in {@code OTEL_RESOURCE_ATTRIBUTES}
     */
    public static OtlpRecords to(String endpoint, @Nullable String resourceAttributes) {
        return to(
                OtlpHttpLogRecordExporter.builder()
                        .setEndpoint(Otlp.logs(endpoint))
                        .setTimeout(EXPORT_TIMEOUT)
                        .build(),
                resourceAttributes);
    }

    static OtlpRecords to(LogRecordExporter exporter, @Nullable String resourceAttributes) {
        return new OtlpRecords(
                SdkLoggerProvider.builder()
                        .setResource(Otlp.resource(resourceAttributes))
                        .addLogRecordProcessor(
                                BatchLogRecordProcessor.builder(exporter)
                                        .setMaxQueueSize(MAX_QUEUED_RECORDS)
                                        .setScheduleDelay(EXPORT_DELAY)
                                        .setExporterTimeout(EXPORT_TIMEOUT)
                                        .build())
                        .build());
    }

    /** Queues one. */
    void add(UsageRecord record, byte[] json) {
        logger.logRecordBuilder()
                .setEventName(EVENT)
                .setTimestamp(record.timeMillis(), TimeUnit.MILLISECONDS)
                .setSeverity(Severity.INFO)
                .setBody(new String(json, StandardCharsets.UTF_8))
                .setAttribute(REQUEST_ID, record.requestId())
                .setAttribute(TEAM, record.team())
                .setAttribute(OUTCOME, record.outcome().word())
                .setAttribute(COST_USD, record.cost().toString())
                .emit();
    }

    /** Sends what is queued; blocks for a few seconds at most. */
    @Override
    public void close() {
        provider.shutdown().join(CLOSE_SECONDS, TimeUnit.SECONDS);
    }
}
