package dev.tollgate.dataplane.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tollgate.dataplane.budget.Admission;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.snapshot.BudgetBuilder;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.BudgetEntry.Mode;
import dev.tollgate.policy.snapshot.ModelEntry;
import dev.tollgate.policy.snapshot.ProviderEntry;
import io.vertx.core.Promise;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who has little left asks for a shorter answer; a Shadow asks for nothing. */
class ClampTest {

    private static final String LIMIT = "x-tollgate-max-tokens";

    private final Harness harness = new Harness();
    private Harness.Upstream upstream;

    @AfterEach
    void close() {
        harness.close();
    }

    private void start(BudgetEntry... budgets) {
        upstream = harness.upstream(Harness.answers(200, Harness.CHAT_ANSWER));
        var providers =
                List.of(thinking(Snapshots.provider("a", "openai-chat", upstream.url() + "/v1")));
        harness.apply(
                Snapshots.of(
                        providers,
                        List.of(Snapshots.chain("model-1", Snapshots.retry(3, null), providers)),
                        List.of(budgets),
                        List.of(Harness.clientKey()),
                        List.of()));
        harness.start();
    }

    /** The same with a model that reasons. */
    private static ProviderEntry thinking(ProviderEntry entry) {
        var model = entry.models().getFirst();
        var capabilities = new ArrayList<>(model.capabilities());
        capabilities.add("Reasoning");
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
                List.of(
                        new ModelEntry(
                                model.name(),
                                model.aliases(),
                                model.price(),
                                model.contextTokens(),
                                model.maxOutputTokens(),
                                capabilities,
                                model.quality(),
                                model.imageTokens())),
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

    private static BudgetEntry budget(String key) {
        return BudgetBuilder.as(Snapshots.budget("1000000"), key).build();
    }

    private void shortOf(String budget, Money left) {
        harness.gate.refusals.add(refused(budget, left));
    }

    private static Admission.Refused refused(String budget, Money left) {
        return new Admission.Refused(
                Admission.RefusalKind.EXHAUSTED,
                budget,
                Money.parse("1"),
                left,
                null,
                Duration.ofMinutes(5),
                "Budget " + budget + " is exhausted");
    }

    private HttpResponse<String> ask() {
        return harness.chat(Harness.chat("model-1", false));
    }

    private Money wholeBound() {
        assertThat(ask().statusCode()).isEqualTo(200);
        return harness.gate.claims.getLast().bound();
    }

    @Test
    void eachBudgetThatHasLessLeftThanTheOneBeforeMakesTheAnswerShorter() {
        start(budget("team-a/one"), budget("team-a/two"));
        long whole = wholeBound().nanos();
        shortOf("team-a/one", new Money(whole / 2));
        shortOf("team-a/two", new Money(whole / 4));
        var answer = ask();
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(answer.headers().firstValueAsLong(LIMIT).orElseThrow()).isLessThan(4_096 / 3);
        assertThat(harness.gate.claims.getLast().bound().nanos()).isLessThanOrEqualTo(whole / 4);
    }

    @Test
    void oneBudgetMakesItShorterOnce() {
        start(budget("team-a/one"));
        long whole = wholeBound().nanos();
        shortOf("team-a/one", new Money(whole / 2));
        shortOf("team-a/one", new Money(whole / 4));
        assertThat(ask().statusCode()).isEqualTo(429);
        assertThat(harness.gate.claims).hasSize(3);
    }

    @Test
    void aBudgetThatCannotBeShortGivesNoFurtherTry() {
        var one = budget("team-a/one");
        start(
                one,
                BudgetBuilder.as(one, "team-a/soft").mode(Mode.SOFT).build(),
                BudgetBuilder.as(one, "team-a/shadow").mode(Mode.SHADOW).build(),
                BudgetBuilder.as(one, "team-a/refuses")
                        .holding(new BudgetEntry.Holding(false, false))
                        .build(),
                BudgetBuilder.as(one, "team-a/ceiling")
                        .limit((Long) null)
                        .ceiling(Money.parse("1").nanos())
                        .build());
        long whole = wholeBound().nanos();
        shortOf("team-a/one", new Money(whole / 2));
        shortOf("team-a/one", new Money(whole / 4));
        assertThat(ask().statusCode()).isEqualTo(429);
        assertThat(harness.gate.claims).hasSize(3);
    }

    @Test
    void whatATryHasWaitedIsNotWaitedAgainByTheNext() throws Exception {
        start(budget("team-a/one"), budget("team-a/two"));
        long whole = wholeBound().nanos();
        var first = Promise.<Admission>promise();
        var second = Promise.<Admission>promise();
        harness.gate.waits.addAll(List.of(first, second));
        var answer =
                harness.http.sendAsync(
                        harness.post("/v1/chat/completions", Harness.chat("model-1", false))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
        long before = answerOf(first, 2, refused("team-a/one", new Money(whole / 2)));
        assertThat(before).as("of the first try").isZero();
        long once = answerOf(second, 3, refused("team-a/two", new Money(whole / 4)));
        assertThat(once).as("of the second try").isPositive();
        assertThat(answer.get(30, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
        assertThat(harness.gate.claims).hasSize(4);
        assertThat(harness.gate.claims.getLast().waitedNanos()).isGreaterThan(once);
    }

    /** What the claim of that number, which waits for it, said that it has waited before. */
    private long answerOf(Promise<Admission> wait, int number, Admission admission) {
        await().atMost(Duration.ofSeconds(30)).until(() -> harness.gate.claims.size() == number);
        wait.complete(admission);
        return harness.gate.claims.get(number - 1).waitedNanos();
    }

    /** So much less than the whole bound that the output limit has to be this. */
    private Money leftFor(long limit) {
        return new Money(wholeBound().nanos() - (4_096 - limit) * 2_000);
    }

    @ParameterizedTest
    @CsvSource({"low, 1280", "medium, 2304"})
    void whoAsksToReasonGetsALowerLimitThatLeavesRoomForItsThoughts(String effort, long least) {
        start(budget("team-a/one"));
        var left = leftFor(least);
        var thinks =
                Harness.chat("model-1", false)
                        .replaceFirst("\\{", "{\"reasoning_effort\":\"" + effort + "\",");
        long more = boundOf(thinks) - wholeBound().nanos();
        shortOf("team-a/one", new Money(left.nanos() + more));
        var answer = harness.chat(thinks);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(answer.headers().firstValueAsLong(LIMIT)).hasValue(least);
        shortOf("team-a/one", new Money(left.nanos() + more - 2_000));
        assertThat(harness.chat(thinks).statusCode()).isEqualTo(429);
    }

    private long boundOf(String body) {
        assertThat(harness.chat(body).statusCode()).isEqualTo(200);
        return harness.gate.claims.getLast().bound().nanos();
    }

    @Test
    void aThinkingBudgetFitsBelowTheLowerLimit() {
        start(budget("team-a/one"));
        var messages =
                """
                {"model":"model-1","max_tokens":4096,"thinking":{"type":"enabled","budget_tokens":2000},
                 "messages":[{"role":"user","content":"Hi"}]}""";
        assertThat(harness.send(harness.post("/v1/messages", messages)).statusCode())
                .isEqualTo(200);
        long whole = harness.gate.claims.getLast().bound().nanos();
        shortOf("team-a/one", new Money(whole - (4_096 - 2_256) * 2_000));
        var answer = harness.send(harness.post("/v1/messages", messages));
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(answer.headers().firstValueAsLong(LIMIT)).hasValue(2_256);
        shortOf("team-a/one", new Money(whole - (4_096 - 2_255) * 2_000));
        assertThat(harness.send(harness.post("/v1/messages", messages)).statusCode())
                .isEqualTo(429);
    }

    @Test
    void aCeilingThatMakesItShorterIsTold() {
        start(budget("team-a/one"));
        long whole = wholeBound().nanos();
        var answer =
                harness.send(
                        harness.post("/v1/chat/completions", Harness.chat("model-1", false))
                                .header("x-tollgate-max-cost", new Money(whole / 2).toString()));
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(answer.headers().firstValueAsLong(LIMIT).orElseThrow())
                .isBetween(1L, 4_095L)
                .isEqualTo(upstream.last().json().getLong("max_completion_tokens"));
    }

    @Test
    void theCeilingOfABudgetThatMakesItShorterIsTold() {
        start(BudgetBuilder.as(Snapshots.budget("1000000")).ceiling(5_000_000L).build());
        var answer = ask();
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(answer.headers().firstValueAsLong(LIMIT).orElseThrow())
                .isBetween(1L, 4_095L)
                .isEqualTo(upstream.last().json().getLong("max_completion_tokens"));
    }

    @ParameterizedTest
    @CsvSource({"low, 1280", "medium, 2304", "none, 256"})
    void aCeilingLeavesRoomForThoughts(String effort, long least) {
        start(budget("team-a/one"));
        var thinks =
                Harness.chat("model-1", false)
                        .replaceFirst("\\{", "{\"reasoning\":{\"effort\":\"" + effort + "\"},");
        long ceiling = boundOf(thinks) - (4_096 - least) * 2_000;
        var answer = underCeiling(thinks, ceiling);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(answer.headers().firstValueAsLong(LIMIT)).hasValue(least);
        var dearer = underCeiling(thinks, ceiling - 2_000);
        assertThat(dearer.statusCode()).as(dearer.body()).isEqualTo(400);
        assertThat(dearer.body()).contains("ask for less output");
    }

    private HttpResponse<String> underCeiling(String body, long nanos) {
        return harness.send(
                harness.post("/v1/chat/completions", body)
                        .header("x-tollgate-max-cost", new Money(nanos).toString()));
    }

    @Test
    void aLimitThatIsTheModelsOwnIsNotTold() {
        start(budget("team-a/one"));
        assertThat(ask().headers().firstValue(LIMIT)).isEmpty();
        assertThat(upstream.last().json().getLong("max_completion_tokens")).isEqualTo(4_096);
    }

    @Test
    void theCeilingOfAShadowNeitherRefusesNorMakesItShorter() {
        start(BudgetBuilder.as(Snapshots.budget("1000000")).mode(Mode.SHADOW).ceiling(1L).build());
        var answer = ask();
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(answer.headers().firstValue(LIMIT)).isEmpty();
    }
}
