package dev.tollgate.dataplane.exchange;

import static dev.tollgate.dataplane.exchange.Harness.answers;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tollgate.policy.route.Candidate;
import dev.tollgate.policy.snapshot.BudgetBuilder;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.LimitsEntry;
import dev.tollgate.policy.snapshot.ProviderEntry;
import dev.tollgate.policy.snapshot.RuleEntry;
import io.vertx.core.http.HttpServerRequest;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Limits of providers and teams over real sockets. */
class LimitsTest {

    private final Harness harness = new Harness();

    @AfterEach
    void close() {
        harness.close();
    }

    private static ProviderEntry limited(ProviderEntry entry, LimitsEntry limits) {
        return Snapshots.guarded(entry, limits, null);
    }

    private static BudgetEntry limited(LimitsEntry limits) {
        return BudgetBuilder.as(Snapshots.budget("1000000")).limits(limits).build();
    }

    private static BudgetEntry suspended(BudgetEntry budget) {
        return BudgetBuilder.as(budget).suspended(true).build();
    }

    private void start(BudgetEntry budget, ProviderEntry... providers) {
        var all = List.of(providers);
        harness.apply(
                Snapshots.of(
                        all,
                        List.of(Snapshots.chain("model-1", Snapshots.retry(3, null), all)),
                        List.of(budget),
                        List.of(Harness.clientKey()),
                        List.of()));
        harness.start();
    }

    private static ProviderEntry provider(String name, Harness.Upstream upstream) {
        return Snapshots.provider(name, "openai-chat", upstream.url() + "/v1");
    }

    private String servedBy() {
        return harness.chat(Harness.chat("model-1", false))
                .headers()
                .firstValue("x-tollgate-provider")
                .orElse("none");
    }

    @Test
    void skipsAProviderThatIsNearItsLimitBeforeItAnswers429() {
        var a = harness.upstream(answers(200, Harness.CHAT_ANSWER));
        var b = harness.upstream(answers(200, Harness.CHAT_ANSWER));
        start(
                Snapshots.budget("1000000"),
                limited(provider("a", a), new LimitsEntry(4L, null, null, 50)),
                provider("b", b));
        assertThat(List.of(servedBy(), servedBy(), servedBy(), servedBy()))
                .containsExactly("a", "a", "b", "b");
        assertThat(a.seen).hasSize(2);
    }

    @Test
    void saysThatABudgetIsSuspendedRatherThanThatItsLimitIsReached() {
        var a = harness.upstream(answers(200, Harness.CHAT_ANSWER));
        start(suspended(limited(new LimitsEntry(1L, null, null, 100))), provider("a", a));
        for (int i = 0; i < 3; i++) {
            var refused = harness.chat(Harness.chat("model-1", false));
            assertThat(refused.statusCode()).isEqualTo(403);
            assertThat(refused.body()).contains("suspended");
        }
        assertThat(a.seen).isEmpty();
    }

    @Test
    void tellsTheClientWhenToComeBackWhenEveryProviderIsNearItsLimit() {
        var a = harness.upstream(answers(200, Harness.CHAT_ANSWER));
        start(
                Snapshots.budget("1000000"),
                limited(provider("a", a), new LimitsEntry(null, 15L, null, 100)));
        assertThat(servedBy()).isEqualTo("a");
        var refused = harness.chat(Harness.chat("model-1", false));
        assertThat(refused.statusCode()).isEqualTo(429);
        assertThat(refused.headers().firstValueAsLong("retry-after").orElse(0)).isBetween(1L, 60L);
    }

    @Test
    void believesAProviderThatSaysItsQuotaIsNearlySpent() {
        var a =
                harness.upstream(
                        request -> {
                            request.response()
                                    .putHeader("x-ratelimit-limit-requests", "100")
                                    .putHeader("x-ratelimit-remaining-requests", "2")
                                    .putHeader("x-ratelimit-reset-requests", "30s");
                            answers(200, Harness.CHAT_ANSWER).handle(request);
                        });
        var b = harness.upstream(answers(200, Harness.CHAT_ANSWER));
        start(Snapshots.budget("1000000"), provider("a", a), provider("b", b));
        assertThat(List.of(servedBy(), servedBy())).containsExactly("a", "b");
    }

    @Test
    void sendsNoMoreCallsAtATimeThanTheProviderTakes() {
        var open = new CopyOnWriteArrayList<HttpServerRequest>();
        var a = harness.upstream(open::add);
        var b = harness.upstream(answers(200, Harness.CHAT_ANSWER));
        start(
                Snapshots.budget("1000000"),
                limited(provider("a", a), new LimitsEntry(null, null, 1, 100)),
                provider("b", b));
        var first = CompletableFuture.supplyAsync(this::servedBy);
        await().until(() -> open.size() == 1);
        assertThat(servedBy()).isEqualTo("b");
        answers(200, Harness.CHAT_ANSWER).handle(open.getFirst());
        assertThat(first.join()).isEqualTo("a");
        var third = CompletableFuture.supplyAsync(this::servedBy);
        await().until(() -> open.size() == 2);
        answers(200, Harness.CHAT_ANSWER).handle(open.getLast());
        assertThat(third.join()).isEqualTo("a");
    }

    @Test
    void whoWasChosenWhileThereWasRoomIsCountedOnlyIfThereStillIs() {
        var provider =
                limited(
                        Snapshots.provider("a", "openai-chat", "http://127.0.0.1:1/v1"),
                        new LimitsEntry(null, null, 2, 100));
        var model = provider.models().getFirst();
        var target = new RuleEntry.TargetEntry("a", provider.key(), model.name(), null, 0, 1, null);
        var candidate = new Candidate(target, provider, model);
        var states = new TargetStates(() -> 1);
        states.retain(Snapshots.of(List.of(provider), List.of(), List.of(), List.of(), List.of()));
        assertThat(states.acquire(candidate, 1)).isTrue();
        assertThat(states.acquire(candidate, 1)).isTrue();
        assertThat(states.acquire(candidate, 1)).isFalse();
        states.unused(candidate, 0);
        assertThat(states.acquire(candidate, 1)).isTrue();
        assertThat(states.acquire(candidate, 1)).isFalse();
    }

    @Test
    void refusesATeamAboveItsLimitInItsDialectAndAsksNobody() {
        var a = harness.upstream(answers(200, Harness.CHAT_ANSWER));
        start(limited(new LimitsEntry(2L, null, null, 100)), provider("a", a));
        servedBy();
        servedBy();
        var refused = harness.chat(Harness.chat("model-1", false));
        assertThat(refused.statusCode()).isEqualTo(429);
        assertThat(refused.body()).contains("team-a/monthly", "2 requestsPerMinute");
        assertThat(refused.headers().firstValueAsLong("retry-after").orElse(0)).isBetween(1L, 60L);
        assertThat(harness.record(3).getString("outcome")).isEqualTo("rate_limited");
        assertThat(a.seen).hasSize(2);
    }
}
