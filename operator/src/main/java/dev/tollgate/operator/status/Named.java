package dev.tollgate.operator.status;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The namespaces that a clause of a condition's message is about, of a Budget that counts each
 * apart. Few are named, in the order of their names, and no more than some are counted: a message
 * about accounts that only climb changes at most so often.
 */
public final class Named {

    private static final int NAMES = 5;
    private static final int COUNTED = 20;
    private static final String CLAUSES = "; ";

    private static final Pattern IN =
            Pattern.compile(
                    "^(?<what>.*?) in (?:namespaces? (?<names>[^ ,:]+(?:, [^ ,:]+)*)(?: and"
                            + " (?<more>\\d+) more)?|(?<above>more than )?(?<count>\\d+)"
                            + " namespaces)(?: until |:|$)");

    /**
     * @param what holds
     * @param count of the namespaces in which it does, or one more than are counted
     * @param names of some
     */
    private record Clause(String what, int count, Set<String> names) {}

    private Named() {}

    /**
     * Behind what holds of them; empty if they are no namespaces.
     *
     * @param named whether there is room for names
     */
    static String in(List<String> namespaces, boolean named) {
        int count = namespaces.size();
        if (count == 0 || namespaces.contains("")) {
            return "";
        }
        if (count > COUNTED) {
            return " in more than " + COUNTED + " namespaces";
        }
        if (!named) {
            return " in " + count + " namespaces";
        }
        return (count == 1 ? " in namespace " : " in namespaces ")
                + namespaces.stream().sorted().limit(NAMES).collect(Collectors.joining(", "))
                + (count > NAMES ? " and " + (count - NAMES) + " more" : "");
    }

    private static List<Clause> clauses(String message) {
        var clauses = new ArrayList<Clause>();
        for (var clause : message.split(CLAUSES, -1)) {
            var in = IN.matcher(clause);
            if (in.find()) {
                var what = in.group("what");
                var names =
                        in.group("names") == null
                                ? Set.<String>of()
                                : Set.of(in.group("names").split(", ", -1));
                int others =
                        number(in.group("more"))
                                + number(in.group("count"))
                                + (in.group("above") == null ? 0 : 1);
                clauses.add(
                        new Clause(
                                what.substring(what.lastIndexOf(": ") + 1).strip(),
                                names.size() + others,
                                names));
            }
        }
        return clauses;
    }

    private static int number(@Nullable String digits) {
        return digits == null ? 0 : Integer.parseInt(digits);
    }

    /** Whether a message is about namespaces. */
    static boolean isIn(String message) {
        return !clauses(message).isEmpty();
    }

    /** Those that the clauses name that begin so. */
    static Set<String> of(String message, String beginning) {
        return clauses(message).stream()
                .filter(clause -> clause.what().startsWith(beginning))
                .flatMap(clause -> clause.names().stream())
                .collect(Collectors.toUnmodifiableSet());
    }

    /** Whether something holds in a namespace in which it did not. */
    public static boolean gained(String before, String now) {
        var earlier = clauses(before);
        return clauses(now).stream()
                .anyMatch(
                        clause ->
                                earlier.stream()
                                        .filter(was -> was.what().equals(clause.what()))
                                        .noneMatch(was -> covers(was, clause)));
    }

    private static boolean covers(Clause was, Clause now) {
        boolean allNamed = was.names().size() == was.count() && now.names().size() == now.count();
        return was.count() >= now.count() && (!allNamed || was.names().containsAll(now.names()));
    }
}
