package dev.tollgate.policy.compile;

import dev.tollgate.crds.route.Canary;
import dev.tollgate.crds.route.CanaryAnalysis;
import dev.tollgate.crds.route.Rule;
import dev.tollgate.crds.route.Selection;
import dev.tollgate.crds.route.Target;
import dev.tollgate.policy.canary.CanaryPlan;
import dev.tollgate.policy.canary.CanaryPlan.Limits;
import dev.tollgate.policy.canary.CanaryPlan.Step;
import dev.tollgate.policy.snapshot.SnapshotCodec;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The canary of one rule; api.md, R20, R21, R52 and R53. */
final class CanaryCompiler {

    /** Its value, whatever it is, is a part of the canary: another one starts over. */
    static final String RETRY_AT = "tollgate.dev/canary-retry-at";

    private static final int MAX_STEPS = 10;
    private static final int MAX_PERCENT = 100;
    private static final int MAX_INCREASE_PERCENT = 10_000;
    private static final int MAX_REQUESTS = 1_000_000;
    private static final int FINGERPRINT_CHARS = 32;

    private final Rule rule;
    private final Canary canary;
    private final String at;
    private final Findings findings;

    CanaryCompiler(Rule rule, Canary canary, String ruleAt, Findings findings) {
        this.rule = rule;
        this.canary = canary;
        this.at = ruleAt + ".canary";
        this.findings = findings;
    }

    /**
     * Null: it is invalid, which was told.
     *
     * @param retryAt value of the annotation; null: there is none
     */
    @Nullable CanaryPlan compile(@Nullable String retryAt) {
        var selection = rule.selection();
        if (selection != null && selection.type() == Selection.Type.CASCADE) {
            findings.invalid(at, "with selection type Cascade (expected: another type, or none)");
        }
        var target = target();
        var steps = steps();
        boolean pauses = pauses();
        var limits = limits(canary.analysis());
        return target == null || steps.isEmpty()
                ? null
                : new CanaryPlan(
                        canary.target(),
                        steps,
                        pauses,
                        limits,
                        fingerprint(target, steps, pauses, limits, retryAt));
    }

    /** R52. Its share is drawn where the lowest priority serves, so it must be of that. */
    private @Nullable Target target() {
        var named =
                rule.targets().stream()
                        .filter(target -> target.name().equals(canary.target()))
                        .findFirst()
                        .orElse(null);
        if (named == null || rule.targets().size() < 2) {
            findings.invalid(
                    at + ".target", canary.target() + " (expected: one of at least two targets)");
            return null;
        }
        int lowest = rule.targets().stream().mapToInt(CanaryCompiler::priority).min().orElse(0);
        boolean alone =
                rule.targets().stream()
                        .noneMatch(
                                other ->
                                        !other.name().equals(named.name())
                                                && (other.weight() == null || other.weight() > 0));
        if (priority(named) != lowest || alone) {
            findings.invalid(
                    at + ".target",
                    canary.target()
                            + " (expected: of priority "
                            + lowest
                            + ", the lowest of the rule, and another target with a weight"
                            + " above 0)");
        }
        return named;
    }

    private static int priority(Target target) {
        return target.priority() == null ? 0 : target.priority();
    }

    private List<Step> steps() {
        var steps = new ArrayList<Step>();
        int before = 0;
        if (canary.steps().isEmpty() || canary.steps().size() > MAX_STEPS) {
            findings.invalid(
                    at + ".steps", canary.steps().size() + " (expected: 1 to " + MAX_STEPS + ")");
        }
        for (int i = 0; i < canary.steps().size(); i++) {
            var step = canary.steps().get(i);
            var path = at + ".steps[" + i + "]";
            if (step.percent() <= before || step.percent() > MAX_PERCENT) {
                findings.invalid(
                        path + ".percent",
                        step.percent() + " (expected: rising, " + (before + 1) + "..100)");
            }
            before = Math.max(before, step.percent());
            var hold = step.hold();
            steps.add(
                    new Step(
                            step.percent(),
                            hold == null ? null : (Long) findings.millis(hold, path + ".hold", 1)));
        }
        return steps;
    }

    private boolean pauses() {
        var onFailure = canary.onFailure();
        if (onFailure == null) {
            return false;
        }
        return switch (onFailure) {
            case ROLLBACK -> false;
            case PAUSE -> true;
            case UNKNOWN -> {
                findings.unsupported(at + ".onFailure", "a value of a newer version");
                yield false;
            }
        };
    }

    private Limits limits(@Nullable CanaryAnalysis analysis) {
        if (analysis == null) {
            return Limits.USUAL;
        }
        var usual = Limits.USUAL;
        return new Limits(
                within("minRequests", analysis.minRequests(), 1, MAX_REQUESTS, usual.minRequests()),
                within(
                        "maxErrorRatePercent",
                        analysis.maxErrorRatePercent(),
                        0,
                        MAX_PERCENT,
                        usual.maxErrorRatePercent()),
                within(
                        "maxLatencyIncreasePercent",
                        analysis.maxLatencyIncreasePercent(),
                        0,
                        MAX_INCREASE_PERCENT,
                        usual.maxLatencyIncreasePercent()),
                within(
                        "maxCostIncreasePercent",
                        analysis.maxCostIncreasePercent(),
                        0,
                        MAX_INCREASE_PERCENT,
                        usual.maxCostIncreasePercent()));
    }

    private int within(String name, @Nullable Integer value, int least, int most, int usual) {
        if (value == null) {
            return usual;
        }
        if (value < least || value > most) {
            findings.invalid(
                    at + ".analysis." + name, value + " (expected: " + least + ".." + most + ")");
            return usual;
        }
        return value;
    }

    /** Of what the canary is judged by and where it leads; weights and qualities may change. */
    private String fingerprint(
            Target target,
            List<Step> steps,
            boolean pauses,
            Limits limits,
            @Nullable String retryAt) {
        var text = new StringBuilder();
        text.append(canary.target()).append('\n').append(pauses).append('\n');
        steps.forEach(
                step ->
                        text.append(step.percent())
                                .append(' ')
                                .append(step.holdMillis())
                                .append(';'));
        text.append('\n').append(limits.minRequests());
        text.append(' ').append(limits.maxErrorRatePercent());
        text.append(' ').append(limits.maxLatencyIncreasePercent());
        text.append(' ').append(limits.maxCostIncreasePercent());
        var provider = target.providerRef();
        text.append('\n').append(provider.namespace()).append('/').append(provider.name());
        text.append('\n').append(target.model()).append('\n').append(target.apiVersion());
        text.append('\n').append(Objects.requireNonNullElse(retryAt, ""));
        return SnapshotCodec.digest(text.toString().getBytes(StandardCharsets.UTF_8))
                .substring(0, FINGERPRINT_CHARS);
    }
}
