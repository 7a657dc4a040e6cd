package dev.tollgate.operator.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.policy.budget.Account;
import dev.tollgate.policy.budget.AccountKey;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PacesTest {

    private static final AccountKey KEY = AccountKey.parse("team-a/trial//lifetime");
    private static final Instant NOW = Instant.parse("2026-11-21T09:00:00Z");

    private final Paces paces = new Paces();

    private static List<Account> spent(AccountKey key, long settled, long overrun) {
        return List.of(
                new Account(key, 10_000, settled, overrun, 0, null, 1, 1, List.of(), List.of()));
    }

    private Map<AccountKey, Long> at(Duration after, long settled) {
        var accounts = spent(KEY, settled, 0);
        paces.see(accounts, Set.of(), NOW.plus(after));
        return paces.perDay(accounts, NOW.plus(after));
    }

    @Test
    void knowsNoPaceBeforeItHasWatchedForTenMinutes() {
        assertThat(at(Duration.ZERO, 5_000)).isEmpty();
        assertThat(at(Paces.LEAST.minusSeconds(1), 5_009)).isEmpty();
        assertThat(at(Paces.LEAST, 5_010)).as("60 an hour").containsOnly(Map.entry(KEY, 1_440L));
        assertThat(at(Duration.ofHours(1), 5_030)).containsOnly(Map.entry(KEY, 720L));
    }

    @Test
    void isThatOfTheLastDay() {
        for (var minute = 0; minute <= 10 * 24 * 60; minute++) {
            at(Duration.ofMinutes(minute), 5_000 + minute);
        }
        assertThat(at(Duration.ofDays(10), 5_000 + 10 * 24 * 60))
                .containsOnly(Map.entry(KEY, 1_440L));
        assertThat(at(Duration.ofDays(10).plusHours(12), 5_000 + 10 * 24 * 60))
                .as("nothing for half a day")
                .containsOnly(Map.entry(KEY, 720L));
        for (var minute = 0; minute <= 24 * 60; minute++) {
            at(Duration.ofDays(11).plusMinutes(minute), 5_000 + 10 * 24 * 60);
        }
        assertThat(at(Duration.ofDays(12), 5_000 + 10 * 24 * 60)).containsOnly(Map.entry(KEY, 0L));
    }

    @Test
    void countsOverrunAndWhatWasSpentBeforeAReset() {
        paces.see(spent(KEY, 5_000, 100), Set.of(), NOW);
        var later = NOW.plus(Duration.ofHours(12));
        var reset =
                List.of(
                        new Account(
                                KEY, 20_000, 5_400, 200, 5_300, later, 2, 1, List.of(), List.of()));
        assertThat(paces.perDay(reset, later)).containsOnly(Map.entry(KEY, 1_000L));
    }

    @Test
    void whatAFrozenAccountIsRebuiltToWasNotSpentJustNow() {
        at(Duration.ZERO, 0);
        paces.see(spent(KEY, 0, 0), Set.of(KEY), NOW.plusSeconds(600));
        assertThat(at(Duration.ofSeconds(800), 9_000)).isEmpty();
        assertThat(at(Duration.ofSeconds(1_400), 9_000)).containsOnly(Map.entry(KEY, 0L));
    }

    @Test
    void watchesNoAccountThatHasAWindow() {
        var month = AccountKey.parse("team-a/trial//2026-11-01T00:00:00Z--2026-12-01T00:00:00Z");
        paces.see(spent(month, 0, 0), Set.of(), NOW);
        assertThat(paces.perDay(spent(month, 10, 0), NOW.plus(Duration.ofDays(1)))).isEmpty();
    }
}
