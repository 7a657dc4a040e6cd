package dev.tollgate.dataplane.exchange;

import static dev.tollgate.dataplane.exchange.Harness.answers;
import static dev.tollgate.dataplane.exchange.Harness.chunk;
import static dev.tollgate.dataplane.exchange.Harness.streams;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tollgate.dataplane.exchange.Harness.Upstream;
import dev.tollgate.dataplane.telemetry.Invariant;
import dev.tollgate.policy.snapshot.BudgetBuilder;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.LimitsEntry;
import dev.tollgate.policy.snapshot.ModelEntry;
import dev.tollgate.policy.snapshot.NamespaceSet;
import dev.tollgate.policy.snapshot.PolicyEntry;
import dev.tollgate.policy.snapshot.ProviderEntry;
import dev.tollgate.policy.snapshot.RuleEntry;
import dev.tollgate.policy.snapshot.SelectionEntry;
import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.awaitility.core.ConditionFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Copies of requests go to shadows, and nothing of them comes back; over real sockets. */
class ShadowTest {

    private static final String PLAIN = Harness.chat("model-1", false);
    private static final String STREAM = Harness.chat("model-1", true);
    private static final String SHADOW_ANSWER =
            Harness.CHAT_ANSWER
                    .replace("Hello", "shadow text")
                    .replace("\"completion_tokens\":5", "\"completion_tokens\":7")
                    .replace("\"stop\"", "\"length\"");

    private static final String I9 = "tollgate_invariant_violations_total{invariant=\"I9\"}";

    private final Harness harness = new Harness();
    private int percent = 100;
    private int maxConcurrent = 4;
    private @Nullable LimitsEntry limits;

    @AfterEach
    void close() {
        harness.close();
    }

    /** The policy is one of the platform: its namespace pays for the copies. */
    private Upstream start(Handler<HttpServerRequest> primary, Handler<HttpServerRequest> shadow) {
        var a = harness.upstream(primary);
        var b = harness.upstream(shadow);
        start(
                Snapshots.provider("a", "openai-chat", a.url() + "/v1"),
                Snapshots.provider("b", "openai-chat", b.url() + "/v1"));
        return b;
    }

    private void start(ProviderEntry a, ProviderEntry b) {
        var rule =
                new RuleEntry(
                        "default",
                        null,
                        SelectionEntry.WEIGHTED,
                        List.of(
                                new RuleEntry.TargetEntry(
                                        "main", a.key(), "model-1", null, 0, 1, null)),
                        null,
                        null,
                        List.of(
                                new RuleEntry.Shadow(
                                        "trial", b.key(), "model-1", percent, maxConcurrent)),
                        null,
                        Snapshots.retry(1, null),
                        null,
                        null);
        var own = Snapshots.policy("model-1", rule);
        var policy =
                new PolicyEntry(
                        "platform/chat",
                        own.models(),
                        NamespaceSet.everyone(),
                        false,
                        true,
                        null,
                        null,
                        null,
                        34,
                        67,
                        own.rules());
        harness.apply(
                Snapshots.of(
                        List.of(a, b),
                        List.of(policy),
                        List.of(Snapshots.budget("1000000"), platformBudget()),
                        List.of(Harness.clientKey()),
                        List.of()));
        harness.start();
    }

    private BudgetEntry platformBudget() {
        return BudgetBuilder.budget("platform/trials").limit(1_000_000).limits(limits).build();
    }

    private static ConditionFactory patiently() {
        return await().atMost(Duration.ofSeconds(30));
    }

    private JsonObject record(boolean shadow, int count) {
        await().until(() -> harness.records.all.size() >= count);
        return harness.records.all.stream()
                .map(bytes -> new JsonObject(Buffer.buffer(bytes)))
                .filter(r -> r.containsKey("shadow") == shadow)
                .findFirst()
                .orElseThrow();
    }

    private double metric(String line) {
        return harness.admin("/metrics")
                .body()
                .lines()
                .filter(l -> l.startsWith(line + " "))
                .mapToDouble(l -> Double.parseDouble(l.substring(line.length() + 1)))
                .findFirst()
                .orElse(0);
    }

    private static String copies(String outcome) {
        return "tollgate_shadow_copies_total{route=\"platform/chat/default\",shadow=\"trial\",outcome=\""
                + outcome
                + "\"}";
    }

    @Test
    void aCopyIsComparedAndPaidByThePolicysNamespace() {
        var b = start(answers(200, Harness.CHAT_ANSWER), answers(200, SHADOW_ANSWER));
        var answer = harness.chat(PLAIN);
        assertThat(answer.body()).contains("Hello").doesNotContain("shadow");
        assertThat(answer.headers().firstValue("x-tollgate-attempts")).hasValue("1");
        var copy = record(true, 2);
        var original = record(false, 2);
        assertThat(b.seen).hasSize(1);
        assertThat(b.last().json().getJsonArray("messages")).isNotEmpty();
        assertThat(b.last().headers()).containsEntry("authorization", "Bearer sk-b");
        assertThat(original.getJsonArray("attempts")).hasSize(1);
        assertThat(original.getJsonArray("budgets").getList()).containsExactly("team-a/monthly");
        assertThat(copy.getString("team")).isEqualTo("platform");
        assertThat(copy.getString("caller")).isEqualTo("shadow:platform/chat/default");
        assertThat(copy.getString("strategy")).isEqualTo("shadow");
        assertThat(copy.getString("outcome")).isEqualTo("ok");
        assertThat(copy.getString("provider_chosen")).isEqualTo("b");
        assertThat(copy.getInteger("output_tokens")).isEqualTo(7);
        assertThat(copy.getJsonArray("budgets").getList()).containsExactly("platform/trials");
        assertThat(copy.getString("cost_usd")).isEqualTo("0.000024");
        var shadow = copy.getJsonObject("shadow");
        assertThat(shadow.getString("name")).isEqualTo("trial");
        assertThat(shadow.getString("of")).isEqualTo(original.getString("request_id"));
        assertThat(shadow.getString("finish_reason")).isEqualTo("length");
        var compared = shadow.getJsonObject("original");
        assertThat(compared.getString("provider")).isEqualTo("a");
        assertThat(compared.getString("finish_reason")).isEqualTo("stop");
        assertThat(compared.getInteger("output_tokens")).isEqualTo(5);
        assertThat(compared.getString("cost_usd")).isEqualTo(original.getString("cost_usd"));
        var route = "{route=\"platform/chat/default\",shadow=\"trial\"";
        var tokens = "tollgate_shadow_output_tokens_total" + route;
        await().until(() -> metric(tokens + ",side=\"original\"}") == 5);
        assertThat(metric(tokens + ",side=\"copy\"}")).isEqualTo(7);
        assertThat(metric(copies("ok"))).isEqualTo(1);
        assertThat(metric("tollgate_shadow_same_finish_total" + route + "}")).isZero();
        assertThat(harness.gate.settled).hasSize(2);
        assertThat(harness.gate.settled.stream().map(s -> s.claim().budgets().getFirst().key()))
                .containsExactlyInAnyOrder("team-a/monthly", "platform/trials");
    }

    @Test
    void aStreamIsCopiedAndReadToItsEnd() {
        var b =
                start(
                        streams(chunk("Hello"), Harness.LAST_CHUNKS),
                        streams(chunk("shadow"), Harness.LAST_CHUNKS));
        assertThat(harness.chat(STREAM).body()).contains("Hello").doesNotContain("shadow\"");
        var copy = record(true, 2);
        assertThat(b.seen).hasSize(1);
        assertThat(copy.getString("outcome")).isEqualTo("ok");
        assertThat(copy.getInteger("output_tokens")).isEqualTo(5);
        assertThat(copy.getLong("ttft_ms")).isNotNull();
        assertThat(copy.getJsonObject("shadow").getString("finish_reason")).isEqualTo("stop");
    }

    /** It bills on when nobody reads, and has ended what it bills by itself. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aStreamThatItsProviderEndsTooEarlyIsPaidAsFarAsItWasSeen(boolean tellsError) {
        var error = "data: {\"error\":{\"message\":\"overloaded\",\"code\":503}}\n\n";
        var settled =
                cutShort(
                        tellsError
                                ? request ->
                                        Harness.streamHead(request).write(chunk("shadow") + error)
                                : streams(chunk("shadow")));
        assertThat(settled.cost().nanos()).isPositive();
        assertThat(settled.claim().bound().isMoreThan(settled.cost())).isTrue();
        assertThat(settled.assumed()).isTrue();
    }

    @Test
    void aStreamThatBreaksIsPaidToItsBoundWhereItsProviderBillsOn() {
        var settled =
                cutShort(
                        request ->
                                Harness.streamHead(request)
                                        .write(chunk("shadow"))
                                        .onComplete(v -> request.connection().close()));
        assertThat(settled.cost()).isEqualTo(settled.claim().bound());
        assertThat(settled.assumed()).isTrue();
    }

    private OpenGate.Settled cutShort(Handler<HttpServerRequest> shadow) {
        var a = harness.upstream(streams(chunk("Hello"), Harness.LAST_CHUNKS));
        var b = harness.upstream(shadow);
        start(
                Snapshots.provider("a", "openai-chat", a.url() + "/v1"),
                Snapshots.provider(
                        "b",
                        "openai-chat",
                        b.url() + "/v1",
                        Snapshots.timeouts(Snapshots.PATIENT_MILLIS),
                        false));
        assertThat(harness.chat(STREAM).body()).contains("Hello");
        assertThat(record(true, 2).getString("outcome")).isEqualTo("provider_error");
        return harness.gate.settled.stream()
                .filter(s -> s.claim().budgets().getFirst().key().equals("platform/trials"))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void aCopyWhoseFiguresShrinkIsChargedAsItsHold() {
        var many = "\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":900},\"choices\"";
        start(
                streams(chunk("Hello"), Harness.LAST_CHUNKS),
                streams(chunk("shadow").replace("\"choices\"", many), Harness.LAST_CHUNKS));
        assertThat(harness.chat(STREAM).statusCode()).isEqualTo(200);
        var copy = record(true, 2);
        assertThat(copy.getBoolean("cost_assumed")).isTrue();
        assertThat(copy.getLong("output_tokens")).isZero();
        assertThat(harness.gate.settled)
                .filteredOn(settled -> settled.claim().request().team().equals("platform"))
                .singleElement()
                .satisfies(
                        settled -> assertThat(settled.cost()).isEqualTo(settled.claim().bound()));
        assertThat(metric("tollgate_usage_implausible_total")).isEqualTo(1);
    }

    @Test
    void aSlowShadowDelaysNothing() {
        var open = new CopyOnWriteArrayList<HttpServerRequest>();
        start(answers(200, Harness.CHAT_ANSWER), open::add);
        assertThat(harness.chat(PLAIN).statusCode()).isEqualTo(200);
        assertThat(record(false, 1).getString("outcome")).isEqualTo("ok");
        await().until(() -> open.size() == 1);
        answers(200, SHADOW_ANSWER).handle(open.getFirst());
        var copy = record(true, 2);
        assertThat(copy.getString("outcome")).isEqualTo("ok");
    }

    @Test
    void noByteOfACopyGoesOutUnderAHoldThatDoesNotCount() {
        harness.violations.put(Invariant.I6, 1L);
        harness.gate.uncounted = claim -> claim.request().team().equals("platform");
        var b = start(answers(200, Harness.CHAT_ANSWER), answers(200, SHADOW_ANSWER));
        assertThat(harness.chat(PLAIN).statusCode()).isEqualTo(200);
        var copy = record(true, 2);
        assertThat(copy.getString("cost_usd")).isEqualTo("0");
        assertThat(b.seen).isEmpty();
        assertThat(harness.gate.open.get()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"settle", "leak"})
    void aCopyThatIsNotSettledIsTold(String bug) {
        harness.violations.put(Invariant.I9, 1L);
        var open = new CopyOnWriteArrayList<HttpServerRequest>();
        start(answers(200, Harness.CHAT_ANSWER), open::add);
        assertThat(harness.chat(PLAIN).statusCode()).isEqualTo(200);
        await().until(() -> open.size() == 1 && harness.records.all.size() == 1);
        harness.gate.bug.set(bug);
        answers(200, SHADOW_ANSWER).handle(open.getFirst());
        await().until(() -> metric(I9) == 1);
        assertThat(harness.gate.open.getAndSet(0)).as("it stays held").isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aCopyWithoutItsUsageRecordIsTold(boolean copyIsLast) {
        harness.violations.put(Invariant.I9, 1L);
        harness.records.bugIn = "\"shadow\":";
        harness.records.bug.set(true);
        var open = new CopyOnWriteArrayList<HttpServerRequest>();
        if (copyIsLast) {
            start(answers(200, Harness.CHAT_ANSWER), open::add);
        } else {
            start(open::add, answers(200, SHADOW_ANSWER));
        }
        var answer = harness.vertx.executeBlocking(() -> harness.chat(PLAIN).statusCode());
        patiently().until(() -> open.size() == 1);
        if (copyIsLast) {
            patiently().until(() -> harness.records.all.size() == 1);
        } else {
            patiently().until(() -> harness.gate.settled.size() == 1);
        }
        answers(200, Harness.CHAT_ANSWER).handle(open.getFirst());
        assertThat(Harness.get(answer)).isEqualTo(200);
        patiently().until(() -> metric(I9) == 1);
        assertThat(harness.gate.settled).hasSize(2);
        assertThat(harness.records.all).hasSize(1);
        assertThat(harness.gate.open.get()).isZero();
    }

    @Test
    void aShadowThatFailsFailsNothing() {
        start(
                answers(200, Harness.CHAT_ANSWER),
                answers(503, "{\"error\":{\"message\":\"boom\"}}"));
        assertThat(harness.chat(PLAIN).statusCode()).isEqualTo(200);
        var copy = record(true, 2);
        assertThat(copy.getString("outcome")).isEqualTo("provider_error");
        assertThat(copy.getString("cost_usd")).isEqualTo("0");
        assertThat(metric(copies("provider_error"))).isEqualTo(1);
    }

    @Test
    void aCopyNeverAnswersForARequestThatFails() {
        start(answers(400, "{\"error\":{\"message\":\"no\"}}"), answers(200, SHADOW_ANSWER));
        assertThat(harness.chat(PLAIN).statusCode()).isEqualTo(400);
        var copy = record(true, 2);
        assertThat(copy.getString("outcome")).isEqualTo("ok");
        var route = "{route=\"platform/chat/default\",shadow=\"trial\"";
        assertThat(metric("tollgate_shadow_output_tokens_total" + route + ",side=\"copy\"}"))
                .isZero();
    }

    @Test
    void isDroppedWhereItsBudgetHasNoRoom() {
        var b =
                start(
                        request -> answers(200, Harness.CHAT_ANSWER).handle(request),
                        answers(200, SHADOW_ANSWER));
        // room for one of the two
        harness.chat(PLAIN);
        record(true, 2);
        var bound = harness.gate.claims.getFirst().bound().nanos();
        harness.gate.purseNanos.set(bound + bound / 2);
        assertThat(harness.chat(PLAIN).statusCode()).isEqualTo(200);
        await().until(() -> metric(copies("dropped_budget")) == 1);
        await().until(() -> harness.records.all.size() == 3);
        assertThat(b.seen).hasSize(1);
    }

    @Test
    void isDroppedAboveMaxConcurrent() {
        maxConcurrent = 1;
        var open = new CopyOnWriteArrayList<HttpServerRequest>();
        var b = start(answers(200, Harness.CHAT_ANSWER), open::add);
        harness.chat(PLAIN);
        await().until(() -> open.size() == 1);
        harness.chat(PLAIN);
        assertThat(metric(copies("dropped_concurrent"))).isEqualTo(1);
        answers(200, SHADOW_ANSWER).handle(open.getFirst());
        await().until(() -> harness.records.all.size() == 3);
        harness.chat(PLAIN);
        await().until(() -> open.size() == 2);
        answers(200, SHADOW_ANSWER).handle(open.getLast());
        assertThat(b.seen).hasSize(2);
    }

    @Test
    void isDroppedAboveALimitOfItsBudget() {
        limits = new LimitsEntry(1L, null, null, 100);
        var b = start(answers(200, Harness.CHAT_ANSWER), answers(200, SHADOW_ANSWER));
        harness.chat(PLAIN);
        record(true, 2);
        assertThat(harness.chat(PLAIN).statusCode()).isEqualTo(200);
        assertThat(metric(copies("dropped_limit"))).isEqualTo(1);
        assertThat(b.seen).hasSize(1);
    }

    @Test
    void goesToItsPercentOfTheRequests() {
        percent = 30;
        maxConcurrent = 1_000;
        var b = start(answers(200, Harness.CHAT_ANSWER), answers(200, SHADOW_ANSWER));
        for (int i = 0; i < 200; i++) {
            harness.chat(PLAIN);
        }
        assertThat(b.seen.size()).isBetween(30, 90);
    }

    @Test
    void neverGetsWhatItIsNotCapableOf() {
        var a = harness.upstream(answers(200, Harness.CHAT_ANSWER));
        var b = harness.upstream(answers(200, SHADOW_ANSWER));
        var entry = Snapshots.provider("b", "openai-chat", b.url() + "/v1");
        start(Snapshots.provider("a", "openai-chat", a.url() + "/v1"), withoutTools(entry));
        var tools =
                PLAIN.replaceFirst(
                        "}$",
                        ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":{}}}]}");
        assertThat(harness.chat(tools).statusCode()).isEqualTo(200);
        harness.chat(PLAIN);
        record(true, 3);
        assertThat(b.seen).hasSize(1);
        assertThat(b.last().json().containsKey("tools")).isFalse();
    }

    private static ProviderEntry withoutTools(ProviderEntry entry) {
        var model = entry.models().getFirst();
        var fewer =
                new ModelEntry(
                        model.name(),
                        model.aliases(),
                        model.price(),
                        model.contextTokens(),
                        model.maxOutputTokens(),
                        List.of("Chat", "Streaming"),
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
                List.of(fewer),
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
}
