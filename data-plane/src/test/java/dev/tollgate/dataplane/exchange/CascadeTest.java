package dev.tollgate.dataplane.exchange;

import static dev.tollgate.dataplane.exchange.Harness.answers;
import static dev.tollgate.dataplane.exchange.Harness.chunk;
import static dev.tollgate.dataplane.exchange.Harness.streamHead;
import static dev.tollgate.dataplane.exchange.Harness.streams;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tollgate.policy.snapshot.ModelEntry;
import dev.tollgate.policy.snapshot.PriceEntry;
import dev.tollgate.policy.snapshot.ProviderEntry;
import dev.tollgate.policy.snapshot.RuleEntry;
import dev.tollgate.policy.snapshot.SelectionEntry;
import dev.tollgate.policy.snapshot.SelectionEntry.StepUp;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Answers that are not good enough are followed by those of dearer targets; over real sockets. */
class CascadeTest {

    private static final String PLAIN = Harness.chat("model-1", false);
    private static final String STREAM = Harness.chat("model-1", true);
    private static final String REFUSAL = "I'm sorry, but I can't help with that.";
    private static final String DOUBT = "I am not sure, perhaps Rome.";
    private static final String SCHEMA =
            "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"n\",\"schema\":"
                    + "{\"type\":\"object\",\"properties\":{\"x\":{\"type\":\"integer\"}},\"required\":[\"x\"]}}}";

    private final Harness harness = new Harness();
    private final List<ProviderEntry> providers = new ArrayList<>();
    private Set<StepUp> stepUpOn = EnumSet.allOf(StepUp.class);
    private int maxSteps = 3;

    @AfterEach
    void close() {
        harness.close();
    }

    /** The first one is the cheapest, whatever its name. */
    private Harness.Upstream provider(Handler<HttpServerRequest> behaviour) {
        var upstream = harness.upstream(behaviour);
        int number = providers.size();
        var entry =
                Snapshots.provider(
                        String.valueOf((char) ('c' - number)),
                        "openai-chat",
                        upstream.url() + "/v1");
        providers.add(priced(entry, 1_000_000L * (number + 1)));
        return upstream;
    }

    private static ProviderEntry priced(ProviderEntry entry, long price) {
        var model = entry.models().getFirst();
        var dearer =
                new ModelEntry(
                        model.name(),
                        model.aliases(),
                        new PriceEntry(
                                price, price, price, price, price, price, price, 0, List.of(), "p"),
                        model.contextTokens(),
                        model.maxOutputTokens(),
                        model.capabilities(),
                        model.quality(),
                        model.imageTokens());
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
                List.of(dearer),
                entry.passThrough(),
                entry.region(),
                entry.usableBy(),
                entry.timeouts(),
                entry.breaker(),
                entry.billing(),
                entry.quirks(),
                entry.limits(),
                entry.healthCheck());
    }

    private void start() {
        var targets =
                providers.stream()
                        .map(
                                p ->
                                        new RuleEntry.TargetEntry(
                                                p.key().substring(p.key().length() - 1),
                                                p.key(),
                                                "model-1",
                                                null,
                                                0,
                                                1,
                                                null))
                        .toList();
        var cascade =
                new SelectionEntry(
                        SelectionEntry.Type.CASCADE,
                        false,
                        null,
                        false,
                        0,
                        null,
                        new SelectionEntry.Cascade(stepUpOn, maxSteps, 60));
        harness.apply(
                Snapshots.of(
                        providers,
                        List.of(
                                Snapshots.policy(
                                        "model-1",
                                        new RuleEntry(
                                                "default",
                                                null,
                                                cascade,
                                                targets,
                                                null,
                                                null,
                                                List.of(),
                                                null,
                                                Snapshots.retry(3, null),
                                                null,
                                                null))),
                        List.of(Snapshots.budget("1000000")),
                        List.of(Harness.clientKey()),
                        List.of()));
        harness.start();
    }

    @Test
    void anAnswerThatWasKeptTellsItsOwnLimit() {
        var first = provider(says(REFUSAL));
        provider(answers(500, "{}"));
        start();
        var answer =
                harness.send(
                        harness.post("/v1/chat/completions", PLAIN)
                                .header("x-tollgate-max-cost", "0.003"));
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(answer.headers().firstValue("x-tollgate-provider")).hasValue("c");
        assertThat(answer.headers().firstValue("x-tollgate-attempts")).hasValue("2");
        assertThat(answer.headers().firstValueAsLong("x-tollgate-max-tokens").orElseThrow())
                .isEqualTo(first.last().json().getLong("max_completion_tokens"))
                .isLessThan(4_096);
    }

    private static Handler<HttpServerRequest> says(String text) {
        return says(text, "stop");
    }

    private static Handler<HttpServerRequest> says(String text, String finish) {
        var answer = new JsonObject(Harness.CHAT_ANSWER);
        var choice = answer.getJsonArray("choices").getJsonObject(0);
        choice.put("finish_reason", finish).getJsonObject("message").put("content", text);
        return answers(200, answer.encode());
    }

    private static List<String> outcomes(JsonObject record) {
        return record.getJsonArray("attempts").stream()
                .map(a -> (JsonObject) a)
                .map(a -> a.getString("provider") + " " + a.getString("outcome"))
                .toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {REFUSAL, DOUBT, " "})
    void asksTheNextDearerTargetWhenAnAnswerIsNotGoodEnough(String poor) {
        var cheap = provider(says(poor));
        var dear = provider(says("Rome"));
        start();
        var answer = harness.chat(PLAIN);
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).contains("Rome").doesNotContain("sorry");
        assertThat(answer.headers().firstValue("x-tollgate-provider")).hasValue("b");
        assertThat(answer.headers().firstValue("x-tollgate-attempts")).hasValue("2");
        assertThat(cheap.seen).hasSize(1);
        assertThat(dear.seen).hasSize(1);
        var record = harness.record(1);
        assertThat(outcomes(record)).containsExactly("c stepped_up", "b ok");
        assertThat(record.getString("strategy")).isEqualTo("cascade");
        assertThat(record.getString("outcome")).isEqualTo("ok");
        assertThat(record.getBoolean("fallback_used")).isFalse();
        // 15 tokens at 1 and at 2 dollars a million
        assertThat(record.getString("cost_usd")).isEqualTo("0.000045");
        assertThat(harness.gate.settled).hasSize(2).allMatch(s -> !s.assumed());
    }

    @Test
    void stepsUpFromATruncatedAnswer() {
        provider(says("Once upon", "length"));
        provider(says("Once upon a time"));
        start();
        assertThat(harness.chat(PLAIN).body()).contains("a time");
    }

    @Test
    void stepsUpFromJsonThatFailsTheSchemaThatWasAskedFor() {
        provider(says("{\"x\":\"one\"}"));
        provider(says("{\"x\":1}"));
        start();
        var asked = PLAIN.replaceFirst("}$", "," + SCHEMA + "}");
        assertThat(harness.chat(asked).body()).contains("{\\\"x\\\":1}");
        assertThat(outcomes(harness.record(1))).containsExactly("c stepped_up", "b ok");
    }

    @Test
    void stepsUpForTheCausesOfTheRuleAlone() {
        stepUpOn = EnumSet.of(StepUp.INVALID_JSON);
        provider(says(REFUSAL));
        var dear = provider(says("Rome"));
        start();
        assertThat(harness.chat(PLAIN).body()).contains("sorry");
        assertThat(dear.seen).isEmpty();
    }

    @Test
    void givesTheAnswerOfTheLastStepWhateverItIs() {
        maxSteps = 2;
        provider(says(REFUSAL));
        provider(says(DOUBT));
        var third = provider(says("Rome"));
        start();
        assertThat(harness.chat(PLAIN).body()).contains("not sure");
        assertThat(third.seen).isEmpty();
    }

    @Test
    void givesTheBestAnswerSoFarWhenTheNextStepFails() {
        provider(says(DOUBT));
        provider(says(REFUSAL));
        provider(answers(503, "{\"error\":{\"message\":\"boom\"}}"));
        start();
        var answer = harness.chat(PLAIN);
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).contains("not sure");
        assertThat(answer.headers().firstValue("x-tollgate-provider")).hasValue("c");
        var record = harness.record(1);
        assertThat(outcomes(record))
                .containsExactly("c stepped_up", "b stepped_up", "a server_error");
        assertThat(record.getString("provider_chosen")).isEqualTo("c");
        assertThat(record.getInteger("output_tokens")).isEqualTo(5);
        assertThat(record.getString("outcome")).isEqualTo("ok");
    }

    @Test
    void givesTheBestAnswerSoFarWhenTheBudgetHasNoRoomForTheNextStep() {
        provider(
                request -> {
                    harness.gate.purseNanos.set(Long.MIN_VALUE / 2);
                    says(DOUBT).handle(request);
                });
        var dear = provider(says("Rome"));
        start();
        var answer = harness.chat(PLAIN);
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).contains("not sure");
        assertThat(dear.seen).isEmpty();
        assertThat(outcomes(harness.record(1))).containsExactly("c stepped_up");
    }

    @Test
    void retriesAFailureAsEveryRuleDoes() {
        provider(answers(503, "{\"error\":{\"message\":\"boom\"}}"));
        provider(says(DOUBT));
        provider(says("Rome"));
        start();
        assertThat(harness.chat(PLAIN).body()).contains("Rome");
        assertThat(outcomes(harness.record(1)))
                .containsExactly("c server_error", "b stepped_up", "a ok");
    }

    @Test
    void neverOpensTheCircuitOfATargetForItsPoorAnswers() {
        var cheap = provider(says(REFUSAL));
        provider(says("Rome"));
        start();
        for (int i = 0; i < 8; i++) {
            assertThat(harness.chat(PLAIN).body()).contains("Rome");
        }
        assertThat(cheap.seen).hasSize(8);
    }

    // ---- streams

    @Test
    void holdsAStreamBackUntilItIsJudgedAndStreamsTheLastStep() {
        provider(streams(chunk(REFUSAL), Harness.LAST_CHUNKS));
        var open = new CopyOnWriteArrayList<HttpServerResponse>();
        provider(
                request -> {
                    var response = streamHead(request);
                    response.write(chunk("Ro"));
                    open.add(response);
                });
        start();
        var seen = CompletableFuture.supplyAsync(() -> harness.chat(STREAM));
        await().until(() -> open.size() == 1);
        open.getFirst().write(chunk("me"));
        open.getFirst().end(Harness.LAST_CHUNKS);
        var answer = seen.join();
        assertThat(answer.body()).contains("\"Ro\"", "\"me\"", "[DONE]").doesNotContain("sorry");
        assertThat(answer.headers().firstValue("x-tollgate-provider")).hasValue("b");
        assertThat(answer.headers().firstValue("x-tollgate-attempts")).hasValue("2");
        assertThat(outcomes(harness.record(1))).containsExactly("c stepped_up", "b ok");
    }

    @Test
    void sendsTheClientNothingOfAStreamThatIsHeldUntilItIsGoodEnough() throws Exception {
        var open = new CopyOnWriteArrayList<HttpServerResponse>();
        provider(
                request -> {
                    var response = streamHead(request);
                    response.write(chunk("Rome"));
                    open.add(response);
                });
        provider(says("never"));
        start();
        try (var client = harness.socket(STREAM)) {
            await().until(() -> open.size() == 1);
            assertThat(client.getInputStream().available()).isZero();
            open.getFirst().end(Harness.LAST_CHUNKS);
            assertThat(Harness.readUntil(client.getInputStream(), "[DONE]"))
                    .contains("200 OK", "x-tollgate-attempts: 1", "\"Rome\"");
        }
        var record = harness.record(1);
        assertThat(outcomes(record)).containsExactly("c ok");
        assertThat(record.getLong("ttft_ms")).isNotNull();
    }

    @Test
    void letsAStreamThatIsLongerThanWhatIsHeldFlow() {
        var piece = "x".repeat(100_000);
        provider(
                request -> {
                    var response = streamHead(request);
                    for (int i = 0; i < 12; i++) {
                        response.write(chunk(piece));
                    }
                    response.end(Harness.LAST_CHUNKS.replace("\"stop\"", "\"length\""));
                });
        var dear = provider(says("never"));
        start();
        assertThat(harness.chat(STREAM).body())
                .hasSizeGreaterThan(1_200_000)
                .endsWith("[DONE]\n\n");
        assertThat(dear.seen).isEmpty();
        assertThat(outcomes(harness.record(1))).containsExactly("c ok");
    }

    @Test
    void retriesAStreamThatBreaksWhileItIsHeld() {
        provider(
                request -> {
                    var response = streamHead(request);
                    response.write(chunk("Ro")).onComplete(v -> request.connection().close());
                });
        provider(streams(chunk("Rome"), Harness.LAST_CHUNKS));
        start();
        var answer = harness.chat(STREAM);
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).contains("\"Rome\"").doesNotContain("\"Ro\"", "error");
        assertThat(outcomes(harness.record(1))).containsExactly("c server_error", "b ok");
    }

    @Test
    void streamsTheBestAnswerSoFarWhenTheNextStepFails() {
        provider(streams(chunk(DOUBT), Harness.LAST_CHUNKS));
        provider(answers(503, "{\"error\":{\"message\":\"boom\"}}"));
        start();
        var answer = harness.chat(STREAM);
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("content-type").orElse(""))
                .startsWith("text/event-stream");
        assertThat(answer.headers().firstValue("x-tollgate-attempts")).hasValue("2");
        assertThat(answer.headers().firstValue("x-tollgate-provider")).hasValue("c");
        assertThat(answer.body()).contains("not sure").endsWith("[DONE]\n\n");
    }

    @Test
    void settlesAHeldStreamOnceWhenTheClientLeaves() throws Exception {
        var open = new CopyOnWriteArrayList<HttpServerResponse>();
        provider(
                request -> {
                    var response = streamHead(request);
                    response.write(chunk("Rome"));
                    open.add(response);
                });
        var dear = provider(says("never"));
        start();
        try (var client = harness.socket(STREAM)) {
            await().until(() -> open.size() == 1);
        }
        assertThat(harness.record(1).getString("outcome")).isEqualTo("aborted");
        assertThat(harness.gate.settled).hasSize(1);
        assertThat(dear.seen).isEmpty();
    }
}
