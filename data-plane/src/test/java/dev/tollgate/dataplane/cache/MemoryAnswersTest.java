package dev.tollgate.dataplane.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class MemoryAnswersTest {

    private static final int ROOM = 16 * 10_000;

    private static CacheKey key(long n) {
        return new CacheKey("team-a", n, n, n, n);
    }

    private static Answer answer(int bytes, long keptMillis, long ttlMillis) {
        return new Answer(
                new byte[bytes], "application/json", "p/a", "m", "", "", keptMillis, ttlMillis);
    }

    private static Optional<Answer> find(AnswerStore store, CacheKey key, long nowMillis) {
        return store.find(key, nowMillis).result();
    }

    @Test
    void givesAnAnswerUntilItsLifetimeIsOver() {
        var store = new MemoryAnswers();
        var answer = answer(10, 5_000, 1_000);
        store.keep(key(1), answer);
        assertThat(find(store, key(1), 5_000)).containsSame(answer);
        assertThat(find(store, key(1), 5_999)).containsSame(answer);
        assertThat(find(store, key(2), 5_000)).isEmpty();
        assertThat(find(store, key(1), 6_000)).isEmpty();
        assertThat(store.figures()).isEqualTo(new AnswerStore.Figures(0, 0, 0));
    }

    @Test
    void aClockThatWasSetBackKeepsNothingAlive() {
        var store = new MemoryAnswers();
        store.keep(key(1), answer(10, 5_000, 1_000));
        assertThat(find(store, key(1), 4_999)).isEmpty();
    }

    @Test
    void theNewerAnswerTakesThePlaceOfTheOlder() {
        var store = new MemoryAnswers();
        store.keep(key(1), answer(10, 0, 1_000));
        var newer = answer(20, 500, 1_000);
        store.keep(key(1), newer);
        assertThat(find(store, key(1), 1_400)).containsSame(newer);
        assertThat(store.figures().entries()).isEqualTo(1);
        assertThat(store.figures().bytes()).isEqualTo(newer.weight());
    }

    @Test
    void whatWasUsedLongestAgoGoesFirst() {
        var store = new MemoryAnswers(ROOM);
        // keys of one segment, three of which fit
        var keys = new CacheKey[] {key(0), key(16), key(32), key(48)};
        for (int i = 0; i < 3; i++) {
            store.keep(keys[i], answer(2_500, 0, 1_000));
        }
        assertThat(find(store, keys[0], 1)).isPresent();
        store.keep(keys[3], answer(2_500, 0, 1_000));
        assertThat(find(store, keys[0], 1)).isPresent();
        assertThat(find(store, keys[1], 1)).isEmpty();
        assertThat(find(store, keys[2], 1)).isPresent();
        assertThat(find(store, keys[3], 1)).isPresent();
        assertThat(store.figures().evicted()).isEqualTo(1);
    }

    @Test
    void holdsNoMoreThanItsRoomWhateverComes() throws Exception {
        var store = new MemoryAnswers(ROOM);
        try (var threads = Executors.newFixedThreadPool(4)) {
            for (int t = 0; t < 4; t++) {
                var random = RandomGenerator.of("L64X128MixRandom");
                threads.submit(
                        () -> {
                            for (int i = 0; i < 20_000; i++) {
                                var key = key(random.nextInt(500));
                                if (random.nextBoolean()) {
                                    store.keep(key, answer(random.nextInt(4_000), 0, 1_000));
                                } else {
                                    store.find(key, random.nextInt(1_200));
                                }
                            }
                        });
            }
        }
        var figures = store.figures();
        assertThat(figures.bytes()).isBetween(1L, (long) ROOM);
        assertThat(figures.evicted()).isPositive();
        for (int i = 0; i < 500; i++) {
            find(store, key(i), 5_000);
        }
        assertThat(store.figures().entries()).isZero();
        assertThat(store.figures().bytes()).isZero();
    }

    @Test
    void refusesWhatIsTooLarge() {
        var store = new MemoryAnswers();
        store.keep(key(1), answer(Answer.MAX_BODY_BYTES, 0, 1_000));
        assertThat(find(store, key(1), 1)).isPresent();
        assertThatThrownBy(() -> store.keep(key(2), answer(Answer.MAX_BODY_BYTES + 1, 0, 1_000)))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
