package dev.tollgate.dataplane.telemetry;

import java.util.Map;

/** The {@code gen_ai.client} metrics in Prometheus text. */
final class OperationText {

    private static final String DURATION = "gen_ai_client_operation_duration_seconds";
    private static final String FIRST_CHUNK = "gen_ai_client_operation_time_to_first_chunk_seconds";
    private static final String TOKENS = "gen_ai_client_token_usage";

    private OperationText() {}

    static void render(Map<?, OperationSeries> operations, StringBuilder out) {
        Metrics.header(out, DURATION, "Attempts at providers.", "histogram");
        for (var each : operations.values()) {
            each.duration.forEach(
                    (error, histogram) ->
                            Metrics.histogram(
                                    out,
                                    DURATION,
                                    error.equals(OperationSeries.NO_ERROR)
                                            ? labels(each.key)
                                            : labels(each.key) + and("error_type", error),
                                    histogram));
        }
        Metrics.header(out, FIRST_CHUNK, "Time to the first piece of a stream.", "histogram");
        for (var each : operations.values()) {
            Metrics.histogram(out, FIRST_CHUNK, labels(each.key), each.firstChunk);
        }
        Metrics.header(out, TOKENS, "Tokens of an attempt.", "histogram");
        for (var each : operations.values()) {
            tokens(out, each.key, "input", each.inputTokens);
            tokens(out, each.key, "output", each.outputTokens);
        }
    }

    private static void tokens(
            StringBuilder out, OperationSeries.Key key, String type, Histogram histogram) {
        Metrics.histogram(out, TOKENS, labels(key) + and("gen_ai_token_type", type), histogram);
    }

    private static String labels(OperationSeries.Key key) {
        return Metrics.label("gen_ai_operation_name", key.operation())
                + and("gen_ai_provider_name", key.provider())
                + and("gen_ai_request_model", key.model())
                + and("server_address", key.address())
                + and("server_port", Integer.toString(key.port()));
    }

    private static String and(String name, String value) {
        return "," + Metrics.label(name, value);
    }
}
