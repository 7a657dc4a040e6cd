package dev.tollgate.dataplane.budget;

import dev.tollgate.dataplane.wal.DurableFile;
import dev.tollgate.policy.budget.Account;
import dev.tollgate.policy.budget.AccountJson;
import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.AccountStore;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The store of standalone mode: one file of canonical JSON per account in a directory of its own,
 * replaced whole and fsynced before a write is acknowledged. An account whose last write may not be
 * on the disk is not told of until what its file holds has been written once more. The directory is
 * locked, so this process alone compares and swaps.
 */
public final class EmbeddedAccountStore implements AccountStore, AutoCloseable {

    private static final String SUFFIX = ".json";
    private static final int HASH_BYTES = 16;

    /** The file system, as far as a write needs it: see {@link DurableFile}. */
    interface Disk {
        void replace(Path file, byte[] content) throws IOException;

        void sync(Path directory) throws IOException;
    }

    private static final Disk DISK =
            new Disk() {
                @Override
                public void replace(Path file, byte[] content) throws IOException {
                    DurableFile.replace(file, content);
                }

                @Override
                public void sync(Path directory) throws IOException {
                    DurableFile.syncDirectory(directory);
                }
            };

    private final Path directory;
    private final Disk disk;
    private final FileChannel lock;
    private final String identity;
    private final TreeMap<String, Versioned> accounts = new TreeMap<>();
    private final TreeSet<String> unsure = new TreeSet<>(); // which write their files hold

    private EmbeddedAccountStore(Path directory, Disk disk, FileChannel lock) throws IOException {
        this.directory = directory;
        this.disk = disk;
        this.lock = lock;
        var id = directory.resolve("identity");
        if (!Files.exists(id)) {
            DurableFile.replace(id, (UUID.randomUUID() + "\n").getBytes(StandardCharsets.UTF_8));
        }
        this.identity = Files.readString(id).strip();
        disk.sync(directory); // what a process that was killed has renamed last
        try (var files = Files.list(directory)) {
            for (var file : files.filter(f -> f.toString().endsWith(SUFFIX)).toList()) {
                var account = read(file);
                accounts.put(account.key().toString(), versioned(account));
            }
        }
    }

    /**
     * @throws IOException another process has it, or a file of it is damaged
     */
    public static EmbeddedAccountStore open(Path directory) throws IOException {
        return open(directory, DISK);
    }

    static EmbeddedAccountStore open(Path directory, Disk disk) throws IOException {
        var lock = DurableFile.lock(directory);
        try {
            return new EmbeddedAccountStore(directory, disk, lock);
        } catch (IOException | RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    @Override
    public synchronized Read read(AccountKey key) {
        var failure = settle(key.toString());
        if (failure != null) {
            return new Read.Unavailable(failure);
        }
        var known = accounts.get(key.toString());
        return known == null ? new Read.Absent() : new Read.Ok(known);
    }

    @Override
    public synchronized Write compareAndSet(AccountKey key, String version, Account account) {
        if (!key.equals(account.key())) {
            throw new IllegalArgumentException(
                    "account: " + account.key() + " (expected: " + key + ")");
        }
        var name = key.toString();
        var failure = settle(name);
        if (failure != null) {
            return new Write.Unavailable(failure);
        }
        var known = accounts.get(name);
        if (!version.equals(known == null ? ABSENT : known.version())) {
            return new Write.Conflict();
        }
        try {
            disk.replace(file(name), AccountJson.write(account));
        } catch (DurableFile.NotSynced e) {
            unsure.add(name);
            return new Write.Unknown(e.toString());
        } catch (IOException e) {
            return new Write.Unavailable(e.toString());
        }
        var next = versioned(account);
        accounts.put(name, next);
        return new Write.Ok(next.version());
    }

    @Override
    public synchronized Write delete(AccountKey key, String version) {
        var name = key.toString();
        var failure = settle(name);
        if (failure != null) {
            return new Write.Unavailable(failure);
        }
        var known = accounts.get(name);
        if (known == null || !version.equals(known.version())) {
            return new Write.Conflict();
        }
        try {
            Files.deleteIfExists(file(name));
        } catch (IOException e) {
            return new Write.Unavailable(e.toString());
        }
        accounts.remove(name);
        try {
            disk.sync(directory);
        } catch (IOException e) {
            return new Write.Unknown(e.toString());
        }
        return new Write.Ok(ABSENT);
    }

    /** Null: what is known of the account is on the disk, else why that is not sure. */
    private @Nullable String settle(String name) {
        if (!unsure.contains(name)) {
            return null;
        }
        try {
            var file = file(name);
            if (Files.notExists(file)) {
                accounts.remove(name);
            } else {
                var account = read(file);
                disk.replace(file, AccountJson.write(account));
                accounts.put(name, versioned(account));
            }
            unsure.remove(name);
            return null;
        } catch (IOException e) {
            return e.toString();
        }
    }

    @Override
    public synchronized Listing list(String prefix) {
        for (var name : List.copyOf(unsure)) {
            var failure = name.startsWith(prefix) ? settle(name) : null;
            if (failure != null) {
                return new Listing.Unavailable(failure);
            }
        }
        var found = new ArrayList<Versioned>();
        accounts.tailMap(prefix)
                .forEach(
                        (name, versioned) -> {
                            if (name.startsWith(prefix)) {
                                found.add(versioned);
                            }
                        });
        return new Listing.Ok(found);
    }

    @Override
    public Identity identity() {
        return new Identity.Ok(identity);
    }

    @Override
    public void close() throws IOException {
        lock.close();
    }

    private static Versioned versioned(Account account) {
        return new Versioned(account, Long.toString(account.seq()));
    }

    private Account read(Path file) throws IOException {
        try {
            var account = AccountJson.read(Files.readAllBytes(file));
            var own = file(account.key().toString());
            if (!own.equals(file)) {
                throw new IllegalArgumentException(
                        "account: unreadable: it is "
                                + account.key()
                                + ", which belongs in "
                                + own.getFileName());
            }
            return account;
        } catch (IllegalArgumentException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }

    /** Names may be longer than a file's, so the file is named by a hash; the key is inside. */
    private Path file(String name) {
        try {
            var hash =
                    MessageDigest.getInstance("SHA-256")
                            .digest(name.getBytes(StandardCharsets.UTF_8));
            return directory.resolve(HexFormat.of().formatHex(hash, 0, HASH_BYTES) + SUFFIX);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
