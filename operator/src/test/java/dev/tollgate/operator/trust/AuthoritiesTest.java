package dev.tollgate.operator.trust;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.operator.trust.ControlAuthority.Authorities;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class AuthoritiesTest {

    /** Who signs on one day was trusted by everybody 25 days before, whatever the age. */
    @Test
    void areTrustedWeeksBeforeTheySignThroughFiveYears() {
        var now = Instant.parse("2026-11-21T09:00:00Z");
        Authorities stored = ControlAuthority.due(null, now);
        var trustedBefore = new java.util.ArrayDeque<Authorities>();
        for (int day = 0; day < 5 * 365; day++) {
            now = now.plus(Duration.ofDays(1));
            stored = ControlAuthority.due(stored, now);
            assertThat(stored.current().until()).isAfter(now.plus(Duration.ofDays(7)));
            trustedBefore.add(stored);
            if (trustedBefore.size() > 25) {
                var weeksAgo = trustedBefore.removeFirst();
                assertThat(weeksAgo.trusted()).contains(stored.current().certificate());
                // and a leaf of then is trusted until its end
                assertThat(stored.trusted().size()).isLessThanOrEqualTo(2);
            }
        }
    }

    @Test
    void keepTheOldOneTrustedWhileItsLeavesLive() {
        var now = Instant.parse("2026-11-21T09:00:00Z");
        var first = ControlAuthority.due(null, now);
        var near = ControlAuthority.due(first, now.plus(Duration.ofDays(306)));
        assertThat(near.current()).isEqualTo(first.current());
        assertThat(near.next()).isNotNull();
        var over = ControlAuthority.due(near, now.plus(Duration.ofDays(336)));
        assertThat(over.current()).isEqualTo(near.next());
        assertThat(over.trusted()).contains(first.current().certificate());
    }
}
