package dev.tollgate.operator.event;

import dev.tollgate.crds.resource.Condition;
import dev.tollgate.crds.resource.Condition.Status;
import dev.tollgate.crds.resource.ConditionType;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Tells that a generation of an object is programmed the first time only: the condition falls and
 * rises with every proxy that comes. Any thread.
 */
public final class ProgrammedOnce {

    private final Map<String, Long> told = new ConcurrentHashMap<>();

    /**
     * @param uid of the object
     * @param before its conditions as the API server has them
     */
    public Optional<Notice> next(String uid, List<Condition> before, List<Condition> now) {
        var earlier = told.computeIfAbsent(uid, id -> programmed(before));
        long generation = programmed(now);
        if (generation <= earlier) {
            return Optional.empty();
        }
        told.put(uid, generation);
        return now.stream()
                .filter(c -> c.type() == ConditionType.PROGRAMMED)
                .findFirst()
                .map(
                        c ->
                                new Notice(
                                        Notice.Reason.PROGRAMMED,
                                        "generation " + generation + " on " + c.message()));
    }

    /** The generation that the condition says is programmed; 0: none. */
    private static long programmed(List<Condition> conditions) {
        return conditions.stream()
                .filter(c -> c.type() == ConditionType.PROGRAMMED && c.status() == Status.TRUE)
                .mapToLong(Condition::observedGeneration)
                .findFirst()
                .orElse(0);
    }

    public void forget(String uid) {
        told.remove(uid);
    }
}
