package dev.tollgate.dataplane.fleet;

import dev.tollgate.dataplane.ProxyServer;
import dev.tollgate.dataplane.budget.BoundViolations;
import dev.tollgate.dataplane.control.RateExchange;
import dev.tollgate.dataplane.control.TargetFiguresSource;
import dev.tollgate.policy.canary.CanaryCount;
import dev.tollgate.policy.push.BoundViolation;
import dev.tollgate.policy.push.CanaryFigures;
import dev.tollgate.policy.push.DrillFigures;
import dev.tollgate.policy.push.RateStore;
import dev.tollgate.policy.push.TargetFigures;
import dev.tollgate.policy.share.Amounts;
import dev.tollgate.policy.share.LimitKey;
import dev.tollgate.policy.share.RateUse;
import dev.tollgate.policy.violation.ViolationBook;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** A proxy's figures as its heartbeats carry them, and its part in limits of the fleet. */
final class ServerFigures implements TargetFiguresSource, RateExchange {

    private final ProxyServer server;
    private final BoundViolations violations;

    ServerFigures(ProxyServer server, BoundViolations violations) {
        this.server = server;
        this.violations = violations;
    }

    @Override
    public List<TargetFigures> figures() {
        return server.lastMinute().stream()
                .map(
                        seen ->
                                TargetFigures.newBuilder()
                                        .setProvider(seen.provider())
                                        .setModel(seen.model())
                                        .setRequests(seen.requests())
                                        .setErrors(seen.errors())
                                        .setCircuitOpen(seen.circuitOpen())
                                        .setCredentialRejected(seen.credentialRejected())
                                        .setUnhealthy(seen.unhealthy())
                                        .build())
                .toList();
    }

    @Override
    public List<CanaryFigures> canaries() {
        return server.canaryCounts().stream().map(ServerFigures::message).toList();
    }

    @Override
    public List<DrillFigures> drills() {
        return server.drills().ordered().stream()
                .map(
                        told ->
                                DrillFigures.newBuilder()
                                        .setProvider(told.provider())
                                        .setId(told.id())
                                        .setAnswered(told.report().served())
                                        .setFailed(told.report().failed())
                                        .build())
                .toList();
    }

    @Override
    public List<BoundViolation> violations() {
        return violations.untold().stream()
                .limit(ViolationBook.MAX_TOLD)
                .map(
                        told ->
                                BoundViolation.newBuilder()
                                        .setBudget(told.budget())
                                        .setAtMillis(told.at().toEpochMilli())
                                        .setRequest(told.request())
                                        .setCostNanos(told.cost().nanos())
                                        .setBoundNanos(told.bound().nanos())
                                        .setStops(told.stops())
                                        .build())
                .toList();
    }

    @Override
    public List<RateUse> uses() {
        return server.rates().uses(Instant.now());
    }

    @Override
    public void told(Map<LimitKey, Amounts> shares) {
        server.rates().told(shares);
    }

    @Override
    public RateStore store() {
        return server.rateStore();
    }

    private static CanaryFigures message(CanaryCount count) {
        var figures = count.figures();
        return CanaryFigures.newBuilder()
                .setRoute(count.route())
                .setTarget(count.target())
                .setPercent(count.percent())
                .setRequests(figures.requests())
                .setErrors(figures.errors())
                .setCostNanos(figures.costNanos())
                .putAllLatencies(figures.latencies())
                .build();
    }
}
