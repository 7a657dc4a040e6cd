package dev.tollgate.dataplane.exchange;

import static dev.tollgate.dataplane.exchange.Harness.answers;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.snapshot.ModelEntry;
import dev.tollgate.policy.snapshot.PassThroughEntry;
import dev.tollgate.policy.snapshot.PassThroughEntry.ModelPrice;
import dev.tollgate.policy.snapshot.ProviderEntry;
import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Endpoints that a provider declares at a price per request. */
class PassThroughTest {

    private static final String IMAGES = "/images/generations";
    private static final String PROMPT = "{\"model\":\"model-1\",\"prompt\":\"a cat\"}";

    private final Harness harness = new Harness();
    private final List<Harness.Upstream> upstreams = new ArrayList<>();
    private long quietMillis = Snapshots.PATIENT_MILLIS;

    @AfterEach
    void close() {
        harness.close();
    }

    private static PassThroughEntry declared(String path, long micros) {
        return new PassThroughEntry(path, micros, List.of());
    }

    private static ModelEntry bare(String name) {
        return new ModelEntry(name, List.of(), null, null, null, List.of(), 50, 0);
    }

    private ProviderEntry provider(
            String name, Handler<HttpServerRequest> behaviour, PassThroughEntry... declared) {
        var upstream = harness.upstream(behaviour);
        upstreams.add(upstream);
        var entry =
                Snapshots.provider(
                        name,
                        "openai-chat",
                        upstream.url() + "/v1",
                        Snapshots.timeouts(quietMillis),
                        true);
        return new ProviderEntry(
                entry.key(),
                entry.type(),
                entry.dialect(),
                entry.telemetryName(),
                entry.url(),
                entry.inCluster(),
                entry.caCertificates(),
                entry.apiVersion(),
                entry.auth(),
                List.of(bare("model-1")),
                List.of(declared),
                entry.region(),
                entry.usableBy(),
                entry.timeouts(),
                entry.breaker(),
                entry.billing(),
                entry.quirks(),
                entry.limits(),
                entry.healthCheck());
    }

    private void serve(String asked, ProviderEntry... providers) {
        var all = List.of(providers);
        harness.apply(
                Snapshots.of(
                        all,
                        List.of(Snapshots.chain(asked, Snapshots.retry(3, null), all)),
                        List.of(Snapshots.budget("1000000")),
                        List.of(Harness.clientKey()),
                        List.of()));
        harness.start();
    }

    private Harness.Upstream start(Handler<HttpServerRequest> behaviour) {
        serve("model-1", provider("a", behaviour, declared(IMAGES, 40_000)));
        return upstreams.getFirst();
    }

    private HttpResponse<String> images(String body) {
        return harness.send(harness.post("/v1" + IMAGES, body));
    }

    private HttpResponse<byte[]> send(HttpRequest.Builder request) throws Exception {
        return harness.http.send(request.build(), BodyHandlers.ofByteArray());
    }

    @Test
    void bodyAndAnswerPassAsTheyAreAtTheDeclaredPrice() {
        var upstream = start(answers(200, "{ \"data\" : [ {\"b64_json\":\"AA==\"} ] }"));
        var body = "{ \"prompt\":\"\\u00e9\", \"size\":\"1024x1024\",\"model\" : \"model-1\" }";
        var answer = images(body);
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).isEqualTo("{ \"data\" : [ {\"b64_json\":\"AA==\"} ] }");
        assertThat(upstream.last().uri()).isEqualTo("/v1/images/generations");
        assertThat(upstream.last().body()).hasToString(body);
        assertThat(upstream.last().headers())
                .containsEntry("authorization", "Bearer sk-a")
                .containsEntry("content-type", "application/json");
        var record =
                harness.record(1); // the client has the last byte before the attempt is settled
        var settled = harness.gate.settled.getFirst();
        assertThat(settled.claim().bound()).isEqualTo(Money.parse("0.04"));
        assertThat(settled.cost()).isEqualTo(Money.parse("0.04"));
        assertThat(settled.assumed()).isFalse();
        assertThat(record.getString("cost_usd")).isEqualTo("0.04");
        assertThat(answer.headers().firstValue("x-tollgate-cost-usd")).hasValue("0.04");
        assertThat(record.getString("cost_source")).isEqualTo("provider");
        assertThat(record.getString("endpoint")).isEqualTo(IMAGES);
        assertThat(record.getInteger("n")).isEqualTo(1);
        assertThat(record.getString("model")).isEqualTo("model-1");
        assertThat(record.getJsonArray("budgets")).containsExactly("team-a/monthly");
        assertThat(record.getString("outcome")).isEqualTo("ok");
        assertThat(harness.admin("/metrics").body())
                .contains("tollgate_cost_usd_total")
                .contains("model=\"model-1\"");
    }

    @Test
    void anAliasIsWrittenAsTheModelAndNothingElseChanges() {
        serve("pictures", provider("a", answers(200, "{}"), declared(IMAGES, 40_000)));
        var answer = images("{ \"model\":\"pictures\" ,\"n\": 3}");
        assertThat(answer.headers().firstValue("x-tollgate-cost-usd")).hasValue("0.12");
        assertThat(upstreams.getFirst().last().body())
                .hasToString("{ \"model\":\"model-1\" ,\"n\": 3}");
        assertThat(harness.record(1).getInteger("n")).isEqualTo(3);
        assertThat(harness.gate.settled.getFirst().cost())
                .as("three results cost three times as much")
                .isEqualTo(Money.parse("0.12"));
    }

    @Test
    void binaryAnswersPassByteForByteWithTheirHeaders() throws Exception {
        var audio = new byte[300_000];
        new java.util.Random(7).nextBytes(audio);
        start(
                request ->
                        request.response()
                                .setStatusCode(201)
                                .putHeader("content-type", "audio/mpeg")
                                .putHeader("content-disposition", "attachment; filename=a.mp3")
                                .putHeader("set-cookie", "a=b")
                                .end(Buffer.buffer(audio)));
        var request = harness.post("/v1" + IMAGES, PROMPT).header("accept", "audio/mpeg");
        var answer = send(request);
        assertThat(answer.statusCode()).isEqualTo(201);
        assertThat(answer.body()).isEqualTo(audio);
        assertThat(answer.headers().firstValue("content-type")).hasValue("audio/mpeg");
        assertThat(answer.headers().firstValue("content-length")).hasValue("300000");
        assertThat(answer.headers().firstValue("content-disposition"))
                .hasValue("attachment; filename=a.mp3");
        assertThat(answer.headers().firstValue("set-cookie")).isEmpty();
        assertThat(upstreams.getFirst().last().headers()).containsEntry("accept", "audio/mpeg");
        assertThat(harness.record(1).getInteger("status")).isEqualTo(201);
    }

    @Test
    void aFormPassesWithItsFileAndItsModelWritten() throws Exception {
        serve("ears", provider("a", answers(200, "{\"text\":\"hi\"}"), declared(IMAGES, 10_000)));
        var form =
                "--b-7\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n"
                        + "Content-Type: audio/wav\r\n\r\n\u0000\u00ff\r\n\u0001\r\n--b-7\r\n"
                        + "Content-Disposition: form-data; name=\"model\"\r\n\r\nears\r\n--b-7--\r\n";
        var request =
                HttpRequest.newBuilder(URI.create(harness.url("/v1" + IMAGES)))
                        .timeout(Duration.ofSeconds(60))
                        .header("content-type", "multipart/form-data; boundary=b-7")
                        .header("authorization", "Bearer " + Harness.KEY)
                        .POST(
                                BodyPublishers.ofByteArray(
                                        form.getBytes(StandardCharsets.ISO_8859_1)));
        var answer = send(request);
        assertThat(answer.statusCode()).isEqualTo(200);
        var seen = upstreams.getFirst().last();
        assertThat(new String(seen.body().getBytes(), StandardCharsets.ISO_8859_1))
                .isEqualTo(form.replace("ears", "model-1"));
        assertThat(seen.headers())
                .containsEntry("content-type", "multipart/form-data; boundary=b-7");
        assertThat(harness.record(1).getString("model_requested")).isEqualTo("ears");
    }

    @Test
    void streamsPassAsTheyCome() {
        start(
                Harness.streams(
                        "event: image_generation.partial_image\ndata: {\"i\":0}\n\n",
                        "event: image_generation.completed\ndata: {\"i\":1}\n\n"));
        var answer = images("{\"model\":\"model-1\",\"stream\":true}");
        assertThat(answer.body())
                .isEqualTo(
                        "event: image_generation.partial_image\ndata: {\"i\":0}\n\n"
                                + "event: image_generation.completed\ndata: {\"i\":1}\n\n");
        assertThat(answer.headers().firstValue("content-type"))
                .hasValue("text/event-stream; charset=utf-8");
        assertThat(answer.headers().firstValue("x-tollgate-cost-usd")).isEmpty();
        assertThat(harness.record(1).getBoolean("stream")).isTrue();
        assertThat(harness.record(1).getString("cost_usd")).isEqualTo("0.04");
    }

    @Test
    void anAnswerThatIsCutIsCutForTheClientTooAndCostsThePrice() {
        start(
                request ->
                        request.response()
                                .putHeader("content-length", "1000")
                                .write("half")
                                .onComplete(v -> request.connection().close()));
        assertThatThrownBy(() -> images(PROMPT)).hasRootCauseInstanceOf(IOException.class);
        var record = harness.record(1);
        assertThat(record.getString("outcome")).isEqualTo("truncated");
        assertThat(record.getString("cost_usd")).isEqualTo("0.04");
        assertThat(record.getBoolean("cost_assumed")).isTrue();
    }

    @Test
    void aRefusalOfTheProviderCostsNothingAndComesInItsOwnWords() {
        start(answers(400, "{\"error\":{\"message\":\"your size is wrong\"}}"));
        var answer = images(PROMPT);
        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).isEqualTo("{\"error\":{\"message\":\"your size is wrong\"}}");
        assertThat(harness.record(1).getString("cost_usd")).isEqualTo("0");
    }

    @Test
    void aFailureThatMayHaveBeenBilledCostsThePrice() {
        start(answers(504, "{\"error\":{\"message\":\"late\"}}"));
        images(PROMPT);
        await().until(() -> !harness.gate.settled.isEmpty());
        assertThat(harness.gate.settled.getFirst().cost()).isEqualTo(Money.parse("0.04"));
        assertThat(harness.gate.settled.getFirst().assumed()).isTrue();
    }

    @Test
    void aSlowAnswerThatIsNoStreamHasTheTimeOfAWholeRequest() {
        quietMillis = 300;
        start(
                request ->
                        harness.vertx.setTimer(900, id -> request.response().end("{\"data\":[]}")));
        assertThat(images(PROMPT).statusCode()).isEqualTo(200);
    }

    @Test
    void onlyTargetsThatDeclareThePathServeAndReplaceEachOther() {
        serve(
                "model-1",
                provider("a", answers(200, "{}"), declared("/audio/speech", 1)),
                provider("b", answers(503, "{}"), declared(IMAGES, 40_000)),
                provider(
                        "c",
                        answers(200, "{}"),
                        new PassThroughEntry(IMAGES, 40_000, List.of(new ModelPrice("other", 1)))));
        var answer = images(PROMPT);
        assertThat(answer.statusCode()).isEqualTo(503);
        assertThat(upstreams.get(0).seen).isEmpty();
        assertThat(upstreams.get(1).seen).isNotEmpty();
        assertThat(upstreams.get(2).seen).isEmpty();
    }

    @Test
    void anotherTargetThatDeclaresThePathServesAtItsOwnPrice() {
        serve(
                "model-1",
                provider("a", answers(503, "{}"), declared(IMAGES, 40_000)),
                provider("b", answers(200, "{\"data\":[]}"), declared(IMAGES, 70_000)));
        var answer = images(PROMPT);
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("x-tollgate-provider")).hasValue("b");
        var record = harness.record(1);
        assertThat(record.getString("cost_usd")).as("a 503 is never billed").isEqualTo("0.07");
        assertThat(record.getBoolean("fallback_used")).isTrue();
    }

    @Test
    void aPathThatNobodyDeclaresIsNotThere() {
        var upstream = start(answers(200, "{}"));
        var answer = harness.send(harness.post("/v1/audio/speech", PROMPT));
        assertThat(answer.statusCode()).isEqualTo(404);
        assertThat(answer.body()).contains("spec.passThrough");
        assertThat(upstream.seen).isEmpty();
    }

    @Test
    void aPathThatTheModelsTargetDoesNotDeclareIsRefused() {
        serve(
                "model-1",
                provider(
                        "a",
                        answers(200, "{}"),
                        new PassThroughEntry(IMAGES, 1, List.of(new ModelPrice("other", 1)))));
        var answer = images(PROMPT);
        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).contains("does not declare the endpoint /images/generations");
        assertThat(upstreams.getFirst().seen).isEmpty();
    }

    @Test
    void aModelForPassingAloneAnswersNoChat() {
        var upstream = start(answers(200, "{}"));
        var answer = harness.chat(Harness.chat("model-1", false));
        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).contains("Chat");
        assertThat(upstream.seen).isEmpty();
    }

    @Test
    void anEmptyPurseBuysNothing() {
        var upstream = start(answers(200, "{}"));
        harness.gate.purseNanos.set(Money.parse("0.039").nanos());
        var answer = images(PROMPT);
        assertThat(answer.statusCode()).isEqualTo(429);
        assertThat(upstream.seen).isEmpty();
        assertThat(harness.record(1).getString("outcome")).isEqualTo("over_budget");
    }

    @Test
    void aPriceAboveTheClientsCeilingIsRefused() {
        var upstream = start(answers(200, "{}"));
        var request = harness.post("/v1" + IMAGES, PROMPT).header("x-tollgate-max-cost", "0.039");
        assertThat(harness.send(request).statusCode()).isEqualTo(400);
        assertThat(upstream.seen).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"prompt\":\"a\"}",
                "{\"model\":\"model-1\",\"model\":\"dear\"}",
                "{\"model\":\"model-1\",\"N\":9}",
                "model=model-1",
                ""
            })
    void aBodyWhoseModelOrNumberIsInDoubtIsRefused(String body) {
        var upstream = start(answers(200, "{}"));
        assertThat(images(body).statusCode()).isEqualTo(400);
        assertThat(upstream.seen).isEmpty();
    }

    @Test
    void strangersAndQueriesAreRefused() {
        var upstream = start(answers(200, "{}"));
        var stranger =
                HttpRequest.newBuilder(URI.create(harness.url("/v1" + IMAGES)))
                        .POST(BodyPublishers.ofString(PROMPT));
        assertThat(harness.send(stranger).statusCode()).isEqualTo(401);
        var query = harness.post("/v1" + IMAGES + "?model=dear", PROMPT);
        assertThat(harness.send(query).statusCode()).isEqualTo(400);
        assertThat(upstream.seen).isEmpty();
    }

    @Test
    void aClientThatLeavesPaysThePrice() throws Exception {
        start(request -> {}); // never answers
        try (var socket = new java.net.Socket("127.0.0.1", harness.proxy().port())) {
            socket.getOutputStream()
                    .write(
                            ("POST /v1/images/generations HTTP/1.1\r\nHost: x\r\nAuthorization:"
                                            + " Bearer "
                                            + Harness.KEY
                                            + "\r\nContent-Length: "
                                            + PROMPT.length()
                                            + "\r\n\r\n"
                                            + PROMPT)
                                    .getBytes(StandardCharsets.US_ASCII));
            await().until(() -> !upstreams.getFirst().seen.isEmpty());
        }
        await().until(() -> !harness.gate.settled.isEmpty());
        assertThat(harness.gate.settled.getFirst().cost()).isEqualTo(Money.parse("0.04"));
        assertThat(harness.record(1).getString("outcome")).isEqualTo("aborted");
        await().until(() -> !upstreams.getFirst().closed.isEmpty());
    }
}
