package dev.tollgate.policy.share;

/**
 * Whose limits are counted: a provider's account, or a team.
 *
 * @param object {@code namespace/name}
 * @param subject the namespace that a Budget counts apart from the others; else empty
 */
public record LimitKey(Of of, String object, String subject) {

    /** The kind of the object that states the limits. */
    public enum Of {
        PROVIDER,
        BUDGET
    }

    public static LimitKey provider(String object) {
        return new LimitKey(Of.PROVIDER, object, "");
    }

    public static LimitKey budget(String object, String subject) {
        return new LimitKey(Of.BUDGET, object, subject);
    }

    /** What states the limits. */
    public LimitKey stated() {
        return subject.isEmpty() ? this : new LimitKey(of, object, "");
    }
}
