package dev.tollgate.policy.route;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.policy.snapshot.NamespaceSet;
import dev.tollgate.policy.snapshot.RuleEntry.ComplexityClass;
import dev.tollgate.policy.snapshot.Snapshots;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ComplexityScoreTest {

    private static PromptFigures figures(long[] n, boolean schema, boolean thinking) {
        return new PromptFigures(
                n[0],
                n[1],
                (int) n[2],
                (int) n[3],
                (int) n[4],
                (int) n[5],
                (int) n[6],
                schema,
                (int) n[7],
                thinking);
    }

    @Test
    void addsTheSixParts() {
        var score =
                ComplexityScore.of(new PromptFigures(600, 4_096, 3, 2, 1, 4, 2, true, 2, false));

        assertThat(score).isEqualTo(new ComplexityScore(5, 4, 12, 6, 16, 20));
        assertThat(score.total()).isEqualTo(63);
    }

    @Test
    void scoresNothingOfAnEmptyPrompt() {
        assertThat(ComplexityScore.of(figures(new long[8], false, false)).total()).isZero();
    }

    @Test
    void staysWithinItsRangeHoweverLargeThePromptIs() {
        long most = Integer.MAX_VALUE;
        var all =
                new long[] {Long.MAX_VALUE, Long.MAX_VALUE / 2, most, most, most, most, most, most};

        assertThat(ComplexityScore.of(figures(all, true, true)).total()).isEqualTo(100);
    }

    @Test
    void neverFallsWhenAFigureRises() {
        var random = new Random(7);
        for (int i = 0; i < 100_000; i++) {
            var less = new long[8];
            for (int j = 0; j < less.length; j++) {
                less[j] = random.nextInt(j < 2 ? 50_000 : 12);
            }
            var more = less.clone();
            more[random.nextInt(more.length)] += 1 + random.nextInt(3_000);
            boolean flag = random.nextBoolean();

            assertThat(ComplexityScore.of(figures(more, true, flag)).total())
                    .isGreaterThanOrEqualTo(ComplexityScore.of(figures(less, flag, flag)).total());
        }
    }

    @Test
    void classesBeginAtThePolicysBorders() {
        var policy = Snapshots.policy("ns/p", List.of("m"), NamespaceSet.everyone());

        assertThat(Complexity.of(33, policy).level()).isEqualTo(ComplexityClass.SIMPLE);
        assertThat(Complexity.of(34, policy).level()).isEqualTo(ComplexityClass.MODERATE);
        assertThat(Complexity.of(66, policy).level()).isEqualTo(ComplexityClass.MODERATE);
        assertThat(Complexity.of(67, policy).level()).isEqualTo(ComplexityClass.COMPLEX);
    }
}
