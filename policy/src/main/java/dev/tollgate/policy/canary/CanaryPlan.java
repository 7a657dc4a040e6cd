package dev.tollgate.policy.canary;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The canary of one rule as its author wrote it, with the defaults filled in.
 *
 * @param pauses a broken limit freezes the step; else it sets 0 %
 * @param fingerprint of the canary, its target and {@code tollgate.dev/canary-retry-at}: where it
 *     differs, the canary starts over
 */
public record CanaryPlan(
        String target, List<Step> steps, boolean pauses, Limits limits, String fingerprint) {

    static final int WHOLE = 100;

    /**
     * @param holdMillis null: it waits for an edit
     */
    public record Step(int percent, @Nullable Long holdMillis) {}

    /** What is not to be exceeded; judged from {@code minRequests} on. */
    public record Limits(
            int minRequests,
            int maxErrorRatePercent,
            int maxLatencyIncreasePercent,
            int maxCostIncreasePercent) {

        /** Those of a canary that names none. */
        public static final Limits USUAL = new Limits(50, 5, 25, 25);
    }

    public CanaryPlan {
        steps = List.copyOf(steps);
        if (steps.isEmpty()) {
            throw new IllegalArgumentException("steps: [] (expected: at least one)");
        }
    }

    /** The share of a canary in this state; null: it has not begun. */
    public int percent(@Nullable CanaryState state) {
        if (state == null || !fits(state)) {
            return steps.getFirst().percent();
        }
        return switch (state.phase()) {
            case PROGRESSING, WAITING, PAUSED -> steps.get(state.step() - 1).percent();
            case ROLLED_BACK -> 0;
            case PROMOTED -> WHOLE;
        };
    }

    /** Whether the state is one of this canary, as it is written now. */
    boolean fits(CanaryState state) {
        return state.fingerprint().equals(fingerprint)
                && state.target().equals(target)
                && state.step() >= 1
                && state.step() <= steps.size();
    }
}
