package dev.tollgate.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.ByteString;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.proto.trace.v1.Status;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the gateway tells of itself: spans, metrics, records, status; and what it never tells. */
class TelemetryE2E {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String PROVIDER_KEY = "sk-canary-of-the-provider-4711";
    private static final String PROMPT = "canary of the prompt 0815";
    private static final String ANSWER = "canary of the answer 2342";
    private static final String SCRIPT =
            Resources.PRICES
                    + "  broken: {inputPer1M: \"0.15\", outputPer1M: \"0.60\"}\n"
                    + "default: {text: '"
                    + ANSWER
                    + "', inputTokens: 30, cachedTokens: 4}\n"
                    + "rules: [{when: {model: broken}, do: {error: {status: 500}}}]\n";

    @TempDir static Path folder;
    static TraceCollector collector;
    static SimulatedProvider provider;
    static Standalone gateway;

    @BeforeAll
    static void start() throws Exception {
        collector = new TraceCollector();
        provider = SimulatedProvider.start("openai", SCRIPT, folder);
        var address = provider.url() + "/v1";
        gateway =
                Standalone.serve(
                        folder,
                        Map.of(
                                "OTEL_EXPORTER_OTLP_ENDPOINT",
                                collector.endpoint(),
                                "OTEL_LOGS_EXPORTER",
                                "otlp,console",
                                "OTEL_RESOURCE_ATTRIBUTES",
                                "k8s.namespace.name=here"),
                        Resources.namespace("team-a")
                                + Resources.secret("team-a", "keys", PROVIDER_KEY)
                                + Resources.clientKey("team-a", Standalone.KEY)
                                + Resources.provider(
                                        "team-a", "first", "OpenAI", address, List.of("broken"))
                                + Resources.provider(
                                        "team-a",
                                        "second",
                                        "OpenAI",
                                        address,
                                        List.of("gpt-4o-mini"))
                                + Resources.route(
                                        "team-a", "chat", "first/broken", "second/gpt-4o-mini")
                                + Resources.budget("team-a", "monthly", "10.00"));
    }

    @AfterAll
    static void stop() throws Exception {
        gateway.close();
        provider.close();
        collector.close();
    }

    @BeforeEach
    void healthy() throws Exception {
        provider.script(SCRIPT);
    }

    private static String body(String model, boolean stream) {
        return "{\"model\":\"%s\",\"stream\":%s,\"max_completion_tokens\":60,\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]}"
                .formatted(model, stream, PROMPT);
    }

    @Test
    void sendsOneServerSpanAndOneClientSpanAnAttempt() throws Exception {
        var trace = "0af7651916cd43dd8448eb211c80319c";
        var parent = "b7ad6b7169203331";
        var answer =
                gateway.post(
                        "/v1/chat/completions",
                        body("chat", true),
                        "traceparent",
                        "00-" + trace + "-" + parent + "-01");
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("traceparent").orElse("")).contains(trace);
        var record = gateway.recordOf(answer);
        assertThat(record.get("trace_id").asText()).isEqualTo(trace);
        await().until(() -> collector.trace(trace).size() >= 3);
        var spans = collector.trace(trace);
        assertThat(spans).hasSize(3);
        var server = only(spans, Span.SpanKind.SPAN_KIND_SERVER, 1).getFirst();
        assertThat(hex(server.getParentSpanId())).isEqualTo(parent);
        assertThat(server.getName()).isEqualTo("POST /v1/chat/completions");
        assertThat(TraceCollector.attributes(server))
                .containsEntry("http.request.method", "POST")
                .containsEntry("http.response.status_code", 200L)
                .containsEntry("tollgate.request_id", record.get("request_id").asText())
                .containsEntry("tollgate.team", "team-a")
                .containsEntry("tollgate.route", "team-a/chat/default")
                .containsEntry("tollgate.fallback_used", true)
                .doesNotContainKeys("gen_ai.usage.input_tokens", "gen_ai.usage.cost");
        var attempts = only(spans, Span.SpanKind.SPAN_KIND_CLIENT, 2);
        assertThat(attempts)
                .allSatisfy(
                        span -> assertThat(span.getParentSpanId()).isEqualTo(server.getSpanId()));
        assertFailedAttempt(attempts.getFirst());
        assertServedAttempt(attempts.getLast(), record);
        assertThat(collector.resources())
                .anySatisfy(
                        resource ->
                                assertThat(resource)
                                        .containsEntry("k8s.namespace.name", "here")
                                        .containsKey("service.name"));
    }

    @Test
    void sendsEachUsageRecordAsALogRecordToo() throws Exception {
        var record = gateway.recordOf(gateway.post("/v1/chat/completions", body("chat", false)));
        var id = record.get("request_id").asText();
        await().untilAsserted(
                        () ->
                                assertThat(collector.logs())
                                        .filteredOn(
                                                log -> log.getBody().getStringValue().contains(id))
                                        .hasSize(1)
                                        .allSatisfy(log -> assertTells(log, record)));
    }

    private static void assertTells(LogRecord log, JsonNode record) throws Exception {
        assertThat(JSON.readTree(log.getBody().getStringValue())).isEqualTo(record);
        assertThat(log.getEventName()).isEqualTo("tollgate.usage");
        assertThat(Instant.ofEpochSecond(0, log.getTimeUnixNano()))
                .isEqualTo(record.get("time").asText());
        assertThat(TraceCollector.attributes(log))
                .containsEntry("tollgate.request_id", record.get("request_id").asText())
                .containsEntry("tollgate.team", "team-a")
                .containsEntry("tollgate.outcome", "ok")
                .containsEntry("tollgate.cost_usd", record.get("cost_usd").asText());
    }

    private static void assertFailedAttempt(Span span) {
        assertThat(span.getName()).isEqualTo("chat broken");
        assertThat(span.getStatus().getCode()).isEqualTo(Status.StatusCode.STATUS_CODE_ERROR);
        assertThat(TraceCollector.attributes(span))
                .containsEntry("gen_ai.operation.name", "chat")
                .containsEntry("gen_ai.request.model", "broken")
                .containsEntry("http.response.status_code", 500L)
                .containsKey("error.type");
    }

    private static void assertServedAttempt(Span span, JsonNode record) throws Exception {
        assertThat(span.getName()).isEqualTo("chat gpt-4o-mini");
        var attributes = TraceCollector.attributes(span);
        var call = provider.calls("gpt-4o-mini").getLast();
        assertThat(attributes)
                .containsEntry("gen_ai.operation.name", "chat")
                .containsEntry("gen_ai.provider.name", "openai")
                .containsEntry("gen_ai.request.model", "gpt-4o-mini")
                .containsEntry("gen_ai.request.stream", true)
                .containsEntry("gen_ai.request.max_tokens", 60L)
                .containsEntry("gen_ai.response.model", "gpt-4o-mini")
                .containsEntry("gen_ai.response.finish_reasons", List.of("stop"))
                .containsEntry("gen_ai.usage.input_tokens", 30L)
                .containsEntry("gen_ai.usage.cache_read.input_tokens", 4L)
                .containsEntry(
                        "gen_ai.usage.output_tokens", call.get("tokens").get("output").asLong())
                .containsEntry("server.address", "127.0.0.1")
                .containsEntry("server.port", (long) provider.port())
                .containsKey("gen_ai.response.time_to_first_chunk");
        assertThat((double) attributes.get("gen_ai.usage.cost"))
                .isCloseTo(call.get("nanos").asLong() / 1e9, within(1e-12));
        var last = record.get("attempts").get(1);
        assertThat(attributes).containsEntry("tollgate.cost_usd", last.get("cost_usd").asText());
    }

    private static List<Span> only(List<Span> spans, Span.SpanKind kind, int count) {
        var found =
                spans.stream()
                        .filter(span -> span.getKind() == kind)
                        .sorted(Comparator.comparingLong(Span::getStartTimeUnixNano))
                        .toList();
        assertThat(found).hasSize(count);
        return found;
    }

    private static String hex(ByteString bytes) {
        return HexFormat.of().formatHex(bytes.toByteArray());
    }

    @Test
    void countsWhatItServedInMetricsOfTheContractsNames() throws Exception {
        var before = served();
        var tokensBefore = outputTokens();
        long billedBefore = provider.totalNanos();
        double costBefore = cost();
        for (int i = 0; i < 5; i++) {
            assertThat(
                            gateway.post("/v1/chat/completions", body("gpt-4o-mini", i % 2 == 0))
                                    .statusCode())
                    .isEqualTo(200);
        }
        assertThat(gateway.postAs("tg-wrong", "/v1/chat/completions", "{}").statusCode())
                .isEqualTo(401);
        await().untilAsserted(
                        () ->
                                assertThat(
                                                gateway.metric(
                                                        "tollgate_requests_total",
                                                        "outcome=\"unauthenticated\""))
                                        .isPositive());
        var each = provider.calls("gpt-4o-mini").getLast().get("tokens").get("output").asLong();
        // each of them counts a moment after the one before
        await().untilAsserted(() -> assertThat(served() - before).isEqualTo(5));
        await().untilAsserted(() -> assertThat(outputTokens() - tokensBefore).isEqualTo(5 * each));
        await().untilAsserted(
                        () ->
                                assertThat(cost() - costBefore)
                                        .isCloseTo(
                                                (provider.totalNanos() - billedBefore) / 1e9,
                                                within(1e-9)));
        var text = gateway.admin("/metrics").body();
        assertThat(text)
                .contains(
                        "tollgate_request_seconds_bucket{",
                        "tollgate_request_seconds_count{",
                        "tollgate_ttft_seconds_bucket{",
                        "tollgate_overhead_seconds_count",
                        "tollgate_fallbacks_total",
                        "tollgate_cache_requests_total{result=\"off\"}",
                        "tollgate_circuit_state{",
                        "tollgate_budget_limit_usd{budget=\"team-a/monthly\"} 10",
                        "tollgate_budget_spent_usd{",
                        "tollgate_budget_held_usd{",
                        "tollgate_config_revision{",
                        "tollgate_config_nacks_total",
                        "gen_ai_client_operation_duration_seconds_bucket{",
                        "gen_ai_client_operation_time_to_first_chunk_seconds_bucket{",
                        "gen_ai_client_token_usage_bucket{");
        assertThat(gateway.admin("/metrics").headers().firstValue("content-type").orElse(""))
                .startsWith("text/plain");
        assertPrometheusText(text);
    }

    private static double served() throws Exception {
        try {
            return gateway.metric(
                    "tollgate_requests_total",
                    "team=\"team-a\"",
                    "model=\"gpt-4o-mini\"",
                    "outcome=\"ok\"");
        } catch (AssertionError none) {
            return 0;
        }
    }

    private static double outputTokens() throws Exception {
        try {
            return gateway.metric(
                    "tollgate_tokens_total", "model=\"gpt-4o-mini\"", "kind=\"output\"");
        } catch (AssertionError none) {
            return 0;
        }
    }

    private static double cost() throws Exception {
        try {
            return gateway.metric(
                    "tollgate_cost_usd_total", "team=\"team-a\"", "model=\"gpt-4o-mini\"");
        } catch (AssertionError none) {
            return 0;
        }
    }

    private static void assertPrometheusText(String text) {
        for (var line : text.split("\n")) {
            assertThat(line)
                    .matches(
                            "# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\\{[a-z_]+=\"[^\"]*\"(,[a-z_]+=\"[^\"]*\")*\\})? [-+0-9.eEInfNa]+");
        }
    }

    @Test
    void saysAtItsStartWhatOfTheStandardVariablesIsIgnored() {
        assertThat(String.join("\n", gateway.process().err()))
                .contains("OTEL_LOGS_EXPORTER: console is ignored (expected: otlp or none)");
    }

    @Test
    void showsStatusConfigUsageAndHealthAndNoSecretAnywhere() throws Exception {
        var answer = gateway.post("/v1/chat/completions", body("gpt-4o-mini", false));
        var record = gateway.recordOf(answer);
        assertThat(gateway.admin("/livez").statusCode()).isEqualTo(200);
        assertThat(gateway.admin("/readyz").statusCode()).isEqualTo(200);
        assertThat(gateway.admin("/nothing").statusCode()).isEqualTo(404);
        var status = JSON.readTree(gateway.admin("/status").body());
        assertThat(status.toString()).contains("revision").contains("team-a/second");
        var config = JSON.readTree(gateway.admin("/config").body());
        assertThat(config.toString()).contains("team-a").contains("gpt-4o-mini");
        var usage = gateway.usage().get(record.get("request_id").asText());
        assertThat(usage).isEqualTo(record);
        assertThat(gateway.admin("/usage?limit=1").body().strip().lines()).hasSize(1);
        assertRecordOfTheContract(record);
        for (var told :
                List.of(
                        gateway.admin("/config").body(),
                        gateway.admin("/status").body(),
                        gateway.admin("/usage?limit=1000").body(),
                        gateway.admin("/metrics").body(),
                        gateway.admin("/").body(),
                        String.join("\n", gateway.process().err()),
                        String.join("\n", gateway.process().out()),
                        collector.everything())) {
            assertThat(told).doesNotContain(PROVIDER_KEY, Standalone.KEY, PROMPT, ANSWER);
        }
    }

    private static void assertRecordOfTheContract(JsonNode record) {
        assertThat(record.propertyStream().map(Map.Entry::getKey))
                .contains(
                        "request_id",
                        "time",
                        "architecture",
                        "team",
                        "caller",
                        "tags",
                        "client_dialect",
                        "route",
                        "strategy",
                        "provider_chosen",
                        "model",
                        "model_requested",
                        "fallback_used",
                        "attempts",
                        "cache_hit",
                        "stream",
                        "input_tokens",
                        "cache_read_tokens",
                        "cache_write_tokens",
                        "output_tokens",
                        "reasoning_tokens",
                        "latency_ms",
                        "cost_usd",
                        "cost_source",
                        "budgets",
                        "outcome",
                        "status",
                        "trace_id");
        assertThat(record.get("architecture").asText()).isEqualTo("multi-provider-gateway");
        assertThat(record.get("client_dialect").asText()).isEqualTo("openai-chat");
        assertThat(record.get("time").asText())
                .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z");
        assertThat(record.get("cost_usd").isTextual()).isTrue();
        assertThat(record.get("caller").asText()).isNotBlank();
        assertThat(record.get("budgets").get(0).asText()).isEqualTo("team-a/monthly");
    }

    @Test
    void tellsTheClientWhatHappenedInHeaders() throws Exception {
        var headers = gateway.post("/v1/chat/completions", body("gpt-4o-mini", false)).headers();
        assertThat(headers.firstValue("x-tollgate-provider").orElse("")).endsWith("second");
        assertThat(headers.firstValue("x-tollgate-model")).hasValue("gpt-4o-mini");
        assertThat(headers.firstValue("x-tollgate-attempts")).hasValue("1");
        assertThat(headers.firstValue("x-tollgate-cache")).hasValue("off");
        assertThat(headers.firstValue("x-tollgate-route")).isPresent();
        assertThat(headers.firstValue("x-tollgate-budget").orElse(""))
                .startsWith("team-a/monthly remaining=")
                .endsWith("limit=10.00");
        var billed = provider.calls("gpt-4o-mini").getLast().get("nanos").asLong();
        assertThat(Standalone.nanos(headers.firstValue("x-tollgate-cost-usd").orElse("0")))
                .isEqualTo(billed);
        var streamed = gateway.post("/v1/chat/completions", body("gpt-4o-mini", true)).headers();
        assertThat(streamed.firstValue("x-tollgate-cost-usd")).isEmpty();
        assertThat(provider.requests().getLast().get("headers").toString())
                .doesNotContain("x-tollgate", "x-quality-hint");
    }
}
