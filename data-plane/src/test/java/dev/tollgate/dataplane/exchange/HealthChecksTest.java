package dev.tollgate.dataplane.exchange;

import static dev.tollgate.dataplane.exchange.Harness.answers;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tollgate.dataplane.telemetry.Invariant;
import dev.tollgate.policy.snapshot.BudgetBuilder;
import dev.tollgate.policy.snapshot.HealthCheckEntry;
import dev.tollgate.policy.snapshot.LimitsEntry;
import dev.tollgate.policy.snapshot.ProviderEntry;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Active checks of a provider, over real sockets. */
class HealthChecksTest {

    /** Where silence is a failure. */
    private static final long SILENCE_MILLIS = 2_000;

    private static final long PATIENCE_MILLIS = 60_000;

    private static HealthCheckEntry often(@Nullable String model, long timeoutMillis) {
        return new HealthCheckEntry(model, 100, timeoutMillis, 2, 1);
    }

    private static final HealthCheckEntry OFTEN = often(null, PATIENCE_MILLIS);

    private final Harness harness = new Harness();
    private final AtomicInteger status = new AtomicInteger(200);
    private final List<String> checks = new CopyOnWriteArrayList<>();

    @AfterEach
    void close() {
        harness.close();
    }

    private Harness.Upstream checked() {
        return harness.upstream(
                request -> {
                    if (request.method() == HttpMethod.GET) {
                        checks.add(request.uri() + " " + request.getHeader("authorization"));
                        if (status.get() > 0) {
                            request.response().setStatusCode(status.get()).end("{\"data\":[]}");
                        }
                    } else {
                        answers(200, Harness.CHAT_ANSWER).handle(request);
                    }
                });
    }

    private static ProviderEntry with(Harness.Upstream upstream, HealthCheckEntry check) {
        var entry = Snapshots.provider("a", "openai-chat", upstream.url() + "/v1");
        return Snapshots.guarded(entry, null, check);
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
    }

    private String servedBy() {
        var answer = harness.chat(Harness.chat("model-1", false));
        return answer.headers().firstValue("x-tollgate-provider").orElse("none");
    }

    @Test
    void takesAProviderThatFailsItsChecksOutAndBackIn() {
        var b = harness.upstream(answers(200, Harness.CHAT_ANSWER));
        serve(with(checked(), OFTEN), Snapshots.provider("b", "openai-chat", b.url() + "/v1"));
        harness.start();
        await().until(() -> checks.contains("/v1/models Bearer sk-a"));
        assertThat(servedBy()).isEqualTo("a");
        status.set(503);
        await().until(() -> servedBy().equals("b"));
        assertThat(harness.proxy().lastMinute())
                .anyMatch(seen -> seen.provider().equals("platform/a") && seen.unhealthy());
        status.set(200);
        await().until(() -> servedBy().equals("a"));
    }

    @Test
    void countsSilenceAndARefusedKeyAsFailuresButNotAMissingList() {
        serve(with(checked(), often(null, SILENCE_MILLIS)));
        harness.start();
        status.set(404);
        await().until(() -> checks.size() > 3);
        assertThat(servedBy()).isEqualTo("a");
        status.set(401);
        await().until(() -> servedBy().equals("none"));
        status.set(200);
        await().until(() -> servedBy().equals("a"));
        status.set(0);
        await().until(() -> servedBy().equals("none"));
    }

    @Test
    void forgetsWhatChecksSaidWhenThereAreNoneAnyMore() {
        status.set(500);
        var upstream = checked();
        serve(with(upstream, OFTEN));
        harness.start();
        await().until(() -> servedBy().equals("none"));
        serve(Snapshots.provider("a", "openai-chat", upstream.url() + "/v1"));
        await().until(() -> servedBy().equals("a"));
    }

    // ---- checks that ask for a token

    private final AtomicInteger answer = new AtomicInteger(200);
    private final AtomicInteger asked = new AtomicInteger();

    private HealthCheckEntry check = often("model-1", PATIENCE_MILLIS);

    private static final String ERROR = "{\"error\":{\"message\":\"no\",\"type\":\"error\"}}";

    /** Fails only checks, as told; what clients ask is answered. */
    private Harness.Upstream asking(String good) {
        var made = new Harness.Upstream[1];
        made[0] =
                harness.upstream(
                        request -> {
                            int told = answer.get();
                            if (!made[0].last().body().toString().contains("ping")) {
                                answers(200, good).handle(request);
                                return;
                            }
                            asked.incrementAndGet();
                            if (told > 0) {
                                answers(told, told == 200 ? good : ERROR).handle(request);
                            }
                        });
        return made[0];
    }

    /** The provider's namespace pays for its checks. */
    private void serveAsking(ProviderEntry provider, @Nullable LimitsEntry limits) {
        var all = List.of(with(provider, check));
        var budget = Snapshots.budget("1000000");
        var payers =
                BudgetBuilder.budget("platform/checks").limit(1_000_000).limits(limits).build();
        harness.apply(
                Snapshots.of(
                        all,
                        List.of(Snapshots.chain("model-1", Snapshots.retry(3, null), all)),
                        List.of(budget, payers),
                        List.of(Harness.clientKey()),
                        List.of()));
        harness.start();
    }

    private static ProviderEntry with(ProviderEntry entry, HealthCheckEntry check) {
        return Snapshots.guarded(entry, null, check);
    }

    private static ProviderEntry openAi(Harness.Upstream upstream) {
        return Snapshots.provider("a", "openai-chat", upstream.url() + "/v1");
    }

    private List<JsonObject> recordsOfChecks() {
        return harness.records.all.stream()
                .map(bytes -> new JsonObject(Buffer.buffer(bytes)))
                .filter(record -> record.getString("strategy").equals("health-check"))
                .toList();
    }

    private boolean counted(String result) {
        return harness.admin("/metrics")
                .body()
                .lines()
                .anyMatch(
                        line ->
                                line.startsWith(
                                        "tollgate_health_checks_total{provider=\"platform/a\",result=\""
                                                + result
                                                + "\"}"));
    }

    @Test
    void asksForOneTokenAndTheProvidersNamespacePaysForIt() {
        var upstream = asking(Harness.CHAT_ANSWER);
        serveAsking(openAi(upstream), null);
        await().until(() -> recordsOfChecks().size() >= 2);
        var request = upstream.seen.getFirst();
        assertThat(request.uri()).isEqualTo("/v1/chat/completions");
        assertThat(request.headers()).containsEntry("authorization", "Bearer sk-a");
        assertThat(request.json().getInteger("max_tokens")).isEqualTo(1);
        var claim = harness.gate.claims.getFirst();
        assertThat(claim.budgets()).extracting("key").containsExactly("platform/checks");
        assertThat(claim.bound().nanos()).isPositive();
        assertThat(harness.gate.settled.getFirst().assumed()).isFalse();
        var record = recordsOfChecks().getFirst();
        assertThat(record.getString("team")).isEqualTo("platform");
        assertThat(record.getString("caller")).isEqualTo("check:platform/a");
        assertThat(record.getString("route")).isEqualTo("platform/a/check");
        assertThat(record.getString("outcome")).isEqualTo("ok");
        assertThat(record.getInteger("input_tokens")).isEqualTo(10);
        assertThat(record.getString("cost_usd")).isEqualTo("0.00002");
        assertThat(record.getJsonArray("budgets").getList()).containsExactly("platform/checks");
        assertThat(counted("good")).isTrue();
        assertThat(servedBy()).isEqualTo("a");
    }

    @Test
    void asksEveryDialect() {
        var anthropic =
                asking(
                        """
                        {"id":"m","type":"message","role":"assistant","model":"model-1",
                        "content":[{"type":"text","text":"p"}],"stop_reason":"max_tokens",
                        "usage":{"input_tokens":8,"output_tokens":1}}""");
        serveAsking(Snapshots.provider("a", "anthropic", anthropic.url()), null);
        await().until(() -> counted("good"));
        assertThat(anthropic.seen.getFirst().uri()).isEqualTo("/v1/messages");
        assertThat(anthropic.seen.getFirst().json().getInteger("max_tokens")).isEqualTo(1);
        assertThat(recordsOfChecks().getFirst().getInteger("input_tokens")).isEqualTo(8);
        var gemini =
                asking(
                        """
                        {"candidates":[{"content":{"role":"model","parts":[]},
                        "finishReason":"MAX_TOKENS"}],"usageMetadata":{"promptTokenCount":3,
                        "thoughtsTokenCount":1,"totalTokenCount":4}}""");
        int before = recordsOfChecks().size();
        serveMore(Snapshots.provider("a", "gemini", gemini.url()));
        await().until(() -> !gemini.seen.isEmpty() && recordsOfChecks().size() > before);
        assertThat(gemini.seen.getFirst().uri()).contains("model-1:generateContent");
        await().untilAsserted(
                        () -> {
                            var last = recordsOfChecks().getLast();
                            assertThat(last.getString("outcome")).isEqualTo("ok");
                            assertThat(last.getInteger("input_tokens")).isEqualTo(3);
                        });
    }

    private void serveMore(ProviderEntry provider) {
        serve(with(provider, check));
    }

    @Test
    void takesAProviderThatAnswersNoTokenOutAndBackIn() {
        check = often("model-1", SILENCE_MILLIS);
        serveAsking(openAi(asking(Harness.CHAT_ANSWER)), null);
        for (int bad : List.of(500, 401, 404, 0)) {
            answer.set(bad);
            await().until(() -> servedBy().equals("none"));
            assertThat(counted("bad")).isTrue();
            answer.set(200);
            await().until(() -> servedBy().equals("a"));
        }
        answer.set(429);
        int before = asked.get();
        await().until(() -> asked.get() > before + 4);
        assertThat(servedBy()).as("somebody is there").isEqualTo("a");
    }

    @Test
    void chargesTheHoldForSilenceAndNothingForARefusal() {
        check = often("model-1", SILENCE_MILLIS);
        answer.set(0);
        serveAsking(openAi(asking(Harness.CHAT_ANSWER)), null);
        await().until(() -> !recordsOfChecks().isEmpty());
        assertThat(recordsOfChecks().getFirst().getString("outcome")).isEqualTo("timeout");
        var silent = harness.gate.settled.getFirst();
        assertThat(silent.cost()).isEqualTo(silent.claim().bound());
        assertThat(silent.assumed()).isTrue();
        answer.set(400);
        await().until(() -> harness.gate.settled.getLast().cost().nanos() == 0);
    }

    @Test
    void skipsChecksThatTheBudgetRefusesAndForgetsWhatTheySaidBefore() {
        answer.set(500);
        harness.gate.purseNanos.set(0);
        serveAsking(openAi(asking(Harness.CHAT_ANSWER)), null);
        await().until(() -> harness.gate.claims.size() > 5);
        assertThat(counted("skipped_budget")).isTrue();
        assertThat(asked.get()).as("checks that were sent").isZero();
        assertThat(recordsOfChecks()).isEmpty();
        assertThat(harness.proxy().lastMinute()).noneMatch(TargetStates.Recent::unhealthy);
        harness.gate.purseNanos.set(Long.MAX_VALUE / 2);
        await().until(() -> servedBy().equals("none"));
        harness.gate.purseNanos.set(0);
        answer.set(200);
        int then = harness.gate.claims.size();
        await().until(() -> harness.gate.claims.size() > then + 5);
        assertThat(harness.proxy().lastMinute())
                .as("it is not unhealthy for ever because nobody can ask")
                .noneMatch(TargetStates.Recent::unhealthy);
        harness.gate.purseNanos.set(Long.MAX_VALUE / 2);
        await().until(() -> servedBy().equals("a"));
    }

    @Test
    void skipsChecksAboveALimitOfTheProvidersNamespace() {
        serveAsking(openAi(asking(Harness.CHAT_ANSWER)), new LimitsEntry(2L, null, null, 100));
        await().until(() -> counted("skipped_limit"));
        assertThat(asked.get()).isEqualTo(2);
    }

    @Test
    void aBugInACheckHarmsNothingAndIsNoVerdict() {
        harness.gate.bug.set("reserve");
        serveAsking(openAi(asking(Harness.CHAT_ANSWER)), null);
        await().until(() -> counted("skipped_internal_error"));
        await().until(() -> counted("good"));
        harness.gate.bug.set("admission");
        await().until(() -> harness.gate.bug.get().isEmpty());
        int before = recordsOfChecks().size();
        await().until(() -> recordsOfChecks().size() > before + 1);
        harness.gate.bug.set("settle");
        await().until(() -> harness.gate.bug.get().isEmpty());
        int after = recordsOfChecks().size();
        await().until(() -> recordsOfChecks().size() > after + 1);
        assertThat(counted("bad")).isFalse();
        // its call went out, and nobody has settled it
        harness.violations.put(Invariant.I9, 1L);
    }

    @Test
    void noCheckGoesOutUnderAHoldThatDoesNotCount() {
        harness.gate.uncounted = claim -> true;
        var asked = openAi(asking(Harness.CHAT_ANSWER));
        serveAsking(asked, null);
        await().until(() -> counted("skipped_internal_error"));
        harness.gate.uncounted = claim -> false;
        await().until(() -> counted("good"));
        long stopped = harness.proxy().metrics().violations(Invariant.I6);
        assertThat(stopped).isPositive();
        harness.violations.put(Invariant.I6, stopped);
        assertThat(counted("bad")).isFalse();
    }

    @Test
    void aBugOnceACheckWasSentIsNoVerdictEither() {
        // no header can hold such a key
        harness.credentials(Map.of("platform/a/api-key", "sk\na"));
        serveAsking(openAi(asking(Harness.CHAT_ANSWER)), null);
        await().until(() -> recordsOfChecks().size() > 2 * check.unhealthyAfter());
        assertThat(counted("skipped_internal_error")).isTrue();
        assertThat(counted("bad")).isFalse();
        assertThat(harness.proxy().lastMinute()).noneMatch(TargetStates.Recent::unhealthy);
    }
}
