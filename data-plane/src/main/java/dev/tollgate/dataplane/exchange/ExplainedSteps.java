package dev.tollgate.dataplane.exchange;

import dev.tollgate.policy.route.Caller;
import dev.tollgate.policy.route.RoutePlan;
import dev.tollgate.policy.snapshot.PolicyEntry;
import dev.tollgate.policy.snapshot.RuleEntry;
import dev.tollgate.policy.snapshot.SelectionEntry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What else a rule does with a request, beside the pick: where its canary stands, what keeps a
 * session in its place, when a cascade steps up, who gets a copy, what is tried again.
 */
record ExplainedSteps(RoutePlan plan, @Nullable PolicyEntry policy, Caller caller) {

    /** In the order in which they are decided. */
    List<Explanation.Step> told() {
        var steps = new ArrayList<Explanation.Step>();
        var canary = plan.canary();
        if (canary != null) {
            steps.add(
                    new Explanation.Step(
                            "canary",
                            canary.target()
                                    + " takes "
                                    + canary.percent()
                                    + " %, and serves otherwise where no other target can"));
        }
        var sticky = sticky();
        if (sticky != null) {
            steps.add(new Explanation.Step("sticky", words(sticky)));
        }
        var cascade = plan.selection().cascade();
        if (cascade != null) {
            steps.add(new Explanation.Step("cascade", words(cascade)));
        }
        for (var shadow : plan.shadows()) {
            steps.add(new Explanation.Step("shadow", words(shadow)));
        }
        steps.add(new Explanation.Step("retry", words(plan.retry())));
        return List.copyOf(steps);
    }

    private RuleEntry.@Nullable Sticky sticky() {
        return policy == null
                ? null
                : policy.rules().stream()
                        .filter(rule -> rule.name().equals(plan.rule()))
                        .findFirst()
                        .map(RuleEntry::sticky)
                        .orElse(null);
    }

    private String words(RuleEntry.Sticky sticky) {
        var header = sticky.header();
        if (header == null) {
            return "requests of " + caller.name() + " stay on one target";
        }
        return plan.traits().stickyKey() == null
                ? "by the header " + header + ", which this request does not have: it is drawn"
                : "by the header " + header + ": requests with this value stay on one target";
    }

    private static String words(SelectionEntry.Cascade cascade) {
        return "asks at most "
                + cascade.maxSteps()
                + " targets, in order of cost; steps up on "
                + words(cascade.stepUpOn())
                + (cascade.stepUpOn().contains(SelectionEntry.StepUp.LOW_CONFIDENCE)
                        ? " (below " + cascade.minConfidencePercent() + " %)"
                        : "");
    }

    private String words(RuleEntry.Shadow shadow) {
        var payer = plan.policy() == null ? "" : plan.policy().replaceFirst("/.*", "");
        var model = shadow.model();
        return shadow.name()
                + ": "
                + shadow.percent()
                + " % are copied to "
                + shadow.provider()
                + (model == null ? "" : " " + model)
                + ", at most "
                + shadow.maxConcurrent()
                + " at a time; namespace "
                + payer
                + " pays";
    }

    private static String words(RuleEntry.Retry retry) {
        var perTry = retry.perTryMillis();
        return "on "
                + words(retry.retryOn())
                + "; the same target after a random time up to "
                + millis(retry.backoffBaseMillis())
                + ", doubling to "
                + millis(retry.backoffMaxMillis())
                + "; a Retry-After above "
                + millis(retry.maxRetryAfterMillis())
                + " is not waited for"
                + (perTry == null ? "" : "; each attempt may take " + millis(perTry));
    }

    private static String words(Collection<? extends Enum<?>> causes) {
        return causes.stream()
                .sorted()
                .map(cause -> cause.name().toLowerCase(Locale.ROOT).replace('_', ' '))
                .collect(Collectors.joining(", "));
    }

    private static String millis(long millis) {
        return Duration.ofMillis(millis).toString().substring(2).toLowerCase(Locale.ROOT);
    }
}
