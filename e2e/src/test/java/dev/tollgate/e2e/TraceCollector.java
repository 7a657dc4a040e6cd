package dev.tollgate.e2e;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.trace.v1.Span;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.zip.GZIPInputStream;

/** An OTLP/HTTP collector that keeps all spans and log records. */
final class TraceCollector implements AutoCloseable {

    private final HttpServer server;
    private final List<Span> spans = new CopyOnWriteArrayList<>();
    private final List<LogRecord> logs = new CopyOnWriteArrayList<>();
    private final List<Map<String, Object>> resources = new CopyOnWriteArrayList<>();

    TraceCollector() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 16);
        server.createContext("/v1/traces", this::take);
        server.createContext("/v1/logs", this::takeLogs);
        server.start();
    }

    String endpoint() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    /** Spans of one trace, by its id in hex. */
    List<Span> trace(String id) {
        return spans.stream()
                .filter(
                        span ->
                                HexFormat.of()
                                        .formatHex(span.getTraceId().toByteArray())
                                        .equals(id))
                .toList();
    }

    List<LogRecord> logs() {
        return logs;
    }

    List<Map<String, Object>> resources() {
        return resources;
    }

    /** All that was received, as text, to look for what must not be there. */
    String everything() {
        return spans.toString() + logs + resources;
    }

    static Map<String, Object> attributes(LogRecord log) {
        return attributes(log.getAttributesList());
    }

    static Map<String, Object> attributes(Span span) {
        return attributes(span.getAttributesList());
    }

    private static Map<String, Object> attributes(List<KeyValue> list) {
        var map = new HashMap<String, Object>();
        list.forEach(pair -> map.put(pair.getKey(), value(pair.getValue())));
        return map;
    }

    private static Object value(AnyValue value) {
        return switch (value.getValueCase()) {
            case STRING_VALUE -> value.getStringValue();
            case BOOL_VALUE -> value.getBoolValue();
            case INT_VALUE -> value.getIntValue();
            case DOUBLE_VALUE -> value.getDoubleValue();
            case ARRAY_VALUE ->
                    value.getArrayValue().getValuesList().stream()
                            .map(TraceCollector::value)
                            .toList();
            case KVLIST_VALUE, BYTES_VALUE, STRING_VALUE_STRINDEX, VALUE_NOT_SET ->
                    value.toString();
        };
    }

    private static InputStream body(HttpExchange exchange) throws IOException {
        boolean zipped = "gzip".equals(exchange.getRequestHeaders().getFirst("content-encoding"));
        var body = exchange.getRequestBody();
        return zipped ? new GZIPInputStream(body) : body;
    }

    /** An answer without partial failures has no fields. */
    private static void answer(HttpExchange exchange) throws IOException {
        exchange.getResponseHeaders().add("content-type", "application/x-protobuf");
        exchange.sendResponseHeaders(200, -1);
    }

    private void take(HttpExchange exchange) throws IOException {
        try (exchange) {
            var request = ExportTraceServiceRequest.parseFrom(body(exchange));
            for (var resource : request.getResourceSpansList()) {
                resources.add(attributes(resource.getResource().getAttributesList()));
                resource.getScopeSpansList().forEach(scope -> spans.addAll(scope.getSpansList()));
            }
            answer(exchange);
        }
    }

    private void takeLogs(HttpExchange exchange) throws IOException {
        try (exchange) {
            var request = ExportLogsServiceRequest.parseFrom(body(exchange));
            for (var resource : request.getResourceLogsList()) {
                resource.getScopeLogsList()
                        .forEach(scope -> logs.addAll(scope.getLogRecordsList()));
            }
            answer(exchange);
        }
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
