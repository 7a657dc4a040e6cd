package dev.tollgate.dataplane.exchange;

import static dev.tollgate.dataplane.exchange.Harness.answers;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.snapshot.BudgetBuilder;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.ProviderEntry;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FailoverTest {

    private static final String ERROR_500 = "{\"error\":{\"message\":\"boom sk-secret-key\"}}";
    private static final String ERROR_400 =
            "{\"error\":{\"message\":\"bad temperature\",\"type\":\"invalid_request_error\","
                    + "\"param\":\"temperature\",\"code\":null}}";

    private final Harness harness = new Harness();
    private final List<Harness.Upstream> upstreams = new ArrayList<>();
    private List<ProviderEntry> served = List.of();
    private Long perTry;
    private ProviderEntry.Breaker circuit = new ProviderEntry.Breaker(3, 400, 2_000, 1);

    @AfterEach
    void close() {
        harness.close();
    }

    @SafeVarargs
    private void start(Handler<HttpServerRequest>... behaviours) {
        var providers = new ArrayList<ProviderEntry>();
        for (var behaviour : behaviours) {
            var upstream = harness.upstream(behaviour);
            upstreams.add(upstream);
            providers.add(provider(providers.size(), upstream.url() + "/v1"));
        }
        serve(providers);
    }

    private ProviderEntry provider(int index, String url) {
        var entry =
                Snapshots.provider(
                        String.valueOf((char) ('a' + index)),
                        "openai-chat",
                        url,
                        Snapshots.timeouts(Snapshots.PATIENT_MILLIS),
                        true);
        return Snapshots.broken(entry, circuit);
    }

    private void serve(List<ProviderEntry> providers) {
        served = providers;
        apply(Snapshots.budget("1000000"));
        harness.start();
    }

    private void apply(BudgetEntry budget) {
        harness.apply(
                Snapshots.of(
                        served,
                        List.of(Snapshots.chain("fast", Snapshots.retry(3, perTry), served)),
                        List.of(budget),
                        List.of(Harness.clientKey()),
                        List.of()));
    }

    private String outcome(JsonObject record, int attempt) {
        return record.getJsonArray("attempts").getJsonObject(attempt).getString("outcome");
    }

    @Test
    void theNextTargetServesAfterAServerError() {
        start(answers(500, ERROR_500), answers(200, Harness.CHAT_ANSWER));
        var answer = harness.chat(Harness.chat("fast", false));
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("x-tollgate-provider")).hasValue("b");
        assertThat(answer.headers().firstValue("x-tollgate-attempts")).hasValue("2");
        var record = harness.record(1);
        assertThat(record.getBoolean("fallback_used")).isTrue();
        assertThat(outcome(record, 0)).isEqualTo("server_error");
        assertThat(outcome(record, 1)).isEqualTo("ok");
        assertThat(harness.gate.settled).hasSize(2);
    }

    @Test
    void theNextTargetServesAfterARateLimit() {
        start(
                request ->
                        request.response()
                                .setStatusCode(429)
                                .putHeader("retry-after", "30")
                                .end("{\"error\":{\"message\":\"slow down\"}}"),
                answers(200, Harness.CHAT_ANSWER));
        assertThat(harness.chat(Harness.chat("fast", false)).statusCode()).isEqualTo(200);
        assertThat(outcome(harness.record(1), 0)).isEqualTo("rate_limited");
        // it asked to wait, so it is no candidate for the next request
        harness.chat(Harness.chat("fast", false));
        assertThat(upstreams.get(0).seen).hasSize(1);
        assertThat(upstreams.get(1).seen).hasSize(2);
    }

    @Test
    void aRateLimitCostsNothingAndATimeoutOfTheProviderItsHold() {
        start(
                answers(429, "{\"error\":{\"message\":\"slow down\"}}"),
                answers(408, "{\"error\":{\"message\":\"The operation was timeout.\"}}"),
                answers(200, Harness.CHAT_ANSWER));
        assertThat(harness.chat(Harness.chat("fast", false)).statusCode()).isEqualTo(200);
        var settled = harness.gate.settled;
        assertThat(settled.get(0).cost().nanos()).isZero();
        assertThat(settled.get(1).cost()).isEqualTo(settled.get(1).claim().bound());
        assertThat(settled.get(1).assumed()).isTrue();
    }

    private static final String TIMED_OUT =
            "{\"error\":{\"message\":\"The operation was timeout.\"}}";

    private static final String CHAT = Harness.chat("fast", false);
    private static final String FIXED = CHAT.replaceFirst("}$", ",\"max_tokens\":100}");

    /** Of one attempt, where the first costs its hold; and all that was told of it is forgotten. */
    private Money boundOf(String body) {
        assertThat(harness.chat(body).statusCode()).isEqualTo(200);
        assertThat(harness.gate.settled.getFirst().cost().nanos()).isPositive();
        var bound = harness.gate.claims.getFirst().bound();
        harness.record(1);
        harness.records.all.clear();
        harness.gate.claims.clear();
        harness.gate.settled.clear();
        upstreams.forEach(upstream -> upstream.seen.clear());
        return bound;
    }

    private static Money half(Money money) {
        return new Money(money.nanos() / 2);
    }

    private HttpResponse<String> within(Money ceiling, String body) {
        return harness.send(
                harness.post("/v1/chat/completions", body)
                        .header("x-tollgate-max-cost", ceiling.toString()));
    }

    private void assertNoSecondAttempt(Money ceiling) {
        assertThat(upstreams.get(0).seen).hasSize(1);
        assertThat(upstreams.get(1).seen).isEmpty();
        assertThat(harness.record(1).getJsonArray("attempts")).hasSize(1);
        assertThat(harness.gate.claims).hasSize(1);
        assertThat(harness.gate.settled).singleElement();
        assertThat(harness.gate.settled.getFirst().cost().isMoreThan(ceiling)).isFalse();
    }

    @Test
    void whatAFailedAttemptCostsCountsTowardsTheCallersCeiling() {
        start(answers(408, TIMED_OUT), answers(200, Harness.CHAT_ANSWER));
        var bound = boundOf(FIXED);
        var ceiling = bound.plus(half(bound));
        assertThat(within(ceiling, FIXED).statusCode()).isGreaterThanOrEqualTo(400);
        assertNoSecondAttempt(ceiling);
        // with room for both it is asked
        assertThat(within(bound.plus(bound), FIXED).statusCode()).isEqualTo(200);
    }

    @Test
    void whatAFailedAttemptCostsCountsTowardsTheCeilingOfABudget() {
        start(answers(408, TIMED_OUT), answers(200, Harness.CHAT_ANSWER));
        var bound = boundOf(FIXED);
        var ceiling = bound.plus(half(bound));
        apply(BudgetBuilder.as(Snapshots.budget("1000000")).ceiling(ceiling.nanos()).build());
        assertThat(harness.chat(FIXED).statusCode()).isGreaterThanOrEqualTo(400);
        assertNoSecondAttempt(ceiling);
    }

    @Test
    void theNextTargetMayWriteOnlyWhatAFailedAttemptLeavesOfTheCeiling() {
        start(answers(408, TIMED_OUT), answers(200, Harness.CHAT_ANSWER));
        var bound = boundOf(CHAT);
        var ceiling = bound.plus(half(bound));
        var answer = within(ceiling, CHAT);
        assertThat(answer.statusCode()).isEqualTo(200);
        var claims = harness.gate.claims;
        assertThat(claims).hasSize(2);
        assertThat(claims.get(0).bound()).isEqualTo(bound);
        assertThat(claims.get(0).bound().plus(claims.get(1).bound()).isMoreThan(ceiling)).isFalse();
        assertThat(upstreams.get(1).last().json().getInteger("max_completion_tokens"))
                .isLessThan(4_096);
        assertThat(limit(answer)).isEqualTo(limitOf(upstreams.get(1)));
    }

    private static String limit(HttpResponse<String> answer) {
        return answer.headers().firstValue("x-tollgate-max-tokens").orElse("");
    }

    private static String limitOf(Harness.Upstream upstream) {
        return upstream.last().json().getInteger("max_completion_tokens").toString();
    }

    @Test
    void theAnswerTellsNoLimitOfATargetThatFailed() {
        start(answers(408, TIMED_OUT), answers(200, Harness.CHAT_ANSWER));
        var bound = boundOf(CHAT);
        harness.gate.refusals.add(OpenGate.exhausted(half(bound)));
        var answer = harness.chat(CHAT);
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(limitOf(upstreams.get(0))).isNotEqualTo("4096");
        assertThat(limitOf(upstreams.get(1))).isEqualTo("4096");
        assertThat(limit(answer)).isEmpty();
    }

    @Test
    void theNextTargetServesWhenTheFirstCannotBeReached() {
        var dead = provider(0, "http://127.0.0.1:1/v1");
        var upstream = harness.upstream(answers(200, Harness.CHAT_ANSWER));
        serve(List.of(dead, provider(1, upstream.url() + "/v1")));
        assertThat(harness.chat(Harness.chat("fast", false)).statusCode()).isEqualTo(200);
        var record = harness.record(1);
        assertThat(outcome(record, 0)).isEqualTo("connect_failure");
        assertThat(harness.gate.settled.getFirst().cost().nanos()).isZero();
    }

    @Test
    void theNextTargetServesWhenTheFirstIsSilent() {
        perTry = 4_000L;
        start(request -> {}, answers(200, Harness.CHAT_ANSWER));
        assertThat(harness.chat(Harness.chat("fast", false)).statusCode()).isEqualTo(200);
        var record = harness.record(1);
        assertThat(outcome(record, 0)).isEqualTo("timeout");
        // it may have worked for us: the hold is charged, and said to be assumed
        assertThat(harness.gate.settled.getFirst().assumed()).isTrue();
        assertThat(harness.gate.settled.getFirst().cost())
                .isEqualTo(harness.gate.claims.getFirst().bound());
    }

    @Test
    void theNextTargetServesWhenTheFirstDropsTheConnection() {
        start(request -> request.connection().close(), answers(200, Harness.CHAT_ANSWER));
        assertThat(harness.chat(Harness.chat("fast", false)).statusCode()).isEqualTo(200);
        assertThat(outcome(harness.record(1), 0)).isEqualTo("connection_lost");
    }

    @Test
    void aFaultOfTheClientIsNeverRetriedAndKeepsTheProvidersBytes() {
        start(answers(400, ERROR_400), answers(200, Harness.CHAT_ANSWER));
        var answer = harness.chat(Harness.chat("fast", false));
        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).isEqualTo(ERROR_400);
        assertThat(answer.headers().firstValue("x-should-retry")).hasValue("false");
        assertThat(upstreams.get(1).seen).isEmpty();
        assertThat(harness.record(1).getString("cost_usd")).isEqualTo("0");
    }

    @Test
    void aRefusedGatewayKeyIsNeverShownAndTheNextTargetServes() {
        start(
                answers(401, "{\"error\":{\"message\":\"Incorrect API key sk-a provided\"}}"),
                answers(200, Harness.CHAT_ANSWER));
        assertThat(harness.chat(Harness.chat("fast", false)).statusCode()).isEqualTo(200);
        assertThat(outcome(harness.record(1), 0)).isEqualTo("credential_rejected");
    }

    @Test
    void aRefusedGatewayKeyIsNeverShownWhenNobodyElseServes() {
        start(answers(401, "{\"error\":{\"message\":\"Incorrect API key sk-a provided\"}}"));
        var answer = harness.chat(Harness.chat("fast", false));
        assertThat(answer.statusCode()).isEqualTo(502);
        assertThat(answer.body()).doesNotContain("sk-a").contains("platform team");
    }

    private static final String MODEL_REFUSED =
            "{\"error\":{\"message\":\"Project `proj_abc` does not have access to model `m`\",\"code\":\"model_not_found\"}}";

    /** OpenAI: the account may use its other models. */
    @Test
    void aModelThatTheAccountMayNotUseIsServedByTheNextTargetAndSaysNothingOfTheCredential() {
        start(answers(403, MODEL_REFUSED), answers(200, Harness.CHAT_ANSWER));
        assertThat(harness.chat(Harness.chat("fast", false)).statusCode()).isEqualTo(200);
        assertThat(outcome(harness.record(1), 0)).isEqualTo("server_error");
    }

    @Test
    void aModelThatTheAccountMayNotUseIsNotFoundWhereNobodyElseServes() {
        start(answers(403, MODEL_REFUSED));
        var answer = harness.chat(Harness.chat("fast", false));
        assertThat(answer.statusCode()).isEqualTo(404);
        assertThat(answer.body()).contains("model_not_found").doesNotContain("proj_abc");
    }

    @Test
    void theLastFailureIsToldInTheGatewaysWords() {
        start(answers(500, ERROR_500), answers(500, ERROR_500));
        var answer = harness.chat(Harness.chat("fast", false));
        assertThat(answer.statusCode()).isEqualTo(502);
        assertThat(answer.body()).doesNotContain("boom").doesNotContain("sk-secret");
        assertThat(answer.headers().firstValue("x-should-retry")).hasValue("false");
        assertThat(harness.record(1).getString("outcome")).isEqualTo("provider_error");
    }

    @Test
    void theSameTargetIsTriedAgainWhenItIsTheLast() {
        var count = new AtomicInteger();
        start(
                request ->
                        (count.incrementAndGet() < 3
                                        ? answers(500, ERROR_500)
                                        : answers(200, Harness.CHAT_ANSWER))
                                .handle(request));
        // the third failure in a row would open the circuit
        assertThat(harness.chat(Harness.chat("fast", false)).statusCode()).isEqualTo(200);
        assertThat(harness.record(1).getJsonArray("attempts")).hasSize(3);
        assertThat(harness.record(1).getBoolean("fallback_used")).isFalse();
    }

    @Test
    void theCircuitOpensAfterThreeFailuresInARowAndCloses() {
        circuit = new ProviderEntry.Breaker(3, 6_000, 6_000, 1);
        var broken = new java.util.concurrent.atomic.AtomicBoolean(true);
        start(
                request ->
                        (broken.get() ? answers(500, ERROR_500) : answers(200, Harness.CHAT_ANSWER))
                                .handle(request),
                answers(200, Harness.CHAT_ANSWER));
        for (int i = 0; i < 5; i++) {
            assertThat(harness.chat(Harness.chat("fast", false)).statusCode()).isEqualTo(200);
        }
        assertThat(upstreams.get(0).seen).hasSize(3);
        assertThat(harness.admin("/metrics").body())
                .contains("tollgate_circuit_state{provider=\"platform/a\"} 2");
        broken.set(false);
        org.awaitility.Awaitility.await()
                .untilAsserted(
                        () ->
                                assertThat(
                                                harness.chat(Harness.chat("fast", false))
                                                        .headers()
                                                        .firstValue("x-tollgate-provider"))
                                        .hasValue("a"));
    }

    @Test
    void aRedirectIsNeverFollowed() {
        var other = harness.upstream(answers(200, Harness.CHAT_ANSWER));
        start(
                request ->
                        request.response()
                                .setStatusCode(307)
                                .putHeader("location", other.url() + "/v1/chat/completions")
                                .end());
        assertThat(harness.chat(Harness.chat("fast", false)).statusCode()).isEqualTo(502);
        assertThat(other.seen).isEmpty();
    }

    @Test
    void anUnreadableAnswerIsAFailureOfTheProvider() {
        start(answers(200, "<html>oops</html>"), answers(200, Harness.CHAT_ANSWER));
        assertThat(harness.chat(Harness.chat("fast", false)).statusCode()).isEqualTo(200);
        assertThat(outcome(harness.record(1), 0)).isEqualTo("unreadable_answer");
    }

    /** As OpenRouter's: the status was sent before the model failed. */
    @Test
    void anErrorInPlaceOfAnAnswerOfStatus200IsReadAsOne() {
        start(
                answers(200, "{\"error\":{\"message\":\"slow down\",\"code\":429}}"),
                answers(200, Harness.CHAT_ANSWER));
        assertThat(harness.chat(Harness.chat("fast", false)).statusCode()).isEqualTo(200);
        assertThat(outcome(harness.record(1), 0)).isEqualTo("rate_limited");
    }

    @Test
    void aRequestThatIsRefusedInPlaceOfAnAnswerIsNotTriedElsewhere() {
        start(
                answers(
                        200,
                        "{\"error\":{\"message\":\"This model's maximum context length is 8192"
                                + " tokens\",\"code\":400}}"),
                answers(200, Harness.CHAT_ANSWER));
        var answer = harness.chat(Harness.chat("fast", false));
        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).contains("context_length_exceeded", "maximum context length");
        assertThat(outcome(harness.record(1), 0)).isEqualTo("client_error");
        assertThat(upstreams.get(1).seen).isEmpty();
    }
}
