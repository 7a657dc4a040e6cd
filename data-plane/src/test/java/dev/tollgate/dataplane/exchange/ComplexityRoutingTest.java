package dev.tollgate.dataplane.exchange;

import static dev.tollgate.dataplane.exchange.Harness.CHAT_ANSWER;
import static dev.tollgate.dataplane.exchange.Harness.answers;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tollgate.dataplane.telemetry.Tracing;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.Ingress;
import dev.tollgate.dialects.Operation;
import dev.tollgate.dialects.RequestScan;
import dev.tollgate.dialects.scan.RequestScanner;
import dev.tollgate.policy.route.Complexity;
import dev.tollgate.policy.snapshot.NamespaceSet;
import dev.tollgate.policy.snapshot.PolicyEntry;
import dev.tollgate.policy.snapshot.RuleEntry;
import dev.tollgate.policy.snapshot.RuleEntry.ComplexityClass;
import dev.tollgate.policy.snapshot.SelectionEntry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ComplexityRoutingTest {

    private static final String SIMPLE = "What is the capital of France?";

    private static final String MODERATE =
            """
            Why does this loop never end? Explain the root cause.
            ```java
            while (i < 10) {
                System.out.println(i);
            }
            ```
            """;

    private static final String COMPLEX =
            """
            Design a strategy to move our billing from one database to another without downtime.
            Compare at least three plans step by step, analyze the trade-offs of each, and prove that
            no write can be lost. The answer must be JSON with exactly these fields, and at most 900
            words: name, cost, risks.
            ```sql
            CREATE TABLE bill (id bigint, cents bigint);
            CREATE INDEX by_id ON bill (id);
            ```
            """;

    private static final PolicyEntry POLICY =
            new PolicyEntry(
                    "team-a/auto",
                    List.of("auto"),
                    NamespaceSet.of(List.of("team-a")),
                    false,
                    true,
                    null,
                    null,
                    null,
                    34,
                    67,
                    List.of(
                            rule("hard", ComplexityClass.COMPLEX, "a"),
                            rule("fair", ComplexityClass.MODERATE, "a"),
                            rule("easy", ComplexityClass.SIMPLE, "b")));

    private static RuleEntry rule(String name, ComplexityClass level, String provider) {
        return new RuleEntry(
                name,
                new RuleEntry.Match(
                        List.of(), List.of(), null, null, List.of(), Set.of(level), null),
                SelectionEntry.WEIGHTED,
                List.of(
                        new RuleEntry.TargetEntry(
                                "t", "platform/" + provider, "model-1", null, 0, 1, null)),
                null,
                null,
                List.of(),
                null,
                Snapshots.retry(1, null),
                null,
                null);
    }

    private static JsonObject request(Dialect dialect, String text) {
        var message = new JsonObject().put("role", "user").put("content", text);
        var messages = new JsonArray().add(message);
        return switch (dialect) {
            case OPENAI_CHAT -> new JsonObject().put("model", "auto").put("messages", messages);
            case OPENAI_RESPONSES -> new JsonObject().put("model", "auto").put("input", messages);
            case ANTHROPIC ->
                    new JsonObject()
                            .put("model", "auto")
                            .put("max_tokens", 10)
                            .put("messages", messages);
            case GEMINI ->
                    new JsonObject()
                            .put(
                                    "contents",
                                    new JsonArray()
                                            .add(
                                                    new JsonObject()
                                                            .put("role", "user")
                                                            .put(
                                                                    "parts",
                                                                    new JsonArray()
                                                                            .add(
                                                                                    new JsonObject()
                                                                                            .put(
                                                                                                    "text",
                                                                                                    text)))));
        };
    }

    private static ComplexityClass level(Dialect dialect, String text) {
        var body = request(dialect, text).encode().getBytes(StandardCharsets.UTF_8);
        var path = dialect == Dialect.GEMINI ? "auto" : null;
        var ingress = new Ingress(dialect, Operation.GENERATE, path, false, false);
        var scan = (RequestScan) RequestScanner.scan(ingress, body);
        return Complexity.of(Resolution.complexity(scan, body).total(), POLICY).level();
    }

    @ParameterizedTest
    @EnumSource
    void classesAreTheSameInEveryDialect(Dialect dialect) {
        assertThat(level(dialect, SIMPLE)).isEqualTo(ComplexityClass.SIMPLE);
        assertThat(level(dialect, MODERATE)).isEqualTo(ComplexityClass.MODERATE);
        assertThat(level(dialect, COMPLEX)).isEqualTo(ComplexityClass.COMPLEX);
    }

    @Test
    void routesByClassAndTellsItInTheTrace() {
        var spans = InMemorySpanExporter.create();
        try (var harness = new Harness()) {
            harness.tracing = Tracing.to(spans, 1, null);
            var big = harness.upstream(answers(200, CHAT_ANSWER));
            var small = harness.upstream(answers(200, CHAT_ANSWER));
            harness.apply(
                    Snapshots.of(
                            List.of(
                                    Snapshots.provider("a", "openai-chat", big.url() + "/v1"),
                                    Snapshots.provider("b", "openai-chat", small.url() + "/v1")),
                            List.of(POLICY),
                            List.of(),
                            List.of(Harness.clientKey()),
                            List.of()));
            harness.start();

            for (var text : List.of(SIMPLE, MODERATE, COMPLEX)) {
                var answer = harness.chat(request(Dialect.OPENAI_CHAT, text).encode());
                assertThat(answer.statusCode()).isEqualTo(200);
            }

            assertThat(small.seen).hasSize(1);
            assertThat(big.seen).hasSize(2);
            await().untilAsserted(
                            () ->
                                    assertThat(spans.getFinishedSpanItems())
                                            .filteredOn(s -> s.getKind() == SpanKind.SERVER)
                                            .extracting(
                                                    s ->
                                                            s.getAttributes()
                                                                    .get(
                                                                            AttributeKey.stringKey(
                                                                                    "tollgate.complexity.class")))
                                            .containsExactly("simple", "moderate", "complex"));
            assertThat(spans.getFinishedSpanItems())
                    .filteredOn(s -> s.getKind() == SpanKind.SERVER)
                    .allSatisfy(
                            s ->
                                    assertThat(
                                                    s.getAttributes()
                                                            .get(
                                                                    AttributeKey.longKey(
                                                                            "tollgate.complexity.score")))
                                            .isBetween(0L, 100L));
        }
    }
}
