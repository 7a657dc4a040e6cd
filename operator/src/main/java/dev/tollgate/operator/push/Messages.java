package dev.tollgate.operator.push;

import com.google.protobuf.ByteString;
import dev.tollgate.crds.resource.Bytes;
import dev.tollgate.crds.resource.Kind;
import dev.tollgate.crds.resource.ResourceKey;
import dev.tollgate.policy.canary.CanaryBook;
import dev.tollgate.policy.canary.CanaryCount;
import dev.tollgate.policy.canary.CanaryFigures;
import dev.tollgate.policy.drill.DrillBook;
import dev.tollgate.policy.drill.DrillCount;
import dev.tollgate.policy.drill.DrillOrder;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.push.Chunk;
import dev.tollgate.policy.push.Credentials;
import dev.tollgate.policy.push.Drill;
import dev.tollgate.policy.push.FromOperator;
import dev.tollgate.policy.push.Heartbeat;
import dev.tollgate.policy.push.NackError;
import dev.tollgate.policy.push.ObjectGeneration;
import dev.tollgate.policy.push.ProxyHeartbeat;
import dev.tollgate.policy.push.Revision;
import dev.tollgate.policy.push.SnapshotHead;
import dev.tollgate.policy.snapshot.RevisionNumber;
import dev.tollgate.policy.violation.Violation;
import dev.tollgate.policy.violation.ViolationBook;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Our values as messages of the push protocol, and back. */
final class Messages {

    /** Most bytes of a snapshot in one message. */
    static final int CHUNK_BYTES = 128 * 1024;

    private Messages() {}

    static RevisionNumber revision(Revision message) {
        return new RevisionNumber(
                Math.max(0, message.getEpoch()), Math.max(0, message.getCounter()));
    }

    static Revision revision(RevisionNumber number) {
        return Revision.newBuilder().setEpoch(number.epoch()).setCounter(number.counter()).build();
    }

    static List<Refusal> refusals(List<NackError> errors) {
        return errors.stream()
                .limit(256)
                .map(e -> new Refusal(object(e), e.getPath(), e.getMessage()))
                .toList();
    }

    private static @Nullable ResourceKey object(NackError error) {
        for (var kind : Kind.values()) {
            if (kind.kind().equals(error.getKind())) {
                return new ResourceKey(kind, error.getNamespace(), error.getName());
            }
        }
        return null;
    }

    static List<Proxy.TargetHealth> health(ProxyHeartbeat heartbeat) {
        return heartbeat.getFiguresList().stream()
                .limit(4096)
                .map(
                        f ->
                                new Proxy.TargetHealth(
                                        f.getProvider(),
                                        f.getModel(),
                                        f.getRequests(),
                                        f.getErrors(),
                                        f.getCircuitOpen(),
                                        f.getCredentialRejected(),
                                        f.getUnhealthy()))
                .toList();
    }

    static List<CanaryCount> canaries(ProxyHeartbeat heartbeat) {
        return heartbeat.getCanariesList().stream()
                .limit(CanaryBook.MAX_COUNTS)
                .map(
                        f ->
                                new CanaryCount(
                                        f.getRoute(),
                                        f.getTarget(),
                                        f.getPercent(),
                                        new CanaryFigures(
                                                f.getRequests(),
                                                f.getErrors(),
                                                f.getCostNanos(),
                                                f.getLatenciesMap())))
                .toList();
    }

    static List<DrillCount> drills(ProxyHeartbeat heartbeat) {
        return heartbeat.getDrillsList().stream()
                .limit(DrillBook.MAX_RUNNING)
                .map(
                        f ->
                                new DrillCount(
                                        f.getProvider(), f.getId(), f.getAnswered(), f.getFailed()))
                .toList();
    }

    static List<Violation> violations(ProxyHeartbeat heartbeat) {
        return heartbeat.getViolationsList().stream()
                .limit(ViolationBook.MAX_TOLD)
                .filter(v -> v.getAtMillis() >= 0)
                .map(
                        v ->
                                new Violation(
                                        v.getBudget(),
                                        Instant.ofEpochMilli(v.getAtMillis()),
                                        v.getRequest(),
                                        new Money(Math.max(0, v.getCostNanos())),
                                        new Money(Math.max(0, v.getBoundNanos())),
                                        v.getStops()))
                .toList();
    }

    /**
     * @param doubted another operator may lead
     */
    static FromOperator heartbeat(
            RevisionNumber revision,
            int liveProxies,
            List<DrillOrder> drills,
            boolean doubted,
            Instant now) {
        var message =
                Heartbeat.newBuilder()
                        .setRevision(revision(revision))
                        .setLiveProxies(liveProxies)
                        .setDoubted(doubted);
        for (var drill : drills) {
            long millis = Duration.between(now, drill.until()).toMillis();
            if (millis > 0) {
                message.addDrills(
                        Drill.newBuilder()
                                .setProvider(drill.provider())
                                .setId(drill.id())
                                .setRemainingMillis(millis));
            }
        }
        return FromOperator.newBuilder().setHeartbeat(message).build();
    }

    static FromOperator credentials(long revision, Map<String, Bytes> values) {
        var message = Credentials.newBuilder().setRevision(revision);
        values.forEach(
                (reference, value) ->
                        message.putValues(reference, ByteString.copyFrom(value.expose())));
        return FromOperator.newBuilder().setCredentials(message).build();
    }

    /** The head, and the chunks if the proxy does not hold the bytes. */
    static Stream<FromOperator> snapshot(Release release, boolean held) {
        var head =
                SnapshotHead.newBuilder()
                        .setRevision(revision(release.revision()))
                        .setDigest(release.digest())
                        .setSchemaVersion(release.schemaVersion())
                        .setBytes(held ? 0 : release.bytes().size());
        release.index()
                .forEach(
                        (object, generation) ->
                                head.addIndex(
                                        ObjectGeneration.newBuilder()
                                                .setKind(object.kind().kind())
                                                .setNamespace(object.namespace())
                                                .setName(object.name())
                                                .setGeneration(generation)));
        var first = Stream.of(FromOperator.newBuilder().setSnapshot(head).build());
        if (held) {
            return first;
        }
        int size = release.bytes().size();
        var chunks =
                Stream.iterate(0, at -> at < size, at -> at + CHUNK_BYTES)
                        .map(at -> chunk(release, at, Math.min(size, at + CHUNK_BYTES)));
        return Stream.concat(first, chunks);
    }

    private static FromOperator chunk(Release release, int from, int to) {
        return FromOperator.newBuilder()
                .setChunk(
                        Chunk.newBuilder()
                                .setRevision(revision(release.revision()))
                                .setData(release.bytes().substring(from, to)))
                .build();
    }
}
