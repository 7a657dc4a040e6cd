package dev.tollgate.dataplane.record;

import dev.tollgate.dataplane.wal.Interrupted;
import dev.tollgate.dialects.Usage;
import dev.tollgate.policy.price.Money;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What one request was (contract.md, Usage record). Texts that are not known are empty. It holds no
 * word of prompt or answer.
 *
 * @param endpoint of a request that passes as it is: the path behind {@code /v1}, else empty
 * @param results how many of them it asks for; 0: not known, or not such a request
 * @param timeMillis when the request arrived, Unix time
 * @param provider that gave the answer, of a cache hit the one that gave it then
 * @param cacheHit no provider was asked: there are no attempts, no tokens and no cost
 * @param shadow null: no copy, but a request
 * @param budgetSteps of the ladders of Budgets that were in force, {@code namespace/name/step}
 * @param budgetShadow what Budgets in mode Shadow would have done, {@code namespace/name/verdict}
 * @param outcome a word of {@link Outcome}
 * @param ttftMillis time to the first token, negative if there was none
 * @param costAssumed some of the cost is an upper bound, because a provider did not tell
 * @param status what the client was told; 0: the gateway died before it knew
 */
public record UsageRecord(
        String requestId,
        long timeMillis,
        String team,
        String caller,
        Map<String, String> tags,
        String clientDialect,
        String endpoint,
        int results,
        String route,
        String strategy,
        String provider,
        String model,
        String modelRequested,
        boolean fallbackUsed,
        List<Attempt> attempts,
        boolean cacheHit,
        @Nullable ShadowOf shadow,
        boolean stream,
        Usage usage,
        long latencyMillis,
        long ttftMillis,
        Money cost,
        boolean costAssumed,
        String costSource,
        List<String> budgets,
        List<String> budgetSteps,
        List<String> budgetShadow,
        Outcome outcome,
        int status,
        String traceId) {

    /** One upstream call. */
    public record Attempt(
            String provider,
            String model,
            String outcome,
            int status,
            long latencyMillis,
            Money cost) {}

    /** The record that a dead process owes: what it had logged before its attempts. */
    public static UsageRecord of(Interrupted interrupted) {
        var request = interrupted.request();
        var tries = interrupted.tries();
        var first = tries.getFirst().attempt();
        var last = tries.getLast().attempt();
        var cost = Money.ZERO;
        var assumed = false;
        var budgets = new TreeSet<String>();
        var attempts = new ArrayList<Attempt>(tries.size());
        for (var tried : tries) {
            var money = new Money(tried.costNanos());
            cost = cost.plus(money);
            assumed |= tried.assumed();
            budgets.addAll(tried.budgets());
            var word = tried.attempt().equals(last) ? Outcome.INTERRUPTED : Outcome.PROVIDER_ERROR;
            attempts.add(
                    new Attempt(
                            tried.attempt().provider(),
                            tried.attempt().model(),
                            word.word(),
                            0,
                            0,
                            money));
        }
        boolean fallback =
                !first.provider().equals(last.provider()) || !first.model().equals(last.model());
        return new UsageRecord(
                request.id(),
                request.timeMillis(),
                request.team(),
                request.caller(),
                request.tags(),
                request.dialect(),
                "", // the log does not keep it
                0,
                request.route(),
                request.strategy(),
                last.provider(),
                last.model(),
                request.modelRequested(),
                fallback,
                attempts,
                false,
                null, // nor this: a copy is known by its strategy
                request.stream(),
                Usage.NONE,
                0,
                -1,
                cost,
                assumed,
                last.priceSource(),
                List.copyOf(budgets),
                List.of(), // nor these
                List.of(),
                Outcome.INTERRUPTED,
                0,
                "");
    }

    /** How a request ended, in the words of the record and the metrics. */
    public enum Outcome {
        OK("ok"),
        UNAUTHENTICATED("unauthenticated"),
        INVALID_REQUEST("invalid_request"),
        NOT_FOUND("not_found"),
        FORBIDDEN("forbidden"),
        OVER_BUDGET("over_budget"),
        BUDGET_UNAVAILABLE("budget_unavailable"),
        RATE_LIMITED("rate_limited"),
        OVERLOADED("overloaded"),
        NO_TARGET("no_target"),
        TIMEOUT("timeout"),
        PROVIDER_ERROR("provider_error"),
        TRUNCATED("truncated"),
        ABORTED("aborted"),
        /** The gateway died while it was open. */
        INTERRUPTED("interrupted"),
        INTERNAL_ERROR("internal_error");

        private final String word;

        Outcome(String word) {
            this.word = word;
        }

        public String word() {
            return word;
        }
    }
}
