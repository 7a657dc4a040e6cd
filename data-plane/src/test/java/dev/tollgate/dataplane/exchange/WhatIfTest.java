package dev.tollgate.dataplane.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tollgate.dataplane.budget.Admission.RefusalKind;
import dev.tollgate.dataplane.budget.WouldRefuse;
import dev.tollgate.dataplane.telemetry.Tracing;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.snapshot.BudgetBuilder;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.BudgetEntry.Mode;
import dev.tollgate.policy.snapshot.BudgetEntry.Step;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.vertx.core.http.HttpServerRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A Budget in mode Shadow refuses nothing, and says what it would have done. */
class WhatIfTest {

    private static final String TOLD = "x-tollgate-budget-shadow";
    private static final String OPEN = Harness.chat("model-1", false);

    /** An open answer may cost $0.0088, one of 256 tokens about $0.001. */
    private static final String HALF = "0.004";

    private static final AttributeKey<List<String>> SPAN =
            AttributeKey.stringArrayKey("tollgate.budget_shadow");

    private final Harness harness = new Harness();
    private Harness.Upstream upstream;
    private final AtomicBoolean fails = new AtomicBoolean();
    private final AtomicBoolean streams = new AtomicBoolean();

    @AfterEach
    void close() {
        harness.close();
    }

    private void start(BudgetEntry... budgets) {
        upstream = harness.upstream(this::serve);
        apply(budgets);
        harness.start();
    }

    /** A failure that a provider may bill, if there is to be one. */
    private void serve(HttpServerRequest request) {
        if (streams.get()) {
            Harness.streams(Harness.chunk("Hi"), Harness.LAST_CHUNKS).handle(request);
            return;
        }
        int status = fails.getAndSet(false) ? 502 : 200;
        Harness.answers(status, status == 200 ? Harness.CHAT_ANSWER : "{}").handle(request);
    }

    private void apply(BudgetEntry... budgets) {
        var providers = List.of(Snapshots.provider("a", "openai-chat", upstream.url() + "/v1"));
        harness.apply(
                Snapshots.of(
                        providers,
                        List.of(Snapshots.chain("model-1", Snapshots.retry(3, null), providers)),
                        List.of(budgets),
                        List.of(Harness.clientKey()),
                        List.of()));
    }

    private static BudgetBuilder shadow() {
        return BudgetBuilder.as(Snapshots.budget("1000000"), "team-a/trial").mode(Mode.SHADOW);
    }

    private static BudgetEntry ceiling(String usd) {
        return shadow().ceiling(Money.parse(usd).nanos()).build();
    }

    private static String with(String field) {
        return OPEN.replaceFirst("}$", "," + field + "}");
    }

    private HttpResponse<String> ask(String body) {
        return harness.chat(body);
    }

    private static String told(HttpResponse<String> answer) {
        return answer.headers().firstValue(TOLD).orElse("");
    }

    /** It is served as if there were no such Budget. */
    private String askAndTold(String body) {
        var answer = ask(body);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(answer.headers().firstValue("x-tollgate-max-tokens")).isEmpty();
        return told(answer);
    }

    private Integer limitSent() {
        var body = upstream.last().json();
        return body.getInteger("max_completion_tokens", body.getInteger("max_tokens"));
    }

    @ParameterizedTest
    @CsvSource({
        // the client's fields,                the ceiling
        "'\"user\":\"x\"',                       0.1",
        "'\"user\":\"x\"',                       0.004",
        "'\"user\":\"x\"',                       0.0005",
        "'\"max_tokens\":100',                  0.004",
        "'\"max_tokens\":4000',                 0.004",
        "'\"max_tokens\":4000',                 0.1",
        "'\"web_search_options\":{}',           0.004",
        "'\"web_search_options\":{}',           ",
        "'\"user\":\"x\"',                       ",
    })
    void saysWhatTheSameBudgetDoesInModeHard(String field, String usd) {
        var builder = shadow();
        var shadow =
                usd == null ? builder.build() : builder.ceiling(Money.parse(usd).nanos()).build();
        start(BudgetBuilder.as(shadow).mode(Mode.HARD).build());
        var body = with(field);
        var strict = ask(body);
        var does = "";
        if (strict.statusCode() != 200) {
            does = "team-a/trial/refused";
        } else if (limitSent() != null && limitSent() < 4_000 && !field.contains("100")) {
            does = "team-a/trial/shortened";
        }
        var hard = harness.gate.claims.isEmpty() ? null : harness.gate.claims.getLast();

        apply(shadow);
        assertThat(askAndTold(body)).isEqualTo(does);
        if (!field.contains("max_tokens")) {
            assertThat(limitSent()).as("no effect").isNull();
        }
        if (hard != null) {
            var claim = harness.gate.claims.getLast();
            assertThat(claim.asHard().getOrDefault("team-a/trial", claim.bound()))
                    .as("what it would hold")
                    .isEqualTo(hard.bound());
        }
    }

    @Test
    void tellsItInHeaderRecordMetricAndSpan() {
        var spans = InMemorySpanExporter.create();
        harness.tracing = Tracing.to(spans, 1, null);
        start(ceiling(HALF), BudgetBuilder.as(ceiling("0.0005"), "team-a/zero").build());
        var both = List.of("team-a/trial/shortened", "team-a/zero/refused");
        assertThat(askAndTold(OPEN)).isEqualTo(String.join(", ", both));
        assertThat(harness.record(1).getJsonArray("budget_shadow").getList()).isEqualTo(both);
        harness.awaitMetrics(
                "tollgate_budget_shadow_requests_total{budget=\"team-a/trial\","
                        + "verdict=\"shortened\"} 1",
                "tollgate_budget_shadow_requests_total{budget=\"team-a/zero\","
                        + "verdict=\"refused\"} 1");
        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(
                        () ->
                                assertThat(spans.getFinishedSpanItems())
                                        .filteredOn(span -> span.getKind() == SpanKind.SERVER)
                                        .singleElement()
                                        .extracting(span -> span.getAttributes().get(SPAN))
                                        .isEqualTo(both));
    }

    @Test
    void saysNothingOfWhatItWouldHaveLetIn() {
        start(ceiling("0.1"));
        assertThat(askAndTold(OPEN)).isEmpty();
        assertThat(harness.record(1).containsKey("budget_shadow")).isFalse();
        harness.awaitMetrics(",outcome=\"ok\"} 1"); // counted after what a Shadow says
        assertThat(harness.admin("/metrics").body()).doesNotContain("team-a/trial\",verdict");
    }

    @Test
    void whatEarlierAttemptsCostIsSpentOfItsCeiling() {
        start(ceiling("0.012"));
        assertThat(askAndTold(OPEN)).isEmpty();
        fails.set(true);
        assertThat(askAndTold(OPEN)).isEqualTo("team-a/trial/shortened");
        assertThat(harness.gate.claims).hasSize(3);
    }

    @ParameterizedTest
    @CsvSource({
        "EXHAUSTED,          0.004, true,  shortened",
        "RESERVED,           0.004, true,  shortened",
        "EXHAUSTED,          0.004, false, refused",
        "EXHAUSTED,          0.0005, true, refused",
        "LEDGER_UNAVAILABLE, 0.004, true,  refused",
    })
    void tooLittleMoneyShortensOrRefusesAsTheBudgetSays(
            RefusalKind kind, String left, boolean clamps, String verdict) {
        start(shadow().holding(new BudgetEntry.Holding(false, clamps)).build());
        harness.gate.would = List.of(new WouldRefuse("team-a/trial", kind, Money.parse(left)));
        assertThat(askAndTold(OPEN)).isEqualTo("team-a/trial/" + verdict);
    }

    @Test
    void anotherBudgetThatMakesTheAnswerShorterLeavesItLessToSay() {
        start(
                BudgetBuilder.as(ceiling(HALF), "team-a/hard").mode(Mode.HARD).build(),
                ceiling("0.006"));
        var answer = ask(OPEN);
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(told(answer)).isEmpty();
        assertThat(harness.gate.claims.getLast().asHard()).isEmpty();
    }

    @Test
    void aStreamHoldsItsWholeBoundOfIt() {
        streams.set(true);
        start(shadow().build());
        assertThat(ask(Harness.chat("model-1", true)).statusCode()).isEqualTo(200);
        var claim = harness.gate.claims.getLast();
        assertThat(claim.most().isMoreThan(claim.bound())).as("in steps").isTrue();
        assertThat(claim.asHard()).containsEntry("team-a/trial", claim.most());
    }

    @Test
    void aStepThatCapsAndAProviderThatBilledAboveItsBoundAreToldToo() {
        var trim = new Step("trim", 90, Step.Action.CAP_OUTPUT, null, 64L);
        harness.gate.spent = Money.parse("0.95");
        var budgets = new ArrayList<BudgetEntry>();
        budgets.add(shadow().steps(List.of(trim)).build());
        var billed = BudgetBuilder.as(shadow().build(), "team-a/billed");
        budgets.add(billed.violatedAt(Instant.parse("2026-11-21T09:00:00Z")).build());
        start(budgets.toArray(BudgetEntry[]::new));
        assertThat(askAndTold(OPEN)).isEqualTo("team-a/billed/refused, team-a/trial/shortened");
        assertThat(limitSent()).isNull();
    }
}
