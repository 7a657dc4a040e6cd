package dev.tollgate.dataplane.exchange;

import static dev.tollgate.dataplane.exchange.Harness.answers;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.policy.snapshot.ProviderEntry;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What comes in from clients, good and bad, over real sockets. */
class IngressTest {

    private static final String MESSAGES_ANSWER =
            "{\"id\":\"m1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"model-1\",\"content\":"
                    + "[{\"type\":\"text\",\"text\":\"Hello\"}],\"stop_reason\":\"end_turn\",\"stop_sequence\":null,"
                    + "\"usage\":{\"input_tokens\":10,\"output_tokens\":5}}";
    private static final String GEMINI_ANSWER =
            "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"Hello\"}],\"role\":\"model\"},"
                    + "\"finishReason\":\"STOP\",\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":10,"
                    + "\"candidatesTokenCount\":5,\"totalTokenCount\":15},\"modelVersion\":\"model-1\"}";

    private final Harness harness = new Harness();
    private Harness.Upstream openai;
    private Harness.Upstream anthropic;
    private Harness.Upstream gemini;

    @BeforeEach
    void start() {
        openai = harness.upstream(answers(200, Harness.CHAT_ANSWER));
        anthropic = harness.upstream(answers(200, MESSAGES_ANSWER));
        gemini = harness.upstream(answers(200, GEMINI_ANSWER));
        var providers =
                List.of(
                        Snapshots.provider("a", "openai-chat", openai.url() + "/v1"),
                        Snapshots.provider("b", "anthropic", anthropic.url()),
                        Snapshots.provider("c", "gemini", gemini.url() + "/v1beta"));
        var policies = new ArrayList<dev.tollgate.policy.snapshot.PolicyEntry>();
        var names = List.of("gpt", "claude", "gemini-fast");
        for (int i = 0; i < names.size(); i++) {
            policies.add(named(names.get(i), providers.get(i)));
        }
        harness.apply(
                Snapshots.of(
                        providers,
                        policies,
                        List.of(Snapshots.budget("1000000")),
                        List.of(Harness.clientKey()),
                        List.of()));
        harness.start();
    }

    private static dev.tollgate.policy.snapshot.PolicyEntry named(
            String name, ProviderEntry provider) {
        var chain = Snapshots.chain(name, Snapshots.retry(3, null), List.of(provider));
        return new dev.tollgate.policy.snapshot.PolicyEntry(
                "team-a/" + name,
                chain.models(),
                chain.visibleTo(),
                false,
                false,
                null,
                null,
                null,
                34,
                67,
                chain.rules());
    }

    @AfterEach
    void close() {
        harness.close();
    }

    private static String messages() {
        return "{\"model\":\"claude\",\"max_tokens\":64,\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}";
    }

    private static String contents() {
        return "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"Hi\"}]}]}";
    }

    @Test
    void anthropicClientsReachAnthropicProvidersWithTheirVersionAndBetas() {
        var answer =
                harness.send(
                        harness.post("/v1/messages?beta=true", messages())
                                .header("anthropic-version", "2023-01-01")
                                .header("anthropic-beta", "tools-2024"));
        assertThat(answer.body()).isEqualTo(MESSAGES_ANSWER);
        var seen = anthropic.last();
        assertThat(seen.uri()).isEqualTo("/v1/messages");
        assertThat(seen.headers())
                .containsEntry("x-api-key", "sk-b")
                .containsEntry("anthropic-version", "2023-01-01")
                .containsEntry("anthropic-beta", "tools-2024")
                .doesNotContainKey("authorization");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/v1beta/models/", "/v1/models/", "/gemini/v1beta/models/"})
    void geminiClientsReachGeminiProvidersWithTheModelInThePath(String path) {
        var answer =
                harness.send(
                        HttpRequest.newBuilder(
                                        URI.create(
                                                harness.url(
                                                        path
                                                                + "gemini-fast:generateContent?key="
                                                                + Harness.KEY)))
                                .POST(HttpRequest.BodyPublishers.ofString(contents())));
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).isEqualTo(GEMINI_ANSWER);
        assertThat(gemini.last().uri()).isEqualTo("/v1beta/models/model-1:generateContent");
        assertThat(gemini.last().headers()).containsEntry("x-goog-api-key", "sk-c");
        assertThat(gemini.last().uri()).doesNotContain("key=");
    }

    @Test
    void chatClientsReachAnthropicProvidersTranslated() {
        var answer = harness.chat(Harness.chat("claude", false));
        assertThat(answer.statusCode()).isEqualTo(200);
        var choice =
                new JsonObject(answer.body())
                        .getJsonArray("choices")
                        .getJsonObject(0)
                        .getJsonObject("message");
        assertThat(choice.getString("content")).isEqualTo("Hello");
        assertThat(anthropic.last().json().getInteger("max_tokens")).isEqualTo(4_096);
        assertThat(harness.record(1).getString("cost_usd")).isEqualTo("0.00002");
    }

    @Test
    void stripsWhatIsNotForTheProvider() {
        harness.send(
                harness.post("/v1/chat/completions", Harness.chat("gpt", false))
                        .header("x-api-key", "other")
                        .header("x-forwarded-for", "10.0.0.1")
                        .header("forwarded", "for=10.0.0.1")
                        .header("x-tollgate-max-cost", "1.00")
                        .header("x-tollgate-team", "team-b")
                        .header("x-remote-user", "root")
                        .header("cookie", "a=b")
                        .header("x-feature", "search")
                        .header(
                                "traceparent",
                                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
        assertThat(openai.last().headers().keySet())
                .containsExactlyInAnyOrder(
                        "content-type",
                        "accept",
                        "user-agent",
                        "authorization",
                        "host",
                        "content-length");
        var record = harness.record(1);
        assertThat(record.getString("team")).isEqualTo("team-a");
        assertThat(record.getJsonObject("tags").getString("feature")).isEqualTo("search");
        assertThat(record.getString("trace_id")).isEqualTo("0af7651916cd43dd8448eb211c80319c");
    }

    @ParameterizedTest
    @CsvSource({
        "/v1/chat/completions, openai",
        "/v1/messages, anthropic",
        "/v1beta/models/gemini-fast:generateContent, gemini"
    })
    void refusesWithoutAKeyInTheClientsDialect(String path, String dialect) {
        var answer =
                harness.send(
                        HttpRequest.newBuilder(URI.create(harness.url(path)))
                                .POST(HttpRequest.BodyPublishers.ofString("{}")));
        assertThat(answer.statusCode()).isEqualTo(401);
        assertThat(answer.headers().firstValue("x-tollgate-request-id")).isPresent();
        assertThat(answer.headers().firstValue("x-should-retry")).hasValue("false");
        var body = new JsonObject(answer.body());
        switch (dialect) {
            case "openai" ->
                    assertThat(body.getJsonObject("error").getString("code"))
                            .isEqualTo("invalid_api_key");
            case "anthropic" ->
                    assertThat(body.getJsonObject("error").getString("type"))
                            .isEqualTo("authentication_error");
            default ->
                    assertThat(body.getJsonObject("error").getString("status"))
                            .isEqualTo("UNAUTHENTICATED");
        }
        assertThat(harness.record(1).getString("outcome")).isEqualTo("unauthenticated");
    }

    @Test
    void refusesAWrongKey() {
        var answer =
                harness.send(
                        harness.post("/v1/chat/completions", Harness.chat("gpt", false))
                                .setHeader("authorization", "Bearer tg-wrong"));
        assertThat(answer.statusCode()).isEqualTo(401);
        assertThat(openai.seen).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "/v1/unknown, 404",
        "/, 404",
        "/v1/completions, 404",
        "/admin, 404",
        "/v1beta/models/x:unknown, 404",
        "/v1/../v1/chat/completions, 404"
    })
    void answersUnknownEndpointsWith404(String path, int status) {
        var answer = harness.send(harness.post(path, "{}"));
        assertThat(answer.statusCode()).isEqualTo(status);
        assertThat(new JsonObject(answer.body()).containsKey("error")).isTrue();
        assertThat(harness.record(1).getString("outcome")).isEqualTo("not_found");
    }

    @Test
    void answersAWrongMethodWith405() {
        var answer =
                harness.send(
                        HttpRequest.newBuilder(URI.create(harness.url("/v1/chat/completions")))
                                .header("authorization", "Bearer " + Harness.KEY)
                                .GET());
        assertThat(answer.statusCode()).isEqualTo(405);
        assertThat(answer.headers().firstValue("allow")).hasValue("POST");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "no json",
                "[]",
                "{\"model\":\"gpt\",\"model\":\"claude\",\"messages\":[]}",
                "{\"model\":\"gpt\",\"Model\":\"claude\",\"messages\":[]}",
                "{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}",
                "{\"model\":\"gpt\",\"messages\":[]} trailing",
                "{\"model\":\"gpt\",\"messages\":[]"
            })
    void refusesABodyThatTwoParsersCouldReadDifferently(String body) {
        var answer = harness.chat(body);
        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(openai.seen).isEmpty();
        var record = harness.record(1);
        assertThat(record.getString("outcome")).isEqualTo("invalid_request");
        assertThat(record.getInteger("status")).isEqualTo(400);
    }

    @Test
    void refusesAnUnknownModelAndNamesTheVisibleOnes() {
        var answer = harness.chat(Harness.chat("nonesuch", false));
        assertThat(answer.statusCode()).isEqualTo(404);
        assertThat(answer.body()).contains("model_not_found").contains("gpt").contains("claude");
        assertThat(harness.record(1).getString("model_requested")).isEqualTo("nonesuch");
    }

    @ParameterizedTest
    @CsvSource({"content-encoding, gzip", "upgrade, websocket", "expect, 200-ok"})
    void refusesEncodingsAndUpgrades(String name, String value) throws IOException {
        var body = Harness.chat("gpt", false);
        var answer = raw(head(body.length(), name + ": " + value + "\r\n") + body);
        assertThat(answer).startsWith("HTTP/1.1 400");
        assertThat(openai.seen).isEmpty();
    }

    @Test
    void answersOverHttp11WhoOffersCleartextHttp2() throws IOException {
        var body = Harness.chat("gpt", false);
        var offer =
                "Connection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\n"
                        + "HTTP2-Settings: AAEAAEAAAAIAAAAAAAMAAAAAAAQBAAAAAAUAAEAAAAYABgAA\r\n";
        assertThat(raw(head(body.length(), offer) + body)).startsWith("HTTP/1.1 200");
        assertThat(openai.seen).hasSize(1);
        var forwarded = openai.seen.getFirst().headers();
        assertThat(forwarded).doesNotContainKeys("upgrade", "http2-settings");
    }

    @Test
    void answers100ContinueBeforeTheBody() throws IOException {
        var body = Harness.chat("gpt", false);
        try (var socket = new Socket("127.0.0.1", harness.proxy().port())) {
            socket.setSoTimeout(60_000);
            var out = socket.getOutputStream();
            out.write(bytes(head(body.length(), "Expect: 100-continue\r\nConnection: close\r\n")));
            var first = new byte[12];
            assertThat(socket.getInputStream().readNBytes(first, 0, 12)).isEqualTo(12);
            assertThat(new String(first, StandardCharsets.US_ASCII)).isEqualTo("HTTP/1.1 100");
            out.write(bytes(body));
            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .contains("HTTP/1.1 200");
        }
    }

    @Test
    void refusesABodyThatAnnouncesToBeTooLarge() throws IOException {
        var answer = raw(head(100 * 1024 * 1024, ""));
        assertThat(answer).startsWith("HTTP/1.1 413").contains("connection: close");
        assertThat(harness.record(1).getInteger("status")).isEqualTo(413);
    }

    @Test
    void refusesABodyThatTurnsOutTooLarge() throws IOException {
        try (var socket = new Socket("127.0.0.1", harness.proxy().port())) {
            socket.setSoTimeout(60_000);
            var out = socket.getOutputStream();
            out.write(bytes(head(-1, "")));
            var megabyte = new byte[1024 * 1024];
            java.util.Arrays.fill(megabyte, (byte) ' ');
            try {
                for (int i = 0; i < 11; i++) {
                    out.write(bytes(Integer.toHexString(megabyte.length) + "\r\n"));
                    out.write(megabyte);
                    out.write(bytes("\r\n"));
                }
            } catch (SocketException e) {
                // it has answered, and reads no more
                assertThat(e).isNotNull();
            }
            var first = new byte[12];
            socket.getInputStream().readNBytes(first, 0, 12);
            assertThat(new String(first, StandardCharsets.US_ASCII)).isEqualTo("HTTP/1.1 413");
        }
    }

    @Test
    void passesALargeBodyWhole() {
        var text = "x".repeat(300_000);
        var body = Harness.chat("gpt", false).replace("Hi", text);
        // beyond the model's context, which the gateway would refuse: use a smaller one
        var small = Harness.chat("gpt", false).replace("Hi", "y".repeat(90_000));
        assertThat(harness.chat(body).statusCode()).isIn(200, 400);
        assertThat(harness.chat(small).statusCode()).isEqualTo(200);
        assertThat(openai.last().body().length()).isGreaterThan(90_000);
    }

    @Test
    void listsTheCallersModelsInItsDialect() {
        var list = get("/v1/models");
        assertThat(list.getJsonArray("data").size()).isEqualTo(3);
        assertThat(list.getString("object")).isEqualTo("list");
        var first = get("/v1beta/models").getJsonArray("models").getJsonObject(0);
        assertThat(first.getString("name")).startsWith("models/");
        assertThat(first.getJsonArray("supportedGenerationMethods"))
                .contains("generateContent", "countTokens", "embedContent");
        assertThat(get("/v1/models/gpt").getString("id")).isEqualTo("gpt");
        assertThat(get("/v1/models/none").getJsonObject("error").getString("code"))
                .isEqualTo("model_not_found");
    }

    private JsonObject get(String path) {
        return new JsonObject(
                harness.send(
                                HttpRequest.newBuilder(URI.create(harness.url(path)))
                                        .header("x-api-key", Harness.KEY)
                                        .GET())
                        .body());
    }

    @Test
    void refusesAnEmptyPurseInTheClientsDialectAndSendsNothing() {
        harness.gate.purseNanos.set(10);
        var answer = harness.chat(Harness.chat("gpt", false));
        assertThat(answer.statusCode()).isEqualTo(429);
        assertThat(new JsonObject(answer.body()).getJsonObject("error").getString("type"))
                .isEqualTo("insufficient_quota");
        assertThat(answer.body()).contains("team-a/monthly");
        assertThat(answer.headers().firstValue("x-should-retry")).hasValue("false");
        assertThat(answer.headers().firstValue("retry-after")).hasValue("300");
        assertThat(openai.seen).isEmpty();
        assertThat(harness.record(1).getString("outcome")).isEqualTo("over_budget");
    }

    @Test
    void lowersTheOutputLimitToWhatTheBudgetHasLeft() {
        // 4,096 tokens at $2 per million are 8.2 million nano-dollars
        harness.gate.purseNanos.set(2_000_000);
        var answer = harness.chat(Harness.chat("gpt", false));
        assertThat(answer.statusCode()).isEqualTo(200);
        var limit = Integer.parseInt(answer.headers().firstValue("x-tollgate-max-tokens").get());
        assertThat(limit).isBetween(256, 1_000);
        var sent = openai.last().json();
        assertThat(sent.getInteger("max_completion_tokens", sent.getInteger("max_tokens")))
                .isEqualTo(limit);
    }

    @Test
    void refusesARequestThatIsDearerThanItsOwnCeiling() {
        var answer =
                harness.send(
                        harness.post(
                                        "/v1/chat/completions",
                                        Harness.chat("gpt", false)
                                                .replace("}]}", "}],\"max_tokens\":4000}"))
                                .header("x-tollgate-max-cost", "0.001"));
        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).contains("0.001");
        assertThat(openai.seen).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "x-tollgate-max-cost, 1.00, 0.000001",
        "x-tollgate-max-cost, 1.00, 1.00",
        "x-quality-hint, high, low",
        "x-feature, search, chat"
    })
    void refusesAHeaderOfItsOwnThatIsThereTwice(String name, String first, String second) {
        var answer =
                harness.send(
                        harness.post("/v1/messages", messages())
                                .header(name, first)
                                .header(name, second));
        assertThat(answer.statusCode()).isEqualTo(400);
        var body = new JsonObject(answer.body());
        assertThat(body.getString("type")).isEqualTo("error");
        assertThat(body.getJsonObject("error").getString("message")).contains(name, "once");
        assertThat(answer.headers().firstValue("x-should-retry")).hasValue("false");
        assertThat(anthropic.seen).isEmpty();
        assertThat(harness.gate.claims).isEmpty();
        assertThat(harness.record(1).getString("outcome")).isEqualTo("invalid_request");
    }

    @ParameterizedTest
    @CsvSource({
        "x-tollgate-max-cost, cheap",
        "x-tollgate-max-cost, '1.00, 2.00'",
        "x-tollgate-max-cost, -1",
        "x-tollgate-max-cost, ''",
        "x-quality-hint, excellent",
        "x-quality-hint, ''",
        "x-quality-hint, 'high, low'"
    })
    void refusesAHeaderOfItsOwnThatItCannotRead(String name, String value) {
        var answer =
                harness.send(
                        harness.post("/v1/chat/completions", Harness.chat("gpt", false))
                                .header(name, value));
        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).contains(name).contains("expected");
        assertThat(openai.seen).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"low", "standard", "high", "High"})
    void takesEveryQualityHintOfTheContract(String hint) {
        var answer =
                harness.send(
                        harness.post("/v1/chat/completions", Harness.chat("gpt", false))
                                .header("x-quality-hint", hint));
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(openai.last().headers()).doesNotContainKey("x-quality-hint");
    }

    @Test
    void usesANewCredentialWithoutARestart() {
        harness.chat(Harness.chat("gpt", false));
        harness.credentials(Map.of("platform/a/api-key", "sk-new\n"));
        harness.chat(Harness.chat("gpt", false));
        assertThat(openai.seen.get(0).headers()).containsEntry("authorization", "Bearer sk-a");
        assertThat(openai.seen.get(1).headers()).containsEntry("authorization", "Bearer sk-new");
    }

    @Test
    void countsTokensAtTheProviderForNothing() {
        var counter = harness.upstream(answers(200, "{\"input_tokens\":12}"));
        var provider = Snapshots.provider("b", "anthropic", counter.url() + "/v1");
        harness.apply(
                Snapshots.of(
                        List.of(provider),
                        List.of(named("claude", provider)),
                        List.of(Snapshots.budget("1000000")),
                        List.of(Harness.clientKey()),
                        List.of()));
        var answer =
                harness.send(
                        harness.post(
                                "/v1/messages/count_tokens",
                                "{\"model\":\"claude\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}"));
        assertThat(answer.body()).isEqualTo("{\"input_tokens\":12}");
        assertThat(counter.last().uri()).isEqualTo("/v1/messages/count_tokens");
        assertThat(harness.record(1).getString("cost_usd")).isEqualTo("0");
    }

    @Test
    void refusesAnEmbeddingThatCannotBeTranslated() {
        var answer =
                harness.send(
                        harness.post("/v1/embeddings", "{\"model\":\"claude\",\"input\":\"Hi\"}"));
        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).contains("embedding");
    }

    @Test
    void chargesEmbeddings() {
        harness.chat(Harness.chat("gpt", false));
        var provider =
                Snapshots.provider(
                        "a",
                        "openai-chat",
                        harness.upstream(
                                        answers(
                                                200,
                                                "{\"object\":\"list\",\"data\":[],\"model\":\"model-1\","
                                                        + "\"usage\":{\"prompt_tokens\":8,\"total_tokens\":8}}"))
                                .url());
        harness.apply(
                Snapshots.of(
                        List.of(provider),
                        List.of(named("gpt", provider)),
                        List.of(Snapshots.budget("1000000")),
                        List.of(Harness.clientKey()),
                        List.of()));
        var answer =
                harness.send(
                        harness.post("/v1/embeddings", "{\"model\":\"gpt\",\"input\":\"Hi\"}"));
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(harness.record(2).getString("cost_usd")).isEqualTo("0.000008");
    }

    @Test
    void leavesTheConnectionOpenAfterARefusal() throws IOException {
        var body = "no json";
        var request = head(body.length(), "") + body;
        try (var socket = new Socket("127.0.0.1", harness.proxy().port())) {
            socket.setSoTimeout(60_000);
            for (int i = 0; i < 3; i++) {
                socket.getOutputStream().write(bytes(request));
                var read = new ByteArrayOutputStream();
                while (!read.toString(StandardCharsets.UTF_8).contains("}}")) {
                    read.write(socket.getInputStream().read());
                }
                assertThat(read.toString(StandardCharsets.UTF_8)).startsWith("HTTP/1.1 400");
            }
        }
    }

    @Test
    void closesAConnectionWhoseHeadersDoNotCome() throws IOException {
        try (var socket = new Socket("127.0.0.1", harness.proxy().port())) {
            socket.setSoTimeout(60_000);
            socket.getOutputStream()
                    .write(bytes("POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n"));
            assertThat(isClosed(socket)).isTrue();
        }
    }

    @Test
    void cutsOffABodyThatComesTooSlowlyInTheClientsDialect() throws IOException {
        var paths =
                Map.of(
                        "/v1/chat/completions", "\"code\":\"request_timeout\"",
                        "/v1/messages", "\"type\":\"timeout_error\"",
                        "/v1beta/models/gemini-fast:generateContent", "\"code\":408");
        var sockets = new java.util.HashMap<String, Socket>();
        try {
            for (var path : paths.keySet()) {
                var socket = new Socket("127.0.0.1", harness.proxy().port());
                sockets.put(path, socket);
                socket.setSoTimeout(60_000);
                socket.getOutputStream()
                        .write(bytes(head(1_000, "").replace("/v1/chat/completions", path) + "{"));
            }
            for (var path : paths.keySet()) {
                var answer =
                        new String(
                                sockets.get(path).getInputStream().readAllBytes(),
                                StandardCharsets.UTF_8);
                assertThat(answer)
                        .startsWith("HTTP/1.1 408")
                        .containsIgnoringCase("connection: close")
                        .contains(paths.get(path));
            }
        } finally {
            for (var socket : sockets.values()) {
                socket.close();
            }
        }
        assertThat(harness.record(3).getInteger("status")).isEqualTo(408);
        assertThat(harness.gate.claims).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Host: x\r\nHost: y\r\n"})
    void refusesARequestThatDoesNotNameOneHost(String hosts) throws IOException {
        var body = Harness.chat("gpt", false);
        var answer = raw(head(body.length(), "").replace("Host: x\r\n", hosts) + body);
        assertThat(answer).startsWith("HTTP/1.1 400");
        assertThat(openai.seen).isEmpty();
        var none = raw("GET /v1/models HTTP/1.1\r\nx-api-key: " + Harness.KEY + "\r\n\r\n");
        assertThat(none).startsWith("HTTP/1.1 400");
    }

    @Test
    void servesHttp10WithoutAHost() throws IOException {
        var body = Harness.chat("gpt", false);
        var request =
                head(body.length(), "").replace("Host: x\r\n", "").replace("HTTP/1.1", "HTTP/1.0")
                        + body;
        assertThat(raw(request)).contains(" 200 ");
    }

    @ParameterizedTest
    @CsvSource({
        "GET /v1/models, 200",
        "GET /v1beta/models, 200",
        "GET /v1/models/nobody, 404",
        "GET /v1/nothing, 404",
        "PUT /v1/messages, 405",
        "GET /v1/models?key=wrong, 401",
        "POST /v1/chat/completions, 400",
        "nonsense, 400"
    })
    void everyAnswerTellsTheTrace(String line, int status) throws IOException {
        var key = line.contains("wrong") ? "" : "x-api-key: " + Harness.KEY + "\r\n";
        var trace = "0af7651916cd43dd8448eb211c80319c";
        var parent = "traceparent: 00-" + trace + "-b7ad6b7169203331-01\r\n";
        var body = line.startsWith("POST") ? "content-length: 7\r\n\r\nno json" : "\r\n";
        var answer = raw(line + " HTTP/1.1\r\nhost: x\r\n" + key + parent + body);
        assertThat(answer).matches("(?s)HTTP/1\\.[01] " + status + " .*");
        // what is no HTTP has no headers
        var goesOn = line.equals("nonsense") ? "[0-9a-f]{32}" : trace;
        assertThat(answer).containsPattern("traceparent: 00-" + goesOn + "-[0-9a-f]{16}-0[01]\r\n");
    }

    private static boolean isClosed(Socket socket) throws IOException {
        try {
            return socket.getInputStream().read() < 0;
        } catch (SocketException e) {
            return true;
        }
    }

    private static String head(long length, String more) {
        return "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                + Harness.KEY
                + "\r\nContent-Type: application/json\r\n"
                + (length < 0 ? "Transfer-Encoding: chunked" : "Content-Length: " + length)
                + "\r\n"
                + more
                + "\r\n";
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** What comes back first, to the end of its headers. */
    private String raw(String request) throws IOException {
        try (var socket = new Socket("127.0.0.1", harness.proxy().port())) {
            socket.setSoTimeout(60_000);
            socket.getOutputStream().write(bytes(request));
            var read = new StringBuilder();
            while (read.indexOf("\r\n\r\n") < 0) {
                int b = socket.getInputStream().read();
                if (b < 0) {
                    break;
                }
                read.append((char) b);
            }
            return read.toString();
        }
    }
}
