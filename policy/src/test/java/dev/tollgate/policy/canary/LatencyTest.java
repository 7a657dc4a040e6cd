package dev.tollgate.policy.canary;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class LatencyTest {

    @Test
    void everyLatencyIsWithinItsBucketWhichIsAtMostAnEighthWide() {
        var random = new SplittableRandom(1);
        for (int i = 0; i < 100_000; i++) {
            long micros = random.nextLong(1L << (1 + random.nextInt(30)));
            int bucket = Latency.bucket(micros);
            assertThat(bucket).isBetween(0, Latency.BUCKETS - 1);
            assertThat(micros)
                    .isGreaterThanOrEqualTo(Latency.from(bucket))
                    .isLessThan(Latency.from(bucket + 1));
            long width = Latency.from(bucket + 1) - Latency.from(bucket);
            assertThat(width).isLessThanOrEqualTo(Math.max(1, Latency.from(bucket) / 8));
        }
    }

    @Test
    void whatIsBeyondTheLastBucketCountsThere() {
        assertThat(Latency.bucket(Long.MAX_VALUE)).isEqualTo(Latency.BUCKETS - 1);
        assertThat(Latency.bucket(-5)).isZero();
    }

    @Test
    void theNinetyFifthPercentileIsWithinAnEighth() {
        var counts = new TreeMap<Integer, Long>();
        LongStream.rangeClosed(1, 1_000)
                .forEach(ms -> counts.merge(Latency.bucket(ms * 1_000), 1L, Long::sum));
        assertThat(Latency.p95Micros(counts)).isBetween(840_000L, 1_060_000L);
        assertThat(Latency.p95Micros(Map.of())).isEqualTo(-1);
    }
}
