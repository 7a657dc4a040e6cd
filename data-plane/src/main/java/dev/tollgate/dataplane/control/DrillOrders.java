package dev.tollgate.dataplane.control;

import dev.tollgate.policy.push.Drill;
import java.util.List;

/** Hears with every heartbeat of the operator which drills run. On the link's event loop. */
@FunctionalInterface
public interface DrillOrders {

    /** Those that are not named any more are over. */
    void ordered(List<Drill> drills);
}
