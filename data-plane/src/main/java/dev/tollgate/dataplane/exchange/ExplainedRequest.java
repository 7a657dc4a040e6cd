package dev.tollgate.dataplane.exchange;

import dev.tollgate.dataplane.cache.RequestKey;
import dev.tollgate.dialects.RequestScan;
import dev.tollgate.policy.route.Ask;
import dev.tollgate.policy.route.Complexity;
import dev.tollgate.policy.route.NoRoute;
import dev.tollgate.policy.route.RoutePlan;
import dev.tollgate.policy.route.Router;
import dev.tollgate.policy.route.SkippedRule;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Puts into words how one request is decided on. */
record ExplainedRequest(
        Explainer.Question question, Resolution.Asked asked, RequestScan scan, Ask ask) {

    Explanation refused(Resolution.Impossible impossible) {
        var targets = impossible.exclusions().stream().map(ExplainedTargets::excluded).toList();
        var rule = rule(impossible.route());
        return explanation(
                rule, null, targets, null, List.of(), null, List.of(), impossible.refusal());
    }

    Explanation resolved(Resolution.Resolved resolved) {
        var targets = new ExplainedTargets(asked, resolved);
        return switch (targets.routing()) {
            case NoRoute none -> refused(resolved.plan(), targets, none);
            case RoutePlan plan -> {
                var picks = ExplainedPicks.of(plan, asked.now());
                var none = picks.noRoute();
                yield none != null ? refused(plan, targets, none) : served(plan, targets, picks);
            }
        };
    }

    private Explanation refused(RoutePlan plan, ExplainedTargets targets, NoRoute none) {
        return explanation(
                plan.rule(),
                plan,
                targets.told(Map.of()),
                null,
                List.of(),
                null,
                List.of(),
                Refusal.of(none));
    }

    private Explanation served(RoutePlan plan, ExplainedTargets targets, ExplainedPicks picks) {
        var first = picks.order().getFirst();
        return explanation(
                plan.rule(),
                plan,
                targets.told(picks.shares()),
                new Explanation.Pick(first, picks.because()),
                picks.order(),
                ExplainedHedge.of(targets, plan, first, asked.now()),
                targets.budgets(first),
                targets.refusal(first));
    }

    private Explanation explanation(
            @Nullable String rule,
            @Nullable RoutePlan plan,
            List<Explanation.Target> targets,
            Explanation.@Nullable Pick pick,
            List<String> failover,
            Explanation.@Nullable Hedge hedge,
            List<Explanation.Budget> budgets,
            @Nullable Refusal refusal) {
        var policy = Router.policy(asked.index(), asked.caller(), ask.model());
        return new Explanation(
                request(),
                complexity(),
                policy == null ? null : policy.key(),
                rule,
                Router.skipped(asked.index(), ask).stream().map(this::skipped).toList(),
                plan == null ? null : plan.strategy(),
                plan == null ? 0 : plan.traits().floor(),
                targets,
                refusal == null ? pick : null,
                failover,
                plan == null ? 0 : plan.retry().maxAttempts(),
                plan == null ? List.of() : new ExplainedSteps(plan, policy, asked.caller()).told(),
                hedge,
                budgets,
                cache(plan),
                refusal == null
                        ? null
                        : new Explanation.Refused(refusal.outcome().word(), refusal.message()));
    }

    /** Null: the route is that of a policy with no matching rule, or there is none. */
    private @Nullable String rule(String route) {
        var parts = route.split("/", -1);
        return parts.length == 3 ? parts[2] : null;
    }

    private Explanation.Request request() {
        var ceiling = asked.ceiling();
        return new Explanation.Request(
                dialect(),
                ask.model(),
                asked.caller().namespace(),
                asked.caller().name(),
                scan.stream(),
                ask.estimatedInputTokens(),
                ask.outputLimit() < 0 ? null : ask.outputLimit(),
                ask.requires().stream().sorted().toList(),
                ceiling == null ? null : ceiling.toString());
    }

    private String dialect() {
        var endpoint = asked.ingress().endpoint();
        return endpoint == null ? scan.dialect().wireName() : "as it is, to " + endpoint;
    }

    private Explanation.Complexity complexity() {
        var parts = Resolution.complexity(scan, question.body());
        var policy = Router.policy(asked.index(), asked.caller(), ask.model());
        int score = parts.total();
        return new Explanation.Complexity(
                score,
                policy == null ? null : Complexity.of(score, policy).word(),
                parts.length(),
                parts.history(),
                parts.code(),
                parts.tools(),
                parts.constraints(),
                parts.reasoning());
    }

    private Explanation.Skipped skipped(SkippedRule skipped) {
        var match = skipped.rule().match();
        if (match == null) {
            throw new IllegalStateException("match: null (expected: one that failed)");
        }
        var because =
                switch (skipped.failed()) {
                    case SERVICE_ACCOUNTS ->
                            asked.caller().name() + " is none of " + match.serviceAccounts();
                    case ESTIMATED_INPUT_TOKENS ->
                            "about "
                                    + ask.estimatedInputTokens()
                                    + " input tokens (expected: "
                                    + bound("from ", match.minInputTokens())
                                    + bound(" below ", match.maxInputTokens())
                                    + ")";
                    case REQUIRES ->
                            "the request does not use all of "
                                    + String.join(", ", match.requires());
                    case HEADERS ->
                            "the headers are not as it wants: "
                                    + String.join(
                                            ", ",
                                            match.headers().stream()
                                                    .map(header -> header.name())
                                                    .toList());
                    case TIME -> asked.now() + " is outside its time window";
                    case COMPLEXITY ->
                            "complexity is "
                                    + complexity().level()
                                    + ", not one of "
                                    + match.complexity().stream()
                                            .sorted()
                                            .map(c -> c.name().toLowerCase(Locale.ROOT))
                                            .toList();
                };
        return new Explanation.Skipped(skipped.rule().name(), because);
    }

    private static String bound(String words, @Nullable Integer tokens) {
        return tokens == null ? "" : words + tokens;
    }

    private Explanation.Cache cache(@Nullable RoutePlan plan) {
        var cache = plan == null ? null : plan.cache();
        if (plan == null || cache == null) {
            return new Explanation.Cache(false, "no policy keeps answers of this request");
        }
        var key =
                RequestKey.of(
                        cache,
                        new RequestKey.Asked(
                                asked.caller().namespace(),
                                plan.route(),
                                plan.answersRequestedModel(),
                                scan,
                                asked.ingress().sse(),
                                question.path(),
                                question.body(),
                                question.headers()));
        return switch (key) {
            case RequestKey.Off off ->
                    new Explanation.Cache(
                            false,
                            cache.anyTemperature()
                                    ? "this request cannot be repeated from memory"
                                    : "this request cannot be repeated from memory, as one with"
                                            + " temperature 0 can");
            case RequestKey.Keyed keyed ->
                    new Explanation.Cache(
                            true,
                            "the answer is kept for "
                                    + Duration.ofMillis(keyed.ttlMillis())
                                            .toString()
                                            .substring(2)
                                            .toLowerCase(Locale.ROOT)
                                    + "; whether there is one now, running proxies know");
        };
    }
}
