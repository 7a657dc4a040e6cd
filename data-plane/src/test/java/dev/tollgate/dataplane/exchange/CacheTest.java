package dev.tollgate.dataplane.exchange;

import static dev.tollgate.dataplane.exchange.Harness.answers;
import static dev.tollgate.dataplane.exchange.Harness.streams;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tollgate.dataplane.cache.Answer;
import dev.tollgate.dataplane.config.LiveConfig;
import dev.tollgate.policy.snapshot.BudgetBuilder;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.ClientKeyEntry;
import dev.tollgate.policy.snapshot.LimitsEntry;
import dev.tollgate.policy.snapshot.NamespaceSet;
import dev.tollgate.policy.snapshot.PolicyEntry;
import dev.tollgate.policy.snapshot.ProviderEntry;
import dev.tollgate.policy.snapshot.RuleEntry;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonObject;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CacheTest {

    private static final String OTHER_KEY = "tg-other-0123456789012345678901234567890123456";
    private static final PolicyEntry.Cache MINUTE = new PolicyEntry.Cache(60_000, false);
    private static final String ZERO = ask("\"temperature\":0");
    private static final String ZERO_STREAM = ask("\"temperature\":0,\"stream\":true");

    private final Harness harness = new Harness();
    private final AtomicInteger calls = new AtomicInteger();
    private List<ProviderEntry> providers = List.of();
    private final AtomicReference<Queue<HttpServerRequest>> queue = new AtomicReference<>();
    private boolean stopsOnDisconnect = true;
    private Long requestMillis;

    @AfterEach
    void close() {
        harness.close();
    }

    private static String ask(String members) {
        return "{\"model\":\"fast\","
                + members
                + ",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}";
    }

    private Harness.Upstream start(PolicyEntry.Cache cache, Handler<HttpServerRequest> behaviour) {
        var upstream =
                harness.upstream(
                        request -> {
                            calls.incrementAndGet();
                            behaviour.handle(request);
                        });
        providers =
                List.of(
                        Snapshots.provider(
                                "a",
                                "openai-chat",
                                upstream.url() + "/v1",
                                Snapshots.timeouts(60_000),
                                stopsOnDisconnect));
        apply(cache, List.of(Snapshots.budget("1000000")));
        harness.start();
        return upstream;
    }

    private void apply(PolicyEntry.Cache cache, List<BudgetEntry> budgets) {
        var chain = Snapshots.chain("fast", Snapshots.retry(1, null), providers);
        var policy =
                new PolicyEntry(
                        chain.key(),
                        chain.models(),
                        NamespaceSet.everyone(),
                        false,
                        true,
                        null,
                        null,
                        cache,
                        34,
                        67,
                        chain.rules().stream().map(this::timed).toList());
        var other =
                new ClientKeyEntry(
                        LiveConfig.digest(OTHER_KEY.getBytes(UTF_8)),
                        "team-b",
                        "key:team-b/keys/app");
        harness.apply(
                Snapshots.of(
                        providers,
                        List.of(policy),
                        budgets,
                        List.of(Harness.clientKey(), other),
                        List.of()));
    }

    private RuleEntry timed(RuleEntry rule) {
        return new RuleEntry(
                rule.name(),
                rule.match(),
                rule.selection(),
                rule.targets(),
                rule.sticky(),
                rule.canary(),
                rule.shadows(),
                rule.hedge(),
                rule.retry(),
                rule.firstTokenMillis(),
                requestMillis);
    }

    /** Each answer says how many calls the provider has had. */
    private Handler<HttpServerRequest> numbered() {
        return request ->
                answers(200, Harness.CHAT_ANSWER.replace("Hello", "Hello " + calls.get()))
                        .handle(request);
    }

    private HttpResponse<String> post(String body, String... headers) {
        var request = harness.post("/v1/chat/completions", body);
        for (int i = 0; i < headers.length; i += 2) {
            request.setHeader(headers[i], headers[i + 1]);
        }
        return harness.send(request);
    }

    private static String cache(HttpResponse<String> answer) {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return answer.headers().firstValue("x-tollgate-cache").orElseThrow();
    }

    @Test
    void aRepetitionIsAnsweredFromMemoryForNothing() {
        start(MINUTE, numbered());
        var first = post(ZERO);
        var second = post(ZERO.replace(",", " ,\n "));
        assertThat(cache(first)).isEqualTo("miss");
        assertThat(cache(second)).isEqualTo("hit");
        assertThat(second.body()).isEqualTo(first.body());
        assertThat(calls).hasValue(1);
        var headers = second.headers();
        assertThat(headers.firstValue("x-tollgate-cost-usd")).hasValue("0");
        assertThat(headers.firstValue("x-tollgate-attempts")).hasValue("0");
        assertThat(headers.firstValue("x-tollgate-provider")).hasValue("a");
        assertThat(headers.firstValue("x-tollgate-model")).hasValue("model-1");
        assertThat(headers.firstValue("x-tollgate-route")).hasValue("team-a/chat/default");
        assertThat(headers.firstValue("content-type")).hasValue("application/json");
        assertThat(headers.firstValue("age")).isPresent();
        assertThat(headers.firstValue("x-tollgate-budget")).isEmpty();
        var record = harness.record(2);
        assertThat(record.getBoolean("cache_hit")).isTrue();
        assertThat(record.getString("cost_usd")).isEqualTo("0");
        assertThat(record.getString("provider_chosen")).isEqualTo("a");
        assertThat(record.getString("model")).isEqualTo("model-1");
        assertThat(record.getString("outcome")).isEqualTo("ok");
        assertThat(record.getJsonArray("attempts")).isEmpty();
        assertThat(record.getInteger("input_tokens")).isZero();
        assertThat(record.getInteger("output_tokens")).isZero();
        assertThat(harness.gate.claims).hasSize(1);
        assertThat(harness.gate.settled).hasSize(1);
        harness.awaitMetrics(
                "tollgate_cache_requests_total{result=\"hit\"} 1",
                "tollgate_cache_requests_total{result=\"miss\"} 1",
                "tollgate_cache_requests_total{result=\"off\"} 0",
                "tollgate_request_seconds_count{provider=\"a\",model=\"model-1\"} 1");
    }

    @Test
    void whatDiffersAsksTheProvider() {
        start(new PolicyEntry.Cache(60_000, true), numbered());
        var bodies =
                List.of(
                        ZERO,
                        ask("\"temperature\":0.5"),
                        ask("\"temperature\":0,\"max_tokens\":5"),
                        ask("\"temperature\":0,\"seed\":1"),
                        ask("\"temperature\":0,\"user\":\"ann\""),
                        ZERO.replace("Hi", "Ho"));
        for (var body : bodies) {
            assertThat(cache(post(body))).isEqualTo("miss");
        }
        assertThat(cache(post(ZERO, "x-quality-hint", "high"))).isEqualTo("miss");
        assertThat(calls).hasValue(bodies.size() + 1);
        for (var body : bodies) {
            assertThat(cache(post(body))).isEqualTo("hit");
        }
        assertThat(calls).hasValue(bodies.size() + 1);
    }

    @Test
    void otherTemperaturesAndPoliciesWithoutACacheAreOff() {
        start(MINUTE, numbered());
        for (int i = 0; i < 2; i++) {
            assertThat(cache(post(ask("\"temperature\":0.5")))).isEqualTo("off");
            assertThat(cache(post(ask("\"seed\":1")))).isEqualTo("off");
        }
        apply(null, List.of());
        for (int i = 0; i < 2; i++) {
            assertThat(cache(post(ZERO))).isEqualTo("off");
        }
        assertThat(calls).hasValue(6);
        assertThat(harness.record(6).getBoolean("cache_hit")).isFalse();
    }

    @Test
    void noOtherNamespaceIsGivenTheAnswer() {
        start(MINUTE, numbered());
        assertThat(cache(post(ZERO))).isEqualTo("miss");
        var other = "Bearer " + OTHER_KEY;
        var theirs = post(ZERO, "authorization", other);
        assertThat(cache(theirs)).isEqualTo("miss");
        assertThat(theirs.body()).contains("Hello 2");
        assertThat(post(ZERO).body()).contains("Hello 1");
        assertThat(post(ZERO, "authorization", other).body()).contains("Hello 2");
        assertThat(calls).hasValue(2);
    }

    @Test
    void whoIsNotKnownGetsNothingFromMemory() {
        start(MINUTE, numbered());
        post(ZERO);
        assertThat(post(ZERO, "authorization", "Bearer tg-wrong").statusCode()).isEqualTo(401);
    }

    @Test
    void noStoreKeepsAndReadsNothing() {
        start(MINUTE, numbered());
        assertThat(cache(post(ZERO, "cache-control", "no-store"))).isEqualTo("off");
        assertThat(cache(post(ZERO))).isEqualTo("miss");
        assertThat(post(ZERO, "cache-control", "no-store").body()).contains("Hello 3");
        assertThat(post(ZERO).body()).contains("Hello 2");
    }

    @Test
    void noCacheAsksTheProviderAndKeepsItsAnswer() {
        start(MINUTE, numbered());
        post(ZERO);
        var refreshed = post(ZERO, "cache-control", "no-cache");
        assertThat(cache(refreshed)).isEqualTo("miss");
        assertThat(refreshed.body()).contains("Hello 2");
        var after = post(ZERO);
        assertThat(cache(after)).isEqualTo("hit");
        assertThat(after.body()).contains("Hello 2");
    }

    @Test
    void anAnswerLivesAsLongAsThePolicySays() {
        start(new PolicyEntry.Cache(3_000, false), numbered());
        // kept anew until the machine was quick enough to ask for it while it lived
        await().until(
                        () -> {
                            post(ZERO, "cache-control", "no-cache");
                            return cache(post(ZERO)).equals("hit");
                        });
        int before = calls.get();
        var asked = await().until(() -> post(ZERO), answer -> cache(answer).equals("miss"));
        assertThat(asked.body()).contains("Hello " + (before + 1));
    }

    @Test
    void aStreamIsReplayedAsAStream() {
        start(MINUTE, streams(Harness.chunk("Hel"), Harness.chunk("lo"), Harness.LAST_CHUNKS));
        var first = post(ZERO_STREAM);
        var second = post(ZERO_STREAM);
        assertThat(cache(first)).isEqualTo("miss");
        assertThat(cache(second)).isEqualTo("hit");
        assertThat(second.body()).isEqualTo(first.body()).contains("[DONE]");
        var headers = second.headers();
        assertThat(headers.firstValue("content-type")).hasValue("text/event-stream; charset=utf-8");
        assertThat(headers.firstValue("x-tollgate-cost-usd")).hasValue("0");
        assertThat(calls).hasValue(1);
        var record = harness.record(2);
        assertThat(record.getBoolean("stream")).isTrue();
        assertThat(record.getBoolean("cache_hit")).isTrue();
    }

    @Test
    void streamsAndPlainAnswersAreKeptApart() {
        start(
                MINUTE,
                request -> {
                    if (calls.get() == 1) {
                        streams(Harness.chunk("a"), Harness.LAST_CHUNKS).handle(request);
                    } else {
                        answers(200, Harness.CHAT_ANSWER).handle(request);
                    }
                });
        post(ZERO_STREAM);
        assertThat(cache(post(ZERO))).isEqualTo("miss");
        assertThat(post(ZERO).body()).startsWith("{");
        assertThat(post(ZERO_STREAM).body()).startsWith("data:");
        assertThat(calls).hasValue(2);
    }

    @Test
    void aTruncatedStreamIsNotKept() throws Exception {
        start(
                MINUTE,
                request -> {
                    if (calls.get() == 1) {
                        Harness.streamHead(request).write(Harness.chunk("a"));
                        request.connection().close();
                    } else {
                        streams(Harness.chunk("b"), Harness.LAST_CHUNKS).handle(request);
                    }
                });
        try (var socket = harness.socket(ZERO_STREAM)) {
            assertThat(Harness.readUntil(socket.getInputStream(), "error")).contains("error");
        }
        var second = post(ZERO_STREAM);
        assertThat(cache(second)).isEqualTo("miss");
        assertThat(second.body()).contains("\"b\"");
        assertThat(cache(post(ZERO_STREAM))).isEqualTo("hit");
    }

    @Test
    void anErrorIsNotKept() {
        start(
                MINUTE,
                request ->
                        answers(calls.get() == 1 ? 500 : 200, Harness.CHAT_ANSWER).handle(request));
        assertThat(post(ZERO).statusCode()).isGreaterThanOrEqualTo(500);
        assertThat(cache(post(ZERO))).isEqualTo("miss");
        assertThat(cache(post(ZERO))).isEqualTo("hit");
    }

    @Test
    void anAnswerThatIsTooLargeIsServedAndNotKept() {
        var large = "x".repeat(Answer.MAX_BODY_BYTES);
        start(
                MINUTE,
                request -> {
                    if (request.getHeader("accept").contains("event-stream")) {
                        streams(Harness.chunk(large), Harness.LAST_CHUNKS).handle(request);
                    } else {
                        answers(200, Harness.CHAT_ANSWER.replace("Hello", large)).handle(request);
                    }
                });
        for (int i = 0; i < 2; i++) {
            assertThat(cache(post(ZERO))).isEqualTo("miss");
            assertThat(cache(post(ZERO_STREAM))).isEqualTo("miss");
        }
        assertThat(calls).hasValue(4);
    }

    @Test
    void anAnswerThatABudgetHasShortenedIsNotKept() {
        start(MINUTE, numbered());
        // room for less output than the model has
        harness.gate.purseNanos.set(5_000_000);
        var clamped = post(ZERO);
        assertThat(clamped.headers().firstValue("x-tollgate-max-tokens")).isPresent();
        harness.gate.purseNanos.set(Long.MAX_VALUE / 2);
        assertThat(cache(post(ZERO))).isEqualTo("miss");
        assertThat(cache(post(ZERO))).isEqualTo("hit");
    }

    @Test
    void aSuspendedOrBlockedBudgetRefusesHitsToo() {
        start(MINUTE, numbered());
        post(ZERO);
        for (var held : List.of(budget(true, null, null), budget(false, "spec.amount: -1", null))) {
            apply(MINUTE, List.of(held));
            var refused = post(ZERO);
            assertThat(refused.statusCode()).isEqualTo(403);
            assertThat(refused.body()).contains("team-a/monthly");
        }
        var violated =
                BudgetBuilder.as(budget(false, null, null)).violatedAt(Instant.now()).build();
        apply(MINUTE, List.of(violated));
        assertThat(post(ZERO).statusCode()).isEqualTo(403);
        apply(MINUTE, List.of(budget(false, null, null)));
        assertThat(cache(post(ZERO))).isEqualTo("hit");
        assertThat(calls).hasValue(1);
    }

    private static BudgetEntry budget(boolean suspended, String blocked, LimitsEntry limits) {
        return BudgetBuilder.as(Snapshots.budget("1000000"))
                .limits(limits)
                .suspended(suspended)
                .blocked(blocked)
                .build();
    }

    @Test
    void aSpentBudgetStillGivesWhatCostsNothing() {
        start(MINUTE, numbered());
        post(ZERO);
        harness.gate.purseNanos.set(0);
        assertThat(post(ZERO.replace("Hi", "Ho")).statusCode()).isEqualTo(429);
        assertThat(cache(post(ZERO))).isEqualTo("hit");
    }

    @Test
    void hitsCountAsRequestsOfATeamAndNotAsTokens() {
        start(MINUTE, numbered());
        post(ZERO);
        apply(MINUTE, List.of(budget(false, null, new LimitsEntry(2L, 1L, null, 100))));
        assertThat(cache(post(ZERO))).isEqualTo("hit");
        assertThat(cache(post(ZERO))).isEqualTo("hit");
        assertThat(post(ZERO).statusCode()).isEqualTo(429);
    }

    @Test
    void aTargetThatIsGoneAnswersNoMore() {
        start(MINUTE, numbered());
        post(ZERO);
        var upstream = harness.upstream(answers(200, Harness.CHAT_ANSWER.replace("Hello", "new")));
        providers = List.of(Snapshots.provider("b", "openai-chat", upstream.url() + "/v1"));
        apply(MINUTE, List.of());
        var answer = post(ZERO);
        assertThat(cache(answer)).isEqualTo("miss");
        assertThat(answer.body()).contains("new");
    }

    // ---- identical requests at the same time

    private List<CompletableFuture<HttpResponse<String>>> sendAtOnce(int count, String body) {
        var sent = new ArrayList<CompletableFuture<HttpResponse<String>>>();
        for (int i = 0; i < count; i++) {
            sent.add(
                    harness.http.sendAsync(
                            harness.post("/v1/chat/completions", body).build(),
                            HttpResponse.BodyHandlers.ofString()));
        }
        return sent;
    }

    /** Until so many requests are open at the gateway, and the provider has been asked. */
    private void awaitOpen(int requests, Queue<HttpServerRequest> held) {
        await().until(() -> !held.isEmpty());
        await().until(
                        () ->
                                new JsonObject(harness.admin("/status").body())
                                        .getInteger("requests_running")
                                        .equals(requests));
    }

    @Test
    void fiftyAtOnceMakeOneCall() {
        var held = new ConcurrentLinkedQueue<HttpServerRequest>();
        harness.options = harness.options.withEventLoops(2);
        start(MINUTE, held::add);
        var sent = sendAtOnce(50, ZERO);
        awaitOpen(50, held);
        answers(200, Harness.CHAT_ANSWER).handle(held.remove());
        var hits = sent.stream().map(CompletableFuture::join).map(CacheTest::cache).toList();
        assertThat(hits).filteredOn("hit"::equals).hasSize(49);
        assertThat(calls).hasValue(1);
        assertThat(harness.gate.settled).hasSize(1);
    }

    @Test
    void fiftyStreamsAtOnceMakeOneCall() {
        var held = new ConcurrentLinkedQueue<HttpServerRequest>();
        harness.options = harness.options.withEventLoops(2);
        start(MINUTE, held::add);
        var sent = sendAtOnce(50, ZERO_STREAM);
        awaitOpen(50, held);
        streams(Harness.chunk("a"), Harness.LAST_CHUNKS).handle(held.remove());
        var bodies = sent.stream().map(one -> one.join().body()).distinct().toList();
        assertThat(bodies).hasSize(1);
        assertThat(bodies.getFirst()).contains("[DONE]");
        assertThat(calls).hasValue(1);
    }

    @Test
    void whenTheFirstFailsEachGoesOnByItself() {
        var held = new ConcurrentLinkedQueue<HttpServerRequest>();
        start(MINUTE, held::add);
        var sent = sendAtOnce(5, ZERO);
        awaitOpen(5, held);
        assertThat(calls).hasValue(1);
        answers(400, "{\"error\":{\"message\":\"no\"}}").handle(held.remove());
        await().until(() -> held.size() == 4);
        held.forEach(answers(200, Harness.CHAT_ANSWER)::handle);
        var statuses = sent.stream().map(one -> one.join().statusCode()).sorted().toList();
        assertThat(statuses).containsExactly(200, 200, 200, 200, 400);
        assertThat(calls).hasValue(5);
    }

    @Test
    void whenTheFirstClientLeavesAnotherTakesItsPlace() throws Exception {
        var held = new ConcurrentLinkedQueue<HttpServerRequest>();
        start(MINUTE, held::add);
        Socket first = harness.socket(ZERO_STREAM);
        await().until(() -> held.size() == 1);
        var sent = sendAtOnce(5, ZERO_STREAM);
        awaitOpen(6, held);
        held.clear();
        first.close();
        await().until(() -> !held.isEmpty());
        streams(Harness.chunk("a"), Harness.LAST_CHUNKS).handle(held.remove());
        assertThat(sent).allSatisfy(one -> assertThat(one.join().body()).contains("[DONE]"));
        assertThat(calls).hasValue(2);
    }

    @Test
    void oneThatWaitsMayLeaveAndTheOthersStillGetTheAnswer() throws Exception {
        var held = new ConcurrentLinkedQueue<HttpServerRequest>();
        start(MINUTE, held::add);
        var sent = sendAtOnce(3, ZERO);
        awaitOpen(3, held);
        Socket leaving = harness.socket(ZERO);
        awaitOpen(4, held);
        leaving.close();
        assertThat(harness.record(1).getString("outcome")).isEqualTo("aborted");
        answers(200, Harness.CHAT_ANSWER).handle(held.remove());
        assertThat(sent).allSatisfy(one -> assertThat(one.join().statusCode()).isEqualTo(200));
        assertThat(calls).hasValue(1);
    }

    @Test
    void whatIsReadToItsEndForAClientThatLeftIsKept() throws Exception {
        stopsOnDisconnect = false;
        for (var body : List.of(ZERO, ZERO_STREAM)) {
            var held = new ConcurrentLinkedQueue<HttpServerRequest>();
            if (calls.get() == 0) {
                start(MINUTE, request -> queue.get().add(request));
            }
            queue.set(held);
            Socket leaving = harness.socket(body);
            await().until(() -> held.size() == 1);
            leaving.close();
            await().until(() -> harness.admin("/metrics").body().contains("drains_running 1"));
            var waiting = sendAtOnce(1, body).getFirst();
            awaitOpen(2, held);
            (body.equals(ZERO)
                            ? answers(200, Harness.CHAT_ANSWER)
                            : streams(Harness.chunk("a"), Harness.LAST_CHUNKS))
                    .handle(held.remove());
            assertThat(cache(waiting.join())).isEqualTo("hit");
            assertThat(cache(post(body))).isEqualTo("hit");
        }
        assertThat(calls).hasValue(2);
    }

    @Test
    void nobodyWaitsForAnotherLongerThanHalfOfItsOwnTime() {
        requestMillis = 12_000L;
        var held = new ConcurrentLinkedQueue<HttpServerRequest>();
        start(MINUTE, held::add);
        var first = sendAtOnce(1, ZERO).getFirst();
        await().until(() -> held.size() == 1);
        var second = sendAtOnce(1, ZERO).getFirst();
        await().until(() -> held.size() == 2);
        held.forEach(answers(200, Harness.CHAT_ANSWER)::handle);
        assertThat(cache(second.join())).isEqualTo("miss");
        assertThat(cache(first.join())).isEqualTo("miss");
    }

    @Test
    void noCacheWaitsForNobody() {
        var held = new ConcurrentLinkedQueue<HttpServerRequest>();
        start(MINUTE, held::add);
        var first = sendAtOnce(1, ZERO).getFirst();
        await().until(() -> held.size() == 1);
        var second =
                harness.http.sendAsync(
                        harness.post("/v1/chat/completions", ZERO)
                                .header("cache-control", "no-cache")
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
        await().until(() -> held.size() == 2);
        held.forEach(answers(200, Harness.CHAT_ANSWER)::handle);
        assertThat(cache(first.join())).isEqualTo("miss");
        assertThat(cache(second.join())).isEqualTo("miss");
    }
}
