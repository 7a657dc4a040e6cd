package dev.tollgate.dataplane.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.policy.attempt.TargetState;
import dev.tollgate.policy.route.Candidate;
import dev.tollgate.policy.snapshot.RuleEntry;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class SeenTargetTest {

    private static final Candidate TARGET = target();

    private final TargetStates states = new TargetStates(() -> 1);

    private static Candidate target() {
        var provider = Snapshots.provider("a", "openai-chat", "http://127.0.0.1:1/v1");
        var entry = new RuleEntry.TargetEntry("t", provider.key(), "model-1", null, 0, 1, null);
        return new Candidate(entry, provider, provider.models().getFirst());
    }

    private void loses(boolean stream, long seconds) {
        states.outrun(TARGET, stream, TimeUnit.SECONDS.toNanos(seconds));
    }

    private TargetState seen() {
        return states.of(TARGET.provider().key(), "model-1");
    }

    @Test
    void aTargetThatLosesIsAtLeastAsSlowAsItWasThen() {
        loses(true, 5);
        assertThat(seen().firstTokenMicros()).isEqualTo(5_000_000);
        assertThat(seen().answerMicros()).isEqualTo(TargetState.UNKNOWN);
        loses(true, 1);
        assertThat(seen().firstTokenMicros()).isEqualTo(5_000_000);
        loses(true, 9);
        assertThat(seen().firstTokenMicros()).isBetween(5_000_001L, 8_999_999L);
        loses(false, 7);
        assertThat(seen().answerMicros()).isEqualTo(7_000_000);
        assertThat(seen().circuitOpen()).isFalse();
        assertThat(seen().errorPermille()).isZero();
    }
}
