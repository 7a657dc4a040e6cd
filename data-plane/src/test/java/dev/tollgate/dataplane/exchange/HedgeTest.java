package dev.tollgate.dataplane.exchange;

import static dev.tollgate.dataplane.exchange.Harness.CHAT_ANSWER;
import static dev.tollgate.dataplane.exchange.Harness.LAST_CHUNKS;
import static dev.tollgate.dataplane.exchange.Harness.answers;
import static dev.tollgate.dataplane.exchange.Harness.chunk;
import static dev.tollgate.dataplane.exchange.Harness.streamHead;
import static dev.tollgate.dataplane.exchange.Harness.streams;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tollgate.dataplane.telemetry.Tracing;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.PolicyEntry;
import dev.tollgate.policy.snapshot.ProviderEntry;
import dev.tollgate.policy.snapshot.RuleEntry;
import dev.tollgate.policy.snapshot.SelectionEntry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A second target is asked when the first token is late; over real sockets. */
class HedgeTest {

    private static final SelectionEntry ROUND_ROBIN =
            new SelectionEntry(SelectionEntry.Type.ROUND_ROBIN, false, null, false, 0, null, null);
    private static final String PLAIN = Harness.chat("model-1", false);
    private static final String STREAM = Harness.chat("model-1", true);
    private static final String ROLE =
            "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"model-1\","
                    + "\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},"
                    + "\"finish_reason\":null}]}\n\n";

    /** Requests after which a share of 20 % has room for one hedge, that of the next request. */
    private static final int PRIMING = 4;

    private final Harness harness = new Harness();
    private final Provider a = new Provider();
    private final Provider b = new Provider();
    private final Provider c = new Provider();
    private boolean inTurn;

    /** Of a request like {@link #PLAIN}. */
    private long bound;

    private boolean stopsOnDisconnect = true;
    private long afterMillis = 100;
    private @Nullable Long maxCostNanos;
    private int attempts = 3;
    private PolicyEntry.@Nullable Cache cache;
    private ProviderEntry.@Nullable Breaker circuitOfB;
    private List<BudgetEntry.Step> steps = List.of();

    @AfterEach
    void close() {
        harness.close();
    }

    /** Answers at once, until it is told otherwise. */
    private static final class Provider {
        volatile Handler<HttpServerRequest> now =
                request -> {
                    boolean stream = request.getHeader("accept").contains("event-stream");
                    (stream ? streams(chunk("quick"), LAST_CHUNKS) : answers(200, CHAT_ANSWER))
                            .handle(request);
                };
        final List<HttpServerRequest> held = new CopyOnWriteArrayList<>();
        Harness.@Nullable Upstream upstream;

        void holds() {
            now = held::add;
        }

        /** The first that it holds, once it is here. */
        HttpServerRequest first() {
            await().until(() -> !held.isEmpty());
            return held.getFirst();
        }

        int asked() {
            return upstream().seen.size();
        }

        Harness.Upstream upstream() {
            assertThat(upstream).isNotNull();
            return upstream;
        }
    }

    private ProviderEntry entry(String name, Provider provider) {
        return Snapshots.provider(
                name,
                "openai-chat",
                provider.upstream().url() + "/v1",
                Snapshots.timeouts(Snapshots.PATIENT_MILLIS),
                stopsOnDisconnect);
    }

    /** The same with the priority of all others. */
    private static RuleEntry.TargetEntry first(RuleEntry.TargetEntry target) {
        return new RuleEntry.TargetEntry(
                target.name(),
                target.provider(),
                target.model(),
                target.apiVersion(),
                0,
                target.weight(),
                target.quality());
    }

    private void start() {
        a.upstream = harness.upstream(request -> a.now.handle(request));
        b.upstream = harness.upstream(request -> b.now.handle(request));
        var second = entry("b", b);
        if (circuitOfB != null) {
            second = Snapshots.broken(second, circuitOfB);
        }
        var providers = new ArrayList<>(List.of(entry("a", a), second));
        if (inTurn) {
            c.upstream = harness.upstream(request -> c.now.handle(request));
            providers.add(entry("c", c));
        }
        var chain = Snapshots.chain("model-1", Snapshots.retry(attempts, null), providers);
        var plain = chain.rules().getFirst();
        var rule =
                new RuleEntry(
                        plain.name(),
                        null,
                        inTurn ? ROUND_ROBIN : SelectionEntry.WEIGHTED,
                        inTurn
                                ? plain.targets().stream().map(HedgeTest::first).toList()
                                : plain.targets(),
                        null,
                        null,
                        List.of(),
                        new RuleEntry.Hedge(afterMillis, 20, maxCostNanos),
                        plain.retry(),
                        null,
                        null);
        var policy =
                new PolicyEntry(
                        chain.key(),
                        chain.models(),
                        chain.visibleTo(),
                        false,
                        true,
                        null,
                        null,
                        cache,
                        34,
                        67,
                        List.of(rule));
        harness.apply(
                Snapshots.of(
                        providers,
                        List.of(policy),
                        List.of(Snapshots.budget("1000000", steps)),
                        List.of(Harness.clientKey()),
                        List.of()));
        harness.start();
    }

    /** Quick requests first, so that the rule's share has room for one hedge. */
    private void startWithRoom() {
        start();
        for (int i = 0; i < PRIMING; i++) {
            assertThat(harness.chat(PLAIN).statusCode()).isEqualTo(200);
        }
        await().until(() -> harness.records.all.size() == PRIMING);
        bound = harness.gate.claims.getLast().bound().nanos();
        forget();
    }

    private void forget() {
        harness.records.all.clear();
        harness.gate.settled.clear();
        harness.gate.claims.clear();
        a.upstream().seen.clear();
        b.upstream().seen.clear();
    }

    private CompletableFuture<HttpResponse<String>> ask(String body) {
        return CompletableFuture.supplyAsync(() -> harness.chat(body));
    }

    private static List<String> outcomes(JsonObject record) {
        return IntStream.range(0, record.getJsonArray("attempts").size())
                .mapToObj(i -> record.getJsonArray("attempts").getJsonObject(i))
                .map(each -> each.getString("provider") + " " + each.getString("outcome"))
                .toList();
    }

    private static String header(HttpResponse<String> answer, String name) {
        return answer.headers().firstValue(name).orElse("");
    }

    private String hedges(String result) {
        var line = "tollgate_hedges_total{route=\"team-a/chat/default\",result=\"" + result + "\"}";
        return harness.admin("/metrics")
                .body()
                .lines()
                .filter(l -> l.startsWith(line))
                .map(l -> l.substring(line.length() + 1))
                .findFirst()
                .orElse("0");
    }

    private static HttpServerResponse streamed(HttpServerRequest request, String... pieces) {
        var response = streamHead(request);
        for (var piece : pieces) {
            response.write(piece);
        }
        return response;
    }

    /** Every reservation was settled once, and the record tells all of it. */
    private void settlesBoth(JsonObject record) {
        await().until(() -> harness.gate.settled.size() == 2);
        assertThat(harness.gate.secondSettles.get()).isZero();
        long nanos = harness.gate.settled.stream().mapToLong(s -> s.cost().nanos()).sum();
        assertThat(Money.parse(record.getString("cost_usd")).nanos()).isEqualTo(nanos);
        long told =
                IntStream.range(0, 2)
                        .mapToObj(i -> record.getJsonArray("attempts").getJsonObject(i))
                        .mapToLong(each -> Money.parse(each.getString("cost_usd")).nanos())
                        .sum();
        assertThat(told).isEqualTo(nanos);
    }

    // ---- streams

    @Test
    void theSecondTargetStreamsWhenTheFirstSendsNoToken() {
        startWithRoom();
        a.now = request -> streamed(request, ROLE);
        b.now = streams(ROLE, chunk("Rome"), LAST_CHUNKS);
        var answer = harness.chat(STREAM);
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).containsOnlyOnce("\"Rome\"").endsWith("[DONE]\n\n");
        assertThat(answer.body().split("\"assistant\"", -1)).hasSize(2);
        assertThat(header(answer, "x-tollgate-provider")).isEqualTo("b");
        assertThat(header(answer, "x-tollgate-attempts")).isEqualTo("2");
        var record = harness.record(1);
        assertThat(outcomes(record)).containsExactly("a hedge_lost", "b ok");
        assertThat(record.getString("provider_chosen")).isEqualTo("b");
        assertThat(record.getString("outcome")).isEqualTo("ok");
        assertThat(record.getBoolean("fallback_used")).isFalse();
        assertThat(record.getInteger("output_tokens")).isEqualTo(5);
        assertThat(record.getLong("ttft_ms")).isGreaterThanOrEqualTo(100);
        settlesBoth(record);
        await().until(() -> !a.upstream().closed.isEmpty());
        assertThat(hedges("won")).isEqualTo("1");
    }

    @Test
    void theFirstTargetStreamsWhenItsTokenComesBeforeTheSecondOnes() {
        startWithRoom();
        a.holds();
        b.holds();
        var answer = ask(STREAM);
        await().until(() -> b.held.size() == 1);
        streamed(a.first(), ROLE, chunk("Rome")).end(LAST_CHUNKS);
        assertThat(answer.join().body()).contains("\"Rome\"");
        assertThat(header(answer.join(), "x-tollgate-provider")).isEqualTo("a");
        assertThat(header(answer.join(), "x-tollgate-attempts")).isEqualTo("2");
        await().until(() -> !b.upstream().closed.isEmpty());
        var record = harness.record(1);
        assertThat(outcomes(record)).containsExactly("a ok", "b hedge_lost");
        settlesBoth(record);
        assertThat(hedges("lost")).isEqualTo("1");
    }

    @Test
    void asksNobodyElseWhenTheTokenIsThereInTime() {
        afterMillis = 10_000;
        startWithRoom();
        a.now = streams(chunk("Rome"), LAST_CHUNKS);
        assertThat(harness.chat(STREAM).body()).contains("\"Rome\"");
        assertThat(outcomes(harness.record(1))).containsExactly("a ok");
        assertThat(b.asked()).isZero();
    }

    @Test
    void hedgesNothingOnceTheClientHasAToken() {
        afterMillis = 4_000;
        startWithRoom();
        var begun = new CopyOnWriteArrayList<HttpServerResponse>();
        a.now = request -> begun.add(streamed(request, chunk("Ro")));
        var answer = ask(STREAM);
        await().until(() -> begun.size() == 1);
        await().during(Duration.ofMillis(4_700)).until(() -> b.asked() == 0);
        begun.getFirst().write(chunk("me"));
        begun.getFirst().end(LAST_CHUNKS);
        assertThat(answer.join().body()).contains("\"Ro\"", "\"me\"");
        assertThat(outcomes(harness.record(1))).containsExactly("a ok");
    }

    @Test
    void aStreamThatMayNotBeHedgedGoesOutAsItComes() throws Exception {
        attempts = 1;
        startWithRoom();
        a.holds();
        try (var client = harness.socket(STREAM)) {
            await().until(() -> a.held.size() == 1);
            var open = streamed(a.first(), ROLE);
            assertThat(Harness.readUntil(client.getInputStream(), "\"assistant\""))
                    .contains("200 OK", "x-tollgate-attempts: 1");
            open.end(LAST_CHUNKS);
            assertThat(Harness.readUntil(client.getInputStream(), "[DONE]")).contains("[DONE]");
        }
        assertThat(hedges("not_attempts")).isEqualTo("1");
        assertThat(b.asked()).isZero();
    }

    @Test
    void readsTheLoserToItsEndWhereItsProviderBillsOn() {
        stopsOnDisconnect = false;
        startWithRoom();
        a.holds();
        b.now = streams(chunk("Rome"), LAST_CHUNKS);
        var answer = harness.chat(STREAM);
        assertThat(answer.body()).contains("\"Rome\"");
        assertThat(harness.records.all).isEmpty();
        streamed(a.first(), chunk("late"))
                .end(LAST_CHUNKS.replace("\"completion_tokens\":5", "\"completion_tokens\":50"));
        var record = harness.record(1);
        assertThat(outcomes(record)).containsExactly("a hedge_lost", "b ok");
        assertThat(record.getInteger("output_tokens")).isEqualTo(5);
        // 10 tokens in for 1 and 50 out for 2 dollars a million
        assertThat(record.getJsonArray("attempts").getJsonObject(0).getString("cost_usd"))
                .isEqualTo("0.00011");
        assertThat(record.getBoolean("cost_assumed")).isNull();
        settlesBoth(record);
    }

    // ---- plain answers

    @Test
    void theFirstWholeAnswerIsTheClients() {
        startWithRoom();
        a.holds();
        b.now = answers(200, CHAT_ANSWER.replace("Hello", "Rome"));
        var answer = harness.chat(PLAIN);
        assertThat(answer.body()).contains("Rome");
        assertThat(header(answer, "x-tollgate-provider")).isEqualTo("b");
        assertThat(header(answer, "x-tollgate-attempts")).isEqualTo("2");
        assertThat(header(answer, "x-tollgate-cost-usd")).isEmpty();
        assertThat(harness.records.all).isEmpty();
        answers(200, CHAT_ANSWER).handle(a.first());
        var record = harness.record(1);
        assertThat(outcomes(record)).containsExactly("a hedge_lost", "b ok");
        assertThat(record.getLong("latency_ms")).isLessThan(Snapshots.PATIENT_MILLIS);
        settlesBoth(record);
        assertThat(harness.gate.settled).noneMatch(OpenGate.Settled::assumed);
    }

    @Test
    void keepsTheAnswerOfTheWinnerAlone() {
        cache = new PolicyEntry.Cache(60_000, true);
        start();
        for (int i = 0; i < PRIMING; i++) {
            harness.chat(PLAIN.replace("Hi", "Hi " + i));
        }
        a.holds();
        b.now = answers(200, CHAT_ANSWER.replace("Hello", "Rome"));
        assertThat(harness.chat(PLAIN).body()).contains("Rome");
        answers(200, CHAT_ANSWER).handle(a.first());
        await().until(() -> harness.records.all.size() == PRIMING + 1);
        var hit = harness.chat(PLAIN);
        assertThat(header(hit, "x-tollgate-cache")).isEqualTo("hit");
        assertThat(header(hit, "x-tollgate-provider")).isEqualTo("b");
        assertThat(hit.body()).contains("Rome");
    }

    // ---- failures

    @ParameterizedTest
    @ValueSource(strings = {"first", "second"})
    void theFailureOfOneDoesNotFailTheRequest(String failing) {
        startWithRoom();
        a.holds();
        b.holds();
        var answer = ask(PLAIN);
        await().until(() -> b.held.size() == 1);
        boolean first = failing.equals("first");
        var broken = first ? a : b;
        var sound = first ? b : a;
        answers(503, "{\"error\":{\"message\":\"boom\"}}").handle(broken.first());
        await().until(() -> harness.gate.settled.size() == 1);
        assertThat(answer).isNotDone();
        answers(200, CHAT_ANSWER).handle(sound.first());
        assertThat(answer.join().statusCode()).isEqualTo(200);
        var record = harness.record(1);
        assertThat(outcomes(record))
                .containsExactly(
                        first ? "a server_error" : "a ok", first ? "b ok" : "b server_error");
        assertThat(record.getBoolean("fallback_used")).isEqualTo(first);
        assertThat(header(answer.join(), "x-tollgate-cost-usd"))
                .isEqualTo(record.getString("cost_usd"));
        settlesBoth(record);
        assertThat(hedges(first ? "won" : "failed")).isEqualTo("1");
    }

    @Test
    void retriesWhenBothHaveFailedAndSaysSoWhenNobodyIsLeft() {
        attempts = 2;
        startWithRoom();
        a.holds();
        b.holds();
        var answer = ask(STREAM);
        await().until(() -> b.held.size() == 1);
        answers(503, "{\"error\":{\"message\":\"boom\"}}").handle(a.first());
        answers(503, "{\"error\":{\"message\":\"boom\"}}").handle(b.first());
        assertThat(answer.join().statusCode()).isEqualTo(503);
        assertThat(header(answer.join(), "x-tollgate-attempts")).isEqualTo("2");
        assertThat(outcomes(harness.record(1))).containsExactly("a server_error", "b server_error");
    }

    @Test
    void aFailureBeforeItsTimeIsRetriedAndTheRetryIsHedgedAgainst() {
        afterMillis = 4_000;
        startWithRoom();
        a.now = answers(503, "{\"error\":{\"message\":\"boom\"}}");
        b.holds();
        var answer = ask(PLAIN);
        await().until(() -> b.held.size() == 1);
        // both targets were asked: there is nobody to hedge with
        await().until(() -> hedges("not_target").equals("1"));
        answers(200, CHAT_ANSWER).handle(b.first());
        assertThat(answer.join().statusCode()).isEqualTo(200);
        assertThat(outcomes(harness.record(1))).containsExactly("a server_error", "b ok");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void endsBothWhenTheClientLeaves(boolean stops) throws Exception {
        stopsOnDisconnect = stops;
        startWithRoom();
        a.holds();
        b.holds();
        try (var client = harness.socket(STREAM)) {
            await().until(() -> b.held.size() == 1);
            assertThat(client.getInputStream().available()).isZero();
        }
        if (!stops) {
            await().until(() -> harness.admin("/metrics").body().contains("drains_running 2"));
            streamed(a.first(), chunk("late")).end(LAST_CHUNKS);
            streamed(b.first(), chunk("late")).end(LAST_CHUNKS);
        }
        var record = harness.record(1);
        assertThat(record.getString("outcome")).isEqualTo("aborted");
        assertThat(outcomes(record)).containsExactly("a aborted", "b aborted");
        settlesBoth(record);
        if (stops) {
            await().until(() -> !a.upstream().closed.isEmpty() && !b.upstream().closed.isEmpty());
        }
    }

    @Test
    void theRequestIsRecordedOnceThoughItsLoserMeetsABug() {
        startWithRoom();
        a.holds();
        b.now = answers(200, CHAT_ANSWER.replace("Hello", "Rome"));
        assertThat(harness.chat(PLAIN).body()).contains("Rome");
        harness.gate.bug.set("settle");
        answers(200, CHAT_ANSWER).handle(a.first());
        var record = harness.record(1);
        assertThat(record.getString("outcome")).isEqualTo("ok");
        assertThat(outcomes(record)).containsExactly("a hedge_lost", "b ok");
        settlesBoth(record);
    }

    @ParameterizedTest
    @ValueSource(ints = {200, 503})
    void howTheLoserEndsSaysNothingOfItsTarget(int status) {
        startWithRoom();
        var before = seenOf("platform/a");
        a.holds();
        b.now = answers(200, CHAT_ANSWER.replace("Hello", "Rome"));
        assertThat(harness.chat(PLAIN).body()).contains("Rome");
        answers(status, status == 200 ? CHAT_ANSWER : "{\"error\":{\"message\":\"boom\"}}")
                .handle(a.first());
        assertThat(outcomes(harness.record(1))).containsExactly("a hedge_lost", "b ok");
        assertThat(seenOf("platform/a")).as("its last minute").isEqualTo(before);
    }

    private TargetStates.Recent seenOf(String provider) {
        return harness.proxy().lastMinute().stream()
                .filter(seen -> seen.provider().equals(provider))
                .findFirst()
                .orElseThrow();
    }

    // ---- bounds

    @Test
    void aHedgeThatIsNotMadeUsesUpNoTurn() {
        inTurn = true;
        start();
        var all = List.of(a, b, c);
        all.forEach(Provider::holds);
        int first = 0;
        for (int i = 0; i < all.size(); i++) {
            int asked = i + 1;
            var answer = ask(PLAIN);
            await().until(() -> hedges("not_share").equals(Integer.toString(asked)));
            await().until(() -> all.stream().mapToInt(p -> p.held.size()).sum() == asked);
            if (i == 0) {
                first = all.indexOf(all.stream().filter(p -> p.asked() > 0).findFirst().get());
            }
            var next = all.get((first + i) % all.size());
            assertThat(next.held).as("who is asked in turn " + asked).hasSize(1);
            answers(200, CHAT_ANSWER).handle(next.first());
            assertThat(answer.join().statusCode()).isEqualTo(200);
        }
    }

    @Test
    void hedgesNoMoreThanItsShareOfTheRequests() {
        start();
        a.holds();
        var answers = IntStream.range(0, 25).mapToObj(i -> ask(PLAIN)).toList();
        await().until(() -> a.held.size() == 25);
        await().until(() -> hedges("not_share").equals("20"));
        await().until(() -> b.asked() == 5);
        a.held.forEach(answers(200, CHAT_ANSWER)::handle);
        assertThat(answers).allMatch(answer -> answer.join().statusCode() == 200);
        await().until(() -> harness.records.all.size() == 25);
        assertThat(hedges("won")).isEqualTo("5");
    }

    @Test
    void hedgesNothingThatABudgetHasNoRoomFor() {
        startWithRoom();
        a.holds();
        harness.gate.purseNanos.set(bound + bound / 2);
        var answer = ask(PLAIN);
        await().until(() -> hedges("not_budget").equals("1"));
        assertThat(b.asked()).isZero();
        answers(200, CHAT_ANSWER).handle(a.first());
        assertThat(answer.join().statusCode()).isEqualTo(200);
        assertThat(outcomes(harness.record(1))).containsExactly("a ok");
        // the right to a hedge was not used up by one that was not made
        harness.gate.purseNanos.set(bound * 10);
        b.now = answers(200, CHAT_ANSWER);
        assertThat(harness.chat(PLAIN).statusCode()).isEqualTo(200);
        assertThat(b.asked()).isEqualTo(1);
    }

    @Test
    void theAnswerOfASecondTargetTellsItsOwnLimit() {
        steps =
                List.of(
                        new BudgetEntry.Step(
                                "trim", 90, BudgetEntry.Step.Action.CAP_OUTPUT, null, 64L));
        startWithRoom();
        harness.gate.spent = Money.parse("0.95");
        a.holds();
        var answer = harness.chat(PLAIN);
        assertThat(answer.headers().firstValue("x-tollgate-provider")).hasValue("b");
        assertThat(answer.headers().firstValue("x-tollgate-max-tokens")).hasValue("64");
    }

    @Test
    void hedgesNothingThatMayCostMoreThanItMay() {
        maxCostNanos = 1L;
        startWithRoom();
        a.holds();
        var answer = ask(PLAIN);
        await().until(() -> hedges("not_cost").equals("1"));
        answers(200, CHAT_ANSWER).handle(a.first());
        assertThat(answer.join().statusCode()).isEqualTo(200);
        assertThat(b.asked()).isZero();
        assertThat(harness.gate.claims).hasSize(1);
    }

    @Test
    void hedgesNothingWithWhichARequestCouldCostMoreThanItsCeiling() {
        startWithRoom();
        a.holds();
        var ceiling = new Money(bound + bound / 2).toString();
        var answer =
                CompletableFuture.supplyAsync(
                        () ->
                                harness.send(
                                        harness.post("/v1/chat/completions", PLAIN)
                                                .header("x-tollgate-max-cost", ceiling)));
        await().until(() -> hedges("not_cost").equals("1"));
        answers(200, CHAT_ANSWER).handle(a.first());
        assertThat(answer.join().statusCode()).isEqualTo(200);
        assertThat(b.asked()).isZero();
    }

    @Test
    void hedgesNothingWithATargetWhoseCircuitIsOpen() {
        circuitOfB = new ProviderEntry.Breaker(1, 600_000, 600_000, 1);
        start();
        a.now = answers(503, "{\"error\":{\"message\":\"boom\"}}");
        b.now = a.now;
        assertThat(harness.chat(PLAIN).statusCode()).isEqualTo(503);
        await().until(() -> harness.admin("/status").body().contains("\"open\""));
        int asked = b.asked();
        a.now = answers(200, CHAT_ANSWER);
        for (int i = 0; i < 2 * PRIMING + 2; i++) {
            assertThat(harness.chat(PLAIN).statusCode()).isEqualTo(200);
        }
        a.holds();
        var answer = ask(PLAIN);
        await().until(() -> !hedges("not_target").equals("0"));
        answers(200, CHAT_ANSWER).handle(a.first());
        assertThat(answer.join().statusCode()).isEqualTo(200);
        assertThat(b.asked()).isEqualTo(asked);
    }

    // ---- what is told

    @Test
    void everyAttemptIsASpanOfItsOwn() {
        var spans = InMemorySpanExporter.create();
        harness.tracing = Tracing.to(spans, 1, null);
        startWithRoom();
        a.holds();
        b.now = streams(chunk("Rome"), LAST_CHUNKS);
        harness.chat(STREAM);
        harness.record(1);
        await().until(() -> clients(spans).size() == PRIMING + 2);
        var both = clients(spans).subList(PRIMING, PRIMING + 2);
        assertThat(both)
                .extracting(s -> s.getAttributes().get(AttributeKey.longKey("tollgate.attempt")))
                .containsExactlyInAnyOrder(1L, 2L);
        assertThat(both).allMatch(s -> s.getStatus().getStatusCode() != StatusCode.ERROR);
        assertThat(both)
                .extracting(s -> s.getParentSpanId())
                .containsOnly(both.getFirst().getParentSpanId());
    }

    private static List<SpanData> clients(InMemorySpanExporter spans) {
        return spans.getFinishedSpanItems().stream()
                .filter(span -> span.getKind() == SpanKind.CLIENT)
                .toList();
    }
}
