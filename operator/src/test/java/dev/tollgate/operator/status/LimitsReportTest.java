package dev.tollgate.operator.status;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.tollgate.crds.resource.LimitsStatus;
import dev.tollgate.crds.resource.LimitsStatus.Mode;
import dev.tollgate.operator.push.Fleet;
import dev.tollgate.operator.push.Proxy;
import dev.tollgate.operator.push.Release;
import dev.tollgate.policy.push.RateStore;
import dev.tollgate.policy.snapshot.RevisionNumber;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LimitsReportTest {

    private static final Instant NOW = Instant.parse("2026-11-22T09:00:00Z");

    private static List<Proxy> live(String... names) {
        var release =
                new Release(new RevisionNumber(1, 1), "digest", ByteString.EMPTY, 1, Map.of());
        return Fleet.restored(release, List.of(names), NOW).live(NOW);
    }

    @Test
    void saysThatTheOperatorDivides() {
        assertThat(LimitsReport.of(live("one", "two"), Map.of("one", RateStore.MEMORY)))
                .isEqualTo(
                        new LimitsStatus(Mode.SHARES, 2, "divided by demand among 2 live proxies"));
    }

    @Test
    void saysThatProxiesDivideInValkey() {
        var stores =
                Map.of(
                        "one",
                        RateStore.VALKEY,
                        "two",
                        RateStore.VALKEY,
                        "gone",
                        RateStore.VALKEY_DOWN);
        assertThat(LimitsReport.of(live("one", "two"), stores).mode()).isEqualTo(Mode.VALKEY);
    }

    @Test
    void saysHowManyProxiesReachValkey() {
        var stores = Map.of("one", RateStore.VALKEY, "two", RateStore.VALKEY_DOWN);
        var mixed = LimitsReport.of(live("one", "two"), stores);
        assertThat(mixed.mode()).isEqualTo(Mode.MIXED);
        assertThat(mixed.message()).startsWith("1 of 2 live proxies");
        var down = LimitsReport.of(live("two"), stores);
        assertThat(down.mode()).isEqualTo(Mode.SHARES);
        assertThat(down.message()).endsWith("Valkey does not answer 1 of them");
    }
}
