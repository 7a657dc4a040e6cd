package dev.tollgate.dataplane.standalone;

import dev.tollgate.crds.read.Place;
import dev.tollgate.crds.read.Problem;
import dev.tollgate.crds.read.Read;
import dev.tollgate.crds.read.YamlFile;
import dev.tollgate.crds.resource.ResourceKey;
import dev.tollgate.crds.resource.Resources;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * An API server refuses an invalid object and keeps the one it has (api.md, C1). A folder does the
 * same: an object that has gone from a file in which there is a problem stays as it was. To have
 * nothing in it any more is such a problem: whoever writes a file may empty it first, and pause.
 */
final class KeptObjects {

    private static final String EMPTIED = "the file is empty now: what it held stays in force";
    private static final String REMOVE_IT = "remove the file to remove its objects";

    private KeptObjects() {}

    /** What is there now, with what is kept of before. */
    static Read of(Read now, Read before) {
        var troubled = now.problems().stream().map(Problem::file).collect(Collectors.toSet());
        var kept = new HashSet<ResourceKey>();
        before.places()
                .forEach(
                        (key, place) -> {
                            if (troubled.contains(place.file()) && !now.places().containsKey(key)) {
                                kept.add(key);
                            }
                        });
        if (kept.isEmpty()) {
            return now;
        }
        var places = new HashMap<>(now.places());
        kept.forEach(key -> places.put(key, before.places().get(key)));
        var a = now.resources();
        var b = before.resources();
        var resources =
                new Resources(
                        join(a.providers(), b.providers(), o -> o.key(), kept),
                        join(a.policies(), b.policies(), o -> o.key(), kept),
                        join(a.budgets(), b.budgets(), o -> o.key(), kept),
                        join(a.secrets(), b.secrets(), o -> o.key(), kept),
                        join(a.configMaps(), b.configMaps(), o -> o.key(), kept),
                        join(a.namespaces(), b.namespaces(), o -> o.key(), kept),
                        join(a.serviceAccounts(), b.serviceAccounts(), o -> o.key(), kept));
        return new Read(resources, places, now.problems(), now.refusedBudgets());
    }

    /** The same, with a problem for each file that held objects before and is empty now. */
    static Read withEmptied(Read now, List<YamlFile> files, Read before) {
        var held = before.places().values().stream().map(Place::file).collect(Collectors.toSet());
        var emptied =
                files.stream()
                        .filter(file -> file.text().isBlank() && held.contains(file.name()))
                        .map(file -> new Problem(file.name(), 1, 1, "", EMPTIED, REMOVE_IT))
                        .toList();
        return new Read(
                now.resources(),
                now.places(),
                Stream.concat(now.problems().stream(), emptied.stream()).toList(),
                now.refusedBudgets());
    }

    private static <T> List<T> join(
            List<T> now, List<T> before, Function<T, ResourceKey> key, Set<ResourceKey> kept) {
        return Stream.concat(now.stream(), before.stream().filter(o -> kept.contains(key.apply(o))))
                .toList();
    }
}
