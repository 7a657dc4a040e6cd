package dev.tollgate.policy.route;

import static dev.tollgate.policy.snapshot.Snapshots.policy;
import static dev.tollgate.policy.snapshot.Snapshots.rule;
import static dev.tollgate.policy.snapshot.Snapshots.target;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.policy.snapshot.NamespaceSet;
import dev.tollgate.policy.snapshot.RuleEntry;
import java.time.DayOfWeek;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Ranges of tokens and windows of time, at their borders. */
class RuleMatchTest {

    private static boolean holds(RuleEntry.Match match, long inputTokens, Instant now) {
        var policy =
                policy(
                        "team-a/chat",
                        List.of("fast"),
                        NamespaceSet.everyone(),
                        rule("only", match, target("main", "team-a/openai", "gpt-4o", 0, 1)));
        var ask =
                new Ask(
                        Caller.serviceAccount("team-a", "bot"),
                        "fast",
                        HeaderLookup.NONE,
                        Set.of("Chat"),
                        inputTokens,
                        -1,
                        false,
                        now,
                        () -> 0);
        return RuleMatch.first(policy, ask) != null;
    }

    private static boolean ofTokens(long tokens) {
        var match = new RuleEntry.Match(List.of(), List.of(), 10, 20, List.of(), Set.of(), null);
        return holds(match, tokens, Instant.EPOCH);
    }

    private static boolean at(RuleEntry.TimeWindow window, String instant) {
        var match =
                new RuleEntry.Match(List.of(), List.of(), null, null, List.of(), Set.of(), window);
        return holds(match, 1, Instant.parse(instant));
    }

    @Test
    void takesAsManyTokensAsItsRangeSays() {
        assertThat(ofTokens(9)).isFalse();
        assertThat(ofTokens(10)).isTrue();
        assertThat(ofTokens(19)).isTrue();
        assertThat(ofTokens(20)).isFalse();
    }

    @Test
    void tellsTheTimeOfItsZoneAndCountsANightToTheDayOnWhichItBegan() {
        // from 22:00 to 06:00 of Berlin, which is an hour before UTC in November
        var night = new RuleEntry.TimeWindow("Europe/Berlin", Set.of(DayOfWeek.MONDAY), 1_320, 360);
        assertThat(at(night, "2026-11-23T20:59:00Z")).as("Monday 21:59").isFalse();
        assertThat(at(night, "2026-11-23T21:00:00Z")).as("Monday 22:00").isTrue();
        assertThat(at(night, "2026-11-24T04:59:00Z")).as("Tuesday 05:59").isTrue();
        assertThat(at(night, "2026-11-24T05:00:00Z")).as("Tuesday 06:00").isFalse();
        assertThat(at(night, "2026-11-24T21:00:00Z")).as("Tuesday 22:00").isFalse();
        assertThat(at(night, "2026-11-23T04:00:00Z")).as("Monday 05:00").isFalse();
    }

    @Test
    void endsBeforeTheMinuteOfItsEnd() {
        var morning = new RuleEntry.TimeWindow("UTC", Set.of(), 540, 600);
        assertThat(at(morning, "2026-11-23T08:59:59Z")).isFalse();
        assertThat(at(morning, "2026-11-23T09:00:00Z")).isTrue();
        assertThat(at(morning, "2026-11-23T09:59:59Z")).isTrue();
        assertThat(at(morning, "2026-11-23T10:00:00Z")).isFalse();
    }
}
