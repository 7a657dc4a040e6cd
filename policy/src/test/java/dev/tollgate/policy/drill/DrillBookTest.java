package dev.tollgate.policy.drill;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.crds.provider.Auth;
import dev.tollgate.crds.provider.DrillStatus;
import dev.tollgate.crds.provider.ModelProviderSpec;
import dev.tollgate.crds.provider.ModelProviderStatus;
import dev.tollgate.crds.provider.ProviderType;
import dev.tollgate.crds.resource.Condition;
import dev.tollgate.crds.resource.ConditionReason;
import dev.tollgate.crds.resource.ConditionType;
import dev.tollgate.crds.resource.Metadata;
import dev.tollgate.crds.resource.ModelProvider;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DrillBookTest {

    private static final Instant NOW = Instant.parse("2026-11-22T10:00:00Z");
    private static final Instant UNTIL = Instant.parse("2026-11-22T10:10:00Z");
    private static final String KEY = "team-a/openai";

    private final DrillBook book = new DrillBook();

    private static ModelProvider provider(
            String name, @Nullable String until, @Nullable ModelProviderStatus status) {
        return new ModelProvider(
                new Metadata(
                        "team-a",
                        name,
                        null,
                        1,
                        null,
                        Map.of(),
                        until == null ? Map.of() : Map.of(DrillBook.ANNOTATION, until)),
                new ModelProviderSpec(
                        ProviderType.OPENAI,
                        null,
                        new Auth(Auth.Type.NONE, null, null),
                        List.of(),
                        List.of(),
                        null,
                        null,
                        null,
                        null,
                        null,
                        null,
                        null),
                status);
    }

    private boolean asked(@Nullable String until, Instant now) {
        return book.asked(List.of(provider("openai", until, null)), now);
    }

    private static DrillCount count(Instant until, long answered, long failed) {
        return new DrillCount(KEY, until.toEpochMilli(), answered, failed);
    }

    private String refusal() {
        return book.standings().get(KEY) instanceof Standing.Refused(var message) ? message : "";
    }

    @Test
    void runsUntilItsTimeAndIsOverThenByItself() {
        assertThat(asked("2026-11-22T11:10:00+01:00", NOW)).isTrue();
        assertThat(book.orders(NOW)).containsExactly(new DrillOrder(KEY, UNTIL));
        assertThat(book.orders(UNTIL.minusMillis(1))).hasSize(1);
        assertThat(book.orders(UNTIL)).isEmpty();
        assertThat(asked("2026-11-22T11:10:00+01:00", NOW)).as("nothing is new").isFalse();
        assertThat(asked("2026-11-22T11:10:00+01:00", UNTIL.plusSeconds(1))).isFalse();
        assertThat(book.standings()).containsEntry(KEY, new Standing.Drill(UNTIL, 0, 0));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "soon",
                "10m",
                "2026-11-22",
                "2026-11-22T10:10:00",
                "2026-11-22T10:00:00Z",
                "2026-11-22T09:59:59Z",
                "2026-11-22T11:00:00.001Z",
                "+999999999-12-31T23:59:59Z"
            })
    void refusesWhatIsNoInstantWithinTheHour(String value) {
        assertThat(asked(value, NOW)).isFalse();
        assertThat(book.orders(NOW)).isEmpty();
        assertThat(refusal()).startsWith(DrillBook.ANNOTATION + ": " + value + " (expected: ");
    }

    @Test
    void doesNotBeginLaterWhatWasRefusedAsTooFarAhead() {
        asked("2026-11-22T11:30:00Z", NOW);
        assertThat(refusal()).contains("at most 1 h ahead");
        asked("2026-11-22T11:30:00Z", NOW.plus(Duration.ofMinutes(45)));
        assertThat(book.orders(NOW.plus(Duration.ofMinutes(45)))).isEmpty();
        asked("2026-11-22T10:10:00Z", NOW);
        assertThat(book.orders(NOW)).as("another value").hasSize(1);
        asked("later", NOW);
        assertThat(book.orders(NOW)).as("a drill whose annotation turns bad").isEmpty();
        asked(null, NOW);
        assertThat(book.standings()).isEmpty();
    }

    @Test
    void endsWhenTheAnnotationIsTakenAwayAndKeepsItsReport() {
        asked("2026-11-22T10:10:00Z", NOW);
        book.counted("one", List.of(count(UNTIL, 2, 0)));
        assertThat(asked(null, NOW.plusSeconds(60))).isTrue();
        assertThat(book.orders(NOW.plusSeconds(60))).isEmpty();
        var ended = new Standing.Drill(NOW.plusSeconds(60), 2, 0);
        assertThat(book.standings()).containsEntry(KEY, ended);
        asked(null, NOW.plusSeconds(90));
        assertThat(book.standings()).containsEntry(KEY, ended);
        assertThat(asked("2026-11-22T10:10:00Z", NOW.plusSeconds(120))).isTrue();
        assertThat(book.orders(NOW.plusSeconds(120))).as("it goes on").hasSize(1);
    }

    @Test
    void sumsWhatProxiesTellOnceHoweverOftenTheyTellItOrBeginAnew() {
        asked("2026-11-22T10:10:00Z", NOW);
        book.counted("one", List.of(count(UNTIL, 3, 1)));
        book.counted("one", List.of(count(UNTIL, 3, 1)));
        book.counted("two", List.of(count(UNTIL, 10, 0)));
        assertThat(book.standings()).containsEntry(KEY, new Standing.Drill(UNTIL, 13, 1));
        book.counted("one", List.of(count(UNTIL, 1, 0)));
        book.counted("two", List.of(count(UNTIL, 11, 0)));
        assertThat(book.standings()).containsEntry(KEY, new Standing.Drill(UNTIL, 15, 1));
        book.counted("one", List.of(count(UNTIL.minusSeconds(9), 99, 99)));
        book.counted("one", List.of(new DrillCount("team-a/other", 1, 99, 99)));
        assertThat(book.standings()).containsEntry(KEY, new Standing.Drill(UNTIL, 15, 1));
    }

    @Test
    void beginsWithNothingCountedWhenAnotherInstantIsWritten() {
        asked("2026-11-22T10:10:00Z", NOW);
        book.counted("one", List.of(count(UNTIL, 3, 1)));
        var later = Instant.parse("2026-11-22T10:20:00Z");
        assertThat(asked("2026-11-22T10:20:00Z", NOW)).isTrue();
        book.counted("one", List.of(count(UNTIL, 4, 1)));
        assertThat(book.standings()).containsEntry(KEY, new Standing.Drill(later, 0, 0));
    }

    @Test
    void forgetsProvidersThatAreGone() {
        asked("2026-11-22T10:10:00Z", NOW);
        assertThat(book.asked(List.of(), NOW)).isTrue();
        assertThat(book.standings()).isEmpty();
    }

    @Test
    void runsABoundedNumberAtATime() {
        var many = new ArrayList<ModelProvider>();
        for (int i = 0; i <= DrillBook.MAX_RUNNING; i++) {
            many.add(provider("p" + (1_000 + i), "2026-11-22T10:10:00Z", null));
        }
        book.asked(many, NOW);
        assertThat(book.orders(NOW)).hasSize(DrillBook.MAX_RUNNING);
        var last = "team-a/p" + (1_000 + DrillBook.MAX_RUNNING);
        assertThat(book.standings().get(last)).isInstanceOf(Standing.Refused.class);
    }

    private static ModelProviderStatus status(
            @Nullable DrillStatus drill, ConditionReason reason, String message) {
        return new ModelProviderStatus(
                1,
                null,
                null,
                null,
                drill,
                null,
                List.of(
                        new Condition(
                                ConditionType.DRILL,
                                Condition.Status.UNKNOWN,
                                reason,
                                message,
                                1,
                                NOW)));
    }

    private static DrillBook restored(ModelProvider provider, Instant now) {
        var again = new DrillBook();
        again.restore(List.of(provider));
        again.restore(List.of());
        again.asked(List.of(provider), now);
        return again;
    }

    @Test
    void goesOnAfterARestartWithAtLeastWhatTheStatusSays() {
        var running = status(new DrillStatus(UNTIL, 7, 6, 1), ConditionReason.RUNNING, "");
        var again = restored(provider("openai", "2026-11-22T10:10:00Z", running), NOW);
        assertThat(again.orders(NOW)).containsExactly(new DrillOrder(KEY, UNTIL));
        var providers = List.of(provider("openai", "2026-11-22T10:10:00Z", running));
        assertThat(new DrillBook().restore(providers)).as("proxies are to hear of it").isTrue();
        assertThat(new DrillBook().restore(List.of())).isFalse();
        again.counted("one", List.of(count(UNTIL, 4, 0)));
        assertThat(again.standings()).containsEntry(KEY, new Standing.Drill(UNTIL, 6, 1));
        again.counted("two", List.of(count(UNTIL, 4, 0)));
        assertThat(again.standings()).containsEntry(KEY, new Standing.Drill(UNTIL, 8, 1));
    }

    @Test
    void remembersWhatIsOverAndWhatWasRefusedAfterARestart() {
        var over = status(new DrillStatus(UNTIL, 7, 7, 0), ConditionReason.PASSED, "");
        var later = UNTIL.plusSeconds(600);
        for (var annotation : new String[] {null, "2026-11-22T10:10:00Z"}) {
            var again = restored(provider("openai", annotation, over), later);
            assertThat(again.orders(later)).isEmpty();
            assertThat(again.standings()).containsEntry(KEY, new Standing.Drill(UNTIL, 7, 0));
        }
        asked("2026-11-22T11:30:00Z", NOW);
        var refused = status(null, ConditionReason.REFUSED, refusal());
        var soon = NOW.plus(Duration.ofMinutes(45));
        var again = restored(provider("openai", "2026-11-22T11:30:00Z", refused), soon);
        assertThat(again.orders(soon)).isEmpty();
        assertThat(again.standings().get(KEY)).isEqualTo(new Standing.Refused(refusal()));
    }

    @Test
    void endsWhatLostItsAnnotationWhileNobodyLooked() {
        var running = status(new DrillStatus(UNTIL, 2, 2, 0), ConditionReason.RUNNING, "");
        var again = restored(provider("openai", null, running), NOW);
        assertThat(again.orders(NOW)).isEmpty();
        assertThat(again.standings()).containsEntry(KEY, new Standing.Drill(NOW, 2, 0));
    }
}
