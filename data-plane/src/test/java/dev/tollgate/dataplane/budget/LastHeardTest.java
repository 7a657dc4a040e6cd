package dev.tollgate.dataplane.budget;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.HolderId;
import dev.tollgate.policy.budget.LedgerEffect;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class LastHeardTest {

    private static final HolderId HOLDER = new HolderId("log-1", 1);
    private static final AccountKey MONTH =
            AccountKey.parse("team-a/b//2026-11-01T00:00:00Z--2026-12-01T00:00:00Z");
    private static final AccountKey WEEK =
            AccountKey.parse("team-a/b//2026-11-16T00:00:00Z--2026-11-23T00:00:00Z");
    private static final Duration DAY = Duration.ofDays(1);

    private final LastHeard heard = new LastHeard();

    private void hear(AccountKey account, long micros, Duration left, long nowNanos) {
        var state = new LedgerEffect.State(HOLDER, account, 100, micros, 0, left, false, micros);
        heard.hear(state, nowNanos);
    }

    @Test
    void knowsTheAccountsOfAllPeriodsOfABudgetAndShowsTheLast() {
        hear(MONTH, 7, DAY, 0);
        hear(WEEK, 5, DAY, 0);
        assertThat(heard.spentNanos(MONTH)).isEqualTo(7_000);
        assertThat(heard.spentNanos(WEEK)).isEqualTo(5_000);
        assertThat(heard.all(0, _ -> true))
                .extracting(LastHeard.Standing::account)
                .containsExactly(WEEK);
    }

    @Test
    void showsTheLastOfThoseThatAreWanted() {
        hear(MONTH, 7, DAY, 0);
        hear(WEEK, 5, DAY, 0);
        assertThat(heard.all(0, MONTH::equals))
                .extracting(LastHeard.Standing::account)
                .containsExactly(MONTH);
        assertThat(heard.all(0, _ -> false)).isEmpty();
    }

    @Test
    void aWindowThatIsOverReplacesNoneAndGivesWay() {
        hear(MONTH, 7, Duration.ofSeconds(1), 0);
        hear(WEEK, 5, DAY, 0);
        hear(MONTH, 8, Duration.ZERO, 2_000_000_000L);
        assertThat(heard.spentNanos(MONTH)).isEqualTo(8_000);
        assertThat(heard.all(2_000_000_000L, _ -> true))
                .extracting(LastHeard.Standing::account)
                .containsExactly(WEEK);
        hear(WEEK, 6, DAY, 3_000_000_000L);
        assertThat(heard.spentNanos(MONTH)).isZero();
        hear(MONTH, 8, Duration.ZERO, 4_000_000_000L);
        assertThat(heard.spentNanos(MONTH)).isZero();
    }

    @Test
    void forgetsWhatIsLongOver() {
        hear(MONTH, 7, DAY, 0);
        hear(AccountKey.parse("team-a/c//2026-11-16T00:00:00Z--2026-11-23T00:00:00Z"), 5, DAY, 0);
        hear(AccountKey.parse("team-a/d//lifetime"), 5, null, 0);
        hear(MONTH, 8, DAY, DAY.toNanos());
        heard.forgetOver(DAY.plusMinutes(59).toNanos());
        assertThat(heard.size()).isEqualTo(3);
        heard.forgetOver(DAY.plusMinutes(60).toNanos());
        assertThat(heard.size()).isEqualTo(2);
        assertThat(heard.spentNanos(MONTH)).isEqualTo(8_000);
        assertThat(heard.spentNanos(AccountKey.parse("team-a/d//lifetime"))).isEqualTo(5_000);
    }

    @Test
    void knowsTheClockOfTheLedgerByTheWindowThatGoesOn() {
        assertThat(heard.isOver(MONTH.window(), Long.MAX_VALUE)).isFalse();
        hear(MONTH, 7, DAY, 0);
        assertThat(heard.isOver(WEEK.window(), 0)).isTrue();
        assertThat(heard.isOver(MONTH.window(), DAY.toNanos() - 1)).isFalse();
        assertThat(heard.isOver(MONTH.window(), DAY.toNanos())).isTrue();
        hear(MONTH, 7, DAY, DAY.toNanos());
        assertThat(heard.isOver(MONTH.window(), DAY.toNanos())).isFalse();
        hear(WEEK, 7, Duration.ZERO, DAY.toNanos());
        assertThat(heard.isOver(MONTH.window(), 2 * DAY.toNanos())).isTrue();
    }
}
