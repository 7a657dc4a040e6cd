package dev.tollgate.dataplane.budget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The fleet in one thread by seeds. A seed that fails runs alone with {@code
 * -Dtest=SimulationTest#holdsWithOneSeed -Dtollgate.simulation.seed=N}, and tells more of what led
 * to it with {@code -Dtollgate.simulation.trace=100000}; {@link SimulationRun} runs a million.
 */
class SimulationTest {

    private static final long SEEDS = Long.getLong("tollgate.simulation.seeds", 1_000);
    private static final int SEEDS_OF_A_MUTANT = 400;
    private static final String SEED = "tollgate.simulation.seed";

    @Test
    void keepsEveryPromiseWhateverTheSeed() {
        var broken = new AtomicBoolean(); // else the rest would run on beside the next test
        LongStream.range(0, SEEDS)
                .parallel()
                .filter(seed -> !broken.get())
                .forEach(
                        seed -> {
                            try {
                                Simulation.run(seed, null);
                            } catch (RuntimeException | Error e) {
                                broken.set(true);
                                throw e;
                            }
                        });
    }

    /** Beyond those that each build runs; each has found a mistake once. */
    @ParameterizedTest
    @ValueSource(
            longs = {46_022, 46_023, 145_170, 178_400, 183_117, 191_386, 221_978, 382_669, 666_125})
    void holdsWithSeedsThatFailedOnce(long seed) {
        Simulation.run(seed, null);
    }

    @Test
    @EnabledIfSystemProperty(named = SEED, matches = "\\d+")
    void holdsWithOneSeed() {
        Simulation.run(Long.getLong(SEED), null);
    }

    /** The same seed is the same run, or a failure could not be run again. */
    @Test
    void repeatsARunExactly() {
        assertThat(Simulation.digest(4_711)).isEqualTo(Simulation.digest(4_711));
    }

    /** Else it would promise nothing of them. */
    @Test
    void reachesReclaimsOfEveryOutcomeStreamsThatEndAndPeriodsThatComeBack() {
        var happened = new TreeMap<String, Long>();
        for (var seed = 0L; seed < SEEDS_OF_A_MUTANT / 2; seed++) {
            Simulation.happened(seed)
                    .forEach((what, count) -> happened.merge(what, count, Long::sum));
        }
        assertThat(happened.keySet())
                .contains(
                        "Done",
                        "Before",
                        "Refused",
                        "Unavailable",
                        "Untold",
                        "Extended",
                        "Ended",
                        "There",
                        "Back");
    }

    @Test
    void findsAnAmountThatIsNotInForceByWhatTheOperatorAsserts() {
        assertThatThrownBy(
                        () -> {
                            for (var seed = 0L; seed < SEEDS_OF_A_MUTANT; seed++) {
                                Simulation.run(seed, Mutant.AMOUNT_KEPT);
                            }
                        })
                .hasMessageContaining("I10: ");
    }

    @ParameterizedTest
    @EnumSource(Mutant.class)
    void catches(Mutant mutant) {
        assertThatThrownBy(
                        () -> {
                            for (var seed = 0L; seed < SEEDS_OF_A_MUTANT; seed++) {
                                Simulation.run(seed, mutant);
                            }
                        })
                .isInstanceOf(Simulation.Broken.class)
                .hasMessageContaining("seed ");
    }
}
