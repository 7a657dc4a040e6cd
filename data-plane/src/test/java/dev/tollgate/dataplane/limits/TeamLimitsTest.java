package dev.tollgate.dataplane.limits;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.policy.share.Amounts;
import dev.tollgate.policy.share.LimitKey;
import dev.tollgate.policy.share.RateUse;
import dev.tollgate.policy.snapshot.BudgetBuilder;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.LimitsEntry;
import dev.tollgate.policy.snapshot.NamespaceSet;
import dev.tollgate.policy.snapshot.SettingsEntry;
import dev.tollgate.policy.snapshot.Snapshot;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class TeamLimitsTest {

    private static final Instant NOW = Instant.parse("2026-11-21T09:00:00Z");
    private final AtomicInteger proxies = new AtomicInteger(1);
    private final TeamLimits limits = new TeamLimits(proxies::get);

    private static BudgetEntry budget(
            String key,
            boolean perNamespace,
            @Nullable Long requests,
            @Nullable Long tokens,
            @Nullable Integer concurrent) {
        return BudgetBuilder.budget(key)
                .limits(new LimitsEntry(requests, tokens, concurrent, 100))
                .namespaces(NamespaceSet.everyone())
                .perNamespace(perNamespace)
                .build();
    }

    private TeamLimits.Entry enter(long tokens, long afterSeconds, BudgetEntry... budgets) {
        return limits.enter(List.of(budgets), "team-a", tokens, NOW.plusSeconds(afterSeconds));
    }

    private static TeamLimits.Pass in(TeamLimits.Entry entry) {
        assertThat(entry).isInstanceOf(TeamLimits.Entry.In.class);
        return ((TeamLimits.Entry.In) entry).pass();
    }

    private static TeamLimits.Entry.Full full(TeamLimits.Entry entry) {
        assertThat(entry).isInstanceOf(TeamLimits.Entry.Full.class);
        return (TeamLimits.Entry.Full) entry;
    }

    @Test
    void refusesTheRequestAboveTheLimitAndSaysWhenThereIsRoom() {
        var budget = budget("team-a/rate", false, 2L, null, null);
        in(enter(1, 0, budget));
        in(enter(1, 10, budget));
        var refused = full(enter(1, 15, budget));
        assertThat(refused.retrySeconds()).isEqualTo(45);
        assertThat(refused.message()).contains("team-a/rate", "2 requestsPerMinute", "45 s");
        in(enter(1, 60, budget));
    }

    @Test
    void countsTheTokensThatWereUsedNotOnlyThoseThatWereGuessed() {
        var budget = budget("team-a/rate", false, null, 1_000L, null);
        in(enter(100, 0, budget)).end(900, NOW);
        in(enter(100, 1, budget));
        assertThat(full(enter(1, 2, budget)).kind()).isEqualTo("tokensPerMinute");
    }

    @Test
    void letsOneRequestThroughThatIsLargerThanTheWholeLimit() {
        var budget = budget("team-a/rate", false, null, 1_000L, null);
        in(enter(5_000, 0, budget));
        full(enter(1, 59, budget));
        in(enter(5_000, 60, budget));
    }

    @Test
    void limitsRequestsAtATime() {
        var budget = budget("team-a/rate", false, null, null, 2);
        var first = in(enter(1, 0, budget));
        in(enter(1, 0, budget));
        full(enter(1, 0, budget));
        first.end(1, NOW);
        in(enter(1, 0, budget));
    }

    @Test
    void countsInAllBudgetsOrInNone() {
        var wide = budget("org/rate", false, 2L, null, null);
        var narrow = budget("team-a/rate", false, 1L, null, null);
        in(enter(1, 0, wide, narrow));
        full(enter(1, 0, wide, narrow));
        full(enter(1, 0, wide, narrow));
        in(enter(1, 0, wide));
        full(enter(1, 0, wide));
    }

    @Test
    void countsEachNamespaceForItselfWhereTheBudgetSaysSo() {
        var each = budget("org/each", true, 1L, null, null);
        in(enter(1, 0, each));
        full(enter(1, 0, each));
        in(limits.enter(List.of(each), "team-b", 1, NOW));
    }

    @Test
    void takesItsShareOfAFleetsLimit() {
        proxies.set(3);
        var budget = budget("team-a/rate", false, 6L, null, null);
        in(enter(1, 0, budget));
        in(enter(1, 0, budget));
        full(enter(1, 0, budget));
        proxies.set(2);
        in(enter(1, 0, budget));
    }

    private void stated(BudgetEntry budget) {
        limits.apply(
                new Snapshot(
                        Snapshot.SCHEMA_VERSION,
                        "tollgate-system",
                        new SettingsEntry(
                                SettingsEntry.EndpointPolicy.ANY,
                                SettingsEntry.Unbudgeted.ALLOW,
                                List.of("team-a")),
                        List.of(),
                        List.of(),
                        List.of(budget),
                        List.of(),
                        List.of()));
    }

    @Test
    void keepsToTheShareThatItWasTold() {
        proxies.set(2);
        var budget = budget("team-a/rate", false, 6L, null, null);
        stated(budget);
        limits.told("team-a/rate", "", new Amounts(4, Amounts.UNLIMITED, Amounts.UNLIMITED));
        for (int i = 0; i < 4; i++) {
            in(enter(1, 0, budget));
        }
        assertThat(full(enter(1, 0, budget)).limit()).isEqualTo(6);
        limits.told("team-a/rate", "", new Amounts(5, Amounts.UNLIMITED, Amounts.UNLIMITED));
        in(enter(1, 0, budget));
        full(enter(1, 0, budget));
    }

    @Test
    void asksToComeBackSoonWhileItsShareMayGrow() {
        var budget = budget("team-a/rate", false, 6L, null, null);
        stated(budget);
        limits.told("team-a/rate", "", new Amounts(1, Amounts.UNLIMITED, Amounts.UNLIMITED));
        in(enter(1, 0, budget));
        assertThat(full(enter(1, 10, budget)).retrySeconds()).isEqualTo(2);
        assertThat(full(enter(1, 12, budget)).retrySeconds()).isEqualTo(2);
        // it did not grow: the others need theirs
        assertThat(full(enter(1, 13, budget)).retrySeconds()).isEqualTo(47);
    }

    @Test
    void saysWhatItUsesAndWhatItHadToRefuse() {
        proxies.set(3);
        var budget = budget("team-a/rate", false, 6L, null, 9);
        stated(budget);
        in(enter(10, 0, budget));
        in(enter(10, 0, budget));
        full(enter(10, 0, budget));
        assertThat(limits.uses(NOW.getEpochSecond()))
                .containsExactly(
                        new RateUse(
                                LimitKey.budget("team-a/rate", ""),
                                null,
                                new Amounts(2, 20, 2),
                                new Amounts(3, 20, 2)));
        assertThat(limits.uses(NOW.plusSeconds(60).getEpochSecond()))
                .extracting(RateUse::demand)
                .containsExactly(new Amounts(0, 0, 2));
    }

    @Test
    void takesNoShareOfALimitThatIsNotStated() {
        limits.told("team-a/rate", "", new Amounts(4, 4, 4));
        assertThat(limits.uses(NOW.getEpochSecond())).isEmpty();
    }
}
