package dev.tollgate.dataplane.exchange;

import static dev.tollgate.dataplane.exchange.Harness.answers;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tollgate.policy.snapshot.ProviderEntry;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A bug ends its own request in order, and no other. */
class SafetyNetTest {

    private static final String PLAIN = Harness.chat("model-1", false);
    private static final String STREAM = Harness.chat("model-1", true);
    private static final long PURSE = 1_000_000_000_000L;

    private final Harness harness = new Harness();
    private Harness.Upstream upstream;

    @AfterEach
    void close() {
        harness.close();
    }

    private void start(long requestMillis, Handler<HttpServerRequest> behaviour) {
        upstream = harness.upstream(behaviour);
        var provider =
                Snapshots.provider(
                        "a",
                        "openai-chat",
                        upstream.url() + "/v1",
                        new ProviderEntry.Timeouts(30_000, 30_000, 30_000, requestMillis),
                        true);
        harness.apply(
                Snapshots.of(
                        List.of(provider),
                        List.of(
                                Snapshots.chain(
                                        "model-1", Snapshots.retry(1, null), List.of(provider))),
                        List.of(Snapshots.budget("1000000")),
                        List.of(Harness.clientKey()),
                        List.of()));
        harness.gate.purseNanos.set(PURSE);
        harness.start();
    }

    private void assertInternalError(HttpResponse<String> answer) {
        assertThat(answer.statusCode()).isEqualTo(500);
        var error = new JsonObject(answer.body()).getJsonObject("error");
        assertThat(error.getString("code")).isEqualTo("internal_error");
        assertThat(error.getString("message"))
                .contains(answer.headers().firstValue("x-tollgate-request-id").orElseThrow())
                .doesNotContain("a bug in");
    }

    private void assertServesAsBefore() {
        assertThat(harness.chat(PLAIN).statusCode()).isEqualTo(200);
        assertThat(harness.gate.bug.get()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"reserve", "admission", "budgets"})
    void aBugBeforeAnythingIsSentCostsNothing(String where) {
        start(20_000, answers(200, Harness.CHAT_ANSWER));
        harness.gate.bug.set(where);
        assertInternalError(harness.chat(PLAIN));
        var record = harness.record(1);
        assertThat(record.getString("outcome")).isEqualTo("internal_error");
        assertThat(record.getInteger("status")).isEqualTo(500);
        assertThat(record.getString("cost_usd")).isEqualTo("0");
        assertThat(harness.gate.purseNanos.get()).isEqualTo(PURSE);
        assertThat(harness.gate.settled).hasSameSizeAs(harness.gate.claims);
        assertThat(upstream.seen).isEmpty();
        assertServesAsBefore();
    }

    @Test
    void aBugAfterTheRequestWasSentCostsItsHold() {
        start(20_000, answers(200, Harness.CHAT_ANSWER));
        harness.gate.bug.set("settle");
        assertInternalError(harness.chat(PLAIN));
        var record = harness.record(1);
        assertThat(record.getString("outcome")).isEqualTo("internal_error");
        assertHoldCharged(record);
        assertServesAsBefore();
    }

    private void assertHoldCharged(JsonObject record) {
        assertThat(harness.gate.settled).hasSize(1);
        var settled = harness.gate.settled.getFirst();
        assertThat(settled.assumed()).isTrue();
        assertThat(settled.cost()).isEqualTo(settled.claim().bound());
        assertThat(record.getString("cost_usd")).isEqualTo(settled.cost().toString());
        assertThat(harness.gate.purseNanos.get()).isEqualTo(PURSE - settled.cost().nanos());
    }

    @Test
    void aBugInAStreamCutsItAndCostsItsHold() throws IOException {
        start(20_000, Harness.streams(Harness.chunk("Hel"), Harness.LAST_CHUNKS));
        harness.gate.bug.set("settle");
        try (var socket = harness.socket(STREAM)) {
            var end = "\r\n0\r\n\r\n";
            var in = socket.getInputStream();
            assertThat(Harness.readUntil(in, "Hel")).startsWith("HTTP/1.1 200").contains("Hel");
            assertThat(Harness.readUntil(in, end)).doesNotContain(end);
        }
        var record = harness.record(1);
        assertThat(record.getString("outcome")).isEqualTo("internal_error");
        assertHoldCharged(record);
    }

    @ParameterizedTest
    @CsvSource({"/v1/messages, type, error", "/v1beta/models/model-1:generateContent, ,"})
    void aBugIsToldInTheClientsDialect(String path, String field, String value) {
        start(20_000, answers(200, Harness.CHAT_ANSWER));
        harness.gate.bug.set("reserve");
        var body =
                path.startsWith("/v1/messages")
                        ? "{\"model\":\"model-1\",\"max_tokens\":64,"
                                + "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}"
                        : "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"Hi\"}]}]}";
        var answer = harness.send(harness.post(path, body));
        assertThat(harness.gate.bug.get()).as("met").isEmpty();
        assertThat(answer.statusCode()).isEqualTo(500);
        var told = new JsonObject(answer.body());
        if (field != null) {
            assertThat(told.getString(field)).isEqualTo(value);
            assertThat(told.getJsonObject("error").getString("type")).isEqualTo("api_error");
        } else {
            assertThat(told.getJsonObject("error").getString("status")).isEqualTo("INTERNAL");
        }
    }

    @Test
    void aBugWhenTimeIsOverKeepsNoOtherRequestFromItsTimeout() throws Exception {
        start(3_000, request -> {});
        harness.gate.bug.set("settle");
        try (var clients = Executors.newVirtualThreadPerTaskExecutor()) {
            var answers =
                    List.<Future<HttpResponse<String>>>of(
                            clients.submit(() -> harness.chat(PLAIN)),
                            clients.submit(() -> harness.chat(PLAIN)),
                            clients.submit(() -> harness.chat(PLAIN)));
            var statuses = new java.util.ArrayList<Integer>();
            for (var answer : answers) {
                statuses.add(answer.get().statusCode());
            }
            assertThat(statuses).containsExactlyInAnyOrder(500, 504, 504);
        }
        await().until(() -> harness.records.all.size() == 3);
        assertThat(harness.gate.settled).hasSize(3);
        // all are charged their holds, whoever ended them
        var charged = harness.gate.settled.stream().mapToLong(s -> s.cost().nanos()).sum();
        assertThat(harness.gate.purseNanos.get()).isEqualTo(PURSE - charged);
    }
}
