package dev.tollgate.policy.route;

import dev.tollgate.policy.snapshot.PolicyEntry;
import dev.tollgate.policy.snapshot.RuleEntry;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The first rule whose match holds; api.md, section 3.
 *
 * @param complexity of the prompt, null: no rule asked
 */
record RuleMatch(RuleEntry rule, @Nullable Complexity complexity) {

    private static final int MINUTES_PER_HOUR = 60;

    /** Null: none. */
    static @Nullable RuleMatch first(PolicyEntry policy, Ask ask) {
        Complexity complexity = null;
        for (var rule : policy.rules()) {
            var match = rule.match();
            if (match == null) {
                return new RuleMatch(rule, complexity);
            }
            if (failing(match, ask) != null) {
                continue;
            }
            if (!match.complexity().isEmpty()) {
                if (complexity == null) {
                    complexity = Complexity.of(ask.complexity().getAsInt(), policy);
                }
                if (!match.complexity().contains(complexity.level())) {
                    continue;
                }
            }
            return new RuleMatch(rule, complexity);
        }
        return null;
    }

    /** The rules before the first that matches, or all, each with what failed first. */
    static List<SkippedRule> skipped(PolicyEntry policy, Ask ask) {
        var skipped = new ArrayList<SkippedRule>();
        for (var rule : policy.rules()) {
            var match = rule.match();
            if (match == null) {
                break;
            }
            var failed = failing(match, ask);
            if (failed == null && !match.complexity().isEmpty()) {
                var level = Complexity.of(ask.complexity().getAsInt(), policy).level();
                failed =
                        match.complexity().contains(level)
                                ? null
                                : SkippedRule.Condition.COMPLEXITY;
            }
            if (failed == null) {
                break;
            }
            skipped.add(new SkippedRule(rule, failed));
        }
        return skipped;
    }

    /** Of all but the complexity, which costs most to know; null: they hold. */
    private static SkippedRule.@Nullable Condition failing(RuleEntry.Match match, Ask ask) {
        if (!match.serviceAccounts().isEmpty()
                && !match.serviceAccounts().contains(ask.caller().name())) {
            return SkippedRule.Condition.SERVICE_ACCOUNTS;
        }
        var min = match.minInputTokens();
        var max = match.maxInputTokens();
        if (min != null && ask.estimatedInputTokens() < min
                || max != null && ask.estimatedInputTokens() >= max) {
            return SkippedRule.Condition.ESTIMATED_INPUT_TOKENS;
        }
        if (!ask.requires().containsAll(match.requires())) {
            return SkippedRule.Condition.REQUIRES;
        }
        for (var header : match.headers()) {
            if (!holds(header, ask.headers())) {
                return SkippedRule.Condition.HEADERS;
            }
        }
        var time = match.time();
        return time == null || holds(time, ask.now()) ? null : SkippedRule.Condition.TIME;
    }

    private static boolean holds(RuleEntry.HeaderMatch wanted, HeaderLookup headers) {
        var value = headers.first(wanted.name());
        if (value == null) {
            return false;
        }
        var expected = wanted.value();
        if (expected == null) {
            return true;
        }
        return wanted.prefix() ? value.startsWith(expected) : value.equals(expected);
    }

    private static boolean holds(RuleEntry.TimeWindow window, Instant now) {
        var local = now.atZone(ZoneId.of(window.timeZone()));
        int minute = local.getHour() * MINUTES_PER_HOUR + local.getMinute();
        int from = window.fromMinute();
        int to = window.toMinute();
        if (from < to) {
            return minute >= from && minute < to && isOn(window, local.toLocalDate());
        }
        return minute >= from
                ? isOn(window, local.toLocalDate())
                : minute < to && isOn(window, local.toLocalDate().minusDays(1));
    }

    private static boolean isOn(RuleEntry.TimeWindow window, LocalDate began) {
        return window.days().isEmpty() || window.days().contains(began.getDayOfWeek());
    }
}
