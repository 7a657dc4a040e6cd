package dev.tollgate.policy.attempt;

import dev.tollgate.policy.route.Candidate;
import dev.tollgate.policy.route.Exclusion;
import dev.tollgate.policy.route.NoRoute;
import dev.tollgate.policy.route.RoutePlan;
import dev.tollgate.policy.route.Router;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Picks the target of a first attempt; api.md, 3.1 steps 5 to 7 and R10. */
public sealed interface Selection {

    /**
     * @param exclusions every other target that may not serve now, with its reason
     */
    record Chosen(Candidate candidate, List<Exclusion> exclusions) implements Selection {
        public Chosen {
            exclusions = List.copyOf(exclusions);
        }
    }

    /** No target can take the request now. */
    record None(NoRoute noRoute) implements Selection {}

    /**
     * The lowest priority number that has a candidate serves, shared by weight.
     *
     * @param random seeded by the shell
     */
    static Selection first(
            RoutePlan plan, TargetState.Lookup states, Instant now, RandomGenerator random) {
        return among(plan, candidate -> true, states, now, random);
    }

    /** As {@link #first}, among the candidates that {@code eligible} admits. */
    static Selection among(
            RoutePlan plan,
            Predicate<Candidate> eligible,
            TargetState.Lookup states,
            Instant now,
            RandomGenerator random) {
        var available = new ArrayList<Candidate>();
        var exclusions = new ArrayList<>(plan.exclusions());
        Instant earliest = null;
        for (var candidate : plan.candidates()) {
            if (!eligible.test(candidate)) {
                continue;
            }
            var state = states.of(candidate.provider().key(), candidate.model().name());
            var excluded = excluded(candidate, state, now);
            if (excluded == null) {
                available.add(candidate);
                continue;
            }
            exclusions.add(excluded);
            var notBefore = state.notBefore();
            if (notBefore != null && (earliest == null || notBefore.isBefore(earliest))) {
                earliest = notBefore;
            }
        }
        if (available.isEmpty()) {
            return new None(Router.exhausted(plan.route(), exclusions, millis(now, earliest)));
        }
        int priority = available.getFirst().priority();
        var lowest = available.stream().filter(c -> c.priority() == priority).toList();
        return new Chosen(weighted(lowest, random), exclusions);
    }

    private static @Nullable Exclusion excluded(
            Candidate candidate, TargetState state, Instant now) {
        var notBefore = state.notBefore();
        if (notBefore != null && now.isBefore(notBefore)) {
            return because(
                    candidate, Exclusion.Reason.NEAR_LIMIT, "is rate limited by its provider");
        }
        if (state.circuitOpen()) {
            return because(candidate, Exclusion.Reason.BREAKER_OPEN, "has an open circuit");
        }
        return state.unhealthy()
                ? because(candidate, Exclusion.Reason.UNHEALTHY, "is unhealthy")
                : null;
    }

    private static Exclusion because(Candidate candidate, Exclusion.Reason reason, String detail) {
        return new Exclusion(
                candidate.target().name(),
                candidate.provider().key(),
                candidate.model().name(),
                reason,
                detail);
    }

    private static @Nullable Long millis(Instant now, @Nullable Instant until) {
        return until == null ? null : Math.max(0, Duration.between(now, until).toMillis());
    }

    private static Candidate weighted(List<Candidate> candidates, RandomGenerator random) {
        if (candidates.size() == 1) {
            return candidates.getFirst();
        }
        long sum = candidates.stream().mapToLong(Candidate::weight).sum();
        long drawn = random.nextLong(sum);
        for (var candidate : candidates) {
            drawn -= candidate.weight();
            if (drawn < 0) {
                return candidate;
            }
        }
        throw new IllegalStateException("weights: " + sum + " (expected: their sum)");
    }
}
