package dev.tollgate.operator.status;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.crds.provider.DrillStatus;
import dev.tollgate.policy.drill.Standing;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class DrillReportTest {

    private static final Instant UNTIL = Instant.parse("2026-11-22T10:10:00Z");

    private static String told(Standing standing, Instant now) {
        var finding = DrillReport.finding(standing, now);
        return finding.status() + "/" + finding.reason() + " " + finding.message();
    }

    @Test
    void isUnknownUntilTheLastCountsAreIn() {
        var drill = new Standing.Drill(UNTIL, 2, 1);
        var running =
                "UNKNOWN/RUNNING until 2026-11-22T10:10:00Z: 3 requests met it, 2 answered by"
                        + " another target, 1 failed";
        assertThat(told(drill, UNTIL.minusSeconds(60))).isEqualTo(running);
        assertThat(told(drill, UNTIL.plusSeconds(9))).isEqualTo(running);
    }

    @Test
    void passesWhenAllWereAnsweredAndFailsWhenOneWasNot() {
        var later = UNTIL.plusSeconds(10);
        assertThat(told(new Standing.Drill(UNTIL, 2, 0), later)).startsWith("TRUE/PASSED ended");
        assertThat(told(new Standing.Drill(UNTIL, 2, 1), later)).startsWith("FALSE/FAILED ended");
        assertThat(told(new Standing.Drill(UNTIL, 0, 0), later))
                .startsWith("UNKNOWN/NO_TRAFFIC ended");
    }

    @Test
    void saysWhatWasRefused() {
        assertThat(told(new Standing.Refused("no instant"), UNTIL))
                .isEqualTo("FALSE/REFUSED no instant");
        assertThat(DrillReport.status(new Standing.Refused("no instant"))).isNull();
        assertThat(DrillReport.status(null)).isNull();
        assertThat(DrillReport.status(new Standing.Drill(UNTIL, 2, 1)))
                .isEqualTo(new DrillStatus(UNTIL, 3, 2, 1));
    }
}
