package dev.tollgate.policy.compile;

import dev.tollgate.crds.budget.Threshold;
import dev.tollgate.policy.snapshot.BudgetEntry.Step;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The thresholds of one Budget to the steps of its ladder (api.md, section 4, B32). */
final class StepCompiler {

    private static final int MAX_STEPS = 8;

    private StepCompiler() {}

    static List<Step> of(List<Threshold> thresholds, boolean hasAmount, Findings findings) {
        var at = "spec.thresholds";
        if (!thresholds.isEmpty() && !hasAmount) {
            findings.invalid(at, "present (expected: with an amount)");
        }
        if (thresholds.size() > MAX_STEPS) {
            findings.invalid(
                    at, thresholds.size() + " steps (expected: at most " + MAX_STEPS + ")");
        }
        var steps = new ArrayList<Step>();
        var names = new HashSet<String>();
        var places = new HashSet<String>();
        int last = 0;
        for (int i = 0; i < thresholds.size(); i++) {
            var threshold = thresholds.get(i);
            var here = at + "[" + i + "]";
            if (!names.add(threshold.name())) {
                findings.invalid(here + ".name", threshold.name() + " (expected: one of a name)");
            }
            if (threshold.percent() < Math.max(1, last) || threshold.percent() > 100) {
                findings.invalid(
                        here + ".percent", threshold.percent() + " (expected: 1..100, rising)");
            }
            last = Math.max(last, threshold.percent());
            var action = action(threshold.action(), here, findings);
            if (action == null) {
                continue;
            }
            if (!places.add(threshold.percent() + " " + action)) {
                findings.invalid(here, "(expected: an action once per percent)");
            }
            if ((action == Step.Action.DOWNGRADE) != (threshold.downgradeTo() != null)) {
                findings.invalid(here + ".downgradeTo", "(expected: exactly with Downgrade)");
            }
            if ((action == Step.Action.CAP_OUTPUT) != (threshold.maxOutputTokens() != null)) {
                findings.invalid(here + ".maxOutputTokens", "(expected: exactly with CapOutput)");
            }
            var most = threshold.maxOutputTokens();
            if (most != null && most < 1) {
                findings.invalid(here + ".maxOutputTokens", most + " (expected: at least 1)");
            }
            steps.add(
                    new Step(
                            threshold.name(),
                            threshold.percent(),
                            action,
                            threshold.downgradeTo(),
                            most == null ? null : (Long) most.longValue()));
        }
        return steps;
    }

    private static Step.@Nullable Action action(
            Threshold.Action action, String at, Findings findings) {
        return switch (action) {
            case ALERT -> Step.Action.ALERT;
            case DOWNGRADE -> Step.Action.DOWNGRADE;
            case CAP_OUTPUT -> Step.Action.CAP_OUTPUT;
            case BLOCK -> Step.Action.BLOCK;
            case UNKNOWN -> {
                findings.unsupported(at + ".action", "a value of a newer version");
                yield null;
            }
        };
    }
}
