package dev.tollgate.policy.canary;

import java.time.Instant;

/**
 * How far a canary has come.
 *
 * <pre>
 *              hold over, enough served, nothing broken
 *  Progressing ------------------------------------> next step, after the last one Promoted
 *  Waiting     (a step without hold) ---- an edit --> starts over
 *      |
 *      +-- a limit is broken --> RolledBack (0 %) or Paused (the step is frozen)
 *
 *  any phase -- canary, its target or canary-retry-at changed --> step 1
 * </pre>
 *
 * @param step from 1
 * @param since begin of the phase, and of the step
 * @param fingerprint of the plan that it belongs to
 * @param message for people: what it does or what stopped it
 */
public record CanaryState(
        String target, int step, Phase phase, Instant since, String fingerprint, String message) {

    /** What it is doing. */
    public enum Phase {
        /** The step's hold runs. */
        PROGRESSING,
        /** The step has no hold: it is judged, and waits for an edit. */
        WAITING,
        /** A limit was broken: the step is frozen. */
        PAUSED,
        /** A limit was broken: 0 %. */
        ROLLED_BACK,
        /** 100 %. */
        PROMOTED;

        boolean judged() {
            return this == PROGRESSING || this == WAITING;
        }
    }
}
