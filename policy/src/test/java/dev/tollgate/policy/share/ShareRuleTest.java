package dev.tollgate.policy.share;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class ShareRuleTest {

    private static long[] demands(long... demands) {
        return demands;
    }

    private static long[] array(List<Long> numbers) {
        return numbers.stream().mapToLong(Long::longValue).toArray();
    }

    @Test
    void givesTheBusyProxyWhatTheIdleOnesLeave() {
        assertThat(ShareRule.divide(300, demands(1_000, 0, 0))).containsExactly(280, 10, 10);
    }

    @Test
    void givesEqualPartsToThoseThatNeedMoreThanThereIs() {
        assertThat(ShareRule.divide(300, demands(1_000, 500, 20))).containsExactly(140, 140, 20);
    }

    @Test
    void dividesWhatNobodyNeedsEqually() {
        assertThat(ShareRule.divide(300, demands(0, 0, 0))).containsExactly(100, 100, 100);
        assertThat(ShareRule.divide(300, demands(150, 0, 0))).containsExactly(194, 53, 53);
    }

    @Test
    void givesALimitSmallerThanTheFleetToThoseThatAskForIt() {
        assertThat(ShareRule.divide(1, demands(0, 0, 3))).containsExactly(0, 0, 1);
        assertThat(ShareRule.divide(2, demands(0, 5, 5))).containsExactly(0, 1, 1);
    }

    @Test
    void handsOutOnlyWhatNobodyHolds() {
        // the first has used 90 of the 100 that it had: they leave the window one by one
        assertThat(ShareRule.step(100, demands(90, 5), demands(90, 1_000), true))
                .containsExactly(50, 10);
        assertThat(ShareRule.step(100, demands(60, 10), demands(60, 1_000), true))
                .containsExactly(50, 40);
    }

    @Test
    void lowersButDoesNotRaiseWhileItIsNotKnownWhatSomeHold() {
        assertThat(ShareRule.step(100, demands(50, 10), demands(0, 1_000), false))
                .containsExactly(5, 10);
    }

    @Property
    void sharesAddUpToTheLimit(
            @ForAll @LongRange(min = 0, max = 1_000_000) long limit,
            @ForAll @Size(min = 1, max = 40)
                    List<@LongRange(min = 0, max = 2_000_000) Long> demands) {
        assertThat(Arrays.stream(ShareRule.divide(limit, array(demands))).sum()).isEqualTo(limit);
    }

    @Property
    void everyProxyKeepsAFloorIfThereIsOneForEach(
            @ForAll @LongRange(min = 40, max = 1_000_000) long limit,
            @ForAll @Size(min = 1, max = 40)
                    List<@LongRange(min = 0, max = 2_000_000) Long> demands) {
        long floor = Math.max(1, limit / demands.size() / 10);
        assertThat(Arrays.stream(ShareRule.divide(limit, array(demands))).boxed())
                .allMatch(share -> share >= floor);
    }

    @Property
    void nobodyThatNeedsMoreGetsLessThanOneThatNeedsLess(
            @ForAll @LongRange(min = 0, max = 1_000_000) long limit,
            @ForAll @Size(min = 2, max = 20)
                    List<@LongRange(min = 0, max = 200_000) Long> demands) {
        var shares = ShareRule.divide(limit, array(demands));
        for (int i = 0; i < shares.length; i++) {
            for (int j = 0; j < shares.length; j++) {
                if (demands.get(i) > demands.get(j)) {
                    assertThat(shares[i]).isGreaterThanOrEqualTo(shares[j] - 1);
                }
            }
        }
    }

    @Property
    void whatAllHoldNeverGrowsAboveTheLimit(
            @ForAll @LongRange(min = 0, max = 1_000_000) long limit,
            @ForAll @Size(min = 5, max = 5) List<@LongRange(min = 0, max = 300_000) Long> held,
            @ForAll @Size(min = 5, max = 5)
                    List<@LongRange(min = 0, max = 2_000_000) Long> demands) {
        var told = ShareRule.step(limit, array(held), array(demands), true);
        long before = Arrays.stream(array(held)).sum();
        long after = 0;
        for (int i = 0; i < held.size(); i++) {
            assertThat(told[i]).isNotNegative();
            after += Math.max(told[i], held.get(i));
        }
        assertThat(after).isLessThanOrEqualTo(Math.max(limit, before));
    }
}
