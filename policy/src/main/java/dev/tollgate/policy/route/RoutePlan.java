package dev.tollgate.policy.route;

import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.snapshot.PolicyEntry;
import dev.tollgate.policy.snapshot.RuleEntry;
import dev.tollgate.policy.snapshot.SelectionEntry;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The rule that serves a request and its targets.
 *
 * @param policy {@code namespace/name} of the policy; null: a provider's alias serves
 * @param route {@code namespace/policy/rule}, or {@code namespace/provider/alias} for an alias:
 *     {@code x-tollgate-route}
 * @param answersRequestedModel the answer names the requested model, else the served one
 * @param candidates by priority, then as the rule lists them; never empty
 * @param exclusions the rule's other targets
 * @param selection how one of several is picked
 * @param traits what that looks at in the request
 * @param canary null: no target takes a share of its own
 * @param shadows get copies
 * @param hedge null: one call at a time
 * @param cache null: answers are not kept
 * @param firstTokenMillis the rule's, null: the provider's
 * @param requestMillis the rule's, null: the provider's
 * @param maxCost what all attempts together may cost, null: no ceiling by policy
 */
public record RoutePlan(
        @Nullable String policy,
        String route,
        String rule,
        boolean answersRequestedModel,
        List<Candidate> candidates,
        List<Exclusion> exclusions,
        SelectionEntry selection,
        Traits traits,
        RuleEntry.@Nullable Canary canary,
        List<RuleEntry.Shadow> shadows,
        RuleEntry.@Nullable Hedge hedge,
        PolicyEntry.@Nullable Cache cache,
        RuleEntry.Retry retry,
        @Nullable Long firstTokenMillis,
        @Nullable Long requestMillis,
        @Nullable Money maxCost)
        implements Routing {

    public RoutePlan {
        candidates = List.copyOf(candidates);
        exclusions = List.copyOf(exclusions);
        shadows = List.copyOf(shadows);
        if (candidates.isEmpty()) {
            throw new IllegalArgumentException("candidates: [] (expected: at least one)");
        }
    }

    /** A plan with one target and no rule of a policy. */
    public static RoutePlan only(
            Candidate candidate,
            String route,
            String rule,
            Traits traits,
            @Nullable Money maxCost) {
        return new RoutePlan(
                null,
                route,
                rule,
                true,
                List.of(candidate),
                List.of(),
                SelectionEntry.WEIGHTED,
                traits,
                null,
                List.of(),
                null,
                null,
                Router.DEFAULT_RETRY,
                null,
                null,
                maxCost);
    }

    /** Name of the selection in usage records. */
    public String strategy() {
        return selection.type().strategy();
    }

    /** This plan with other candidates, which must not be empty. */
    public RoutePlan with(List<Candidate> others, List<Exclusion> excluded) {
        return new RoutePlan(
                policy,
                route,
                rule,
                answersRequestedModel,
                others,
                excluded,
                selection,
                traits,
                canary,
                shadows,
                hedge,
                cache,
                retry,
                firstTokenMillis,
                requestMillis,
                maxCost);
    }

    /** The first byte's time limit for a candidate: rule or provider, and the limit of one try. */
    public long firstByteMillis(Candidate candidate) {
        long first =
                firstTokenMillis != null
                        ? firstTokenMillis
                        : candidate.provider().timeouts().firstByteMillis();
        var perTry = retry.perTryMillis();
        return perTry == null ? first : Math.min(first, perTry);
    }

    /** The whole request's time limit, over all attempts: the rule's, else its first provider's. */
    public long requestMillis(Candidate candidate) {
        return requestMillis != null
                ? requestMillis
                : candidate.provider().timeouts().requestMillis();
    }
}
