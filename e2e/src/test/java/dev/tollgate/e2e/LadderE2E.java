package dev.tollgate.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A Budget with a ladder on a standalone gateway, spent call by call: it tells, then a cheaper
 * model serves, then answers are shorter, then it refuses; and the provider's bill is what was
 * recorded.
 */
class LadderE2E {

    private static final String SCRIPT =
            Resources.PRICES + "default: {text: 'A gate where one pays.', inputTokens: 30}\n";

    private static final String LADDER =
            """
            ---
            apiVersion: tollgate.dev/v1alpha1
            kind: Budget
            metadata: {name: ladder, namespace: team-a}
            spec:
              amount: "0.01"
              period: {type: Lifetime}
              thresholds:
              - {name: warn, percent: 10, action: Alert}
              - {name: save, percent: 20, action: Downgrade, downgradeTo: cheap}
              - {name: trim, percent: 22, action: CapOutput, maxOutputTokens: 4}
              - {name: stop, percent: 24, action: Block}
            """;

    @TempDir Path folder;

    @Test
    void tellsThenSavesThenTrimsThenStops() throws Exception {
        try (var dear = SimulatedProvider.start("anthropic", SCRIPT, folder);
                var cheap = SimulatedProvider.start("openai", SCRIPT, folder);
                var gateway =
                        Standalone.serve(
                                folder,
                                Resources.namespace("team-a")
                                        + Resources.secret("team-a", "keys", "sk-simulated")
                                        + Resources.clientKey("team-a", Standalone.KEY)
                                        + LADDER
                                        + Resources.provider(
                                                "team-a",
                                                "dear",
                                                "Anthropic",
                                                dear.url(),
                                                List.of("claude-haiku-4-5"))
                                        + Resources.provider(
                                                "team-a",
                                                "cheap",
                                                "OpenAI",
                                                cheap.url() + "/v1",
                                                List.of("gpt-4o-mini"))
                                        + Resources.route(
                                                "team-a", "smart", "dear/claude-haiku-4-5")
                                        + Resources.route(
                                                "team-a", "cheap", "cheap/gpt-4o-mini"))) {
            var seen = new ArrayList<String>();
            HttpResponse<String> answer;
            do {
                answer =
                        gateway.post(
                                "/v1/chat/completions",
                                """
                                {"model":"smart","max_tokens":200,"messages":[{"role":"user","content":"What is a gate?"}]}""");
                var steps = answer.headers().firstValue("x-tollgate-budget-step").orElse("none");
                var now =
                        steps.replace("team-a/ladder/", "")
                                + " "
                                + answer.headers().firstValue("x-tollgate-provider").orElse("-")
                                + " "
                                + answer.headers()
                                        .firstValue("x-tollgate-max-tokens")
                                        .orElse("200");
                if (answer.statusCode() == 200 && (seen.isEmpty() || !seen.getLast().equals(now))) {
                    seen.add(now);
                }
            } while (answer.statusCode() == 200
                    && dear.calls().size() + cheap.calls().size() < 900);

            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(429);
            assertThat(seen)
                    .containsExactly(
                            "none dear 200",
                            "warn dear 200",
                            "save, warn cheap 200",
                            "save, trim, warn cheap 4");
            assertThat(answer.body()).contains("team-a/ladder", "stop", "24 %");
            assertThat(answer.headers().firstValue("x-should-retry")).hasValue("false");
            assertThat(answer.headers().firstValue("x-tollgate-budget-step"))
                    .hasValue(
                            "team-a/ladder/save, team-a/ladder/stop, team-a/ladder/trim,"
                                    + " team-a/ladder/warn");

            int served = dear.calls().size() + cheap.calls().size();
            await().until(() -> gateway.records().size() == served + 1);
            var recorded = gateway.records().stream().mapToLong(Standalone::nanos).sum();
            assertThat(recorded).isEqualTo(dear.totalNanos() + cheap.totalNanos());
            assertThat(recorded).isBetween(Standalone.nanos("0.0024"), Standalone.nanos("0.0026"));
            JsonNode last = gateway.records().get(served - 1);
            assertThat(last.get("output_tokens").asInt()).isLessThanOrEqualTo(4);
            assertThat(last.get("model_requested").asText()).isEqualTo("smart");
            assertThat(last.get("budget_steps").toString())
                    .contains("team-a/ladder/trim")
                    .doesNotContain("team-a/ladder/stop");
            assertThat(gateway.records().get(served).get("budget_steps").toString())
                    .contains("team-a/ladder/stop");
        }
    }
}
