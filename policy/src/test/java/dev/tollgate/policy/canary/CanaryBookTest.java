package dev.tollgate.policy.canary;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.policy.canary.CanaryPlan.Limits;
import dev.tollgate.policy.canary.CanaryPlan.Step;
import dev.tollgate.policy.canary.CanaryState.Phase;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CanaryBookTest {

    private static final String ROUTE = "team-a/chat/default";
    private static final Instant START = Instant.parse("2026-11-01T10:00:00Z");
    private static final Map<String, CanaryPlan> PLANS = Map.of(ROUTE, plan("one"));

    private final CanaryBook book = new CanaryBook(Map.of());

    private static CanaryPlan plan(String fingerprint) {
        return new CanaryPlan(
                "next",
                List.of(new Step(5, 1_000L), new Step(50, 1_000L)),
                false,
                Limits.USUAL,
                fingerprint);
    }

    private static CanaryCount count(String target, int percent, long requests, long errors) {
        return new CanaryCount(
                ROUTE,
                target,
                percent,
                new CanaryFigures(
                        requests,
                        errors,
                        (requests - errors) * 1_000,
                        Map.of(Latency.bucket(200_000), requests - errors)));
    }

    private CanaryState state() {
        return book.states().get(ROUTE);
    }

    private CanaryBook.Changes judge(long afterMillis) {
        return book.judge(PLANS, START.plusMillis(afterMillis));
    }

    @BeforeEach
    void begun() {
        assertThat(judge(0)).isEqualTo(new CanaryBook.Changes(true, false));
        book.counted("p1", List.of());
        book.counted("p2", List.of());
    }

    @Test
    void addsUpWhatTheProxiesSawAndGoesOn() {
        book.counted("p1", List.of(count("next", 5, 30, 0), count("main", 5, 400, 0)));
        assertThat(judge(1_000)).isEqualTo(new CanaryBook.Changes(false, false));
        book.counted("p2", List.of(count("next", 5, 20, 0), count("main", 5, 400, 0)));
        assertThat(judge(1_000)).isEqualTo(new CanaryBook.Changes(true, true));
        assertThat(state().step()).isEqualTo(2);
    }

    @Test
    void countsARepeatedMessageOnce() {
        for (int i = 0; i < 9; i++) {
            book.counted("p1", List.of(count("next", 5, 30, 0)));
        }
        judge(5_000);
        assertThat(state().step()).isEqualTo(1);
    }

    @Test
    void countsOnAfterAProxyHasStartedAgain() {
        book.counted("p1", List.of(count("next", 5, 45, 0)));
        book.counted("p1", List.of(count("next", 5, 5, 0)));
        judge(1_000);
        assertThat(state().step()).isEqualTo(2);
    }

    @Test
    void leavesOutWhatAProxyHadCountedBeforeItWasFirstHeard() {
        book.counted("new", List.of(count("next", 5, 500, 500)));
        judge(1_000);
        assertThat(state().phase()).isEqualTo(Phase.PROGRESSING);
        book.counted("new", List.of(count("next", 5, 550, 550)));
        judge(1_000);
        assertThat(state().phase()).isEqualTo(Phase.ROLLED_BACK);
    }

    @Test
    void judgesEachStepByItsOwnRequests() {
        book.counted("p1", List.of(count("next", 5, 60, 0)));
        judge(1_000);
        // of the step before: its answers came late
        book.counted("p1", List.of(count("next", 5, 160, 100)));
        judge(3_000);
        assertThat(state().phase()).isEqualTo(Phase.PROGRESSING);
        book.counted("p1", List.of(count("next", 5, 160, 100), count("next", 50, 60, 0)));
        assertThat(judge(3_000)).isEqualTo(new CanaryBook.Changes(true, true));
        assertThat(state().phase()).isEqualTo(Phase.PROMOTED);
    }

    @Test
    void startsOverWithNoFiguresWhenTheCanaryIsEdited() {
        book.counted("p1", List.of(count("next", 5, 60, 60)));
        judge(10);
        assertThat(state().phase()).isEqualTo(Phase.ROLLED_BACK);
        var edited = Map.of(ROUTE, plan("two"));
        // the compiler took the first step's share when it saw the edit
        assertThat(book.judge(edited, START.plusMillis(20)))
                .isEqualTo(new CanaryBook.Changes(true, false));
        book.judge(edited, START.plusMillis(30));
        assertThat(state().phase()).isEqualTo(Phase.PROGRESSING);
        assertThat(state().step()).isEqualTo(1);
    }

    @Test
    void goesOnFromWhatWasKept() {
        var kept = new CanaryState("next", 2, Phase.PROGRESSING, START, "one", "kept");
        var restarted = new CanaryBook(Map.of(ROUTE, kept));
        assertThat(restarted.judge(PLANS, START.plusSeconds(60)))
                .isEqualTo(new CanaryBook.Changes(false, false));
        assertThat(restarted.states()).containsEntry(ROUTE, kept);
    }

    @Test
    void forgetsCanariesAndProxiesThatAreGone() {
        book.retainProxies(Set.of("p2"));
        book.counted("p1", List.of(count("next", 5, 500, 500)));
        judge(10);
        assertThat(state().phase()).isEqualTo(Phase.PROGRESSING);
        assertThat(book.judge(Map.of(), START).states()).isTrue();
        assertThat(book.states()).isEmpty();
    }
}
