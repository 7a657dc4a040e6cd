package dev.tollgate.policy.snapshot;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Collects what is wrong with the entries of a snapshot. */
abstract class Checks {

    private final List<SnapshotError> errors;

    Checks(List<SnapshotError> errors) {
        this.errors = errors;
    }

    final List<SnapshotError> errors() {
        return errors;
    }

    /** Of a provider's account or of a team. */
    final void limits(At at, @Nullable LimitsEntry limits) {
        if (limits == null) {
            return;
        }
        var in = at.in("limits");
        atLeastOne(in, "requestsPerMinute", limits.requestsPerMinute());
        atLeastOne(in, "tokensPerMinute", limits.tokensPerMinute());
        atLeastOne(in, "maxConcurrent", limits.maxConcurrent());
        int skip = limits.skipAbovePercent();
        check(in, skip >= 1 && skip <= 100, "skipAbovePercent", skip, "1..100");
    }

    private void atLeastOne(At at, String path, @Nullable Number limit) {
        if (limit != null) {
            positive(at, path, limit.longValue());
        }
    }

    final void positive(At at, String path, long value) {
        check(at, value > 0, path, value, "> 0");
    }

    final void notNegative(At at, String path, long value) {
        check(at, value >= 0, path, value, ">= 0");
    }

    final void check(At at, boolean sound, String path, @Nullable Object value, String expected) {
        if (!sound) {
            errors.add(at.error(path, value + " (expected: " + expected + ")"));
        }
    }

    /** Where an error is: the resource, and the path in its entry so far. */
    record At(String kind, String key, String path) {
        At in(String member) {
            return new At(kind, key, path.isEmpty() ? member : path + "." + member);
        }

        SnapshotError error(String member, String message) {
            int slash = key.indexOf('/');
            var at = path.isEmpty() ? member : path + "." + member;
            return kind.isEmpty()
                    ? SnapshotError.whole(at, message)
                    : new SnapshotError(
                            kind,
                            slash < 0 ? "" : key.substring(0, slash),
                            key.substring(slash + 1),
                            at,
                            message);
        }
    }
}
