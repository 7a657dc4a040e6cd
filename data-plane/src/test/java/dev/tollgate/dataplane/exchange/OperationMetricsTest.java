package dev.tollgate.dataplane.exchange;

import static dev.tollgate.dataplane.exchange.Harness.answers;
import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Handler;
import io.vertx.core.http.HttpServerRequest;
import java.net.URI;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The metrics that OpenTelemetry names for a model's client, on the page of metrics. */
class OperationMetricsTest {

    private static final String DURATION = "gen_ai_client_operation_duration_seconds";
    private static final String FIRST_CHUNK = "gen_ai_client_operation_time_to_first_chunk_seconds";
    private static final String TOKENS = "gen_ai_client_token_usage";

    private final Harness harness = new Harness();
    private String labels = "";

    @AfterEach
    void close() {
        harness.close();
    }

    private void start(Handler<HttpServerRequest> behaviour) {
        var upstream = harness.upstream(behaviour);
        var providers = List.of(Snapshots.provider("a", "openai-chat", upstream.url() + "/v1"));
        labels =
                "{gen_ai_operation_name=\"chat\",gen_ai_provider_name=\"openai\","
                        + "gen_ai_request_model=\"model-1\",server_address=\"127.0.0.1\","
                        + "server_port=\""
                        + URI.create(upstream.url()).getPort()
                        + "\"";
        harness.apply(
                Snapshots.of(
                        providers,
                        List.of(Snapshots.chain("fast", Snapshots.retry(3, null), providers)),
                        List.of(Snapshots.budget("1000000")),
                        List.of(Harness.clientKey()),
                        List.of()));
        harness.start();
    }

    private List<String> bounds(String metric, String more) {
        return Pattern.compile(
                        "^"
                                + Pattern.quote(metric + "_bucket" + labels + more + ",le=\"")
                                + "([^\"]*)",
                        Pattern.MULTILINE)
                .matcher(harness.admin("/metrics").body())
                .results()
                .map(found -> found.group(1))
                .toList();
    }

    @Test
    void anAnswerCountsItsDurationAndItsTokens() {
        start(answers(200, Harness.CHAT_ANSWER));
        assertThat(harness.chat(Harness.chat("fast", false)).statusCode()).isEqualTo(200);
        harness.awaitMetrics(
                "# TYPE " + DURATION + " histogram",
                DURATION + "_count" + labels + "} 1",
                "# TYPE " + TOKENS + " histogram",
                TOKENS + "_bucket" + labels + ",gen_ai_token_type=\"input\",le=\"4\"} 0",
                TOKENS + "_bucket" + labels + ",gen_ai_token_type=\"input\",le=\"16\"} 1",
                TOKENS + "_sum" + labels + ",gen_ai_token_type=\"input\"} 10",
                TOKENS + "_sum" + labels + ",gen_ai_token_type=\"output\"} 5",
                "# TYPE " + FIRST_CHUNK + " histogram",
                FIRST_CHUNK + "_count" + labels + "} 0");
        var seconds =
                List.of(
                        "0.01", "0.02", "0.04", "0.08", "0.16", "0.32", "0.64", "1.28", "2.56",
                        "5.12", "10.24", "20.48", "40.96", "81.92", "+Inf");
        assertThat(bounds(DURATION, "")).isEqualTo(seconds);
        assertThat(bounds(FIRST_CHUNK, "")).isEqualTo(seconds);
        assertThat(bounds(TOKENS, ",gen_ai_token_type=\"output\""))
                .containsExactly(
                        "1",
                        "4",
                        "16",
                        "64",
                        "256",
                        "1024",
                        "4096",
                        "16384",
                        "65536",
                        "262144",
                        "1048576",
                        "4194304",
                        "16777216",
                        "67108864",
                        "+Inf");
    }

    @Test
    void aStreamCountsItsFirstPiece() {
        start(Harness.streams(Harness.chunk("Hel"), Harness.chunk("lo"), Harness.LAST_CHUNKS));
        assertThat(harness.chat(Harness.chat("fast", true)).statusCode()).isEqualTo(200);
        harness.awaitMetrics(
                FIRST_CHUNK + "_count" + labels + "} 1",
                DURATION + "_count" + labels + "} 1",
                TOKENS + "_sum" + labels + ",gen_ai_token_type=\"input\"} 10");
    }

    @Test
    void anErrorIsNamedByItsWord() {
        start(answers(400, "{\"error\":{\"message\":\"a text of the provider's\"}}"));
        assertThat(harness.chat(Harness.chat("fast", false)).statusCode()).isEqualTo(400);
        harness.awaitMetrics(DURATION + "_count" + labels + ",error_type=\"client_error\"} 1");
        assertThat(harness.admin("/metrics").body())
                .doesNotContain(DURATION + "_count" + labels + "} 1", "a text of the provider's");
    }
}
