package dev.tollgate.crds.rule;

/** A rule that cannot be compiled, or a value that it cannot be applied to. */
public final class RuleException extends RuntimeException {
    private static final long serialVersionUID = 1;

    RuleException(String message) {
        super(message);
    }
}
