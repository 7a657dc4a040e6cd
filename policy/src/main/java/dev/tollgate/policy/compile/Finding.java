package dev.tollgate.policy.compile;

import dev.tollgate.crds.resource.Condition;
import dev.tollgate.crds.resource.ConditionReason;
import dev.tollgate.crds.resource.ConditionType;

/** A condition without generation and time, which the reporter adds. */
public record Finding(
        ConditionType type, Condition.Status status, ConditionReason reason, String message) {

    /** Longest message; Kubernetes allows 32,768. */
    static final int MAX_MESSAGE_CHARS = 1_024;

    public Finding {
        if (message.length() > MAX_MESSAGE_CHARS) {
            message = message.substring(0, MAX_MESSAGE_CHARS - 1) + "\u2026";
        }
    }

    public boolean isTrue() {
        return status == Condition.Status.TRUE;
    }
}
