package dev.tollgate.dataplane.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.dataplane.telemetry.Invariant;
import dev.tollgate.dataplane.telemetry.Metrics;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class HoldWatchTest {

    private final OpenGate gate = new OpenGate();
    private final AtomicBoolean busy = new AtomicBoolean();
    private final Metrics metrics = new Metrics();
    private final HoldWatch watch = new HoldWatch(gate, busy::get, metrics);

    private long after(int looks) {
        for (int i = 0; i < looks; i++) {
            watch.look();
        }
        return metrics.violations(Invariant.I11);
    }

    @Test
    void tellsOnceOfWhatIsHeldWhileNothingRunsAndAgainOfMore() {
        gate.open.set(2);
        assertThat(after(HoldWatch.QUIET_LOOKS - 1)).isZero();
        assertThat(after(1)).isEqualTo(1);
        assertThat(after(20)).isEqualTo(1);
        assertThat(gate.open.get()).as("it stays held").isEqualTo(2);
        gate.open.set(3);
        assertThat(after(1)).isEqualTo(2);
        gate.open.set(1);
        assertThat(after(20)).isEqualTo(2);
        gate.open.set(2);
        assertThat(after(1)).isEqualTo(3);
    }

    @Test
    void saysNothingWhileSomethingRunsOrNothingIsHeld() {
        assertThat(after(20)).isZero();
        gate.open.set(1);
        busy.set(true);
        assertThat(after(20)).isZero();
        busy.set(false);
        assertThat(after(HoldWatch.QUIET_LOOKS - 1)).isZero();
        busy.set(true);
        after(1);
        busy.set(false);
        assertThat(after(HoldWatch.QUIET_LOOKS - 1)).isZero();
        assertThat(after(1)).isEqualTo(1);
    }

    @Test
    void whatCameAndWentBetweenTwoLooksWasNoQuiet() {
        gate.open.set(1);
        for (int i = 0; i < 20; i++) {
            gate.claims.add(null);
            assertThat(after(HoldWatch.QUIET_LOOKS - 1)).isZero();
        }
        assertThat(after(2)).isEqualTo(1);
    }
}
