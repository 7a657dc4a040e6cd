package dev.tollgate.crds.rule;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One compiled CEL rule. Its language is the part of CEL that the CRDs use; anything else is a
 * {@link RuleException} when the rule is compiled, never a silent pass. A general CEL library would
 * cost some 400 ms at the start of a process and a newer protobuf than gRPC has; this costs a few.
 * What decides is the API server: tests hold the two against each other.
 *
 * <p>Values are strings, booleans, {@code Long}, lists and maps as read from YAML. Immutable, for
 * any thread.
 */
public final class Rule {
    private final Expr expr;
    private final boolean transition;

    private Rule(Expr expr, boolean transition) {
        this.expr = expr;
        this.transition = transition;
    }

    public static Rule compile(String text) {
        var parser = new Parser(text);
        Expr expr = parser.parse();
        return new Rule(expr, parser.sawOldSelf());
    }

    /** Whether it compares with the stored object, so that it says nothing about a new one. */
    public boolean isTransition() {
        return transition;
    }

    /**
     * Whether the rule holds for a new object; a missing member that it needs is a {@link
     * RuleException}.
     */
    public boolean holds(@Nullable Object self) {
        Map<String, @Nullable Object> scope = new HashMap<>();
        scope.put("self", self);
        scope.put("oldSelf", Optional.empty());
        if (new Evaluation().of(expr, scope) instanceof Boolean holds) {
            return holds;
        }
        throw new RuleException("a rule must give a boolean");
    }
}
