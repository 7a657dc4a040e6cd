package dev.tollgate.dataplane.config;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The last snapshot that served, on disk, so that a proxy that restarts with its control plane down
 * serves again (api.md, S20). Files: {@code credentials.json}, {@code snapshot.json}, then {@code
 * meta.json} (revision, digest), each by temporary file, fsync and rename; the pair before is kept
 * as {@code *.previous.json}. A crash between any two writes leaves one loadable pair. A snapshot
 * whose digest differs from its meta is skipped. The directory is meant to be a memory-backed
 * volume, because credentials lie in it; they are readable by the owner alone.
 *
 * <p>Blocking: call it off the event loops, from one thread.
 */
public final class LastKnownGood {

    /** What a proxy needs to serve. */
    public record Stored(byte[] snapshot, String revision, Credentials credentials) {}

    private record Meta(String revision, String digest) {}

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final TypeReference<TreeMap<String, byte[]>> VALUES = new TypeReference<>() {};

    private static final String CREDENTIALS = "credentials.json";
    private static final String SNAPSHOT = "snapshot.json";
    private static final String META = "meta.json";
    private static final String SNAPSHOT_BEFORE = "snapshot.previous.json";
    private static final String META_BEFORE = "meta.previous.json";

    private final Path directory;

    public LastKnownGood(Path directory) {
        this.directory = directory;
    }

    /** Writes all of it; afterwards {@link #load} answers this one. */
    public void store(byte[] snapshot, String revision, Credentials credentials)
            throws IOException {
        Files.createDirectories(directory);
        storeCredentials(credentials);
        keepPrevious();
        write(SNAPSHOT, snapshot);
        write(META, JSON.writeValueAsBytes(new Meta(revision, LiveConfig.digest(snapshot))));
    }

    /** Writes the credentials alone: a Secret was replaced, the snapshot stays. */
    public void storeCredentials(Credentials credentials) throws IOException {
        Files.createDirectories(directory);
        write(CREDENTIALS, JSON.writeValueAsBytes(new TreeMap<>(credentials.exposed())));
    }

    /**
     * The newest pair whose digest holds.
     *
     * @param skipped told of each file that could not be used, in words for a log
     */
    public Optional<Stored> load(Consumer<String> skipped) {
        var credentials = loadCredentials(skipped);
        for (var pair :
                new String[][] {
                    {SNAPSHOT, META}, {SNAPSHOT_BEFORE, META}, {SNAPSHOT_BEFORE, META_BEFORE}
                }) {
            var snapshot = read(pair[0]);
            var meta = meta(pair[1]);
            if (snapshot == null || meta == null) {
                continue;
            }
            if (meta.digest().equals(LiveConfig.digest(snapshot))) {
                return Optional.of(new Stored(snapshot, meta.revision(), credentials));
            }
            skipped.accept(pair[0] + ": digest differs from " + pair[1] + ", skipped");
        }
        return Optional.empty();
    }

    private void keepPrevious() throws IOException {
        var snapshot = read(SNAPSHOT);
        var meta = meta(META);
        if (snapshot != null && meta != null && meta.digest().equals(LiveConfig.digest(snapshot))) {
            write(SNAPSHOT_BEFORE, snapshot);
            write(META_BEFORE, JSON.writeValueAsBytes(meta));
        }
    }

    private Credentials loadCredentials(Consumer<String> skipped) {
        var bytes = read(CREDENTIALS);
        if (bytes == null) {
            return Credentials.NONE;
        }
        try {
            Map<String, byte[]> values = JSON.readValue(bytes, VALUES);
            return Credentials.of(values);
        } catch (IOException e) {
            // the text of the exception may quote the file
            skipped.accept(CREDENTIALS + ": not readable, skipped");
            return Credentials.NONE;
        }
    }

    private @Nullable Meta meta(String name) {
        var bytes = read(name);
        try {
            return bytes == null ? null : JSON.readValue(bytes, Meta.class);
        } catch (IOException e) {
            return null;
        }
    }

    private byte @Nullable [] read(String name) {
        try {
            return Files.readAllBytes(directory.resolve(name));
        } catch (NoSuchFileException e) {
            return null;
        } catch (IOException e) {
            return null;
        }
    }

    private void write(String name, byte[] bytes) throws IOException {
        var temporary = directory.resolve(name + ".tmp");
        Files.deleteIfExists(temporary);
        var ownerOnly =
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
        try (var file =
                FileChannel.open(
                        temporary,
                        Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                        ownerOnly)) {
            var buffer = ByteBuffer.wrap(bytes);
            while (buffer.hasRemaining()) {
                file.write(buffer);
            }
            file.force(true);
        }
        Files.move(
                temporary,
                directory.resolve(name),
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
        try (var folder = FileChannel.open(directory, StandardOpenOption.READ)) {
            folder.force(true);
        }
    }
}
