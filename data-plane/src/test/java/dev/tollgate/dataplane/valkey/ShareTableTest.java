package dev.tollgate.dataplane.valkey;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.policy.share.Amounts;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ShareTableTest {

    private static final Amounts LIMIT = new Amounts(100, Amounts.UNLIMITED, Amounts.UNLIMITED);

    private final ShareTable table = new ShareTable("b");

    private static Amounts requests(long requests) {
        return new Amounts(requests, 0, 0);
    }

    private ShareTable.Word next(long used, long demand, long nowMillis) {
        return table.next(LIMIT, requests(used), requests(demand), nowMillis);
    }

    private void heard(ShareTable.Word said, long held, Map<String, Long> others, long nowMillis) {
        var needs = new TreeMap<String, Amounts>();
        others.forEach((name, demand) -> needs.put(name, requests(demand)));
        table.heard(said, true, requests(held), needs, nowMillis);
    }

    /** It says what it holds to a store that knows nobody. */
    private void forgets(long used, long nowMillis) {
        table.heard(next(used, 500, nowMillis), false, requests(50), new TreeMap<>(), nowMillis);
    }

    private long share() {
        return table.share().requests();
    }

    @Test
    void looksBeforeItTakes() {
        var first = next(3, 3, 0);
        assertThat(first.held()).isEqualTo(requests(3));
        assertThat(first.wanted()).isEqualTo(Amounts.NONE);
        heard(first, 3, Map.of("a", 0L), 0);
        assertThat(table.share()).isNull();
        var second = next(3, 3, 100);
        assertThat(second.wanted().requests()).isEqualTo(50);
        heard(second, 50, Map.of("a", 0L), 100);
        assertThat(share()).isEqualTo(50);
    }

    @Test
    void givesBackWhatAnotherNeedsAndKeepsWhatItHasUsed() {
        heard(next(0, 0, 0), 0, Map.of(), 0);
        heard(next(0, 0, 0), 100, Map.of(), 0);
        assertThat(share()).isEqualTo(100);
        heard(next(70, 70, 100), 100, Map.of("a", 500L), 100);
        assertThat(share()).isEqualTo(50);
        var next = next(70, 70, 200);
        assertThat(next.held()).isEqualTo(requests(70));
        heard(next, 70, Map.of("a", 500L), 200);
        assertThat(share()).isEqualTo(50);
        assertThat(next(20, 20, 300).held()).isEqualTo(requests(50));
    }

    @Test
    void takesNothingForASecondFromAStoreThatHasForgottenAll() {
        heard(next(0, 0, 0), 0, Map.of(), 0);
        heard(next(0, 0, 0), 50, Map.of(), 0);
        forgets(0, 1_000);
        assertThat(next(50, 500, 1_900).wanted()).isEqualTo(Amounts.NONE);
        assertThat(next(50, 500, 2_000).wanted().requests()).isEqualTo(100);
    }

    @Test
    void takesNothingFromAStoreThatHasForgottenAllUntilTheOthersHaveSaidWhatTheyHold() {
        heard(next(0, 0, 0), 0, Map.of("a", 0L, "c", 0L), 0);
        heard(next(0, 0, 0), 33, Map.of("a", 0L, "c", 0L), 0);
        forgets(0, 1_000);
        heard(next(33, 500, 9_000), 33, Map.of("a", 0L), 9_000);
        forgets(33, 9_500); // and once more
        heard(next(33, 500, 9_600), 33, Map.of("c", 0L), 9_600);
        assertThat(next(33, 500, 30_000).wanted()).isEqualTo(Amounts.NONE);
        heard(next(33, 500, 30_000), 33, Map.of("a", 0L, "c", 0L), 30_000);
        assertThat(next(33, 500, 30_100).wanted().requests()).isGreaterThan(33);
    }

    @Test
    void waitsNoLongerForAnotherThanWhatItHeldIsItsOwn() {
        heard(next(0, 0, 0), 0, Map.of("a", 0L), 0);
        heard(next(0, 0, 0), 50, Map.of("a", 0L), 0);
        forgets(0, 1_000);
        assertThat(next(50, 500, 60_900).wanted()).isEqualTo(Amounts.NONE);
        assertThat(next(50, 500, 61_000).wanted().requests()).isEqualTo(100);
    }

    @Test
    void takesNoShareWhereThereIsNoLimit() {
        heard(next(0, 0, 0), 0, Map.of(), 0);
        heard(next(0, 0, 0), 100, Map.of(), 0);
        assertThat(table.share()).isEqualTo(new Amounts(100, Amounts.UNLIMITED, Amounts.UNLIMITED));
    }

    @Test
    void hasNoPartWhileOthersHoldAllAndOneAsSoonAsTheyGiveSomeBack() {
        heard(next(0, 0, 0), 0, Map.of("a", 0L), 0);
        heard(next(0, 0, 100), 0, Map.of("a", 0L), 100);
        assertThat(table.hasPart()).isFalse();
        heard(next(0, 0, 200), 10, Map.of("a", 0L), 200);
        assertThat(table.hasPart()).isTrue();
    }

    @Test
    void owesWhatItKeepsToNoMoreUntilItHasSaidSo() {
        heard(next(0, 0, 0), 0, Map.of(), 0);
        heard(next(0, 0, 100), 100, Map.of(), 100);
        assertThat(table.owes()).isFalse();
        heard(next(0, 0, 200), 100, Map.of("a", 0L), 200);
        assertThat(table.owes()).isTrue();
        heard(next(0, 0, 300), 50, Map.of("a", 0L), 300);
        assertThat(table.owes()).isFalse();
    }
}
