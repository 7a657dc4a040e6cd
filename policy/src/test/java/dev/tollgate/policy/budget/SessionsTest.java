package dev.tollgate.policy.budget;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class SessionsTest {

    private static final HolderId HOLDER = new HolderId("log-1", 1);
    private static final Instant START = Instant.parse("2026-11-21T09:00:00Z");
    private static final int BUDGETS = 200;

    private static AccountKey account(int budget, Instant hour) {
        var window = new Window(hour, hour.plus(Duration.ofHours(1)));
        return AccountKey.of("team-a/budget-" + budget, "", window);
    }

    private static Sessions registered() {
        return Sessions.NONE.register(HOLDER, "pod-1");
    }

    private static int closed(Sessions sessions) {
        return Objects.requireNonNull(sessions.connected(HOLDER)).closed().size();
    }

    @Test
    void forgetsWhatWasClosedLongAgoHoweverManyWindowsGoBy() {
        var sessions = registered();
        for (var hour = 0; hour < 24 * 30; hour++) {
            var window = START.plus(Duration.ofHours(hour));
            for (var budget = 0; budget < BUDGETS; budget++) {
                sessions = sessions.closed(HOLDER, account(budget, window), window);
            }
            assertThat(closed(sessions)).isLessThanOrEqualTo(2 * BUDGETS);
        }
        assertThat(sessions.hasClosed(HOLDER, account(0, START))).isFalse();
    }

    @Test
    void knowsWhatWasClosedForAnHourWhateverIsClosedMeanwhile() {
        var first = account(0, START);
        var sessions = registered().closed(HOLDER, first, START.plusSeconds(3_500));
        for (var budget = 1; budget < BUDGETS; budget++) {
            sessions = sessions.closed(HOLDER, account(budget, START), START.plusSeconds(3_600));
        }
        sessions = sessions.closed(HOLDER, account(BUDGETS, START), START.plusSeconds(7_101));
        for (var budget = 0; budget <= BUDGETS; budget++) {
            assertThat(sessions.hasClosed(HOLDER, account(budget, START))).isTrue();
        }
        assertThat(closed(sessions)).isEqualTo(BUDGETS + 1);
        sessions = sessions.closed(HOLDER, account(BUDGETS + 1, START), START.plusSeconds(10_702));
        assertThat(sessions.hasClosed(HOLDER, first)).as("others came an hour later").isFalse();
        assertThat(sessions.hasClosed(HOLDER, account(BUDGETS, START))).isTrue();
    }

    @Test
    void aConnectionThatComesAgainOpensNothingAndAStartOfTheLogAll() {
        var account = account(0, START);
        var sessions = registered().closed(HOLDER, account, START).disconnected(HOLDER);
        assertThat(sessions.hasClosed(HOLDER, account)).isTrue();
        assertThat(sessions.register(HOLDER, "pod-1").hasClosed(HOLDER, account)).isTrue();
        var next = new HolderId("log-1", 2);
        assertThat(sessions.register(next, "pod-1").hasClosed(next, account)).isFalse();
    }

    @Test
    void forgetsOnlyWhoIsNotConnectedAndHasNotStartedAnew() {
        assertThat(registered().departed()).isEmpty();
        assertThat(registered().without(HOLDER)).isEqualTo(registered());
        var gone = registered().disconnected(HOLDER);
        assertThat(gone.departed()).containsExactly(HOLDER);
        var next = new HolderId("log-1", 2);
        assertThat(gone.without(next)).isEqualTo(gone);
        assertThat(gone.without(HOLDER)).isEqualTo(Sessions.NONE);
        var anew = gone.register(next, "pod-1").disconnected(next);
        assertThat(anew.without(HOLDER)).isEqualTo(anew);
    }

    @Test
    void nobodyWaitsForMoneyOfAnAccountThatIsForgotten() {
        var other = new HolderId("log-2", 1);
        var account = account(0, START);
        var sessions =
                registered()
                        .register(other, "pod-2")
                        .denied(HOLDER, account, true)
                        .denied(HOLDER, account(1, START), true)
                        .denied(other, account, true)
                        .forgotten(account);
        assertThat(sessions.isDenied(account)).isFalse();
        assertThat(sessions.isDenied(account(1, START))).isTrue();
    }
}
