package dev.tollgate.crds.read;

import dev.tollgate.crds.resource.ResourceKey;
import dev.tollgate.crds.resource.Resources;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a folder holds: the sound objects, where each begins, so that a later problem with one can
 * be told with its place, and every problem. An object with a problem is not among the resources; a
 * Secret of which a value cannot be resolved is there without that entry.
 *
 * @param refusedBudgets those with a problem, and objects of Tollgate's group whose kind is
 *     unknown: what they were to cap must not run without a cap
 */
public record Read(
        Resources resources,
        Map<ResourceKey, Place> places,
        List<Problem> problems,
        Set<ResourceKey> refusedBudgets) {
    public Read {
        places = Map.copyOf(places);
        problems = List.copyOf(problems);
        refusedBudgets = Set.copyOf(refusedBudgets);
    }
}
