package dev.tollgate.operator.status;

import dev.tollgate.crds.resource.Condition.Status;
import dev.tollgate.crds.resource.ConditionReason;
import dev.tollgate.crds.resource.ConditionType;
import dev.tollgate.operator.push.Proxy;
import dev.tollgate.policy.compile.Finding;
import java.util.List;

/** The Healthy condition of a provider, from what the proxies saw of it in the last minute. */
final class Health {

    private Health() {}

    /**
     * @param key {@code namespace/name} of the provider
     */
    static Finding of(String key, List<Proxy> live) {
        var seen =
                live.stream()
                        .flatMap(p -> p.health().stream())
                        .filter(h -> h.provider().equals(key))
                        .toList();
        if (seen.stream().anyMatch(Proxy.TargetHealth::credentialRejected)) {
            return finding(
                    Status.FALSE,
                    ConditionReason.CREDENTIAL_REJECTED,
                    "the provider refuses the credential");
        }
        var open =
                seen.stream()
                        .filter(Proxy.TargetHealth::circuitOpen)
                        .map(Proxy.TargetHealth::model)
                        .distinct()
                        .sorted()
                        .toList();
        if (!open.isEmpty()) {
            return finding(
                    Status.FALSE,
                    ConditionReason.BREAKER_OPEN,
                    "circuit open for " + String.join(", ", open));
        }
        if (seen.stream().anyMatch(Proxy.TargetHealth::unhealthy)) {
            return finding(
                    Status.FALSE, ConditionReason.CHECK_FAILED, "does not answer active checks");
        }
        return seen.stream().anyMatch(h -> h.requests() > 0 || h.model().isEmpty())
                ? finding(Status.TRUE, ConditionReason.HEALTHY, "answers")
                : finding(Status.UNKNOWN, ConditionReason.NO_TRAFFIC, "no requests lately");
    }

    private static Finding finding(Status status, ConditionReason reason, String message) {
        return new Finding(ConditionType.HEALTHY, status, reason, message);
    }
}
