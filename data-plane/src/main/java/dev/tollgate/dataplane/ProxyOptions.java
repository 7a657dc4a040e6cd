package dev.tollgate.dataplane;

import dev.tollgate.dataplane.exchange.ExchangeSettings;
import dev.tollgate.dataplane.valkey.ValkeyAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Settings of one proxy process. Start from {@link #DEFAULT} and change what differs.
 *
 * @param host address of the data port
 * @param port 0: a free one
 * @param adminHost address of the admin port
 * @param adminPort 0: a free one; negative: no admin port
 * @param eventLoops that serve requests
 * @param usageLog {@code stdout}, {@code none} or a file
 * @param anonymousNamespace who pays for callers without a credential, null: they are refused
 * @param otlpEndpoint collector to which spans and usage records may go, null: nowhere
 * @param otlpSpans spans go there
 * @param otlpRecords usage records go there
 * @param sampleRatio share of new traces that are recorded, 0 to 1
 * @param resourceAttributes as in {@code OTEL_RESOURCE_ATTRIBUTES}, null: none
 * @param connectionsPerProvider of the whole process
 * @param maxConnections from clients, of the whole process
 * @param closeLag accepting goes on for this long after {@code close()}, while endpoints lag
 * @param closeGrace running requests may take this long to end
 * @param valkey where limits are divided and answers kept for all proxies that share it, null: each
 *     by itself
 */
public record ProxyOptions(
        String host,
        int port,
        String adminHost,
        int adminPort,
        int eventLoops,
        String usageLog,
        @Nullable String anonymousNamespace,
        @Nullable String otlpEndpoint,
        boolean otlpSpans,
        boolean otlpRecords,
        double sampleRatio,
        @Nullable String resourceAttributes,
        int connectionsPerProvider,
        int maxConnections,
        Duration closeLag,
        Duration closeGrace,
        ExchangeSettings exchange,
        @Nullable ValkeyAddress valkey) {

    /** On loopback, with what the standard environment variables of OpenTelemetry say. */
    public static final ProxyOptions DEFAULT =
            new ProxyOptions(
                    "127.0.0.1",
                    8080,
                    "127.0.0.1",
                    9090,
                    Math.max(1, Runtime.getRuntime().availableProcessors()),
                    "stdout",
                    null,
                    null,
                    true,
                    true,
                    1.0,
                    null,
                    1_000,
                    50_000,
                    Duration.ofSeconds(5),
                    Duration.ofSeconds(600),
                    ExchangeSettings.DEFAULT,
                    null);

    public ProxyOptions {
        if (eventLoops < 1) {
            throw new IllegalArgumentException("eventLoops: " + eventLoops + " (expected: >= 1)");
        }
        if (!(sampleRatio >= 0 && sampleRatio <= 1)) {
            throw new IllegalArgumentException(
                    "sampleRatio: " + sampleRatio + " (expected: 0 to 1)");
        }
    }

    public ProxyOptions withData(String address, int dataPort) {
        return new ProxyOptions(
                address,
                dataPort,
                adminHost,
                adminPort,
                eventLoops,
                usageLog,
                anonymousNamespace,
                otlpEndpoint,
                otlpSpans,
                otlpRecords,
                sampleRatio,
                resourceAttributes,
                connectionsPerProvider,
                maxConnections,
                closeLag,
                closeGrace,
                exchange,
                valkey);
    }

    public ProxyOptions withAdmin(String address, int port) {
        return new ProxyOptions(
                host,
                this.port,
                address,
                port,
                eventLoops,
                usageLog,
                anonymousNamespace,
                otlpEndpoint,
                otlpSpans,
                otlpRecords,
                sampleRatio,
                resourceAttributes,
                connectionsPerProvider,
                maxConnections,
                closeLag,
                closeGrace,
                exchange,
                valkey);
    }

    public ProxyOptions withUsageLog(String target) {
        return new ProxyOptions(
                host,
                port,
                adminHost,
                adminPort,
                eventLoops,
                target,
                anonymousNamespace,
                otlpEndpoint,
                otlpSpans,
                otlpRecords,
                sampleRatio,
                resourceAttributes,
                connectionsPerProvider,
                maxConnections,
                closeLag,
                closeGrace,
                exchange,
                valkey);
    }

    public ProxyOptions withClose(Duration lag, Duration grace) {
        return new ProxyOptions(
                host,
                port,
                adminHost,
                adminPort,
                eventLoops,
                usageLog,
                anonymousNamespace,
                otlpEndpoint,
                otlpSpans,
                otlpRecords,
                sampleRatio,
                resourceAttributes,
                connectionsPerProvider,
                maxConnections,
                lag,
                grace,
                exchange,
                valkey);
    }

    public ProxyOptions withExchange(ExchangeSettings settings) {
        return new ProxyOptions(
                host,
                port,
                adminHost,
                adminPort,
                eventLoops,
                usageLog,
                anonymousNamespace,
                otlpEndpoint,
                otlpSpans,
                otlpRecords,
                sampleRatio,
                resourceAttributes,
                connectionsPerProvider,
                maxConnections,
                closeLag,
                closeGrace,
                settings,
                valkey);
    }

    public ProxyOptions withEventLoops(int loops) {
        return new ProxyOptions(
                host,
                port,
                adminHost,
                adminPort,
                loops,
                usageLog,
                anonymousNamespace,
                otlpEndpoint,
                otlpSpans,
                otlpRecords,
                sampleRatio,
                resourceAttributes,
                connectionsPerProvider,
                maxConnections,
                closeLag,
                closeGrace,
                exchange,
                valkey);
    }

    public ProxyOptions withValkey(@Nullable ValkeyAddress address) {
        return new ProxyOptions(
                host,
                port,
                adminHost,
                adminPort,
                eventLoops,
                usageLog,
                anonymousNamespace,
                otlpEndpoint,
                otlpSpans,
                otlpRecords,
                sampleRatio,
                resourceAttributes,
                connectionsPerProvider,
                maxConnections,
                closeLag,
                closeGrace,
                exchange,
                address);
    }
}
