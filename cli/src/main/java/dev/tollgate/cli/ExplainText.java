package dev.tollgate.cli;

import dev.tollgate.dataplane.exchange.Explanation;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A decision for people: a few words in front, a table of targets in the middle. */
final class ExplainText {

    private static final List<String> HEAD =
            List.of(
                    "TARGET",
                    "PROVIDER",
                    "MODEL",
                    "REGION",
                    "PRIORITY",
                    "WEIGHT",
                    "QUALITY",
                    "EXPECTED $",
                    "AT MOST $",
                    "SHARE");

    private final PrintWriter out;

    ExplainText(PrintWriter out) {
        this.out = out;
    }

    void print(Explanation all) {
        var request = all.request();
        line("request", words(request));
        line("complexity", words(all.complexity()));
        line("policy", words(all));
        all.skipped().forEach(rule -> line("", "not " + rule.rule() + ": " + rule.because()));
        if (all.strategy() != null) {
            var floor = all.qualityFloor() == 0 ? "" : ", quality floor " + all.qualityFloor();
            line("strategy", all.strategy() + floor);
        }
        targets(all.targets());
        var pick = all.pick();
        if (pick != null) {
            line("first", pick.target() + ": " + pick.because());
            line(
                    "failover",
                    String.join(" -> ", all.failover())
                            + " (likeliest order; at most "
                            + all.maxAttempts()
                            + " attempts)");
        }
        all.steps().forEach(step -> line(step.of(), step.text()));
        if (all.hedge() != null) {
            line("hedge", words(all.hedge()));
        }
        all.budgets().forEach(budget -> line("budget", words(budget)));
        if (pick != null && all.budgets().isEmpty()) {
            line("budget", "none: the cost is recorded and not limited");
        }
        line("cache", (all.cache().enabled() ? "on: " : "off: ") + all.cache().because());
        var refusal = all.refusal();
        line(
                "result",
                refusal == null
                        ? "served"
                        : "refused (" + refusal.outcome() + "): " + refusal.message());
    }

    private void line(String title, String text) {
        out.println(title.isEmpty() ? "            " + text : "%-11s %s".formatted(title, text));
    }

    private static String words(Explanation.Request request) {
        var limit = request.outputLimit();
        var ceiling = request.ceilingUsd();
        return request.model()
                + " ("
                + request.dialect()
                + (request.stream() ? ", stream" : "")
                + ") as "
                + request.caller()
                + "; about "
                + request.estimatedInputTokens()
                + " input tokens, "
                + (limit == null ? "no output limit" : "at most " + limit + " output tokens")
                + (request.requires().isEmpty()
                        ? ""
                        : "; needs " + String.join(", ", request.requires()))
                + (ceiling == null ? "" : "; may cost $" + ceiling);
    }

    private static String words(Explanation.Complexity complexity) {
        var level = complexity.level();
        return complexity.score()
                + (level == null ? "" : " " + level)
                + ": length "
                + complexity.length()
                + ", history "
                + complexity.history()
                + ", code "
                + complexity.code()
                + ", tools "
                + complexity.tools()
                + ", constraints "
                + complexity.constraints()
                + ", reasoning "
                + complexity.reasoning();
    }

    private static String words(Explanation all) {
        var rule = all.rule();
        if (all.policy() == null) {
            return "none" + (rule == null ? "" : ": the model is a provider's alias");
        }
        return all.policy() + (rule == null ? ", no rule" : ", rule " + rule);
    }

    private static String words(Explanation.Hedge hedge) {
        var second = hedge.second();
        var most = hedge.maxCostUsd();
        return (second == null ? "none" : second)
                + " after "
                + hedge.afterMillis()
                + " ms without a token: "
                + hedge.because()
                + " (at most "
                + hedge.maxPercent()
                + " % of the rule's requests, "
                + (most == null ? "at most the first one's bound" : "at most $" + most)
                + (hedge.heldUsd() == null ? "" : "; holds $" + hedge.heldUsd())
                + ")";
    }

    private static String words(Explanation.Budget budget) {
        var amount = budget.amountUsd();
        var period = budget.period();
        var ceiling = budget.maxCostPerRequestUsd();
        return budget.name()
                + " ("
                + budget.mode()
                + "): "
                + (amount == null
                        ? ""
                        : "$" + amount + (period == null ? "" : " a " + period) + ", ")
                + (ceiling == null ? "" : "at most $" + ceiling + " a request, ")
                + words(budget.limits())
                + (budget.steps().isEmpty()
                        ? ""
                        : "ladder: " + String.join(", ", budget.steps()) + ", ")
                + "left: "
                + budget.left();
    }

    private static String words(Explanation.@Nullable Limits limits) {
        if (limits == null) {
            return "";
        }
        return words(limits.requestsPerMinute(), " requests a minute, ")
                + words(limits.tokensPerMinute(), " tokens a minute, ")
                + words(limits.maxConcurrent(), " at a time, ");
    }

    private static String words(@Nullable Object limit, String unit) {
        return limit == null ? "" : limit + unit;
    }

    private void targets(List<Explanation.Target> targets) {
        if (targets.isEmpty()) {
            return;
        }
        var rows = new ArrayList<List<String>>();
        rows.add(HEAD);
        targets.forEach(target -> rows.add(row(target)));
        var widths = new int[HEAD.size()];
        for (var row : rows) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        out.println();
        for (int r = 0; r < rows.size(); r++) {
            var text = new StringBuilder(" ");
            for (int i = 0; i < widths.length; i++) {
                text.append(' ').append(rows.get(r).get(i));
                text.repeat(' ', widths[i] - rows.get(r).get(i).length() + 1);
            }
            out.println(text.toString().stripTrailing());
            if (r > 0) {
                notes(targets.get(r - 1)).forEach(note -> out.println("      " + note));
            }
        }
        out.println();
    }

    private static List<String> row(Explanation.Target target) {
        return List.of(
                target.name(),
                target.provider(),
                target.model(),
                text(target.region()),
                text(target.priority()),
                text(target.weight()),
                text(target.quality()),
                text(target.expectedUsd()),
                text(target.heldUsd()),
                target.sharePercent() == null ? "-" : target.sharePercent() + "%");
    }

    private static String text(@Nullable Object value) {
        return value == null ? "-" : value.toString();
    }

    private static List<String> notes(Explanation.Target target) {
        var notes = new ArrayList<String>();
        if (target.excluded() != null) {
            notes.add("excluded: " + target.excluded());
        }
        if (target.writtenOutputLimit() != null) {
            notes.add("the gateway writes an output limit of " + target.writtenOutputLimit());
        }
        if (!target.dropped().isEmpty()) {
            notes.add("dropped in translation: " + String.join(", ", target.dropped()));
        }
        return notes;
    }
}
