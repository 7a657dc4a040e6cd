package dev.tollgate.policy.share;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ShareBookTest {

    private static final LimitKey KEY = LimitKey.budget("team-a/rate", "");
    private static final long LIMIT = 100;
    private static final int NONE = (int) Amounts.UNLIMITED;

    private final ShareBook book = new ShareBook();

    private record Sent(int stream, ShareBook.Told told) {}

    /** A proxy, and the two ways of its stream. */
    private static final class Peer {
        final String name;
        final ArrayDeque<Sent> toProxy = new ArrayDeque<>();
        final ArrayDeque<Runnable> toBook = new ArrayDeque<>();
        @Nullable Amounts share;
        long used;
        long refused;
        long seen;
        int stream;
        int streamOfBook;

        Peer(String name) {
            this.name = name;
        }

        long part(int live) {
            return share == null ? ShareRule.equalPart(LIMIT, live) : share.requests();
        }

        void report(ShareBook book) {
            var use =
                    new RateUse(
                            KEY, share, new Amounts(used, 0, 0), new Amounts(used + refused, 0, 0));
            long confirmed = seen;
            toBook.add(() -> book.reported(name, confirmed, List.of(use)));
            refused = 0;
        }

        /** What was sent on an earlier stream is not heard. */
        void take(Sent sent) {
            if (sent.stream == stream) {
                seen = sent.told.number();
                share = sent.told.shares().getOrDefault(KEY, share);
            }
        }

        void dialAgain(ShareBook book) {
            stream++;
            int mine = stream;
            toBook.clear();
            seen = 0;
            toBook.add(
                    () -> {
                        streamOfBook = mine;
                        book.connected(name);
                    });
            report(book);
        }
    }

    private static void send(Peer peer, ShareBook.Told told) {
        peer.toProxy.add(new Sent(peer.streamOfBook, told));
    }

    private static RateUse use(@Nullable Long share, long used, long demand) {
        return new RateUse(
                KEY,
                share == null ? null : new Amounts(share, NONE, NONE),
                new Amounts(used, 0, 0),
                new Amounts(demand, 0, 0));
    }

    private static long requests(Map<String, ShareBook.Told> told, String proxy) {
        return told.get(proxy).shares().get(KEY).requests();
    }

    private Map<String, ShareBook.Told> divide(String... proxies) {
        return book.divide(Set.of(proxies), proxies.length, true);
    }

    private void limited() {
        book.limits(Map.of(KEY, new Amounts(LIMIT, NONE, NONE)));
    }

    @Test
    void growsTheBusyProxyWhenTheIdleOneHasConfirmedThatItShrank() {
        limited();
        book.reported("a", 0, List.of(use(null, 50, 500)));
        book.reported("b", 0, List.of());
        var first = divide("a", "b");
        assertThat(requests(first, "a")).isEqualTo(50);
        assertThat(requests(first, "b")).isEqualTo(5);
        assertThat(divide("a", "b")).isEmpty();
        book.reported("b", first.get("b").number(), List.of(use(5L, 0, 0)));
        assertThat(requests(divide("a", "b"), "a")).isEqualTo(95);
    }

    @Test
    void keepsWhatAProxyHasUsedUntilItHasLeftTheWindow() {
        limited();
        book.reported("a", 0, List.of(use(100L, 100, 100)));
        book.reported("b", 0, List.of(use(0L, 0, 500)));
        var first = divide("a", "b");
        assertThat(requests(first, "a")).isEqualTo(50);
        assertThat(first).doesNotContainKey("b");
        book.reported("a", first.get("a").number(), List.of(use(50L, 80, 80)));
        assertThat(requests(divide("a", "b"), "b")).isEqualTo(20);
    }

    @Test
    void keepsTheShareOfAProxyThatIsCutOffAndHandsItOutWhenItIsGone() {
        limited();
        book.reported("a", 0, List.of(use(60L, 10, 10)));
        book.reported("b", 0, List.of(use(40L, 40, 500)));
        assertThat(divide("b")).isEmpty();
        book.retain(Set.of("b"));
        assertThat(requests(divide("b"), "b")).isEqualTo(100);
    }

    @Test
    void countsANewProxyWithAnEqualPartUntilItHasConfirmedWhatItWasTold() {
        limited();
        book.reported("a", 0, List.of(use(100L, 0, 500)));
        book.reported("b", 0, List.of());
        var first = divide("a", "b");
        assertThat(requests(first, "a")).isEqualTo(95);
        assertThat(requests(first, "b")).isEqualTo(5);
        book.reported("a", first.get("a").number(), List.of(use(95L, 0, 0)));
        assertThat(requests(divide("a", "b"), "a")).isEqualTo(50);
        book.reported("b", first.get("b").number(), List.of(use(5L, 5, 500)));
        assertThat(divide("a", "b")).isNotEmpty();
    }

    @Test
    void raisesNobodyBeforeItKnowsWhatAllHold() {
        limited();
        book.reported("a", 0, List.of(use(40L, 40, 500)));
        assertThat(book.knows(Set.of("a", "b"))).isFalse();
        assertThat(book.divide(Set.of("a"), 2, false)).isEmpty();
        book.reported("b", 0, List.of(use(60L, 0, 0)));
        assertThat(book.knows(Set.of("a", "b"))).isTrue();
    }

    @Test
    void countsAnEqualPartForAProxyThatIsCutOffAndWasNeverHeard() {
        limited();
        book.retain(Set.of("a", "away"));
        book.reported("a", 0, List.of(use(null, 0, 500)));
        assertThat(requests(divide("a"), "a")).isEqualTo(LIMIT / 2);
        book.retain(Set.of("a"));
        assertThat(requests(divide("a"), "a")).isEqualTo(LIMIT);
    }

    @Test
    void tellsOfAKindThatIsLimitedFromNowOnHoweverSmallTheShare() {
        book.limits(Map.of(KEY, new Amounts(LIMIT, NONE, NONE)));
        book.reported("a", 0, List.of(use(null, 0, 0)));
        assertThat(divide("a").get("a").shares().get(KEY).tokens()).isEqualTo(NONE);
        book.limits(Map.of(KEY, new Amounts(LIMIT, 1, NONE)));
        assertThat(divide("a").get("a").shares().get(KEY).tokens()).isEqualTo(1);
    }

    @Test
    void forgetsAccountsWhoseLimitIsGone() {
        limited();
        book.reported("a", 0, List.of(use(40L, 40, 500)));
        book.limits(Map.of());
        assertThat(divide("a")).isEmpty();
        book.reported("a", 0, List.of(use(40L, 40, 500)));
        assertThat(divide("a")).isEmpty();
    }

    @Test
    void tellsNoLimitWhereThereIsNone() {
        book.limits(Map.of(KEY, new Amounts(NONE, 50, NONE)));
        book.reported("a", 0, List.of(use(null, 3, 3)));
        assertThat(divide("a").get("a").shares().get(KEY)).isEqualTo(new Amounts(NONE, 50, NONE));
    }

    /**
     * Three proxies, messages in flight, broken streams: whatever happens, what the proxies may use
     * and have used never adds up to more than the limit.
     */
    @Property(tries = 300)
    void allTogetherNeverMoreThanTheLimit(@ForAll long seed) {
        var random = new Random(seed);
        var simulated = new ShareBook();
        simulated.limits(Map.of(KEY, new Amounts(LIMIT, NONE, NONE)));
        var peers = new TreeMap<String, Peer>();
        for (var name : List.of("a", "b", "c")) {
            peers.put(name, new Peer(name));
        }
        var all = new ArrayList<>(peers.values());
        int busy = 0;
        for (int step = 0; step < 400; step++) {
            busy = random.nextInt(40) == 0 ? random.nextInt(3) : busy;
            var peer = all.get(random.nextInt(3));
            switch (random.nextInt(7)) {
                case 0, 1 -> {
                    int wanted = peer == all.get(busy) ? random.nextInt(60) : random.nextInt(2);
                    long room = Math.max(0, peer.part(3) - peer.used);
                    peer.used += Math.min(room, wanted);
                    peer.refused += Math.max(0, wanted - room);
                }
                case 2 -> peer.used -= peer.used == 0 ? 0 : random.nextLong(peer.used + 1);
                case 3 -> peer.report(simulated);
                case 4 -> {
                    if (!peer.toBook.isEmpty()) {
                        peer.toBook.poll().run();
                    }
                }
                case 5 -> {
                    if (!peer.toProxy.isEmpty()) {
                        peer.take(peer.toProxy.poll());
                    }
                }
                case 6 -> {
                    if (random.nextInt(10) == 0) {
                        peer.dialAgain(simulated);
                    } else {
                        simulated
                                .divide(peers.keySet(), 3, true)
                                .forEach((name, told) -> send(peers.get(name), told));
                    }
                }
                default -> throw new IllegalStateException();
            }
            assertThat(all.stream().mapToLong(each -> Math.max(each.part(3), each.used)).sum())
                    .as("seed %d, step %d", seed, step)
                    .isLessThanOrEqualTo(LIMIT);
        }
    }
}
