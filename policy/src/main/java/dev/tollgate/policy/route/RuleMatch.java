package dev.tollgate.policy.route;

import dev.tollgate.policy.snapshot.PolicyEntry;
import dev.tollgate.policy.snapshot.RuleEntry;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
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
            if (!holds(match, ask)) {
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

    /** All but the complexity, which costs most to know. */
    private static boolean holds(RuleEntry.Match match, Ask ask) {
        if (!match.serviceAccounts().isEmpty()
                && !match.serviceAccounts().contains(ask.caller().name())) {
            return false;
        }
        var min = match.minInputTokens();
        var max = match.maxInputTokens();
        if (min != null && ask.estimatedInputTokens() < min
                || max != null && ask.estimatedInputTokens() >= max) {
            return false;
        }
        var time = match.time();
        return ask.requires().containsAll(match.requires())
                && match.headers().stream().allMatch(header -> holds(header, ask.headers()))
                && (time == null || holds(time, ask.now()));
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
