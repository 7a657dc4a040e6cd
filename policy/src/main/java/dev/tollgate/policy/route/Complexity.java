package dev.tollgate.policy.route;

import dev.tollgate.policy.snapshot.PolicyEntry;
import dev.tollgate.policy.snapshot.RuleEntry.ComplexityClass;
import java.util.Locale;

/**
 * How hard a prompt looks; api.md, R15.
 *
 * @param score 0..100
 */
public record Complexity(int score, ComplexityClass level) {

    /** The class in records and traces. */
    public String word() {
        return level.name().toLowerCase(Locale.ROOT);
    }

    /** The class that a policy's borders put a score into. */
    public static Complexity of(int score, PolicyEntry policy) {
        var level =
                score >= policy.complexFrom()
                        ? ComplexityClass.COMPLEX
                        : score >= policy.moderateFrom()
                                ? ComplexityClass.MODERATE
                                : ComplexityClass.SIMPLE;
        return new Complexity(score, level);
    }
}
