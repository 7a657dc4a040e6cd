package dev.tollgate.policy.violation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.crds.budget.BudgetSpec;
import dev.tollgate.crds.budget.BudgetStatus;
import dev.tollgate.crds.budget.ViolationStatus;
import dev.tollgate.crds.resource.Budget;
import dev.tollgate.crds.resource.Metadata;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.snapshot.BudgetBuilder;
import dev.tollgate.policy.snapshot.BudgetEntry;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ViolationBookTest {

    private static final Instant NOW = Instant.parse("2026-11-22T10:00:00Z");
    private static final String KEY = "team-a/monthly";
    private static final BudgetEntry ENTRY = BudgetBuilder.budget(KEY).limit(1).build();

    private final ViolationBook book = new ViolationBook();

    private static Violation violation(String budget, Instant at) {
        return new Violation(budget, at, "req_1", Money.parse("0.5"), Money.parse("0.2"), true);
    }

    private static BudgetEntry acknowledged(Instant at) {
        return BudgetBuilder.as(ENTRY).acknowledgedAt(at).build();
    }

    private static Budget kept(Instant at) {
        var spec =
                new BudgetSpec(
                        "1", null, null, null, null, null, List.of(), List.of(), List.of(), null,
                        null, null);
        var status =
                new BudgetStatus(
                        1,
                        null,
                        null,
                        null,
                        null,
                        null,
                        null,
                        null,
                        null,
                        List.of(),
                        List.of(),
                        null,
                        null,
                        new ViolationStatus(at, "req_0", "2", "1", "proxy-0", true),
                        null,
                        List.of());
        return new Budget(Metadata.of("team-a", "monthly"), spec, status);
    }

    @Test
    void keepsTheLatestOfAllProxiesAndTakesRepeatsForOne() {
        book.compiled(List.of(ENTRY));
        var first = violation(KEY, NOW);
        assertThat(book.told("proxy-1", List.of(first))).containsExactly(first);
        assertThat(book.told("proxy-1", List.of(first))).isEmpty();
        assertThat(book.told("proxy-2", List.of(violation(KEY, NOW.minusMillis(1))))).isEmpty();
        var later = violation(KEY, NOW.plusMillis(1));
        assertThat(book.told("proxy-2", List.of(later))).containsExactly(later);
        assertThat(book.latest().get(KEY))
                .isEqualTo(
                        new ViolationStatus(
                                NOW.plusMillis(1), "req_1", "0.5", "0.2", "proxy-2", true));
        assertThat(book.latest().get(KEY).at()).isEqualTo(NOW.plusMillis(1));
    }

    @Test
    void takesWhatStatusesSayOnce() {
        book.restore(() -> List.of(kept(NOW)));
        assertThat(book.latest().get(KEY).at()).isEqualTo(NOW);
        book.restore(
                () -> {
                    throw new AssertionError("read again");
                });
        assertThat(book.latest().get(KEY).at()).isEqualTo(NOW);
    }

    @Test
    void oneThatStopsIsNotCoveredUpUntilItIsAcknowledged() {
        book.compiled(List.of(ENTRY));
        var late = NOW.plusSeconds(1);
        var other =
                new Violation(KEY, late, "req_2", Money.parse("0.5"), Money.parse("0.2"), false);
        book.told("proxy-1", List.of(other));
        assertThat(book.told("proxy-2", List.of(violation(KEY, NOW)))).hasSize(1);
        assertThat(book.told("proxy-1", List.of(other))).isEmpty();
        assertThat(book.latest().get(KEY).stops()).isTrue();
        book.compiled(List.of(acknowledged(NOW)));
        assertThat(book.told("proxy-1", List.of(other))).hasSize(1);
        assertThat(book.latest().get(KEY).stops()).isFalse();
        assertThat(book.told("proxy-2", List.of(violation(KEY, NOW)))).isEmpty();
    }

    @Test
    void hearsOnlyOfBudgetsThatThereAre() {
        book.compiled(List.of(ENTRY));
        assertThat(book.told("proxy-1", List.of(violation("team-b/other", NOW)))).isEmpty();
        assertThat(book.latest()).isEmpty();
    }

    @Test
    void outlivesTheDeletionOfItsBudgetUntilItIsAcknowledged() {
        book.compiled(List.of(ENTRY));
        book.told("proxy-1", List.of(violation(KEY, NOW)));
        book.compiled(List.of());
        book.compiled(List.of(ENTRY));
        assertThat(book.latest().get(KEY).at()).isEqualTo(NOW);

        book.compiled(List.of(acknowledged(NOW.minusMillis(1))));
        book.compiled(List.of());
        assertThat(book.latest().get(KEY).at()).isEqualTo(NOW);

        book.compiled(List.of(acknowledged(NOW)));
        assertThat(book.latest().get(KEY).at()).isEqualTo(NOW);
        book.compiled(List.of());
        assertThat(book.latest()).isEmpty();
    }

    @Test
    void forgetsTheOldestOfTooManyThatAreGone() {
        var entries = new ArrayList<BudgetEntry>();
        var violations = new ArrayList<Violation>();
        for (var i = 0; i <= ViolationBook.MAX; i++) {
            var key = "team-a/b" + i;
            entries.add(BudgetBuilder.budget(key).limit(1).build());
            violations.add(violation(key, NOW.plusMillis(i)));
        }
        book.compiled(entries);
        book.told("proxy-1", violations);
        assertThat(book.latest()).hasSize(ViolationBook.MAX + 1);
        book.compiled(List.of());
        assertThat(book.latest()).hasSize(ViolationBook.MAX).doesNotContainKey("team-a/b0");
    }
}
