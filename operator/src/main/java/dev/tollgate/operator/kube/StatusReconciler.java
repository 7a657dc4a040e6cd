package dev.tollgate.operator.kube;

import dev.tollgate.crds.resource.Condition;
import dev.tollgate.crds.resource.Kind;
import dev.tollgate.crds.resource.ResourceKey;
import dev.tollgate.operator.event.EventWriter;
import dev.tollgate.operator.event.Notice;
import dev.tollgate.operator.event.ProgrammedOnce;
import dev.tollgate.operator.status.Statuses;
import dev.tollgate.policy.drill.DrillBook;
import dev.tollgate.policy.violation.Violation;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.api.reconciler.Reconciler;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.EventSource;
import io.javaoperatorsdk.operator.processing.event.source.IndexerResourceCache;
import io.javaoperatorsdk.operator.processing.event.source.inbound.SimpleInboundEventSource;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A thin reconciler (api.md, O1): an object that is new, changed or gone marks the world dirty; the
 * object's own status is written when it should say something else. The compiler and the fleet
 * trigger it again by {@link #refresh}. It never writes spec or metadata and has no finalizer.
 */
abstract class StatusReconciler<R extends CustomResource<?, S>, S> implements Reconciler<R> {

    /** What one reconciler needs of the operator. */
    record World(
            KubernetesClient client,
            Supplier<Optional<Statuses>> statuses,
            Runnable dirty,
            ProgrammedTimes times,
            EventWriter events,
            Clock clock) {}

    /** What was compiled of an object; annotations change without a new generation. */
    private record Seen(String uid, long generation, Map<String, String> annotations) {}

    /** Those that mean something. */
    private static final Set<String> ANNOTATIONS =
            Set.of(
                    "tollgate.dev/canary-retry-at",
                    "tollgate.dev/reset-requested-at",
                    Violation.ACKNOWLEDGED_AT,
                    DrillBook.ANNOTATION);

    private static final Duration RESYNC = Duration.ofMinutes(1);

    private final Kind kind;
    private final World world;
    private final StatusWriter<R, S> writer;
    private final SimpleInboundEventSource<R> refreshes = new SimpleInboundEventSource<>("fleet");
    private final Map<ResourceKey, Seen> seen = new ConcurrentHashMap<>();
    private final ProgrammedOnce programmed = new ProgrammedOnce();
    private volatile @Nullable IndexerResourceCache<R> cache;

    StatusReconciler(Kind kind, Class<R> type, World world) {
        this.kind = kind;
        this.world = world;
        this.writer = new StatusWriter<>(world.client(), type);
    }

    abstract R fresh();

    /** The status to write; empty if {@code before} says the same. */
    abstract Optional<S> status(
            Statuses statuses,
            ResourceKey key,
            long generation,
            @Nullable S before,
            @Nullable Instant written);

    abstract List<Condition> conditions(S status);

    /** What a status says anew. */
    abstract List<Notice> notices(@Nullable S before, S now);

    /** What is told of what a status does not say. */
    Optional<Notice> notice(Statuses statuses, String uid, ResourceKey key, long generation) {
        return Optional.empty();
    }

    /** The object is gone. */
    void forget(String uid) {}

    @Override
    public List<EventSource<?, R>> prepareEventSources(EventSourceContext<R> context) {
        cache = context.getPrimaryCache();
        return List.of(refreshes);
    }

    Stream<R> objects() {
        var primary = cache;
        return primary == null ? Stream.empty() : primary.list();
    }

    long writes() {
        return writer.writes();
    }

    @Override
    public UpdateControl<R> reconcile(R object, Context<R> context) {
        var key = ResourceReading.key(kind, object);
        if (context.isPrimaryResourceDeleted()) {
            seen.remove(key);
            writer.forget(object);
            world.times().forget(key);
            programmed.forget(object.getMetadata().getUid());
            forget(object.getMetadata().getUid());
            world.dirty().run();
            return UpdateControl.noUpdate();
        }
        var now = world.clock().instant();
        long generation = object.getMetadata().getGeneration();
        var next = new Seen(object.getMetadata().getUid(), generation, annotations(object));
        if (!next.equals(seen.put(key, next))) {
            if (world.statuses().get().isPresent()) {
                world.times().seen(key, generation, now);
            }
            world.dirty().run();
        }
        var before = writer.latest(object);
        var statuses = world.statuses().get();
        statuses.flatMap(known -> notice(known, next.uid(), key, generation))
                .ifPresent(notice -> world.events().tell(object, notice));
        statuses.flatMap(known -> due(known, object, key))
                .ifPresent(
                        status -> {
                            writer.write(object, fresh(), status, now);
                            tell(object, before, status);
                        });
        return UpdateControl.<R>noUpdate().rescheduleAfter(RESYNC);
    }

    private void tell(R object, @Nullable S before, S now) {
        programmed
                .next(
                        object.getMetadata().getUid(),
                        before == null ? List.of() : conditions(before),
                        conditions(now))
                .ifPresent(notice -> world.events().tell(object, notice));
        notices(before, now).forEach(notice -> world.events().tell(object, notice));
    }

    private Map<String, String> annotations(R object) {
        var all = new HashMap<>(ResourceReading.metadata(object.getMetadata()).annotations());
        all.keySet().retainAll(ANNOTATIONS);
        return all;
    }

    private Optional<S> due(Statuses statuses, R object, ResourceKey key) {
        return status(
                statuses,
                key,
                object.getMetadata().getGeneration(),
                writer.latest(object),
                writer.writtenAt(object));
    }

    /** Reconciles every object whose status should say something else; any thread. */
    void refresh() {
        world.statuses().get().ifPresent(this::refresh);
    }

    private void refresh(Statuses statuses) {
        var now = world.clock().instant();
        objects()
                .forEach(
                        object -> {
                            var key = ResourceReading.key(kind, object);
                            long generation = object.getMetadata().getGeneration();
                            if (statuses.programmed(key, generation)) {
                                world.times().programmed(key, generation, now);
                            }
                            if (due(statuses, object, key).isPresent()) {
                                refreshes.propagateEvent(ResourceID.fromResource(object));
                            }
                        });
    }
}
