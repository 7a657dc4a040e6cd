package dev.tollgate.dataplane.limits;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SlidingWindowTest {

    @Test
    void forgetsWhatIsAMinuteOld() {
        var window = new SlidingWindow();
        window.add(1_000, 3);
        window.add(1_030, 2);
        assertThat(window.sum(1_059)).isEqualTo(5);
        assertThat(window.sum(1_060)).isEqualTo(2);
        assertThat(window.sum(1_090)).isZero();
        assertThat(window.sum(9_000)).isZero();
    }

    @Test
    void tellsWhenThereIsRoomAgain() {
        var window = new SlidingWindow();
        window.add(1_000, 3);
        window.add(1_030, 2);
        assertThat(window.secondsUntil(1_040, 6, 1)).isZero();
        assertThat(window.secondsUntil(1_040, 5, 1)).isEqualTo(20);
        assertThat(window.secondsUntil(1_040, 2, 1)).isEqualTo(50);
        assertThat(window.secondsUntil(1_040, 0, 1)).isEqualTo(60);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    void countsWhatASlowListCounts(long seed) {
        var random = new Random(seed);
        var window = new SlidingWindow();
        var list = new ArrayDeque<long[]>();
        long second = 1_700_000_000L;
        for (int i = 0; i < 3_000; i++) {
            second += random.nextInt(10) == 0 ? random.nextInt(90) : random.nextInt(2);
            long count = random.nextInt(5);
            window.add(second, count);
            list.add(new long[] {second, count});
            long from = second - SlidingWindow.SECONDS;
            list.removeIf(each -> each[0] <= from);
            assertThat(window.sum(second))
                    .isEqualTo(list.stream().mapToLong(each -> each[1]).sum());
        }
    }
}
