package dev.tollgate.policy.drill;

import java.time.Instant;

/** What the annotation of one provider has come to. */
public sealed interface Standing {

    /**
     * It is no drill.
     *
     * @param message names the value and what is expected
     */
    record Refused(String message) implements Standing {}

    /**
     * A drill that runs, or that is over.
     *
     * @param until its end: the one that was asked for, or when the annotation was taken away
     * @param answered requests that met it and were answered by another target
     * @param failed requests that met it and were not answered
     */
    record Drill(Instant until, long answered, long failed) implements Standing {}
}
