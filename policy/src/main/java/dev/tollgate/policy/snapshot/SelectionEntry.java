package dev.tollgate.policy.snapshot;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How a rule picks among the targets of one priority; api.md, 3.2. What belongs to another type is
 * null, or its default.
 *
 * @param errorAware {@code WEIGHTED}: the weight of a failing target shrinks
 * @param floor null: no target is left out for its quality
 * @param wholeAnswer {@code LOWEST_LATENCY}, {@code SCORE}: the whole answer's time counts, also
 *     for streams, whose first token counts otherwise
 * @param explorePercent {@code LOWEST_LATENCY}: requests that go to another target
 * @param score {@code SCORE}
 * @param cascade {@code CASCADE}
 */
public record SelectionEntry(
        Type type,
        boolean errorAware,
        @Nullable Floor floor,
        boolean wholeAnswer,
        int explorePercent,
        @Nullable Score score,
        @Nullable Cascade cascade) {

    /** By fixed weights, with no floor. */
    public static final SelectionEntry WEIGHTED =
            new SelectionEntry(Type.WEIGHTED, false, null, false, 0, null, null);

    /** The strategies, with their names in usage records. */
    public enum Type {
        WEIGHTED("weighted"),
        ROUND_ROBIN("round-robin"),
        LEAST_COST("least-cost"),
        LOWEST_LATENCY("lowest-latency"),
        SCORE("score"),
        CASCADE("cascade");

        private final String strategy;

        Type(String strategy) {
            this.strategy = strategy;
        }

        public String strategy() {
            return strategy;
        }
    }

    /**
     * The least quality that a target must have; api.md, R12.
     *
     * @param standard 1..100, without a hint
     * @param honourHint {@code x-quality-hint} moves it
     * @param rejectUnmet a request that no target is good enough for is refused, else the best
     *     serves
     */
    public record Floor(int standard, boolean honourHint, boolean rejectUnmet) {}

    /** Weights of what is scaled to 0..1 over the candidates; the lowest sum wins; api.md, R14. */
    public record Score(int cost, int latency, int errorRate, int quality) {}

    /** Why an answer is not good enough; api.md, R16. */
    public enum StepUp {
        FAILURE,
        REFUSAL,
        INVALID_JSON,
        LOW_CONFIDENCE
    }

    /**
     * Cheapest first; api.md, R16.
     *
     * @param maxSteps targets that are asked at most
     * @param minConfidencePercent below which an answer counts as doubtful
     */
    public record Cascade(Set<StepUp> stepUpOn, int maxSteps, int minConfidencePercent) {
        public Cascade {
            stepUpOn = Set.copyOf(stepUpOn);
        }
    }
}
