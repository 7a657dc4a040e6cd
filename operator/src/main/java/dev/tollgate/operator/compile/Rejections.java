package dev.tollgate.operator.compile;

import dev.tollgate.crds.resource.Budget;
import dev.tollgate.crds.resource.Metadata;
import dev.tollgate.crds.resource.ModelProvider;
import dev.tollgate.crds.resource.ResourceKey;
import dev.tollgate.crds.resource.Resources;
import dev.tollgate.crds.resource.RoutingPolicy;
import dev.tollgate.operator.status.Picture.Rejection;
import dev.tollgate.policy.compile.LastAccepted;
import dev.tollgate.policy.compile.LastAccepted.Generation;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * Generations of objects that a proxy refused, until the object changes (api.md, S13). In what is
 * compiled such an object is put back to the generation that the whole fleet last served, or left
 * out.
 */
final class Rejections {

    private final Map<ResourceKey, Rejection> byObject = new HashMap<>();

    void add(ResourceKey object, long generation, String text) {
        byObject.put(object, new Rejection(generation, text));
    }

    void clear() {
        byObject.clear();
    }

    boolean isEmpty() {
        return byObject.isEmpty();
    }

    Map<ResourceKey, Rejection> view() {
        return Map.copyOf(byObject);
    }

    /** Forgets those whose object was changed or deleted. */
    void prune(Resources resources) {
        var generations = new HashMap<ResourceKey, Long>();
        resources.providers().forEach(o -> generations.put(o.key(), o.metadata().generation()));
        resources.policies().forEach(o -> generations.put(o.key(), o.metadata().generation()));
        resources.budgets().forEach(o -> generations.put(o.key(), o.metadata().generation()));
        byObject.entrySet()
                .removeIf(
                        e -> {
                            var now = generations.get(e.getKey());
                            return now == null || now != e.getValue().generation();
                        });
    }

    /** The resources without the refused generations. */
    Resources substituted(Resources resources, LastAccepted served) {
        return new Resources(
                put(
                        resources.providers(),
                        ModelProvider::key,
                        served.providers(),
                        (o, g) ->
                                new ModelProvider(
                                        at(o.metadata(), g.generation()), g.spec(), o.status())),
                put(
                        resources.policies(),
                        RoutingPolicy::key,
                        served.policies(),
                        (o, g) ->
                                new RoutingPolicy(
                                        at(o.metadata(), g.generation()), g.spec(), o.status())),
                put(
                        resources.budgets(),
                        Budget::key,
                        served.budgets(),
                        (o, g) ->
                                new Budget(at(o.metadata(), g.generation()), g.spec(), o.status())),
                resources.secrets(),
                resources.configMaps(),
                resources.namespaces(),
                resources.serviceAccounts());
    }

    private <T, S> List<T> put(
            List<T> objects,
            Function<T, ResourceKey> key,
            Map<ResourceKey, Generation<S>> served,
            BiFunction<T, Generation<S>, T> back) {
        return objects.stream()
                .<T>mapMulti(
                        (object, out) -> {
                            var rejection = byObject.get(key.apply(object));
                            var earlier = served.get(key.apply(object));
                            if (rejection == null) {
                                out.accept(object);
                            } else if (earlier != null
                                    && earlier.generation() != rejection.generation()) {
                                out.accept(back.apply(object, earlier));
                            }
                        })
                .toList();
    }

    private static Metadata at(Metadata metadata, long generation) {
        return new Metadata(
                metadata.namespace(),
                metadata.name(),
                metadata.uid(),
                generation,
                metadata.creationTimestamp(),
                metadata.labels(),
                metadata.annotations());
    }
}
