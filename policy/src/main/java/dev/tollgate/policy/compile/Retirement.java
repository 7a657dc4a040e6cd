package dev.tollgate.policy.compile;

import java.time.LocalDate;

/**
 * A used model with a date from which its provider serves it no more.
 *
 * @param provider {@code namespace/name}
 */
public record Retirement(String provider, String model, LocalDate date) {}
