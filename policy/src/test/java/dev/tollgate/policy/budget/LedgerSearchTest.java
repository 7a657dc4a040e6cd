package dev.tollgate.policy.budget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tollgate.policy.budget.LedgerModel.Mutant;
import dev.tollgate.policy.budget.LedgerModel.State;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/**
 * Every state that a small fleet can reach, by the real ledger service, with messages lost, doubled
 * and reordered, proxies killed and started again, leaders replaced, and a store that does not
 * answer. The model checks the invariants in each state.
 */
class LedgerSearchTest {

    private static final int STATES_MAX = 3_000_000;
    private static final int RARELY = 12;

    private static int search(LedgerModel model) {
        var seen = new HashSet<State>();
        var queue = new ArrayDeque<State>();
        queue.add(model.start());
        seen.add(model.start());
        while (!queue.isEmpty()) {
            var state = queue.remove();
            for (var next : model.successors(state)) {
                if (seen.add(next)) {
                    model.check(next);
                    queue.add(next);
                    assertThat(seen.size()).as("states").isLessThan(STATES_MAX);
                }
            }
        }
        return seen.size();
    }

    /** Faults and closes are rare, so that a walk gets far. */
    private static void walk(LedgerModel model, long seed, int steps) {
        var random = new Random(seed);
        var state = model.start();
        for (var step = 0; step < steps; step++) {
            var all = model.successors(state);
            if (all.isEmpty()) {
                return;
            }
            var before = state;
            var usual = all.stream().filter(next -> !LedgerModel.isRare(before, next)).toList();
            var from = usual.isEmpty() || random.nextInt(RARELY) == 0 ? all : usual;
            state = from.get(random.nextInt(from.size()));
            model.check(state);
        }
    }

    /**
     * @param trouble how many faults may happen: each at any time, and each of every kind
     */
    @ParameterizedTest
    @CsvSource({"1, 2, 2, 1", "2, 1, 1, 1", "2, 2, 1, 0", "3, 1, 1, 0"})
    void neverExceedsTheLimitInAnyState(int proxies, int limit, int requests, int trouble) {
        assertThat(search(new LedgerModel(proxies, limit, requests, trouble, null)))
                .isGreaterThan(10_000);
    }

    @ParameterizedTest
    @CsvSource({"1, 2, 2, 0", "2, 1, 1, 0"})
    void neverExceedsTheLimitWhenTwoMessagesShareAWrite(
            int proxies, int limit, int requests, int trouble) {
        assertThat(search(new LedgerModel(proxies, limit, requests, trouble, null, true, 0)))
                .isGreaterThan(1_000);
    }

    /** Of a Soft Budget, at most one unit. */
    @Test
    void countsWhatIsSpentWithoutMoneyOnce() {
        assertThat(search(new LedgerModel(1, 1, 1, 0, null, false, 1))).isGreaterThan(10_000);
    }

    /** 800,000 states. */
    @Test
    @EnabledIfSystemProperty(named = "tollgate.search", matches = "wide")
    void countsItOnceWithAFault() {
        assertThat(search(new LedgerModel(1, 1, 1, 1, null, false, 1))).isGreaterThan(100_000);
    }

    /** 2.8 million states take a minute and some memory: by hand, after a change of the ledger. */
    @Test
    @EnabledIfSystemProperty(named = "tollgate.search", matches = "wide")
    void neverExceedsALimitOfTwoInAnyStateOfTwoProxiesWithAFault() {
        assertThat(search(new LedgerModel(2, 2, 1, 1, null))).isGreaterThan(1_000_000);
    }

    @Test
    void neverExceedsTheLimitOnLongWalksOfThreeProxies() {
        var seed = System.nanoTime();
        for (var run = 0; run < 300; run++) {
            try {
                walk(new LedgerModel(3, 6, 6, 4, null, run % 2 == 0, run % 3), seed + run, 150);
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("seed " + (seed + run), e);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(value = Mutant.class, mode = Mode.EXCLUDE, names = "CLOSE_WITHOUT_MEMORY")
    void catches(Mutant mutant) {
        assertThatThrownBy(() -> search(new LedgerModel(2, 1, 1, 1, mutant)))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("cap");
    }

    @Test
    void catchesAClosedHolderThatIsForgotten() {
        var model = new LedgerModel(1, 1, 1, 1, Mutant.CLOSE_WITHOUT_MEMORY, false, 1);
        assertThatThrownBy(() -> search(model))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("twice");
    }
}
