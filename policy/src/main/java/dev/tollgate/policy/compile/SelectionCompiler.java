package dev.tollgate.policy.compile;

import dev.tollgate.crds.route.Cascade;
import dev.tollgate.crds.route.LatencySelection;
import dev.tollgate.crds.route.QualityFloor;
import dev.tollgate.crds.route.Rule;
import dev.tollgate.crds.route.ScoreWeights;
import dev.tollgate.crds.route.Selection;
import dev.tollgate.crds.route.Sticky;
import dev.tollgate.policy.snapshot.RuleEntry;
import dev.tollgate.policy.snapshot.SelectionEntry;
import dev.tollgate.policy.snapshot.SelectionEntry.Type;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** How one rule picks its targets; api.md, 3.2 and R53. */
final class SelectionCompiler {

    private static final int MAX_QUALITY = 100;
    private static final int PERCENT = 100;
    private static final int USUAL_EXPLORE_PERCENT = 2;
    private static final int MAX_TARGETS = 16;
    private static final SelectionEntry.Cascade USUAL_CASCADE =
            new SelectionEntry.Cascade(EnumSet.allOf(SelectionEntry.StepUp.class), 3, 60);
    private static final SelectionEntry.Score USUAL_SCORE =
            new SelectionEntry.Score(40, 30, 20, 10);

    private final Rule rule;
    private final String at;
    private final Findings findings;

    SelectionCompiler(Rule rule, String at, Findings findings) {
        this.rule = rule;
        this.at = at;
        this.findings = findings;
    }

    SelectionEntry compile() {
        var selection = rule.selection();
        if (selection == null) {
            return SelectionEntry.WEIGHTED;
        }
        var path = at + ".selection";
        var type = type(selection, path);
        only(type == Type.WEIGHTED, selection.weights(), path + ".weights", "Weighted");
        only(
                type == Type.LOWEST_LATENCY || type == Type.SCORE,
                selection.latency(),
                path + ".latency",
                "LowestLatency or Score");
        only(type == Type.SCORE, selection.score(), path + ".score", "Score");
        only(type == Type.CASCADE, selection.cascade(), path + ".cascade", "Cascade");
        if (type == Type.CASCADE) {
            alone(rule.canary(), at + ".canary");
            alone(rule.hedge(), at + ".hedge");
        }
        return new SelectionEntry(
                type,
                errorAware(selection, path),
                floor(selection.qualityFloor(), type, path + ".qualityFloor"),
                wholeAnswer(selection.latency(), path + ".latency"),
                explorePercent(selection.latency(), type, path + ".latency"),
                type == Type.SCORE ? score(selection.score(), path + ".score") : null,
                type == Type.CASCADE ? cascade(selection.cascade(), path + ".cascade") : null);
    }

    /** Null: requests are drawn one by one. */
    RuleEntry.@Nullable Sticky sticky() {
        var sticky = rule.sticky();
        if (sticky == null) {
            return null;
        }
        var path = at + ".sticky";
        var selection = rule.selection();
        var type = selection == null ? null : selection.type();
        only(type == null || type == Selection.Type.WEIGHTED, sticky, path, "Weighted");
        if (sticky.key() == Sticky.Key.UNKNOWN) {
            findings.unsupported(path + ".key", "a value of a newer version");
        }
        boolean byHeader = sticky.key() == Sticky.Key.HEADER;
        var header = sticky.header();
        if (byHeader != (header != null)) {
            findings.invalid(path + ".header", header + " (expected: exactly with key Header)");
        } else if (header != null && RuleCompiler.CREDENTIAL_HEADERS.contains(header)) {
            findings.invalid(path + ".header", header + " (expected: no header of a credential)");
        }
        return new RuleEntry.Sticky(byHeader ? header : null);
    }

    private Type type(Selection selection, String path) {
        var type = selection.type() == null ? Selection.Type.WEIGHTED : selection.type();
        return switch (type) {
            case WEIGHTED -> Type.WEIGHTED;
            case ROUND_ROBIN -> Type.ROUND_ROBIN;
            case LEAST_COST -> Type.LEAST_COST;
            case LOWEST_LATENCY -> Type.LOWEST_LATENCY;
            case SCORE -> Type.SCORE;
            case CASCADE -> Type.CASCADE;
            case UNKNOWN -> {
                findings.unsupported(path + ".type", "a value of a newer version");
                yield Type.WEIGHTED;
            }
        };
    }

    private void only(boolean fits, @Nullable Object written, String path, String types) {
        if (!fits && written != null) {
            findings.invalid(path, "written (expected: only with type " + types + ")");
        }
    }

    private void alone(@Nullable Object written, String path) {
        if (written != null) {
            findings.invalid(path, "written (expected: not with type Cascade)");
        }
    }

    private boolean errorAware(Selection selection, String path) {
        var weights = selection.weights();
        if (weights == Selection.Weights.UNKNOWN) {
            findings.unsupported(path + ".weights", "a value of a newer version");
        }
        return weights == Selection.Weights.ERROR_AWARE;
    }

    /** LeastCost has a floor always, the others where one is written; R12. */
    private SelectionEntry.@Nullable Floor floor(
            @Nullable QualityFloor floor, Type type, String path) {
        if (floor == null) {
            return type == Type.LEAST_COST ? new SelectionEntry.Floor(1, true, false) : null;
        }
        int standard = floor.defaultFloor() == null ? 1 : floor.defaultFloor();
        if (standard < 1 || standard > MAX_QUALITY) {
            findings.invalid(path + ".default", standard + " (expected: 1..100)");
        }
        if (floor.hint() == QualityFloor.Hint.UNKNOWN
                || floor.whenUnmet() == QualityFloor.WhenUnmet.UNKNOWN) {
            findings.unsupported(path, "a value of a newer version");
        }
        return new SelectionEntry.Floor(
                standard,
                floor.hint() != QualityFloor.Hint.IGNORE,
                floor.whenUnmet() == QualityFloor.WhenUnmet.REJECT);
    }

    private boolean wholeAnswer(@Nullable LatencySelection latency, String path) {
        var metric = latency == null ? null : latency.metric();
        if (metric == LatencySelection.Metric.UNKNOWN) {
            findings.unsupported(path + ".metric", "a value of a newer version");
        }
        return metric == LatencySelection.Metric.TOTAL;
    }

    private int explorePercent(@Nullable LatencySelection latency, Type type, String path) {
        var written = latency == null ? null : latency.explorePercent();
        if (written == null) {
            return type == Type.LOWEST_LATENCY ? USUAL_EXPLORE_PERCENT : 0;
        }
        if (type == Type.SCORE) {
            findings.invalid(
                    path + ".explorePercent",
                    written + " (expected: only with type LowestLatency)");
        } else if (written < 0 || written > PERCENT) {
            findings.invalid(path + ".explorePercent", written + " (expected: 0..100)");
        }
        return written;
    }

    /** What is left out of written weights does not count. */
    private SelectionEntry.Score score(@Nullable ScoreWeights score, String path) {
        if (score == null) {
            return USUAL_SCORE;
        }
        int cost = orZero(score.cost());
        int latency = orZero(score.latency());
        int errorRate = orZero(score.errorRate());
        int quality = orZero(score.quality());
        if (Math.min(Math.min(cost, latency), Math.min(errorRate, quality)) < 0
                || cost + latency + errorRate + quality == 0) {
            findings.invalid(path, score + " (expected: weights from 0, one above 0)");
        }
        return new SelectionEntry.Score(cost, latency, errorRate, quality);
    }

    private SelectionEntry.Cascade cascade(@Nullable Cascade cascade, String path) {
        if (cascade == null) {
            return USUAL_CASCADE;
        }
        var steps = cascade.maxSteps() == null ? USUAL_CASCADE.maxSteps() : cascade.maxSteps();
        if (steps < 1 || steps > MAX_TARGETS) {
            findings.invalid(path + ".maxSteps", steps + " (expected: 1.." + MAX_TARGETS + ")");
        }
        var least =
                cascade.minConfidencePercent() == null
                        ? USUAL_CASCADE.minConfidencePercent()
                        : cascade.minConfidencePercent();
        if (least < 1 || least > PERCENT) {
            findings.invalid(path + ".minConfidencePercent", least + " (expected: 1..100)");
        }
        return new SelectionEntry.Cascade(causes(cascade, path + ".stepUpOn"), steps, least);
    }

    private Set<SelectionEntry.StepUp> causes(Cascade cascade, String path) {
        if (cascade.stepUpOn().isEmpty()) {
            return USUAL_CASCADE.stepUpOn();
        }
        var causes = EnumSet.noneOf(SelectionEntry.StepUp.class);
        for (var cause : cascade.stepUpOn()) {
            switch (cause) {
                case FAILURE -> causes.add(SelectionEntry.StepUp.FAILURE);
                case REFUSAL -> causes.add(SelectionEntry.StepUp.REFUSAL);
                case INVALID_JSON -> causes.add(SelectionEntry.StepUp.INVALID_JSON);
                case LOW_CONFIDENCE -> causes.add(SelectionEntry.StepUp.LOW_CONFIDENCE);
                case UNKNOWN -> findings.unsupported(path, "a value of a newer version");
            }
        }
        return causes;
    }

    private static int orZero(@Nullable Integer weight) {
        return weight == null ? 0 : weight;
    }
}
