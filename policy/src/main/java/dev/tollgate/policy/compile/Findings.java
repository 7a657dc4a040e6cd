package dev.tollgate.policy.compile;

import dev.tollgate.crds.resource.Condition;
import dev.tollgate.crds.resource.ConditionReason;
import dev.tollgate.crds.resource.ConditionType;
import dev.tollgate.crds.resource.DurationText;
import dev.tollgate.crds.resource.ResourceKey;
import dev.tollgate.policy.price.Money;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Collects every problem of one object, so that its author sees all at once. */
final class Findings {

    /** Most problems that one condition's message names. */
    private static final int MAX_TOLD = 5;

    private final ResourceKey object;
    private final List<Problem> rejections = new ArrayList<>();
    private final List<Problem> unresolved = new ArrayList<>();

    Findings(ResourceKey object) {
        this.object = object;
    }

    ResourceKey object() {
        return object;
    }

    /** The object cannot be accepted. */
    void reject(ConditionReason reason, String path, String message) {
        rejections.add(new Problem(object, reason, path, message));
    }

    void invalid(String path, String message) {
        reject(ConditionReason.INVALID, path, message);
    }

    /** A field that nothing enforces yet. */
    void unsupported(String path, String what) {
        reject(ConditionReason.UNSUPPORTED_VALUE, path, what + " is not supported by this version");
    }

    void unsupportedIf(boolean written, String path) {
        if (written) {
            unsupported(path, "this field");
        }
    }

    /** A reference leads nowhere. */
    void unresolved(ConditionReason reason, String path, String message) {
        unresolved.add(new Problem(object, reason, path, message));
    }

    boolean accepted() {
        return rejections.isEmpty();
    }

    boolean resolved() {
        return unresolved.isEmpty();
    }

    List<Problem> problems() {
        var all = new ArrayList<>(rejections);
        all.addAll(unresolved);
        return all;
    }

    /**
     * @param serving the generation that serves instead of a rejected one, null: none
     */
    Finding acceptedFinding(@Nullable Long serving) {
        if (accepted()) {
            return new Finding(
                    ConditionType.ACCEPTED,
                    Condition.Status.TRUE,
                    ConditionReason.ACCEPTED,
                    "valid and in scope");
        }
        var prefix = serving == null ? "" : "Serving generation " + serving + ": ";
        return new Finding(
                ConditionType.ACCEPTED,
                Condition.Status.FALSE,
                rejections.getFirst().reason(),
                prefix + told(rejections));
    }

    Finding resolvedFinding() {
        if (resolved()) {
            return new Finding(
                    ConditionType.RESOLVED_REFS,
                    Condition.Status.TRUE,
                    ConditionReason.RESOLVED_REFS,
                    "every reference exists and is permitted");
        }
        return new Finding(
                ConditionType.RESOLVED_REFS,
                Condition.Status.FALSE,
                unresolved.getFirst().reason(),
                told(unresolved));
    }

    static String told(List<Problem> problems) {
        var text =
                problems.stream()
                        .limit(MAX_TOLD)
                        .map(Problem::text)
                        .collect(Collectors.joining("; "));
        int rest = problems.size() - MAX_TOLD;
        return rest > 0 ? text + "; and " + rest + " more" : text;
    }

    /** Milliseconds of a duration above zero; {@code otherwise} if it is absent or invalid. */
    long millis(@Nullable String text, String path, long otherwise) {
        if (text == null) {
            return otherwise;
        }
        try {
            long millis = DurationText.parse(text).toMillis();
            if (millis > 0) {
                return millis;
            }
            invalid(path, text + " (expected: more than 0)");
        } catch (IllegalArgumentException e) {
            invalid(path, text + " (expected: a duration such as 250ms, 30s or 1h30m)");
        }
        return otherwise;
    }

    /** An amount above zero; null if it is absent or invalid. */
    @Nullable Money money(@Nullable String text, String path) {
        if (text == null) {
            return null;
        }
        try {
            var money = Money.parse(text);
            if (money.nanos() > 0) {
                return money;
            }
        } catch (IllegalArgumentException e) {
            // told below
        }
        invalid(path, text + " (expected: decimal dollars above 0, such as \"12.50\")");
        return null;
    }
}
