package dev.tollgate.policy.attempt;

import dev.tollgate.policy.route.RoutePlan;
import dev.tollgate.policy.snapshot.RuleEntry;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Whether and where a request is tried again (api.md, 3.4). Asked only while no byte of an answer
 * has gone to the client.
 */
public final class AttemptRule {

    private AttemptRule() {}

    /**
     * What the shell knows when it asks.
     *
     * @param deadline when the request's time is over
     * @param retryAllowed whether the proxy's retry budget has room (R31: 20 % of active requests)
     * @param random seeded by the shell
     */
    public record Circumstances(
            Telemetry telemetry,
            Instant now,
            Instant deadline,
            boolean retryAllowed,
            RandomGenerator random) {}

    /**
     * @param attempts all attempts so far, the one just finished last
     */
    public static Decision decide(
            RoutePlan plan, List<Attempt> attempts, Circumstances circumstances) {
        var last = attempts.getLast();
        if (last.outcome() instanceof Outcome.Poor) {
            return CascadeRule.next(plan, attempts, circumstances);
        }
        var reason = refusal(plan.retry(), attempts, circumstances);
        if (reason != null) {
            return new Decision.GiveUp(reason);
        }
        var next =
                Selection.next(
                        plan,
                        candidate -> CascadeRule.isUntried(candidate, attempts),
                        circumstances.telemetry(),
                        circumstances.now(),
                        circumstances.random());
        return switch (next) {
            case Selection.Chosen chosen -> new Decision.Retry(chosen.candidate(), Duration.ZERO);
            case Selection.None none -> again(plan.retry(), attempts, last, circumstances);
        };
    }

    private static Decision.@Nullable Reason refusal(
            RuleEntry.Retry retry, List<Attempt> attempts, Circumstances circumstances) {
        var outcome = attempts.getLast().outcome();
        if (outcome instanceof Outcome.Success) {
            return Decision.Reason.DONE;
        }
        if (!retryable(retry, outcome)) {
            return Decision.Reason.NOT_RETRYABLE;
        }
        // a step of a cascade is no retry
        long tries = attempts.stream().filter(a -> !(a.outcome() instanceof Outcome.Poor)).count();
        if (tries >= retry.maxAttempts()) {
            return Decision.Reason.ATTEMPTS_SPENT;
        }
        if (!circumstances.now().isBefore(circumstances.deadline())) {
            return Decision.Reason.DEADLINE;
        }
        return circumstances.retryAllowed() ? null : Decision.Reason.RETRY_BUDGET_SPENT;
    }

    private static boolean retryable(RuleEntry.Retry retry, Outcome outcome) {
        return switch (outcome) {
            case Outcome.RateLimited r -> retry.retryOn().contains(RuleEntry.Cause.RATE_LIMITED);
            case Outcome.ServerError s -> retry.retryOn().contains(RuleEntry.Cause.SERVER_ERROR);
            case Outcome.Timeout t -> retry.retryOn().contains(RuleEntry.Cause.TIMEOUT);
            case Outcome.ConnectFailure c ->
                    retry.retryOn().contains(RuleEntry.Cause.CONNECT_FAILURE);
            // not a retry of the same call, but the search for a target that can serve
            case Outcome.CredentialRejected c -> true;
            case Outcome.NoFreeConnection n -> true;
            case Outcome.ClientFault c -> false;
            case Outcome.Success s -> false;
            case Outcome.Poor p -> false;
        };
    }

    /** R30: the same target only if it is the last; R31: its delay. */
    private static Decision again(
            RuleEntry.Retry retry,
            List<Attempt> attempts,
            Attempt last,
            Circumstances circumstances) {
        var candidate = last.candidate();
        if (last.outcome() instanceof Outcome.CredentialRejected
                || last.outcome() instanceof Outcome.NoFreeConnection) {
            return new Decision.GiveUp(Decision.Reason.NO_TARGET_LEFT);
        }
        var state =
                circumstances.telemetry().of(candidate.provider().key(), candidate.model().name());
        if (state.circuitOpen() || state.unhealthy()) {
            return new Decision.GiveUp(Decision.Reason.NO_TARGET_LEFT);
        }
        long floorMillis = retryAfterMillis(last.outcome());
        var notBefore = state.notBefore();
        if (notBefore != null && circumstances.now().isBefore(notBefore)) {
            floorMillis =
                    Math.max(
                            floorMillis,
                            Duration.between(circumstances.now(), notBefore).toMillis());
        }
        if (floorMillis > retry.maxRetryAfterMillis()) {
            return new Decision.GiveUp(Decision.Reason.RETRY_AFTER_TOO_LONG);
        }
        long triesHere =
                attempts.stream()
                        .filter(a -> !CascadeRule.isUntried(candidate, List.of(a)))
                        .count();
        long delayMillis =
                Math.max(floorMillis, backoffMillis(retry, triesHere, circumstances.random()));
        var delay = Duration.ofMillis(delayMillis);
        if (!circumstances.now().plus(delay).isBefore(circumstances.deadline())) {
            return new Decision.GiveUp(Decision.Reason.DEADLINE);
        }
        return new Decision.Retry(candidate, delay);
    }

    /** Full jitter: random from 0 to min(max, base * 2^(n-1)). */
    private static long backoffMillis(RuleEntry.Retry retry, long tries, RandomGenerator random) {
        int doublings = (int) Math.min(30, tries - 1);
        long ceiling =
                Math.min(
                        retry.backoffMaxMillis(),
                        Math.multiplyExact(retry.backoffBaseMillis(), 1L << doublings));
        return random.nextLong(ceiling + 1);
    }

    private static long retryAfterMillis(Outcome outcome) {
        var retryAfter =
                switch (outcome) {
                    case Outcome.RateLimited limited -> limited.retryAfter();
                    case Outcome.ServerError error -> error.retryAfter();
                    case Outcome.Success s -> null;
                    case Outcome.Timeout t -> null;
                    case Outcome.ConnectFailure c -> null;
                    case Outcome.ClientFault c -> null;
                    case Outcome.CredentialRejected c -> null;
                    case Outcome.NoFreeConnection n -> null;
                    case Outcome.Poor p -> null;
                };
        return retryAfter == null ? 0 : Math.max(0, retryAfter.toMillis());
    }
}
