package dev.tollgate.operator.status;

import dev.tollgate.crds.provider.DrillStatus;
import dev.tollgate.crds.resource.Condition.Status;
import dev.tollgate.crds.resource.ConditionReason;
import dev.tollgate.crds.resource.ConditionType;
import dev.tollgate.policy.compile.Finding;
import dev.tollgate.policy.drill.Standing;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A provider's drill as its status tells it. The condition is True once a drill has shown that the
 * chain holds, so that {@code kubectl wait --for=condition=Drill} waits for that.
 */
final class DrillReport {

    /** Proxies tell every 5 s, and requests that met the drill at its end take a while. */
    private static final Duration COUNTING = Duration.ofSeconds(10);

    private DrillReport() {}

    static @Nullable DrillStatus status(@Nullable Standing standing) {
        return standing instanceof Standing.Drill(var until, var answered, var failed)
                ? new DrillStatus(until, answered + failed, answered, failed)
                : null;
    }

    static Finding finding(Standing standing, Instant now) {
        return switch (standing) {
            case Standing.Refused refused ->
                    finding(Status.FALSE, ConditionReason.REFUSED, refused.message());
            case Standing.Drill drill -> finding(drill, now);
        };
    }

    private static Finding finding(Standing.Drill drill, Instant now) {
        var met =
                "%d requests met it, %d answered by another target, %d failed"
                        .formatted(
                                drill.answered() + drill.failed(),
                                drill.answered(),
                                drill.failed());
        if (now.isBefore(drill.until().plus(COUNTING))) {
            return finding(
                    Status.UNKNOWN, ConditionReason.RUNNING, "until " + drill.until() + ": " + met);
        }
        var over = "ended " + drill.until() + ": " + met;
        if (drill.failed() > 0) {
            return finding(Status.FALSE, ConditionReason.FAILED, over);
        }
        return drill.answered() > 0
                ? finding(Status.TRUE, ConditionReason.PASSED, over)
                : finding(Status.UNKNOWN, ConditionReason.NO_TRAFFIC, over);
    }

    private static Finding finding(Status status, ConditionReason reason, String message) {
        return new Finding(ConditionType.DRILL, status, reason, message);
    }
}
