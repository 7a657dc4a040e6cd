package dev.tollgate.dataplane.fleet;

import dev.tollgate.dataplane.ProxyServer;
import dev.tollgate.dataplane.control.DrillOrders;
import dev.tollgate.dataplane.exchange.Drills;
import dev.tollgate.policy.push.Drill;
import java.time.Duration;
import java.util.List;

/** Carries out the drills that the operator asks for. */
record ServerDrills(ProxyServer server) implements DrillOrders {

    @Override
    public void ordered(List<Drill> drills) {
        server.drills()
                .ordered(
                        drills.stream()
                                .map(
                                        drill ->
                                                new Drills.Order(
                                                        drill.getProvider(),
                                                        drill.getId(),
                                                        Duration.ofMillis(
                                                                drill.getRemainingMillis())))
                                .toList());
    }
}
