package dev.tollgate.policy.attempt;

import dev.tollgate.policy.route.Candidate;

/** One finished upstream call of a request. */
public record Attempt(Candidate candidate, Outcome outcome) {}
