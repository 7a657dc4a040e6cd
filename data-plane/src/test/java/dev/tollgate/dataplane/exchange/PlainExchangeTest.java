package dev.tollgate.dataplane.exchange;

import static dev.tollgate.dataplane.exchange.Harness.answers;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.dataplane.budget.BudgetFigures;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.snapshot.BudgetBuilder;
import io.vertx.core.json.JsonObject;
import java.math.BigDecimal;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PlainExchangeTest {

    private final Harness harness = new Harness();

    @AfterEach
    void close() {
        harness.close();
    }

    private Harness.Upstream start(String... bodies) {
        Harness.Upstream first = null;
        var providers = new java.util.ArrayList<dev.tollgate.policy.snapshot.ProviderEntry>();
        for (int i = 0; i < bodies.length; i++) {
            var upstream = harness.upstream(answers(200, bodies[i]));
            first = first == null ? upstream : first;
            providers.add(
                    Snapshots.provider(
                            String.valueOf((char) ('a' + i)),
                            "openai-chat",
                            upstream.url() + "/v1"));
        }
        harness.apply(
                Snapshots.of(
                        providers,
                        List.of(Snapshots.chain("fast", Snapshots.retry(3, null), providers)),
                        List.of(Snapshots.budget("1000000")),
                        List.of(Harness.clientKey()),
                        List.of()));
        harness.start();
        return first;
    }

    /** What costs more than a ceiling that somebody declared breaks nobody's word. */
    @Test
    void onlyABoundThatIsProvenCanBeViolated() {
        var upstream = start(Harness.CHAT_ANSWER);
        harness.chat(Harness.chat("fast", false));
        assertThat(harness.gate.claims.getLast().proven()).isTrue();
        assertThat(harness.gate.claims.getLast().scope()).isEmpty();
        var provider = Snapshots.provider("a", "openai-chat", upstream.url() + "/v1");
        harness.apply(
                Snapshots.of(
                        List.of(provider),
                        List.of(
                                Snapshots.chain(
                                        "fast", Snapshots.retry(3, null), List.of(provider))),
                        List.of(
                                BudgetBuilder.as(Snapshots.budget("1000000"))
                                        .ceiling(50_000_000)
                                        .build()),
                        List.of(Harness.clientKey()),
                        List.of()));
        var searching =
                Harness.chat("fast", false).replaceFirst("\\{", "{\"web_search_options\":{},");
        var answer = harness.chat(searching);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(harness.gate.claims.getLast().proven()).isFalse();
    }

    @Test
    void metricsTellHowEachBudgetStands() {
        start(Harness.CHAT_ANSWER);
        harness.gate.figures =
                List.of(
                        new BudgetFigures(
                                "team-a/monthly",
                                "",
                                Money.parse("50"),
                                Money.parse("12.5"),
                                Money.parse("0.25"),
                                Money.ZERO,
                                null,
                                true,
                                false,
                                3));
        var label = "{budget=\"team-a/monthly\"} ";
        assertThat(harness.admin("/metrics").body())
                .contains(
                        "tollgate_budget_limit_usd" + label + "50",
                        "tollgate_budget_spent_usd" + label + "12.5",
                        "tollgate_budget_held_usd" + label + "0.25",
                        "tollgate_budget_bound_violations_total" + label + "3",
                        "tollgate_ledger_messages_total{kind=\"report\"} 7",
                        "tollgate_usage_log_dropped_total 3",
                        "tollgate_ledger_messages_total{kind=\"acquire\"} 0");
    }

    @Test
    void answersWithTheProvidersBytesAndTheGatewaysHeaders() {
        var upstream = start(Harness.CHAT_ANSWER);
        var answer = harness.chat(Harness.chat("fast", false));
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).isEqualTo(Harness.CHAT_ANSWER.replace("\"model-1\"", "\"fast\""));
        assertThat(upstream.last().uri()).isEqualTo("/v1/chat/completions");
        assertThat(upstream.last().json().getString("model")).isEqualTo("model-1");
        assertThat(upstream.last().headers()).containsEntry("authorization", "Bearer sk-a");
        var headers = answer.headers();
        assertThat(headers.firstValue("x-tollgate-provider")).hasValue("a");
        assertThat(headers.firstValue("x-tollgate-model")).hasValue("model-1");
        assertThat(headers.firstValue("x-tollgate-route")).hasValue("team-a/chat/default");
        assertThat(headers.firstValue("x-tollgate-attempts")).hasValue("1");
        assertThat(headers.firstValue("x-tollgate-cache")).hasValue("off");
        // 10 tokens at $1 and 5 at $2 per million
        assertThat(headers.firstValue("x-tollgate-cost-usd")).hasValue("0.00002");
        assertThat(headers.firstValue("x-tollgate-budget"))
                .hasValue("team-a/monthly remaining=0.75 limit=1.00");
        assertThat(headers.firstValue("x-tollgate-request-id")).get().asString().startsWith("req_");
        assertThat(headers.firstValue("traceparent")).isPresent();
    }

    @Test
    void recordsNoFiguresThatCannotBeTrue() {
        start(Harness.CHAT_ANSWER.replace("\"prompt_tokens\":10", "\"prompt_tokens\":-10"));
        assertThat(harness.chat(Harness.chat("fast", false)).statusCode()).isEqualTo(200);
        var record = harness.record(1);
        assertThat(record.getLong("input_tokens")).isZero();
        assertThat(new BigDecimal(record.getString("cost_usd"))).isPositive();
        harness.awaitMetrics("\ntollgate_usage_implausible_total 1\n");
    }

    @Test
    void metricsTellHowLongTheCheckOfBudgetsTook() {
        start(Harness.CHAT_ANSWER);
        harness.chat(Harness.chat("fast", false));
        harness.chat(Harness.chat("fast", false));
        harness.record(2);
        harness.awaitMetrics(
                "\ntollgate_budget_reserve_seconds_count 2\n",
                "\ntollgate_budget_reserve_seconds_bucket{le=\"+Inf\"} 2\n");
    }

    @Test
    void writesTheBoundThatTheClientLeftOut() {
        var upstream = start(Harness.CHAT_ANSWER);
        harness.chat(Harness.chat("fast", false));
        var sent = upstream.last().json();
        assertThat(sent.getInteger("max_completion_tokens", sent.getInteger("max_tokens")))
                .isEqualTo(4_096);
    }

    @Test
    void recordsWhatWasServedAndSettlesOnce() {
        start(Harness.CHAT_ANSWER);
        harness.chat(Harness.chat("fast", false));
        JsonObject record = harness.record(1);
        assertThat(record.getString("team")).isEqualTo("team-a");
        assertThat(record.getString("caller")).isEqualTo("key:team-a/keys/app");
        assertThat(record.getString("provider_chosen")).isEqualTo("a");
        assertThat(record.getString("model_requested")).isEqualTo("fast");
        assertThat(record.getString("cost_usd")).isEqualTo("0.00002");
        assertThat(record.getString("cost_source")).isEqualTo("catalogue@2026-11-01");
        assertThat(record.getInteger("input_tokens")).isEqualTo(10);
        assertThat(record.getInteger("output_tokens")).isEqualTo(5);
        assertThat(record.getString("outcome")).isEqualTo("ok");
        assertThat(record.getJsonArray("attempts")).hasSize(1);
        assertThat(record.getJsonArray("budgets").getList()).isEqualTo(List.of("team-a/monthly"));
        assertThat(harness.gate.settled)
                .singleElement()
                .satisfies(s -> assertThat(s.cost().toString()).isEqualTo("0.00002"));
        assertThat(harness.gate.secondSettles).hasValue(0);
    }
}
