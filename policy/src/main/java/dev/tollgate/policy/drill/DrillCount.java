package dev.tollgate.policy.drill;

/**
 * What a proxy has counted of a drill since it began there.
 *
 * @param provider {@code namespace/name}
 * @param id of the drill: its end as it was asked for, in Unix milliseconds
 * @param answered requests that met it and were answered by another target
 * @param failed requests that met it and were not answered
 */
public record DrillCount(String provider, long id, long answered, long failed) {}
