package dev.tollgate.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code shadow} on a standalone gateway: copies are compared, paid by the policy, and unseen. */
class ShadowE2E {

    private static final String SLOW =
            Resources.PRICES
                    + "default: {text: 'A barrier that is raised for money.', latencyMs: 8000}\n";
    private static final String FAST =
            Resources.PRICES + "default: {text: 'A gate where one pays.', inputTokens: 30}\n";

    @TempDir Path folder;

    private static List<JsonNode> ofStrategy(List<JsonNode> records, boolean shadow) {
        return records.stream()
                .filter(r -> r.get("strategy").asText().equals("shadow") == shadow)
                .toList();
    }

    @Test
    void copiesArePaidByThePolicysNamespaceAndDelayNobody() throws Exception {
        try (var main = SimulatedProvider.start("openai", FAST, folder);
                var trial = SimulatedProvider.start("anthropic", SLOW, folder);
                var gateway = Standalone.serve(folder, resources(main, trial));
                var openai = new OpenAiSdk(gateway.url(), Standalone.KEY)) {
            assertThat(openai.plain("mirrored").text()).contains("gate").doesNotContain("barrier");
            assertThat(openai.stream("mirrored").text()).contains("gate");
            await().until(() -> gateway.records().size() == 4);
            var originals = ofStrategy(gateway.records(), false);
            var copies = ofStrategy(gateway.records(), true);
            assertThat(originals).hasSize(2);
            assertThat(copies).hasSize(2);
            long charged = 0;
            for (var copy : copies) {
                assertThat(copy.get("team").asText()).isEqualTo("tollgate-system");
                assertThat(copy.get("outcome").asText()).isEqualTo("ok");
                assertThat(copy.get("budgets").toString())
                        .isEqualTo("[\"tollgate-system/trials\"]");
                assertThat(copy.get("latency_ms").asLong()).isGreaterThanOrEqualTo(7_900);
                var original = copy.get("shadow").get("original");
                assertThat(original.get("provider").asText()).isEqualTo("main");
                assertThat(original.get("latency_ms").asLong()).isLessThan(7_900);
                assertThat(originals)
                        .anyMatch(r -> r.get("request_id").equals(copy.get("shadow").get("of")));
                charged += Standalone.nanos(copy);
            }
            assertThat(charged).isEqualTo(trial.totalNanos());
            long paid = originals.stream().mapToLong(Standalone::nanos).sum();
            assertThat(paid).isEqualTo(main.totalNanos());
            assertThat(gateway.metric("tollgate_shadow_copies_total", "outcome=\"ok\""))
                    .isEqualTo(2);
        }
    }

    private static String resources(SimulatedProvider main, SimulatedProvider trial) {
        return Resources.namespace("team-a")
                + Resources.secret("tollgate-system", "keys", "sk-simulated")
                + Resources.clientKey("team-a", Standalone.KEY)
                + Resources.budget("team-a", "ample", "100.00")
                + Resources.budget("tollgate-system", "trials", "100.00")
                + Resources.provider(
                        "tollgate-system",
                        "main",
                        "OpenAI",
                        main.url() + "/v1",
                        List.of("gpt-4o-mini"),
                        "allowedNamespaces: {from: All}")
                + Resources.provider(
                        "tollgate-system",
                        "trial",
                        "Anthropic",
                        trial.url(),
                        List.of("claude-haiku-4-5"))
                + Resources.route("tollgate-system", "mirrored", "main/gpt-4o-mini")
                        .replace("spec:\n", "spec:\n  visibleTo: {from: All}\n")
                        .replace(
                                "    targets:",
                                "    shadow: [{name: trial, providerRef: {name: trial}, model: claude-haiku-4-5, percent: 100}]\n"
                                        + "    targets:");
    }
}
