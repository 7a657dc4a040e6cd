package dev.tollgate.policy.budget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tollgate.policy.budget.LedgerModel.Mutant;
import dev.tollgate.policy.budget.LedgerModel.State;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/**
 * Every state that a small fleet can reach, by the real ledger service, with messages lost, doubled
 * and reordered, proxies killed and started again, leaders replaced, limits changed, and a store
 * that does not answer, or comes back older. The model checks the invariants in each state; states
 * that can only go on in the same ways are one ({@link StateCode}).
 */
class LedgerSearchTest {

    private static final int STATES_MAX = 50_000_000;
    private static final int RARELY = 12;

    /** How many states there are. */
    private static int search(LedgerModel model) {
        return reduced(model).size();
    }

    private static Fingerprints reduced(LedgerModel model) {
        var seen = new Fingerprints();
        var code = new StateCode();
        var left = new ArrayDeque<State>();
        left.add(model.start());
        seen.add(code.of(model.start()));
        while (!left.isEmpty()) {
            // the last one: so that few of them wait
            for (var next : model.successors(left.removeLast())) {
                if (seen.add(code.of(next))) {
                    model.check(next);
                    left.add(next);
                    if (seen.size() >= STATES_MAX) {
                        throw new IllegalStateException("states: " + seen.size());
                    }
                }
            }
        }
        return seen;
    }

    private static Set<State> all(LedgerModel model) {
        var seen = new HashSet<State>();
        var left = new ArrayDeque<State>();
        left.add(model.start());
        seen.add(model.start());
        while (!left.isEmpty()) {
            for (var next : model.successors(left.removeLast())) {
                if (seen.add(next)) {
                    left.add(next);
                }
            }
        }
        return seen;
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
     * @param states at least so many, or the model has lost some of its steps
     */
    @ParameterizedTest
    @CsvSource({"1, 2, 2, 2, 1, 140_000", "2, 2, 1, 1, 1, 50_000"})
    void neverExceedsTheLimitInAnyState(
            int proxies, int limit, int requests, int trouble, int slice, String states) {
        assertThat(
                        search(
                                new LedgerModel(
                                        proxies, limit, requests, trouble, null, false, 0, slice)))
                .isGreaterThan(number(states));
    }

    @ParameterizedTest
    @CsvSource({"1, 2, 2, 1, 10_000", "2, 1, 1, 1, 50_000"})
    void neverExceedsTheLimitWhenTwoMessagesShareAWrite(
            int proxies, int limit, int requests, int trouble, String states) {
        assertThat(search(new LedgerModel(proxies, limit, requests, trouble, null, true, 0, 1)))
                .isGreaterThan(number(states));
    }

    /** What their logs then tell proves nothing of the rest, which stays charged. */
    @Test
    void neverExceedsTheLimitWhenMachinesStartAgain() {
        assertThat(search(new LedgerModel(1, 2, 1, 2, null, false, 0, 1, true)))
                .isGreaterThan(25_000);
    }

    /** Its proxies' logs have forgotten nothing, and tell all, in any order, to any leader. */
    @Test
    void countsAllThatIsSpentWhenTheStoreComesBackOlder() {
        assertThat(search(forgetful(1, 2, 1, 2, null))).isGreaterThan(100_000);
    }

    @Test
    @EnabledIfSystemProperty(named = "tollgate.search", matches = "wide")
    void countsAllThatIsSpentWhenTheStoreOfTwoComesBackOlder() {
        assertThat(search(forgetful(2, 1, 1, 1, null))).isGreaterThan(700_000);
    }

    private static LedgerModel forgetful(
            int proxies, int limit, int requests, int trouble, Mutant mutant) {
        return new LedgerModel(proxies, limit, requests, trouble, mutant, false, 0, 1, false, true);
    }

    private static int number(String text) {
        return Integer.parseInt(text.replace("_", ""));
    }

    /** Of a Soft Budget, at most one unit. */
    @Test
    void countsWhatIsSpentWithoutMoneyOnce() {
        assertThat(search(new LedgerModel(1, 1, 1, 1, null, false, 1, 1))).isGreaterThan(18_000);
    }

    /** They take minutes: by hand, after a change of the ledger. */
    @ParameterizedTest
    @CsvSource({
        "3, 1, 1, 1, 1, 1_700_000",
        "2, 4, 1, 1, 3, 6_200_000",
        "2, 1, 1, 2, 1, 700_000",
        "3, 2, 1, 1, 1, 4_000_000"
    })
    @EnabledIfSystemProperty(named = "tollgate.search", matches = "wide")
    void neverExceedsTheLimitInAnyStateOfAWiderSearch(
            int proxies, int limit, int requests, int trouble, int slice, String states) {
        var model = new LedgerModel(proxies, limit, requests, trouble, null, false, 0, slice);
        assertThat(search(model)).isGreaterThan(number(states));
    }

    /** Whatever is left out is there as one that can go on in the same ways, or in more. */
    @ParameterizedTest
    @CsvSource({"1, 2, 1, 1", "1, 1, 1, 2", "2, 1, 1, 0"})
    void leavesOutNoStateThatCanGoOnInAnotherWay(
            int proxies, int limit, int requests, int trouble) {
        var seen = reduced(new LedgerModel(proxies, limit, requests, trouble, null));
        var code = new StateCode();
        var all = all(new LedgerModel(proxies, limit, requests, trouble, null));
        for (var state : all) {
            var before = state;
            assertThat(IntStream.rangeClosed(state.trouble(), trouble))
                    .as("%s", before)
                    .anyMatch(left -> seen.contains(code.of(before.withTrouble(left))));
        }
        assertThat(seen.size()).isLessThan(all.size() / 2);
    }

    @Test
    void neverExceedsTheLimitOnLongWalksOfThreeProxies() {
        var seed = System.nanoTime();
        for (var run = 0; run < 300; run++) {
            try {
                walk(
                        new LedgerModel(3, 6, 6, 4, null, run % 2 == 0, run % 3, 1 + run % 2),
                        seed + run,
                        150);
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("seed " + (seed + run), e);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Mutant.class)
    void catches(Mutant mutant) {
        var model =
                switch (mutant) {
                    case CLOSE_WITHOUT_MEMORY -> new LedgerModel(1, 1, 1, 1, mutant, false, 1, 1);
                    case TORN_LOG_TAKEN_FOR_PROOF ->
                            new LedgerModel(2, 1, 1, 1, mutant, false, 0, 1, true);
                    case FREEZE_WITHOUT_MEMORY, CLOSE_IN_A_FREEZE_WITHOUT_MEMORY ->
                            forgetful(2, 2, 1, 1, mutant);
                    case SHRINK_WITH_THE_LIMIT -> new LedgerModel(2, 2, 1, 1, mutant);
                    default -> new LedgerModel(2, 1, 1, 1, mutant);
                };
        isCaught(model, mutant);
    }

    /** Else the search with this limit would say little. */
    @ParameterizedTest
    @EnumSource(
            value = Mutant.class,
            mode = Mode.MATCH_NONE,
            names = ".*(CLOSE|FREEZE)_WITHOUT_MEMORY")
    @EnabledIfSystemProperty(named = "tollgate.search", matches = "wide")
    void catchesWithALimitOfFour(Mutant mutant) {
        isCaught(new LedgerModel(2, 4, 1, 1, mutant, false, 0, 3, true), mutant);
    }

    private static void isCaught(LedgerModel model, Mutant mutant) {
        assertThatThrownBy(() -> search(model))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining(mutant.caughtBy);
    }
}
