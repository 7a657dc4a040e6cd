package dev.tollgate.policy.attempt;

/** What the shell has measured; picking a target asks for it. */
@FunctionalInterface
public interface Telemetry {

    /** Nothing has been measured. */
    Telemetry NONE = (provider, model) -> TargetState.FINE;

    /**
     * @param provider {@code namespace/name}
     */
    TargetState of(String provider, String model);

    /** Mean output tokens of a route's answers, {@link TargetState#UNKNOWN} before the first. */
    default long meanOutputTokens(String route) {
        return TargetState.UNKNOWN;
    }

    /** The next number of a route's rotation, from a random start; never negative. */
    default long nextTurn(String route) {
        return 0;
    }
}
