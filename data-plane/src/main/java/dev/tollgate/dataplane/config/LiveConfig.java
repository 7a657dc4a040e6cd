package dev.tollgate.dataplane.config;

import dev.tollgate.dataplane.identity.IdentityTables;
import dev.tollgate.policy.route.SnapshotIndex;
import dev.tollgate.policy.snapshot.Decoded;
import dev.tollgate.policy.snapshot.Snapshot;
import dev.tollgate.policy.snapshot.SnapshotCodec;
import dev.tollgate.policy.snapshot.SnapshotError;
import dev.tollgate.policy.snapshot.SnapshotValidator;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * What the proxy serves with: one reference to an immutable {@link Applied} snapshot and one to the
 * {@link Credentials}. Whoever feeds it (the push client, a folder, the last-known-good files)
 * calls {@link #apply}; every event loop reads the references without a lock. A snapshot that does
 * not validate changes nothing.
 */
public final class LiveConfig {

    /** Told on the thread that applied, after the swap. */
    @FunctionalInterface
    public interface Listener {
        void changed(Applied now);
    }

    private final List<Listener> listeners = new CopyOnWriteArrayList<>();
    private final AtomicLong refusals = new AtomicLong();
    private volatile @Nullable Applied applied;
    private volatile Credentials credentials = Credentials.NONE;
    private volatile int proxies = 1;

    /**
     * Validates the bytes, builds all tables and swaps the reference.
     *
     * @return why it was not taken; empty if it serves now
     */
    public synchronized List<SnapshotError> apply(byte[] snapshotBytes, String revision) {
        var errors =
                switch (SnapshotCodec.decode(snapshotBytes)) {
                    case Decoded.Unreadable unreadable ->
                            unreadable.problems().stream()
                                    .map(p -> new SnapshotError("", "", "", p.path(), p.message()))
                                    .toList();
                    case Decoded.Readable readable ->
                            take(readable.snapshot(), snapshotBytes.clone(), revision);
                };
        if (!errors.isEmpty()) {
            refusals.incrementAndGet();
        }
        return errors;
    }

    private List<SnapshotError> take(Snapshot snapshot, byte[] bytes, String revision) {
        var errors = new ArrayList<>(SnapshotValidator.validate(snapshot));
        if (!errors.isEmpty()) {
            return List.copyOf(errors);
        }
        var identities =
                IdentityTables.of(
                        snapshot,
                        (path, message) ->
                                errors.add(new SnapshotError("", "", "", path, message)));
        if (!errors.isEmpty()) {
            return List.copyOf(errors);
        }
        var now =
                new Applied(
                        snapshot,
                        SnapshotIndex.of(snapshot),
                        identities,
                        bytes,
                        SnapshotCodec.digest(bytes),
                        revision);
        applied = now;
        listeners.forEach(listener -> listener.changed(now));
        return List.of();
    }

    /**
     * Gives the snapshot that serves a later revision: the control plane sent the same bytes again.
     *
     * @return false if other bytes serve
     */
    public synchronized boolean rename(String digest, String revision) {
        var current = applied;
        if (current == null || !current.digest().equals(digest)) {
            return false;
        }
        applied =
                new Applied(
                        current.snapshot(),
                        current.index(),
                        current.identities(),
                        current.bytes(),
                        digest,
                        revision);
        return true;
    }

    /** Replaces all credentials: the next attempt of any request uses them. */
    public void credentials(Credentials replacement) {
        credentials = replacement;
    }

    /** Live proxies of the fleet, this one included, which share limits. */
    public int proxies() {
        return proxies;
    }

    public void proxies(int live) {
        proxies = Math.max(1, live);
    }

    public Credentials credentials() {
        return credentials;
    }

    /** The snapshot that serves; null before the first one. */
    public @Nullable Applied applied() {
        return applied;
    }

    /** How many snapshots were refused since the start. */
    public long refusals() {
        return refusals.get();
    }

    public void listen(Listener listener) {
        listeners.add(listener);
    }

    /** Lower-case hex SHA-256, as Hello, Snapshot and meta.json carry it. */
    public static String digest(byte[] bytes) {
        return SnapshotCodec.digest(bytes);
    }
}
