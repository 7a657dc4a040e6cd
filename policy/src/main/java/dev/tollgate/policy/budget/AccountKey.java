package dev.tollgate.policy.budget;

import java.time.Instant;
import java.time.format.DateTimeParseException;
import org.jspecify.annotations.Nullable;

/**
 * Names one account: a Budget, the subject it counts for, and a window. Never a UID: deleting and
 * creating a Budget again opens no second account. Windows of two periods that begin together are
 * two: a changed period counts anew.
 *
 * @param namespace the Budget's namespace
 * @param name the Budget's name
 * @param subject the caller's namespace if the Budget counts each one apart, else empty
 */
public record AccountKey(String namespace, String name, String subject, Window window)
        implements Comparable<AccountKey> {

    private static final String LIFETIME = "lifetime";
    private static final String TO = "--";

    public AccountKey {
        requirePart("namespace", namespace);
        requirePart("name", name);
        if (subject.indexOf('/') >= 0) {
            throw new IllegalArgumentException("subject: " + subject + " (expected: no slash)");
        }
    }

    /** The account of a Budget named {@code namespace/name}. */
    public static AccountKey of(String budget, String subject, Window window) {
        var slash = budget.indexOf('/');
        if (slash < 0) {
            throw new IllegalArgumentException("budget: " + budget + " (expected: namespace/name)");
        }
        return new AccountKey(
                budget.substring(0, slash), budget.substring(slash + 1), subject, window);
    }

    /** Reads what {@link #toString} wrote, and nothing else. */
    public static AccountKey parse(String text) {
        var parts = text.split("/", -1);
        if (parts.length != 4) {
            throw new IllegalArgumentException(
                    "account: " + text + " (expected: namespace/name/subject/window)");
        }
        return new AccountKey(parts[0], parts[1], parts[2], window(text, parts[3]));
    }

    private static Window window(String text, String part) {
        if (part.equals(LIFETIME)) {
            return Window.LIFETIME;
        }
        var to = part.indexOf(TO);
        try {
            if (to >= 0) {
                var start = Instant.parse(part.substring(0, to));
                var window = new Window(start, Instant.parse(part.substring(to + TO.length())));
                if (part.equals(text(window))) {
                    return window;
                }
            }
        } catch (DateTimeParseException e) {
            throw unreadable(text, e);
        }
        throw unreadable(text, null);
    }

    private static IllegalArgumentException unreadable(
            String text, @Nullable DateTimeParseException cause) {
        return new IllegalArgumentException(
                "account: "
                        + text
                        + " (expected: a window at the end, 2026-10-31T23:00:00Z--2026-11-30T23:00:00Z or"
                        + " lifetime)",
                cause);
    }

    private static String text(Window window) {
        return window.start() == null ? LIFETIME : window.start() + TO + window.end();
    }

    /** {@code namespace/name}, as in {@code BudgetEntry.key}. */
    public String budget() {
        return namespace + "/" + name;
    }

    /** What the keys of all windows of this Budget and subject begin with. */
    public String counterPrefix() {
        return namespace + "/" + name + "/" + subject + "/";
    }

    /** With {@code 2026-10-31T23:00:00Z--2026-11-30T23:00:00Z}, or {@code lifetime}, at the end. */
    @Override
    public String toString() {
        return counterPrefix() + text(window);
    }

    /** By each part, a window by its start and then its end; Lifetime comes last. */
    @Override
    public int compareTo(AccountKey other) {
        var order = namespace.compareTo(other.namespace);
        if (order == 0) {
            order = name.compareTo(other.name);
        }
        if (order == 0) {
            order = subject.compareTo(other.subject);
        }
        if (order == 0) {
            order = compare(window.start(), other.window.start());
        }
        return order == 0 ? compare(window.end(), other.window.end()) : order;
    }

    private static int compare(@Nullable Instant one, @Nullable Instant other) {
        return one == null || other == null
                ? Boolean.compare(one == null, other == null)
                : one.compareTo(other);
    }

    private static void requirePart(String what, String part) {
        if (part.isEmpty() || part.indexOf('/') >= 0) {
            throw new IllegalArgumentException(
                    what + ": " + part + " (expected: a name without slash)");
        }
    }
}
