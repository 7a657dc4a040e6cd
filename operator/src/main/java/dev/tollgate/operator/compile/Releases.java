package dev.tollgate.operator.compile;

import com.google.protobuf.ByteString;
import dev.tollgate.crds.resource.ResourceKey;
import dev.tollgate.operator.push.Release;
import dev.tollgate.policy.compile.Compiled;
import dev.tollgate.policy.compile.LastAccepted;
import dev.tollgate.policy.compile.Verdict;
import dev.tollgate.policy.snapshot.RevisionNumber;
import dev.tollgate.policy.snapshot.SnapshotCodec;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The releases of this epoch: numbers what was compiled if it differs from what is out, and knows
 * of those under way what they were made of. One thread.
 */
final class Releases {

    /** Only the newest can settle; the others are kept for the credentials that they need. */
    private static final int KEPT = 16;

    /** A release that is under way, with what it was made of. */
    record Held(LastAccepted accepted, Set<String> credentials) {
        Held {
            credentials = Set.copyOf(credentials);
        }
    }

    private final Map<RevisionNumber, Held> underWay = new LinkedHashMap<>();
    private Held settled;
    private long epoch;
    private long counter;
    private @Nullable Release newest;
    private @Nullable Release withdrawn;

    /**
     * @param settled what the whole fleet serves, as far as is remembered
     */
    Releases(long epoch, Held settled) {
        this.epoch = epoch;
        this.settled = settled;
    }

    long epoch() {
        return epoch;
    }

    /** The epoch was claimed anew: everything is numbered again. */
    void epoch(long claimed) {
        epoch = claimed;
        counter = 0;
        newest = null;
        withdrawn = null;
    }

    /** The release to publish; empty if the same is out already. */
    Optional<Release> next(Compiled compiled) {
        var bytes = SnapshotCodec.encode(compiled.snapshot());
        var digest = SnapshotCodec.digest(bytes);
        var index = index(compiled.verdicts());
        if (same(newest, digest, index) || same(withdrawn, digest, index)) {
            return Optional.empty();
        }
        withdrawn = null;
        var release =
                new Release(
                        number(),
                        digest,
                        ByteString.copyFrom(bytes),
                        compiled.snapshot().schemaVersion(),
                        index);
        out(release, new Held(compiled.accepted(), compiled.credentials()));
        return Optional.of(release);
    }

    /**
     * Takes a release back that nobody can be blamed for (api.md, S13): the release to publish in
     * its place, if the fleet has settled on one of this epoch.
     */
    Optional<Release> withdraw(Release release, @Nullable Release back) {
        withdrawn = release;
        if (back == null || back.revision().epoch() != epoch) {
            return Optional.empty();
        }
        var again =
                new Release(
                        number(), back.digest(), back.bytes(), back.schemaVersion(), back.index());
        out(again, settled);
        return Optional.of(again);
    }

    /** The whole fleet serves it: what it was made of; empty if that is not known any more. */
    Optional<Held> settle(Release release) {
        var held = underWay.get(release.revision());
        if (held != null) {
            settled = held;
            underWay.keySet().removeIf(r -> r.compareTo(release.revision()) <= 0);
        }
        return Optional.ofNullable(held);
    }

    /** References to the credentials that some proxy may need by now. */
    Set<String> credentials() {
        var references = new HashSet<>(settled.credentials());
        underWay.values().forEach(r -> references.addAll(r.credentials()));
        return references;
    }

    private RevisionNumber number() {
        counter++;
        return new RevisionNumber(epoch, counter);
    }

    private void out(Release release, Held held) {
        newest = release;
        underWay.put(release.revision(), held);
        if (underWay.size() > KEPT) {
            underWay.remove(underWay.keySet().iterator().next());
        }
    }

    private static Map<ResourceKey, Long> index(Map<ResourceKey, Verdict> verdicts) {
        var index = new TreeMap<ResourceKey, Long>();
        verdicts.forEach(
                (object, verdict) -> {
                    var served = verdict.servedGeneration();
                    if (served != null) {
                        index.put(object, served);
                    }
                });
        return index;
    }

    private static boolean same(
            @Nullable Release release, String digest, Map<ResourceKey, Long> index) {
        return release != null && release.digest().equals(digest) && release.index().equals(index);
    }
}
