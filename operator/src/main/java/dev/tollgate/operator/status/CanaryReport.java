package dev.tollgate.operator.status;

import dev.tollgate.crds.resource.Condition.Status;
import dev.tollgate.crds.resource.ConditionReason;
import dev.tollgate.crds.resource.ConditionType;
import dev.tollgate.crds.resource.ResourceKey;
import dev.tollgate.crds.resource.RoutingPolicy;
import dev.tollgate.crds.route.CanaryStatus;
import dev.tollgate.policy.canary.CanaryState;
import dev.tollgate.policy.compile.Finding;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The canaries of a policy as its status tells them, and back. */
public final class CanaryReport {

    private static final int MAX_MESSAGE_CHARS = 1_024;

    private CanaryReport() {}

    /**
     * A canary as it stands.
     *
     * @param percent its share
     */
    public record Standing(CanaryState state, int percent) {}

    /**
     * By rule.
     *
     * @param standings by route, of every policy
     */
    static List<CanaryStatus> of(ResourceKey policy, Map<String, Standing> standings) {
        var prefix = prefix(policy);
        return standings.entrySet().stream()
                .filter(entry -> entry.getKey().startsWith(prefix))
                .map(entry -> status(entry.getKey().substring(prefix.length()), entry.getValue()))
                .sorted(Comparator.comparing(CanaryStatus::rule))
                .toList();
    }

    private static String prefix(ResourceKey policy) {
        return policy.namespace() + "/" + policy.name() + "/";
    }

    private static CanaryStatus status(String rule, Standing standing) {
        var state = standing.state();
        return new CanaryStatus(
                rule,
                state.target(),
                state.step(),
                standing.percent(),
                switch (state.phase()) {
                    case PROGRESSING -> CanaryStatus.Phase.PROGRESSING;
                    case WAITING -> CanaryStatus.Phase.WAITING;
                    case PAUSED -> CanaryStatus.Phase.PAUSED;
                    case ROLLED_BACK -> CanaryStatus.Phase.ROLLED_BACK;
                    case PROMOTED -> CanaryStatus.Phase.PROMOTED;
                },
                state.since(),
                state.fingerprint(),
                state.message()
                        .substring(0, Math.min(state.message().length(), MAX_MESSAGE_CHARS)));
    }

    /** CanaryProgressing: what needs attention most gives the reason; empty without canaries. */
    static Optional<Finding> finding(List<CanaryStatus> canaries) {
        return canaries.stream()
                .min(Comparator.comparing(canary -> urgency(canary.phase())))
                .map(
                        first -> {
                            var reason = reason(first.phase());
                            return new Finding(
                                    ConditionType.CANARY_PROGRESSING,
                                    reason == ConditionReason.PROGRESSING
                                            ? Status.TRUE
                                            : Status.FALSE,
                                    reason,
                                    canaries.stream()
                                            .sorted(
                                                    Comparator.comparing(
                                                            canary -> urgency(canary.phase())))
                                            .map(c -> "rule " + c.rule() + ": " + c.message())
                                            .collect(Collectors.joining("; ")));
                        });
    }

    private static int urgency(CanaryStatus.Phase phase) {
        return switch (phase) {
            case ROLLED_BACK -> 0;
            case PAUSED -> 1;
            case WAITING -> 2;
            case PROGRESSING -> 3;
            case PROMOTED -> 4;
            case UNKNOWN -> 5;
        };
    }

    private static ConditionReason reason(CanaryStatus.Phase phase) {
        return switch (phase) {
            case ROLLED_BACK -> ConditionReason.ROLLED_BACK;
            case PAUSED -> ConditionReason.PAUSED;
            case WAITING -> ConditionReason.WAITING;
            case PROGRESSING -> ConditionReason.PROGRESSING;
            case PROMOTED -> ConditionReason.PROMOTED;
            case UNKNOWN -> ConditionReason.UNKNOWN;
        };
    }

    /**
     * How far the canaries of these policies had come when their status was written, by route. What
     * cannot be read is lost, and begins anew (api.md, R21).
     */
    public static Map<String, CanaryState> states(List<RoutingPolicy> policies) {
        var states = new HashMap<String, CanaryState>();
        for (var policy : policies) {
            var status = policy.status();
            if (status == null) {
                continue;
            }
            for (var canary : status.canaries()) {
                var state = state(canary);
                if (state != null) {
                    states.put(prefix(policy.key()) + canary.rule(), state);
                }
            }
        }
        return states;
    }

    private static @Nullable CanaryState state(CanaryStatus canary) {
        var phase =
                switch (canary.phase()) {
                    case PROGRESSING -> CanaryState.Phase.PROGRESSING;
                    case WAITING -> CanaryState.Phase.WAITING;
                    case PAUSED -> CanaryState.Phase.PAUSED;
                    case ROLLED_BACK -> CanaryState.Phase.ROLLED_BACK;
                    case PROMOTED -> CanaryState.Phase.PROMOTED;
                    case UNKNOWN -> null;
                };
        var fingerprint = canary.fingerprint();
        if (phase == null || fingerprint == null) {
            return null;
        }
        var message = canary.message();
        return new CanaryState(
                canary.target(),
                canary.step(),
                phase,
                canary.since(),
                fingerprint,
                message == null ? "" : message);
    }
}
