package dev.tollgate.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checks that ask for a token, on a standalone gateway, with the providers as referees. */
class HealthCheckE2E {

    private static final String GOOD =
            Resources.PRICES + "default: {text: 'A gate where one pays.', inputTokens: 12}\n";

    @TempDir static Path folder;
    static SimulatedProvider openai;
    static SimulatedProvider anthropic;
    static SimulatedProvider gemini;
    static SimulatedProvider unpaid;
    static Standalone gateway;

    @BeforeAll
    static void start() throws Exception {
        openai = SimulatedProvider.start("openai", GOOD, folder);
        anthropic = SimulatedProvider.start("anthropic", GOOD, folder);
        gemini = SimulatedProvider.start("gemini", GOOD, folder);
        unpaid = SimulatedProvider.start("openai", GOOD, folder);
        gateway =
                Standalone.serve(
                        folder,
                        Resources.namespace("team-a")
                                + Resources.namespace("poor")
                                + Resources.secret("team-a", "keys", "sk-simulated")
                                + Resources.secret("poor", "keys", "sk-simulated")
                                + Resources.clientKey("team-a", Standalone.KEY)
                                + Resources.budget("team-a", "ample", "100.00")
                                + Resources.budget("poor", "tiny", "0.00001")
                                + checked("team-a", "openai", openai.url() + "/v1", "gpt-4o-mini")
                                + checked(
                                        "team-a", "anthropic", anthropic.url(), "claude-haiku-4-5")
                                + checked("team-a", "gemini", gemini.url(), "gemini-2.5-flash")
                                + checked("poor", "openai", unpaid.url() + "/v1", "gpt-4o-mini")
                                + Resources.route(
                                        "team-a",
                                        "chat",
                                        "openai/gpt-4o-mini",
                                        "anthropic/claude-haiku-4-5"));
    }

    private static String checked(String namespace, String name, String url, String model) {
        var type =
                switch (name) {
                    case "anthropic" -> "Anthropic";
                    case "gemini" -> "Gemini";
                    default -> "OpenAI";
                };
        return Resources.provider(
                namespace,
                name,
                type,
                url,
                List.of(model),
                "healthCheck: {mode: Completion, model: "
                        + model
                        + ", interval: 250ms, timeout: 2s, unhealthyAfter: 2}");
    }

    @AfterAll
    static void stop() throws Exception {
        gateway.close();
        openai.close();
        anthropic.close();
        gemini.close();
        unpaid.close();
    }

    private static List<JsonNode> checks() throws IOException {
        return gateway.records().stream()
                .filter(record -> record.get("strategy").asText().equals("health-check"))
                .toList();
    }

    @Test
    void everyDialectIsAskedAndItsNamespacePaysWhatItsProviderBills() throws Exception {
        await().until(
                        () ->
                                openai.calls().size() > 2
                                        && anthropic.calls().size() > 2
                                        && gemini.calls().size() > 2);
        await().untilAsserted(
                        () -> {
                            var seen = checks();
                            long bill =
                                    openai.totalNanos()
                                            + anthropic.totalNanos()
                                            + gemini.totalNanos();
                            assertThat(bill).isPositive();
                            var served = gateway.records();
                            assertThat(served.stream().mapToLong(Standalone::nanos).sum())
                                    .isEqualTo(bill);
                            assertThat(seen)
                                    .allMatch(r -> r.get("team").asText().equals("team-a"))
                                    .allMatch(r -> r.get("budgets").toString().contains("ample"));
                        });
        var spent = new BigDecimal(gateway.budget("team-a/ample").get("spent_usd").asText());
        assertThat(spent).isPositive();
    }

    @Test
    void withoutMoneyThereIsNoCheckAndNoVerdict() throws Exception {
        await().until(
                        () ->
                                gateway.admin("/metrics")
                                        .body()
                                        .contains(
                                                "tollgate_health_checks_total{provider=\"poor/openai\",result=\"skipped_budget\"}"));
        assertThat(unpaid.requests()).isEmpty();
        assertThat(gateway.admin("/metrics").body())
                .doesNotContain("provider=\"poor/openai\",result=\"bad\"");
    }

    @Test
    void aProviderThatAnswersNoTokenIsPassedOver() throws Exception {
        openai.fail(500);
        try {
            await().untilAsserted(
                            () ->
                                    assertThat(
                                                    gateway.metric(
                                                            "tollgate_health_checks_total", "bad"))
                                            .isGreaterThanOrEqualTo(2));
            await().untilAsserted(
                            () -> {
                                var answer = gateway.chat("chat");
                                assertThat(answer.statusCode()).isEqualTo(200);
                                assertThat(answer.headers().firstValue("x-tollgate-attempts"))
                                        .hasValue("1");
                                assertThat(answer.headers().firstValue("x-tollgate-provider"))
                                        .hasValue("anthropic");
                            });
        } finally {
            openai.script(GOOD);
        }
        await().until(
                        () ->
                                gateway.chat("chat")
                                        .headers()
                                        .firstValue("x-tollgate-provider")
                                        .orElse("")
                                        .equals("openai"));
    }
}
