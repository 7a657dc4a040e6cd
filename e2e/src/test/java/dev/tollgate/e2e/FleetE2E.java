package dev.tollgate.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.errors.RateLimitException;
import com.openai.helpers.ChatCompletionAccumulator;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import dev.tollgate.crds.apiserver.ApiServer;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * The whole way with real processes: an API server, the operator, two proxies and three simulated
 * providers. What a team does and sees, from {@code kubectl apply} to the refusal of its budget,
 * with the providers' own bills as referees.
 */
class FleetE2E {

    @RegisterExtension static final ApiServer API = new ApiServer();

    private static final ObjectMapper JSON = new ObjectMapper();

    /** Enough for about ten calls at the prices below, and not one more. */
    private static final String BUDGET = "0.002";

    private static final String SCRIPT =
            """
            billingStops: true
            prices:
              gpt-4o-mini: {inputPer1M: "0.15", cachedInputPer1M: "0.075", outputPer1M: "0.60"}
              claude-haiku-4-5: {inputPer1M: "1.00", outputPer1M: "5.00"}
              gemini-2.5-flash: {inputPer1M: "0.30", outputPer1M: "2.50"}
            default: {chunks: 5, outputTokens: 23}
            """;

    @TempDir Path folder;

    @Test
    void servesFailsOverAndStopsAtTheBudgetAsTheRefereesConfirm() throws Exception {
        API.installCrds();
        kubectl("create", "namespace", "fleet-system");
        try (var openai = SimulatedProvider.start("openai", SCRIPT, folder);
                var anthropic = SimulatedProvider.start("anthropic", SCRIPT, folder);
                var gemini = SimulatedProvider.start("gemini", SCRIPT, folder);
                var operator = startOperator();
                var first = startProxy("proxy-1", operator);
                var second = startProxy("proxy-2", operator)) {
            apply(resources(openai, anthropic, gemini));
            new Gateways(List.of(first, second)).awaitReady();
            kubectl(
                    "wait",
                    "-n",
                    "fleet-team",
                    "--for=condition=Programmed",
                    "--timeout=120s",
                    "rpol/chat",
                    "bud/tight");
            var token =
                    kubectl(
                                    "create",
                                    "token",
                                    "chatbot",
                                    "-n",
                                    "fleet-team",
                                    "--audience",
                                    "tollgate")
                            .strip();
            var clients = List.of(client(first, token), client(second, token));

            var streamed = stream(clients.get(0));
            assertThat(text(streamed)).isNotBlank();
            assertThat(openai.chargedNanos()).hasSize(1);

            openai.fail(500);
            var fallback = clients.get(1).chat().completions().create(question());
            assertThat(text(fallback)).isNotBlank();
            assertThat(anthropic.chargedNanos()).hasSize(1);

            assertThatThrownBy(() -> spendAll(clients))
                    .isInstanceOfSatisfying(
                            RateLimitException.class,
                            refusal -> {
                                assertThat(refusal.statusCode()).isEqualTo(429);
                                assertThat(refusal.getMessage()).contains("fleet-team/tight");
                                assertThat(refusal.headers().values("x-should-retry"))
                                        .contains("false");
                            });

            var billed = new ArrayList<Long>();
            for (var provider : List.of(openai, anthropic, gemini)) {
                billed.addAll(provider.chargedNanos());
            }
            await().untilAsserted(
                            () ->
                                    assertThat(chargedByRecords(first, second))
                                            .containsExactlyInAnyOrderElementsOf(billed));
            var total = billed.stream().mapToLong(Long::longValue).sum();
            assertThat(total)
                    .isEqualTo(openai.totalNanos() + anthropic.totalNanos() + gemini.totalNanos());
            assertThat(total).isLessThanOrEqualTo(nanos(BUDGET));

            resetsOnceWhenAskedTo(clients);
            var again = openai.totalNanos() + anthropic.totalNanos() + gemini.totalNanos();
            assertThat(again).isLessThanOrEqualTo(2 * nanos(BUDGET));
        }
    }

    private static void resetsOnceWhenAskedTo(List<OpenAIClient> clients) {
        var asked = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
        kubectl(
                "annotate",
                "-n",
                "fleet-team",
                "bud/tight",
                "tollgate.dev/reset-requested-at=" + asked);
        await().untilAsserted(
                        () ->
                                assertThat(
                                                kubectl(
                                                        "get",
                                                        "-n",
                                                        "fleet-team",
                                                        "bud/tight",
                                                        "-o=jsonpath={.status.lastHandledReset}"))
                                        .isEqualTo(asked));
        // the ledger has handled it; the proxies hear of it a moment later
        await().ignoreException(RateLimitException.class)
                .untilAsserted(
                        () ->
                                assertThat(
                                                text(
                                                        clients.getFirst()
                                                                .chat()
                                                                .completions()
                                                                .create(question())))
                                        .isNotBlank());
        assertThatThrownBy(() -> spendAll(clients)).isInstanceOf(RateLimitException.class);
    }

    private static void spendAll(List<OpenAIClient> clients) {
        for (int i = 0; i < 1_000; i++) {
            clients.get(i % clients.size()).chat().completions().create(question());
        }
    }

    private TollgateProcess startOperator() throws Exception {
        return TollgateProcess.start(
                "operator",
                "--kubeconfig=" + API.kubeconfig(),
                "--push-port=0",
                "--admin-port=0",
                "--control-security=none",
                "--platform-namespace=fleet-system",
                "--secret-namespaces=fleet-system,fleet-team",
                "--endpoint-policy=any",
                "--data=" + folder.resolve("operator"));
    }

    private TollgateProcess startProxy(String name, TollgateProcess operator) throws Exception {
        return TollgateProcess.start(
                "proxy",
                "--operator=127.0.0.1:" + operator.port(),
                "--port=0",
                "--admin-port=0",
                "--control-security=none",
                "--proxy-name=" + name,
                "--data=" + folder.resolve(name));
    }

    private static OpenAIClient client(TollgateProcess proxy, String token) throws Exception {
        return OpenAIOkHttpClient.builder()
                .baseUrl("http://127.0.0.1:" + proxy.port() + "/v1")
                .apiKey(token)
                .maxRetries(0)
                .build();
    }

    private static ChatCompletionCreateParams question() {
        return ChatCompletionCreateParams.builder()
                .model("fast")
                .maxCompletionTokens(60)
                .addUserMessage("What is a tollgate?")
                .build();
    }

    private static ChatCompletion stream(OpenAIClient client) {
        var whole = ChatCompletionAccumulator.create();
        try (var chunks = client.chat().completions().createStreaming(question())) {
            chunks.stream().forEach(whole::accumulate);
        }
        return whole.chatCompletion();
    }

    private static String text(ChatCompletion answer) {
        return answer.choices().getFirst().message().content().orElse("");
    }

    private static List<Long> chargedByRecords(TollgateProcess... proxies) throws Exception {
        var charged = new ArrayList<Long>();
        for (var proxy : proxies) {
            for (var line : proxy.usageRecords()) {
                JsonNode record = JSON.readTree(line);
                var nanos = nanos(record.get("cost_usd").textValue());
                if (nanos > 0) {
                    charged.add(nanos);
                }
            }
        }
        return charged;
    }

    private static long nanos(String dollars) {
        return new BigDecimal(dollars).movePointRight(9).longValueExact();
    }

    private static void apply(String yaml) {
        var outcome = API.kubectl(yaml, "apply", "-f", "-");
        assertThat(outcome.ok()).as(outcome.err()).isTrue();
    }

    private static String kubectl(String... arguments) {
        var outcome = API.kubectl("", arguments);
        assertThat(outcome.ok()).as(outcome.err() + outcome.out()).isTrue();
        return outcome.out();
    }

    private static String resources(
            SimulatedProvider openai, SimulatedProvider anthropic, SimulatedProvider gemini) {
        return """
                {apiVersion: v1, kind: Namespace, metadata: {name: fleet-team}}
                ---
                {apiVersion: v1, kind: ServiceAccount, metadata: {name: chatbot, namespace: fleet-team}}
                ---
                {apiVersion: v1, kind: Secret, metadata: {name: keys, namespace: fleet-system}, stringData: {api-key: sk-simulated}}
                ---
                """
                + provider("openai", "OpenAI", openai.url() + "/v1", "gpt-4o-mini", "0.15", "0.60")
                + provider(
                        "anthropic",
                        "Anthropic",
                        anthropic.url(),
                        "claude-haiku-4-5",
                        "1.00",
                        "5.00")
                + provider(
                        "gemini",
                        "Gemini",
                        gemini.url() + "/v1beta",
                        "gemini-2.5-flash",
                        "0.30",
                        "2.50")
                + """
                apiVersion: tollgate.dev/v1alpha1
                kind: RoutingPolicy
                metadata: {name: chat, namespace: fleet-team}
                spec:
                  models: [fast]
                  rules:
                  - name: default
                    targets:
                    - {name: main, providerRef: {name: openai, namespace: fleet-system}, model: gpt-4o-mini}
                    - {name: alt, providerRef: {name: anthropic, namespace: fleet-system}, model: claude-haiku-4-5, priority: 1}
                    - {name: spare, providerRef: {name: gemini, namespace: fleet-system}, model: gemini-2.5-flash, priority: 2}
                ---
                apiVersion: tollgate.dev/v1alpha1
                kind: Budget
                metadata: {name: tight, namespace: fleet-team}
                spec:
                  amount: "%s"
                  period: {type: Lifetime}
                """
                        .formatted(BUDGET);
    }

    private static String provider(
            String name, String type, String url, String model, String input, String output) {
        return """
                apiVersion: tollgate.dev/v1alpha1
                kind: ModelProvider
                metadata: {name: %s, namespace: fleet-system}
                spec:
                  type: %s
                  endpoint: {url: "%s"}
                  auth: {type: APIKey, apiKey: {secretRef: {name: keys}}}
                  models:
                  - name: %s
                    pricing: {inputPer1M: "%s", outputPer1M: "%s"}
                  allowedNamespaces: {from: All}
                ---
                """
                .formatted(name, type, url, model, input, output);
    }
}
