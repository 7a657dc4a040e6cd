package dev.tollgate.dataplane.exchange;

import static dev.tollgate.dataplane.exchange.Harness.answers;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tollgate.dataplane.telemetry.Tracing;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.snapshot.BudgetEntry.Step;
import dev.tollgate.policy.snapshot.ProviderEntry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import java.net.http.HttpResponse;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The ladder of a Budget of one dollar, over real sockets. */
class LadderTest {

    private static final Step WARN = new Step("warn", 50, Step.Action.ALERT, null, null);
    private static final Step SAVE = new Step("save", 70, Step.Action.DOWNGRADE, "cheap", null);
    private static final Step LOST = new Step("lost", 75, Step.Action.DOWNGRADE, "nobody", null);
    private static final Step TRIM = new Step("trim", 90, Step.Action.CAP_OUTPUT, null, 64L);

    private static final AttributeKey<List<String>> STEPS =
            AttributeKey.stringArrayKey("tollgate.budget_steps");

    private final Harness harness = new Harness();
    private Harness.Upstream dear;
    private Harness.Upstream cheap;

    @BeforeEach
    void upstreams() {
        dear = harness.upstream(answers(200, Harness.CHAT_ANSWER));
        cheap = harness.upstream(answers(200, Harness.CHAT_ANSWER));
    }

    @AfterEach
    void close() {
        harness.close();
    }

    private void start(Step... steps) {
        var a = Snapshots.provider("a", "openai-chat", dear.url() + "/v1");
        var b = Snapshots.provider("b", "openai-chat", cheap.url() + "/v1");
        var dearly = List.<ProviderEntry>of(a);
        var cheaply = List.<ProviderEntry>of(b);
        harness.apply(
                Snapshots.of(
                        List.of(a, b),
                        List.of(
                                Snapshots.chain("smart", Snapshots.retry(3, null), dearly),
                                Snapshots.named(
                                        "team-a/saving",
                                        Snapshots.chain(
                                                "cheap", Snapshots.retry(3, null), cheaply))),
                        List.of(Snapshots.budget("1000000", List.of(steps))),
                        List.of(Harness.clientKey()),
                        List.of()));
        harness.start();
    }

    private HttpResponse<String> ask(String body) {
        return harness.chat(body);
    }

    private static String header(HttpResponse<String> answer, String name) {
        return answer.headers().firstValue(name).orElse("");
    }

    private static String limited(int most) {
        return Harness.chat("smart", false).replaceFirst("}$", ",\"max_tokens\":" + most + "}");
    }

    @Test
    void leavesRequestsAloneBelowItsFirstStep() {
        start(WARN, SAVE, TRIM);
        harness.gate.spent = Money.parse("0.49");
        var answer = ask(Harness.chat("smart", false));
        assertThat(header(answer, "x-tollgate-provider")).isEqualTo("a");
        assertThat(header(answer, "x-tollgate-budget-step")).isEmpty();
        assertThat(harness.record(1).containsKey("budget_steps")).isFalse();
    }

    @Test
    void tellsOfAStepInHeaderRecordAndSpan() {
        var spans = InMemorySpanExporter.create();
        harness.tracing = Tracing.to(spans, 1, null);
        start(WARN, SAVE, TRIM);
        harness.gate.spent = Money.parse("0.50");
        var answer = ask(Harness.chat("smart", false));
        assertThat(header(answer, "x-tollgate-provider")).isEqualTo("a");
        assertThat(header(answer, "x-tollgate-budget-step")).isEqualTo("team-a/monthly/warn");
        assertThat(harness.record(1).getJsonArray("budget_steps"))
                .containsExactly("team-a/monthly/warn");
        await().untilAsserted(
                        () ->
                                assertThat(spans.getFinishedSpanItems())
                                        .filteredOn(span -> span.getKind() == SpanKind.SERVER)
                                        .singleElement()
                                        .extracting(span -> span.getAttributes().get(STEPS))
                                        .isEqualTo(List.of("team-a/monthly/warn")));
    }

    @Test
    void servesTheCheaperModelUnderTheNameThatWasAskedFor() {
        start(WARN, SAVE);
        harness.gate.spent = Money.parse("0.70");
        var answer = ask(Harness.chat("smart", false));
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(header(answer, "x-tollgate-provider")).isEqualTo("b");
        assertThat(header(answer, "x-tollgate-route")).isEqualTo("team-a/saving/default");
        assertThat(dear.seen).isEmpty();
        var record = harness.record(1);
        assertThat(record.getString("model_requested")).isEqualTo("smart");
        assertThat(record.getJsonArray("budget_steps"))
                .containsExactly("team-a/monthly/save", "team-a/monthly/warn");
    }

    @Test
    void servesWhatWasAskedForWhereTheCheaperNameLeadsNowhere() {
        start(LOST);
        harness.gate.spent = Money.parse("0.80");
        var answer = ask(Harness.chat("smart", false));
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(header(answer, "x-tollgate-provider")).isEqualTo("a");
        assertThat(header(answer, "x-tollgate-budget-step")).isEqualTo("team-a/monthly/lost");
    }

    @Test
    void lowersAnOutputLimitThatIsHigherOrAbsentAndLeavesALowerOne() {
        start(TRIM);
        harness.gate.spent = Money.parse("0.95");
        var absent = ask(Harness.chat("smart", false));
        assertThat(dear.last().json().fieldNames()).contains("max_completion_tokens");
        assertThat(dear.last().json().getInteger("max_completion_tokens")).isEqualTo(64);
        assertThat(header(absent, "x-tollgate-max-tokens")).isEqualTo("64");
        var higher = ask(limited(500));
        assertThat(dear.last().json().getInteger("max_tokens")).isEqualTo(64);
        assertThat(header(higher, "x-tollgate-max-tokens")).isEqualTo("64");
        var lower = ask(limited(20));
        assertThat(dear.last().json().getInteger("max_tokens")).isEqualTo(20);
        assertThat(header(lower, "x-tollgate-max-tokens")).isEmpty();
        var bounds = harness.gate.claims.stream().map(claim -> claim.bound().nanos()).toList();
        assertThat(bounds.get(1)).isLessThanOrEqualTo(bounds.getFirst() * 2);
        assertThat(bounds.get(2)).isLessThan(bounds.get(1));
    }

    @Test
    void capsTheAnswerOfTheCheaperModelToo() {
        start(SAVE, TRIM);
        harness.gate.spent = Money.parse("0.95");
        var answer = ask(limited(500));
        assertThat(header(answer, "x-tollgate-provider")).isEqualTo("b");
        assertThat(cheap.last().json().getInteger("max_tokens")).isEqualTo(64);
    }
}
