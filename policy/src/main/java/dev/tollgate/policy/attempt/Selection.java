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

/** Picks the target of an attempt; api.md, 3.1 steps 5 to 7. */
public sealed interface Selection {

    int PERCENT = 100;

    /** Why this one of several, for traces and {@code tollgate explain}. */
    enum Reason {
        /** No other target could take the request. */
        ONLY_ONE,
        /** Drawn by weight. */
        WEIGHT,
        /** Its turn in the rotation. */
        TURN,
        CHEAPEST,
        FASTEST,
        /** Not the fastest, to keep figures fresh. */
        EXPLORED,
        SCORE,
        /** The key of the request belongs to it. */
        STICKY,
        /** The canary's share. */
        CANARY
    }

    /**
     * @param exclusions every other target that may not serve now, with its reason
     */
    record Chosen(Candidate candidate, Reason reason, List<Exclusion> exclusions)
            implements Selection {
        public Chosen {
            exclusions = List.copyOf(exclusions);
        }
    }

    /** No target can take the request now. */
    record None(NoRoute noRoute) implements Selection {}

    /**
     * The lowest priority number that has a candidate serves: first the canary's share, then as the
     * rule's selection says.
     *
     * @param random seeded by the shell
     */
    static Selection first(
            RoutePlan plan, Telemetry telemetry, Instant now, RandomGenerator random) {
        return among(plan, candidate -> true, telemetry, now, random, true);
    }

    /**
     * As {@link #first}, among the candidates that {@code eligible} admits; a canary comes last.
     */
    static Selection next(
            RoutePlan plan,
            Predicate<Candidate> eligible,
            Telemetry telemetry,
            Instant now,
            RandomGenerator random) {
        return among(plan, eligible, telemetry, now, random, false);
    }

    private static Selection among(
            RoutePlan plan,
            Predicate<Candidate> eligible,
            Telemetry telemetry,
            Instant now,
            RandomGenerator random,
            boolean first) {
        var available = new ArrayList<Candidate>();
        var exclusions = new ArrayList<>(plan.exclusions());
        Instant earliest = null;
        for (var candidate : plan.candidates()) {
            if (!eligible.test(candidate)) {
                continue;
            }
            var state = telemetry.of(candidate.provider().key(), candidate.model().name());
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
        var canary = canary(plan, available);
        if (first && canary != null && isDrawn(plan, random)) {
            return new Chosen(canary, Reason.CANARY, exclusions);
        }
        var others = withoutCanary(available, canary, exclusions);
        if (others.isEmpty()) {
            return new None(Router.exhausted(plan.route(), exclusions, millis(now, earliest)));
        }
        int priority = others.getFirst().priority();
        var lowest = new ArrayList<Candidate>(others.size());
        for (var candidate : others) {
            if (candidate.priority() == priority) {
                lowest.add(candidate);
            }
        }
        var picked = new Picker(plan, telemetry, random).pick(lowest);
        return new Chosen(picked.candidate(), picked.reason(), exclusions);
    }

    /** Null: there is none, or it cannot serve now, or a target of a lower priority number can. */
    private static @Nullable Candidate canary(RoutePlan plan, List<Candidate> available) {
        var canary = plan.canary();
        if (canary == null) {
            return null;
        }
        for (var candidate : available) {
            if (candidate.target().name().equals(canary.target())) {
                return candidate.priority() == available.getFirst().priority() ? candidate : null;
            }
        }
        return null;
    }

    private static boolean isDrawn(RoutePlan plan, RandomGenerator random) {
        var canary = plan.canary();
        if (canary == null) {
            return false;
        }
        var key = plan.traits().stickyKey();
        int drawn = key == null ? random.nextInt(PERCENT) : Rendezvous.percent(plan.route(), key);
        return drawn < canary.percent();
    }

    /**
     * The canary has had its share: it serves otherwise only where it is the last with a weight.
     */
    private static List<Candidate> withoutCanary(
            List<Candidate> available, @Nullable Candidate canary, List<Exclusion> exclusions) {
        var others = new ArrayList<Candidate>(available.size());
        for (var candidate : available) {
            if (candidate.weight() == 0) {
                exclusions.add(because(candidate, Exclusion.Reason.NO_WEIGHT, "has weight 0"));
            } else if (!candidate.equals(canary)) {
                others.add(candidate);
            }
        }
        if (others.isEmpty() && canary != null && canary.weight() > 0) {
            others.add(canary);
        }
        return others;
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
}
