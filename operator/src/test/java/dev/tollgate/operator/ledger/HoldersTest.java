package dev.tollgate.operator.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.policy.budget.HolderId;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class HoldersTest {

    private static final Instant NOW = Instant.parse("2026-11-21T10:00:00Z");

    private final Holders holders = new Holders();

    private static HolderId holder(int number) {
        return new HolderId("log-" + number, 1);
    }

    private void came(int number) {
        holders.came(holder(number), "pod-" + number, NOW.plusSeconds(number));
    }

    @Test
    void oneMoreTakesThePlaceOfWhoLeftFirst() {
        for (var number = 0; number < Holders.MAX; number++) {
            came(number);
        }
        came(Holders.MAX);
        assertThat(holders.all())
                .as("everybody is here")
                .hasSize(Holders.MAX)
                .doesNotContainKey(holder(Holders.MAX));
        holders.left(holder(7), NOW.plusSeconds(20_000));
        holders.left(holder(3), NOW.plusSeconds(20_001));
        came(Holders.MAX);
        assertThat(holders.all())
                .hasSize(Holders.MAX)
                .containsKeys(holder(Holders.MAX), holder(3))
                .doesNotContainKey(holder(7));
        holders.came(holder(3), "pod-3", NOW.plusSeconds(20_002));
        assertThat(holders.all().get(holder(3)).connected()).isTrue();
    }
}
