package dev.tollgate.operator.event;

import dev.tollgate.operator.event.Notice.Reason;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Tells that a Budget counts each namespace apart, or all together again. No status says which: a
 * change that comes while no operator leads is not told.
 */
public final class EachTold {

    private final Map<String, Boolean> known = new ConcurrentHashMap<>();

    /**
     * @param uid of the Budget
     */
    public Optional<Notice> next(String uid, boolean each) {
        var was = known.put(uid, each);
        if (was == null || was == each) {
            return Optional.empty();
        }
        var apart = "one of each namespace";
        var shared = "one of all namespaces together";
        return Optional.of(
                new Notice(
                        Reason.BUDGET_RESET,
                        "the subject was changed, so other accounts count: "
                                + (each ? apart : shared)
                                + ", before it was "
                                + (each ? shared : apart)));
    }

    /** The object is gone. */
    public void forget(String uid) {
        known.remove(uid);
    }
}
