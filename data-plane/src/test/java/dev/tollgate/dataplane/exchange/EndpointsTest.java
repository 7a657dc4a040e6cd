package dev.tollgate.dataplane.exchange;

import static dev.tollgate.dataplane.exchange.Harness.answers;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.snapshot.ProviderEntry;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpResponse;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Embeddings and counts of tokens from client to provider and back. */
class EndpointsTest {

    private static final String MESSAGES =
            "{\"model\":\"model-1\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}";

    private final Harness harness = new Harness();

    @AfterEach
    void close() {
        harness.close();
    }

    private Harness.Upstream start(
            String type, String dialect, Handler<HttpServerRequest> behaviour) {
        var upstream = harness.upstream(behaviour);
        serve(Snapshots.ofType(type, Snapshots.provider("a", dialect, upstream.url())));
        return upstream;
    }

    private void serve(ProviderEntry... providers) {
        var all = List.of(providers);
        harness.apply(
                Snapshots.of(
                        all,
                        List.of(Snapshots.chain("model-1", Snapshots.retry(3, null), all)),
                        List.of(Snapshots.budget("1000000")),
                        List.of(Harness.clientKey()),
                        List.of()));
        harness.start();
    }

    private HttpResponse<String> post(String path, String body) {
        return harness.send(harness.post(path, body));
    }

    // ---- embeddings

    @Test
    void openAiEmbeddingsComeFromGemini() {
        var upstream =
                start(
                        "Gemini",
                        "gemini",
                        answers(
                                200,
                                "{\"embeddings\":[{\"values\":[0.5]},{\"values\":[0.25]}],"
                                        + "\"usageMetadata\":{\"promptTokenCount\":6}}"));
        var answer = post("/v1/embeddings", "{\"model\":\"model-1\",\"input\":[\"a\",\"b\"]}");
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(new JsonObject(answer.body()).getJsonArray("data")).hasSize(2);
        assertThat(upstream.last().uri()).isEqualTo("/v1beta/models/model-1:batchEmbedContents");
        assertThat(upstream.last().json().getJsonArray("requests")).hasSize(2);
        assertThat(answer.headers().firstValue("x-tollgate-estimated")).isEmpty();
        var record = harness.record(1);
        assertThat(record.getInteger("input_tokens")).isEqualTo(6);
        assertThat(record.getString("cost_usd")).isEqualTo("0.000006");
        assertThat(record.containsKey("cost_assumed")).isFalse();
    }

    @Test
    void usageThatGeminiDoesNotTellIsMarkedAndCostsTheHold() {
        start("Gemini", "gemini", answers(200, "{\"embeddings\":[{\"values\":[0.5]}]}"));
        var answer = post("/v1/embeddings", "{\"model\":\"model-1\",\"input\":\"four\"}");
        assertThat(answer.headers().firstValue("x-tollgate-estimated")).hasValue("usage");
        assertThat(new JsonObject(answer.body()).getJsonObject("usage").getInteger("total_tokens"))
                .isEqualTo(1);
        var settled = harness.gate.settled.getFirst();
        assertThat(settled.assumed()).isTrue();
        assertThat(settled.cost()).isEqualTo(settled.claim().bound());
    }

    @Test
    void aBatchWhoseUsageIsNotToldCostsTheHoldOfAllItsInputs() {
        start("Gemini", "gemini", answers(200, "{\"embeddings\":[{\"values\":[0.5]}]}"));
        var input = "\"" + "four".repeat(2_000) + "\"";
        var inputs = String.join(",", Collections.nCopies(20, input));
        post("/v1/embeddings", "{\"model\":\"model-1\",\"input\":[" + inputs + "]}");
        var settled = harness.gate.settled.getFirst();
        // more than one context window of 100,000 tokens at $1 per million
        assertThat(settled.claim().bound().isMoreThan(Money.parse("0.15"))).isTrue();
        assertThat(settled.cost()).isEqualTo(settled.claim().bound());
    }

    @Test
    void geminiEmbeddingsComeFromOpenAi() {
        var upstream =
                start(
                        "OpenAI",
                        "openai-chat",
                        answers(
                                200,
                                "{\"object\":\"list\",\"model\":\"model-1\",\"data\":[{\"index\":0,"
                                        + "\"embedding\":[0.5]}],\"usage\":{\"prompt_tokens\":3,"
                                        + "\"total_tokens\":3}}"));
        var one =
                post(
                        "/v1beta/models/model-1:embedContent",
                        "{\"content\":{\"parts\":[{\"text\":\"a\"}]},\"taskType\":\"CLUSTERING\"}");
        assertThat(one.body())
                .isEqualTo(
                        "{\"embedding\":{\"values\":[0.5]},"
                                + "\"usageMetadata\":{\"promptTokenCount\":3}}");
        assertThat(one.headers().firstValue("x-tollgate-dropped")).hasValue("taskType");
        assertThat(upstream.last().uri()).isEqualTo("/embeddings");
        var batch =
                post(
                        "/v1beta/models/model-1:batchEmbedContents",
                        "{\"requests\":[{\"model\":\"models/model-1\",\"content\":{\"parts\":"
                                + "[{\"text\":\"a\"}]}}]}");
        assertThat(batch.body()).startsWith("{\"embeddings\":[{\"values\":[0.5]}]");
        assertThat(harness.record(2).getString("cost_usd")).isEqualTo("0.000003");
    }

    @Test
    void geminisOwnBatchGoesToItsOwnEndpointUnchanged() {
        var upstream =
                start("Gemini", "gemini", answers(200, "{\"embeddings\":[{\"values\":[0.5]}]}"));
        var body =
                "{ \"requests\":[{\"model\":\"models/model-1\",\"content\":{\"parts\":"
                        + "[{\"text\":\"a\"}]},\"taskType\":\"CLUSTERING\"}]}";
        post("/v1beta/models/model-1:batchEmbedContents", body);
        assertThat(upstream.last().uri()).isEqualTo("/v1beta/models/model-1:batchEmbedContents");
        assertThat(upstream.last().body()).hasToString(body);
        post("/v1beta/models/model-1:embedContent", "{\"content\":{\"parts\":[{\"text\":\"a\"}]}}");
        assertThat(upstream.last().uri()).isEqualTo("/v1beta/models/model-1:embedContent");
    }

    @Test
    void everyInputOfABatchHasAContextWindowOfItsOwn() {
        var input = "\"" + "word ".repeat(10_000) + "\"";
        start(
                "OpenAI",
                "openai-chat",
                answers(
                        200,
                        "{\"object\":\"list\",\"data\":[],\"model\":\"model-1\","
                                + "\"usage\":{\"prompt_tokens\":150000,\"total_tokens\":150000}}"));
        // a window of 100,000 tokens, three inputs of 50,000
        post(
                "/v1/embeddings",
                "{\"model\":\"model-1\",\"input\":["
                        + String.join(",", input, input, input)
                        + "]}");
        var settled = harness.gate.settled.getFirst();
        assertThat(settled.claim().bound()).isEqualTo(Money.ofMicros(150_000 + 256 + 48));
        assertThat(settled.cost()).as("plausible").isEqualTo(Money.parse("0.15"));
    }

    @Test
    void tokenIdsGoWhereTheyAreUnderstood() {
        var gemini = harness.upstream(answers(200, "{}"));
        var openAi =
                harness.upstream(
                        answers(
                                200,
                                "{\"object\":\"list\",\"data\":[],\"model\":\"model-1\","
                                        + "\"usage\":{\"prompt_tokens\":2,\"total_tokens\":2}}"));
        serve(
                Snapshots.provider("a", "gemini", gemini.url()),
                Snapshots.provider("b", "openai-chat", openAi.url()));
        var answer = post("/v1/embeddings", "{\"model\":\"model-1\",\"input\":[[1,2]]}");
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(gemini.seen).isEmpty();
        assertThat(openAi.seen).hasSize(1);
    }

    @Test
    void tokenIdsAreRefusedWhereNobodyUnderstandsThem() {
        var upstream = start("Gemini", "gemini", answers(200, "{}"));
        var answer = post("/v1/embeddings", "{\"model\":\"model-1\",\"input\":[1,2]}");
        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).contains("token ids").contains("invalid_request_error");
        assertThat(upstream.seen).isEmpty();
        assertThat(harness.gate.settled.getLast().cost()).isEqualTo(Money.ZERO);
    }

    @Test
    void anErrorComesInTheClientsDialect() {
        start(
                "OpenAI",
                "openai-chat",
                answers(400, "{\"error\":{\"message\":\"bad input\",\"type\":\"x\"}}"));
        var answer =
                post(
                        "/v1beta/models/model-1:embedContent",
                        "{\"content\":{\"parts\":[{\"text\":\"a\"}]}}");
        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(new JsonObject(answer.body()).getJsonObject("error").getString("status"))
                .isEqualTo("INVALID_ARGUMENT");
        assertThat(answer.body()).contains("bad input");
        assertThat(harness.record(1).getString("cost_usd")).isEqualTo("0");
    }

    @Test
    void anAnthropicClientIsToldThatThereAreNone() {
        start("OpenAI", "openai-chat", answers(200, "{}"));
        var answer = post("/anthropic/v1/embeddings", "{\"model\":\"model-1\",\"input\":\"a\"}");
        assertThat(answer.statusCode()).isEqualTo(404);
        assertThat(answer.body())
                .contains("\"type\":\"error\"")
                .contains("has no embeddings: use /v1/embeddings");
    }

    // ---- counts

    @Test
    void anAnthropicCountComesFromGemini() {
        var upstream = start("Gemini", "gemini", answers(200, "{\"totalTokens\":7}"));
        var answer = post("/v1/messages/count_tokens", MESSAGES);
        assertThat(answer.body()).isEqualTo("{\"input_tokens\":7}");
        assertThat(upstream.last().uri()).isEqualTo("/v1beta/models/model-1:countTokens");
        assertThat(upstream.last().json().getJsonObject("generateContentRequest")).isNotNull();
        assertFree(1);
    }

    @Test
    void anAnthropicCountComesFromOpenAi() {
        var upstream =
                start(
                        "OpenAI",
                        "openai-chat",
                        answers(200, "{\"object\":\"response.input_tokens\",\"input_tokens\":9}"));
        var answer = post("/v1/messages/count_tokens", MESSAGES);
        assertThat(answer.body()).isEqualTo("{\"input_tokens\":9}");
        assertThat(answer.headers().firstValue("x-tollgate-estimated")).isEmpty();
        assertThat(upstream.last().uri()).isEqualTo("/responses/input_tokens");
        assertFree(1);
    }

    @Test
    void aGeminiCountComesFromAnthropic() {
        var upstream = start("Anthropic", "anthropic", answers(200, "{\"input_tokens\":11}"));
        var answer =
                post(
                        "/v1beta/models/model-1:countTokens",
                        "{\"contents\":[{\"parts\":[{\"text\":\"Hi\"}]}]}");
        assertThat(answer.body()).isEqualTo("{\"totalTokens\":11}");
        assertThat(upstream.last().uri()).isEqualTo("/v1/messages/count_tokens");
        assertThat(upstream.last().json().containsKey("max_tokens")).isFalse();
        assertFree(1);
    }

    private static final String INPUT =
            "{\"model\":\"model-1\",\"input\":\"Hi\",\"truncation\":\"auto\"}";

    @Test
    void aCountOfResponsesGoesToOpenAiAsItIs() {
        var counted = "{\"object\":\"response.input_tokens\",\"input_tokens\":9}";
        var upstream = start("OpenAI", "openai-chat", answers(200, counted));
        var answer = post("/v1/responses/input_tokens", INPUT);
        assertThat(answer.body()).isEqualTo(counted);
        assertThat(upstream.last().uri()).isEqualTo("/responses/input_tokens");
        assertThat(upstream.last().body().toString()).isEqualTo(INPUT);
        assertFree(1);
    }

    @Test
    void aCountOfResponsesComesFromAnthropic() {
        var upstream = start("Anthropic", "anthropic", answers(200, "{\"input_tokens\":11}"));
        var answer = post("/v1/responses/input_tokens", INPUT);
        assertThat(answer.body())
                .isEqualTo("{\"object\":\"response.input_tokens\",\"input_tokens\":11}");
        assertThat(upstream.last().uri()).isEqualTo("/v1/messages/count_tokens");
        assertFree(1);
    }

    @Test
    void aCountOfResponsesWithoutACounterIsAGuess() {
        var upstream = start("OpenAI", "openai-chat", answers(404, "{\"error\":\"no such page\"}"));
        var answer = post("/v1/responses/input_tokens", INPUT);
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("x-tollgate-estimated")).hasValue("input_tokens");
        assertThat(answer.body()).startsWith("{\"object\":\"response.input_tokens\",");
        assertThat(upstream.seen).hasSize(1);
        assertFree(1);
    }

    @Test
    void aServerWithoutACounterIsNotAskedAndTheGuessIsMarked() {
        var upstream = start("OpenAICompatible", "openai-chat", answers(200, "{}"));
        var answer = post("/v1/messages/count_tokens", MESSAGES);
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(new JsonObject(answer.body()).getInteger("input_tokens")).isBetween(2, 12);
        assertThat(answer.headers().firstValue("x-tollgate-estimated")).hasValue("input_tokens");
        assertThat(answer.headers().firstValue("x-tollgate-provider")).hasValue("a");
        assertThat(upstream.seen).isEmpty();
        assertFree(1);
        assertThat(harness.record(1).getJsonArray("attempts")).isEmpty();
    }

    @Test
    void aCounterThatIsNotThereIsNoErrorForTheClient() {
        var upstream = start("OpenAI", "openai-chat", answers(404, "{\"error\":\"no such page\"}"));
        var answer = post("/v1/messages/count_tokens", MESSAGES);
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("x-tollgate-estimated")).hasValue("input_tokens");
        assertThat(upstream.seen).hasSize(1);
        assertFree(1);
    }

    @Test
    void anErrorOfACounterIsNoGuess() {
        start("OpenAI", "openai-chat", answers(400, "{\"error\":{\"message\":\"bad tools\"}}"));
        var answer = post("/v1/messages/count_tokens", MESSAGES);
        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).contains("bad tools").contains("\"type\":\"error\"");
    }

    private void assertFree(int records) {
        var record = harness.record(records);
        assertThat(record.getString("cost_usd")).isEqualTo("0");
        assertThat(record.getString("outcome")).isEqualTo("ok");
        assertThat(harness.gate.claims).allMatch(claim -> claim.bound().equals(Money.ZERO));
        assertThat(harness.gate.settled).allMatch(settled -> settled.cost().equals(Money.ZERO));
    }
}
