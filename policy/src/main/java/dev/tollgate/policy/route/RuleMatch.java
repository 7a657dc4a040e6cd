package dev.tollgate.policy.route;

import dev.tollgate.policy.snapshot.PolicyEntry;
import dev.tollgate.policy.snapshot.RuleEntry;
import org.jspecify.annotations.Nullable;

/** The first rule whose match holds; api.md, section 3. */
final class RuleMatch {

    private RuleMatch() {}

    static @Nullable RuleEntry firstMatching(PolicyEntry policy, Ask ask) {
        for (var rule : policy.rules()) {
            var match = rule.match();
            if (match == null || holds(match, ask)) {
                return rule;
            }
        }
        return null;
    }

    private static boolean holds(RuleEntry.Match match, Ask ask) {
        if (!match.serviceAccounts().isEmpty()
                && !match.serviceAccounts().contains(ask.caller().name())) {
            return false;
        }
        return match.headers().stream().allMatch(header -> holds(header, ask.headers()));
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
}
