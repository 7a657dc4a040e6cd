package dev.tollgate.dataplane.exchange;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a proxy that has measured nothing yet would serve one request, and why. Made by {@link
 * Explainer}; plain values, for people and for JSON. Money is decimal dollars.
 *
 * @param policy {@code namespace/name}, null: none routes this model, or a provider's alias does
 * @param rule null: none matches
 * @param skipped the rules before it
 * @param strategy null: no target was picked from
 * @param targets of the rule, those that may serve first
 * @param pick the likeliest first target, null: the request is refused
 * @param failover the likeliest order of attempts, the pick first
 * @param maxAttempts over all targets
 * @param steps what else the rule does with the request
 * @param hedge what would follow if the pick's first token were late; null: nothing
 * @param budgets that the pick would charge
 * @param refusal what the client is told, null: it is served
 */
public record Explanation(
        Request request,
        Complexity complexity,
        @Nullable String policy,
        @Nullable String rule,
        List<Skipped> skipped,
        @Nullable String strategy,
        int qualityFloor,
        List<Target> targets,
        @Nullable Pick pick,
        List<String> failover,
        int maxAttempts,
        List<Step> steps,
        @Nullable Hedge hedge,
        List<Budget> budgets,
        Cache cache,
        @Nullable Refused refusal) {

    public Explanation {
        skipped = List.copyOf(skipped);
        targets = List.copyOf(targets);
        failover = List.copyOf(failover);
        steps = List.copyOf(steps);
        budgets = List.copyOf(budgets);
    }

    /** What is explained, or that it cannot be. */
    public sealed interface Answer {}

    /** The request would be decided on like this. */
    public record Explained(Explanation explanation) implements Answer {}

    /** The path, the headers or the body are not a request at all. */
    public record Unusable(String message) implements Answer {}

    /**
     * @param outputLimit what the client set, null: nothing
     * @param ceilingUsd what the client lets it cost, null: it did not say
     */
    public record Request(
            String dialect,
            String model,
            String namespace,
            String caller,
            boolean stream,
            long estimatedInputTokens,
            @Nullable Long outputLimit,
            List<String> requires,
            @Nullable String ceilingUsd) {
        public Request {
            requires = List.copyOf(requires);
        }
    }

    /**
     * @param level its class by the policy's borders, null: no policy routes it
     */
    public record Complexity(
            int score,
            @Nullable String level,
            int length,
            int history,
            int code,
            int tools,
            int constraints,
            int reasoning) {}

    /** A rule that does not match. */
    public record Skipped(String rule, String because) {}

    /**
     * @param expectedUsd what it would probably cost, null: the price is unknown
     * @param heldUsd the most it can cost, which is held in every budget; null: it is not asked
     * @param writtenOutputLimit tokens that the gateway would write into the request
     * @param sharePercent of many such requests, null: it is not asked
     * @param dropped fields that its dialect cannot carry
     * @param excluded why it is not asked, null: it may be
     */
    public record Target(
            String name,
            String provider,
            String model,
            @Nullable String region,
            @Nullable Integer priority,
            @Nullable Integer weight,
            @Nullable Integer quality,
            @Nullable String expectedUsd,
            @Nullable String heldUsd,
            @Nullable Long writtenOutputLimit,
            @Nullable Integer sharePercent,
            List<String> dropped,
            @Nullable String excluded) {
        public Target {
            dropped = List.copyOf(dropped);
        }
    }

    /**
     * @param of {@code canary}, {@code sticky}, {@code cascade}, {@code shadow} or {@code retry}
     */
    public record Step(String of, String text) {}

    /**
     * @param afterMillis how long the first may be silent
     * @param maxPercent of the rule's requests
     * @param maxCostUsd of the second call, null: what the first one's may be
     * @param second the likeliest second target, null: none is asked
     * @param heldUsd the most it can cost, null: it is not asked
     * @param because why it is asked, or not
     */
    public record Hedge(
            long afterMillis,
            int maxPercent,
            @Nullable String maxCostUsd,
            @Nullable String second,
            @Nullable String heldUsd,
            String because) {}

    /** Which target goes first, and why this one. */
    public record Pick(String target, String because) {}

    /**
     * @param amountUsd null: it only limits rates or single requests
     * @param limits rates of the team, null: none
     * @param steps of its ladder, in words
     * @param left what is left of it: only running proxies know
     */
    public record Budget(
            String name,
            @Nullable String amountUsd,
            @Nullable String period,
            String mode,
            @Nullable String maxCostPerRequestUsd,
            @Nullable Limits limits,
            List<String> steps,
            String left) {
        public Budget {
            steps = List.copyOf(steps);
        }
    }

    /** Of a whole fleet; null: none of this kind. */
    public record Limits(
            @Nullable Long requestsPerMinute,
            @Nullable Long tokensPerMinute,
            @Nullable Integer maxConcurrent) {}

    /** Whether answers are kept. */
    public record Cache(boolean enabled, String because) {}

    /** What the client is told instead. */
    public record Refused(String outcome, String message) {}
}
