package dev.tollgate.policy.budget;

import java.time.Instant;
import java.time.format.DateTimeParseException;
import org.jspecify.annotations.Nullable;

/**
 * Names one account: a Budget, the subject it counts for, and the start of a window. Never a UID:
 * deleting and creating a Budget again opens no second account.
 *
 * @param namespace the Budget's namespace
 * @param name the Budget's name
 * @param subject the caller's namespace if the Budget counts each one apart, else empty
 * @param windowStart null: Lifetime, the one window that never ends
 */
public record AccountKey(
        String namespace, String name, String subject, @Nullable Instant windowStart)
        implements Comparable<AccountKey> {

    private static final String LIFETIME = "lifetime";

    public AccountKey {
        requirePart("namespace", namespace);
        requirePart("name", name);
        if (subject.indexOf('/') >= 0) {
            throw new IllegalArgumentException("subject: " + subject + " (expected: no slash)");
        }
    }

    /** The account of a Budget named {@code namespace/name}. */
    public static AccountKey of(String budget, String subject, @Nullable Instant windowStart) {
        var slash = budget.indexOf('/');
        if (slash < 0) {
            throw new IllegalArgumentException("budget: " + budget + " (expected: namespace/name)");
        }
        return new AccountKey(
                budget.substring(0, slash), budget.substring(slash + 1), subject, windowStart);
    }

    /** Reads what {@link #toString} wrote. */
    public static AccountKey parse(String text) {
        var parts = text.split("/", -1);
        if (parts.length != 4) {
            throw new IllegalArgumentException(
                    "account: " + text + " (expected: namespace/name/subject/window start)");
        }
        try {
            var start = parts[3].equals(LIFETIME) ? null : Instant.parse(parts[3]);
            return new AccountKey(parts[0], parts[1], parts[2], start);
        } catch (DateTimeParseException e) {
            throw new IllegalArgumentException(
                    "account: " + text + " (expected: an instant or lifetime at the end)", e);
        }
    }

    /** {@code namespace/name}, as in {@code BudgetEntry.key}. */
    public String budget() {
        return namespace + "/" + name;
    }

    /** What the keys of all windows of this Budget and subject begin with. */
    public String counterPrefix() {
        return namespace + "/" + name + "/" + subject + "/";
    }

    /** {@code namespace/name/subject/2026-10-31T23:00:00Z}, or {@code lifetime} at the end. */
    @Override
    public String toString() {
        return counterPrefix() + (windowStart == null ? LIFETIME : windowStart);
    }

    /** By each part; Lifetime comes last. */
    @Override
    public int compareTo(AccountKey other) {
        var order = namespace.compareTo(other.namespace);
        if (order == 0) {
            order = name.compareTo(other.name);
        }
        if (order == 0) {
            order = subject.compareTo(other.subject);
        }
        if (order != 0) {
            return order;
        }
        if (windowStart == null || other.windowStart == null) {
            return Boolean.compare(windowStart == null, other.windowStart == null);
        }
        return windowStart.compareTo(other.windowStart);
    }

    private static void requirePart(String what, String part) {
        if (part.isEmpty() || part.indexOf('/') >= 0) {
            throw new IllegalArgumentException(
                    what + ": " + part + " (expected: a name without slash)");
        }
    }
}
