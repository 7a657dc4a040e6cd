package dev.tollgate.operator.kube;

import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Writes whole statuses by server-side apply under one field manager, and knows what it wrote last,
 * so that a cache that lags behind our own write causes no second one. Not through the SDK's update
 * control, which may take an external change for the echo of our own write.
 */
final class StatusWriter<R extends CustomResource<?, S>, S> {

    static final String FIELD_MANAGER = "tollgate-operator";

    private static final PatchContext APPLY =
            new PatchContext.Builder()
                    .withPatchType(PatchType.SERVER_SIDE_APPLY)
                    .withFieldManager(FIELD_MANAGER)
                    .withForce(true)
                    .build();

    /** Our last write of one object. */
    record Written<S>(String uid, long version, S status, Instant at) {}

    private final KubernetesClient client;
    private final Class<R> type;
    private final Map<String, Written<S>> written = new ConcurrentHashMap<>();
    private final AtomicLong writes = new AtomicLong();

    StatusWriter(KubernetesClient client, Class<R> type) {
        this.client = client;
        this.type = type;
    }

    private static String id(CustomResource<?, ?> object) {
        return object.getMetadata().getNamespace() + "/" + object.getMetadata().getName();
    }

    /** The status that the object has by now: the cached one, or ours if that is later. */
    @Nullable S latest(R cached) {
        var ours = written.get(id(cached));
        return ours != null
                        && ours.uid().equals(cached.getMetadata().getUid())
                        && version(cached) < ours.version()
                ? ours.status()
                : cached.getStatus();
    }

    /** When this process last wrote the object's status; null: never. */
    @Nullable Instant writtenAt(R cached) {
        var ours = written.get(id(cached));
        return ours != null && ours.uid().equals(cached.getMetadata().getUid()) ? ours.at() : null;
    }

    private static long version(CustomResource<?, ?> object) {
        try {
            return Long.parseLong(object.getMetadata().getResourceVersion());
        } catch (NumberFormatException e) {
            return Long.MAX_VALUE; // of a server whose versions have no order: believe the cache
        }
    }

    /**
     * Applies it.
     *
     * @param fresh a new, empty object of the type
     */
    void write(R cached, R fresh, S status, Instant now) {
        fresh.setMetadata(
                new ObjectMetaBuilder()
                        .withName(cached.getMetadata().getName())
                        .withNamespace(cached.getMetadata().getNamespace())
                        .withUid(cached.getMetadata().getUid())
                        .build());
        fresh.setStatus(status);
        var answer = client.resource(fresh).subresource("status").patch(APPLY);
        writes.incrementAndGet();
        written.put(
                id(cached),
                new Written<>(cached.getMetadata().getUid(), version(answer), status, now));
    }

    void forget(R deleted) {
        written.remove(id(deleted));
    }

    /** Writes since the start. */
    long writes() {
        return writes.get();
    }

    Class<R> type() {
        return type;
    }
}
