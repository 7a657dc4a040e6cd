package dev.tollgate.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code spec.cache} on a standalone gateway: what the official SDKs ask twice is paid once. */
class CacheE2E {

    private static final String SCRIPT =
            Resources.PRICES + "default: {text: 'A gate where one pays.', inputTokens: 30}\n";
    private static final String OTHER_KEY = "tg-2123456789012345678901234567890123456789abc";

    @TempDir static Path folder;
    static SimulatedProvider provider;
    static Standalone gateway;

    @BeforeAll
    static void start() throws Exception {
        provider = SimulatedProvider.start("openai", SCRIPT, folder);
        gateway =
                Standalone.serve(
                        folder,
                        Resources.namespace("team-a")
                                + Resources.namespace("team-b")
                                + Resources.secret("tollgate-system", "keys", "sk-simulated")
                                + Resources.clientKey("team-a", Standalone.KEY)
                                + Resources.clientKey("team-b", OTHER_KEY)
                                + Resources.budget("team-a", "ample", "100.00")
                                + Resources.provider(
                                        "tollgate-system",
                                        "main",
                                        "OpenAI",
                                        provider.url() + "/v1",
                                        List.of("gpt-4o-mini"),
                                        "allowedNamespaces: {from: All}")
                                + cached("sdk-openai", "{mode: Exact, temperature: Any}")
                                + cached("sdk-anthropic", "{mode: Exact, temperature: Any}")
                                + cached("sdk-gemini", "{mode: Exact, temperature: Any}")
                                + cached("zero", "{mode: Exact, ttl: 1h}"));
    }

    private static String cached(String name, String cache) {
        return Resources.route("tollgate-system", name, "main/gpt-4o-mini")
                .replace(
                        "spec:\n",
                        "spec:\n  visibleTo: {from: All}\n  cache: %s\n".formatted(cache));
    }

    @AfterAll
    static void stop() throws Exception {
        gateway.close();
        provider.close();
    }

    private static Sdk sdk(String client) throws Exception {
        return switch (client) {
            case "openai" -> new OpenAiSdk(gateway.url(), Standalone.KEY);
            case "anthropic" -> new AnthropicSdk(gateway.url(), Standalone.KEY);
            case "gemini" -> new GeminiSdk(gateway.url(), Standalone.KEY);
            default -> throw new IllegalArgumentException(client);
        };
    }

    @ParameterizedTest
    @ValueSource(strings = {"openai", "anthropic", "gemini"})
    void whatAnSdkAsksTwiceIsAnsweredAlikeAndPaidOnce(String client) throws Exception {
        try (var sdk = sdk(client)) {
            int calls = provider.calls().size();
            int records = gateway.records().size();
            var plain = sdk.plain("sdk-" + client);
            assertThat(sdk.plain("sdk-" + client)).isEqualTo(plain);
            var stream = sdk.stream("sdk-" + client);
            assertThat(sdk.stream("sdk-" + client)).isEqualTo(stream);
            assertThat(stream.text()).isEqualTo(plain.text()).contains("gate");
            assertThat(provider.calls()).hasSize(calls + 2);
            await().until(() -> gateway.records().size() == records + 4);
            var mine = gateway.records().subList(records, records + 4);
            for (int i = 0; i < 4; i++) {
                boolean hit = i % 2 == 1;
                var record = mine.get(i);
                assertThat(record.get("cache_hit").asBoolean()).isEqualTo(hit);
                assertThat(record.get("attempts")).hasSize(hit ? 0 : 1);
                assertThat(Standalone.nanos(record) == 0).isEqualTo(hit);
                assertThat(record.get("output_tokens").asLong() == 0).isEqualTo(hit);
                assertThat(record.get("provider_chosen").asText()).isEqualTo("main");
            }
        }
    }

    private static String zero(String question) {
        return """
               {"model":"zero","temperature":0,"messages":[{"role":"user","content":"%s"}]}"""
                .formatted(question);
    }

    private static String cache(HttpResponse<String> answer) {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return answer.headers().firstValue("x-tollgate-cache").orElseThrow();
    }

    private static HttpResponse<String> ask(String body, String... headers) throws Exception {
        return gateway.post("/v1/chat/completions", body, headers);
    }

    @Test
    void obeysTemperatureDirectivesAndNamespaces() throws Exception {
        var question = zero("what?");
        assertThat(cache(ask(question.replace("\"temperature\":0", "\"temperature\":0.2"))))
                .isEqualTo("off");
        assertThat(cache(ask(question))).isEqualTo("miss");
        assertThat(cache(ask(question))).isEqualTo("hit");
        assertThat(cache(ask(question, "Cache-Control", "no-store"))).isEqualTo("off");
        assertThat(cache(ask(question, "Cache-Control", "no-cache"))).isEqualTo("miss");
        var path = "/v1/chat/completions";
        assertThat(cache(gateway.postAs(OTHER_KEY, path, question))).isEqualTo("miss");
        assertThat(cache(gateway.postAs(OTHER_KEY, path, question))).isEqualTo("hit");
        assertThat(gateway.metric("tollgate_cache_requests_total", "result=\"hit\""))
                .isGreaterThanOrEqualTo(2);
        assertThat(gateway.metric("tollgate_cache_entries")).isGreaterThanOrEqualTo(2);
    }

    @Test
    void manyWhoAskTheSameAtOnceCostOneCall() throws Exception {
        provider.script(SCRIPT.replace("inputTokens: 30", "inputTokens: 30, latencyMs: 500"));
        int calls = provider.calls().size();
        var question = zero("all at once?");
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var asked = new ArrayList<Future<HttpResponse<String>>>();
            for (int i = 0; i < 20; i++) {
                asked.add(threads.submit(() -> ask(question)));
            }
            int hits = 0;
            for (var one : asked) {
                hits += cache(one.get()).equals("hit") ? 1 : 0;
            }
            assertThat(hits).isEqualTo(19);
        } finally {
            provider.script(SCRIPT);
        }
        assertThat(provider.calls()).hasSize(calls + 1);
    }

    @Test
    void aSuspendedBudgetRefusesWhatIsKeptToo() throws Exception {
        var question = zero("on hold?");
        ask(question);
        assertThat(cache(ask(question))).isEqualTo("hit");
        gateway.write(
                "hold.yaml",
                """
                apiVersion: tollgate.dev/v1alpha1
                kind: Budget
                metadata: {name: hold, namespace: team-a}
                spec: {amount: "5", period: {type: Month}, suspend: Hold}
                """);
        try {
            await().until(() -> ask(question).statusCode() == 403);
        } finally {
            gateway.delete("hold.yaml");
        }
        await().until(() -> ask(question).statusCode() == 200);
        assertThat(cache(ask(question))).isEqualTo("hit");
    }
}
