package dev.tollgate.dataplane.config;

import dev.tollgate.policy.snapshot.Snapshot;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
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
    private volatile @Nullable Applied applied;
    private volatile Credentials credentials = Credentials.NONE;

    /**
     * Validates the bytes, builds all tables and swaps the reference.
     *
     * @return why it was not taken; empty if it serves now
     */
    public synchronized List<SnapshotError> apply(byte[] snapshotBytes, String revision) {
        var errors = new ArrayList<SnapshotError>();
        Snapshot snapshot = SnapshotReading.read(snapshotBytes, errors);
        if (snapshot == null || !errors.isEmpty()) {
            return List.copyOf(errors);
        }
        var now = new Applied(snapshot, snapshotBytes.clone(), digest(snapshotBytes), revision);
        applied = now;
        listeners.forEach(l -> l.changed(now));
        return List.of();
    }

    /** Replaces all credentials: the next attempt of any request uses them. */
    public void credentials(Credentials replacement) {
        credentials = replacement;
    }

    public Credentials credentials() {
        return credentials;
    }

    /** The snapshot that serves; null before the first one. */
    public @Nullable Applied applied() {
        return applied;
    }

    public void listen(Listener listener) {
        listeners.add(listener);
    }

    /** Lower-case hex SHA-256, as Hello, Snapshot and meta.json carry it. */
    public static String digest(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("SHA-256 is missing from this Java", e);
        }
    }
}
