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
import java.util.TreeMap;
import java.util.UUID;

/**
 * The store of standalone mode: one file of canonical JSON per account in a directory of its own,
 * replaced whole and fsynced before a write is acknowledged. The directory is locked, so this
 * process alone compares and swaps.
 */
public final class EmbeddedAccountStore implements AccountStore, AutoCloseable {

    private static final String SUFFIX = ".json";
    private static final int HASH_BYTES = 16;

    private final Path directory;
    private final FileChannel lock;
    private final String identity;
    private final TreeMap<String, Versioned> accounts = new TreeMap<>();

    private EmbeddedAccountStore(Path directory, FileChannel lock) throws IOException {
        this.directory = directory;
        this.lock = lock;
        var id = directory.resolve("identity");
        if (!Files.exists(id)) {
            DurableFile.replace(id, (UUID.randomUUID() + "\n").getBytes(StandardCharsets.UTF_8));
        }
        this.identity = Files.readString(id).strip();
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
        var lock = DurableFile.lock(directory);
        try {
            return new EmbeddedAccountStore(directory, lock);
        } catch (IOException | RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    @Override
    public synchronized Read read(AccountKey key) {
        var known = accounts.get(key.toString());
        return known == null ? new Read.Absent() : new Read.Ok(known);
    }

    @Override
    public synchronized Write compareAndSet(AccountKey key, String version, Account account) {
        var name = key.toString();
        var known = accounts.get(name);
        if (!version.equals(known == null ? ABSENT : known.version())) {
            return new Write.Conflict();
        }
        try {
            DurableFile.replace(file(name), AccountJson.write(account));
        } catch (DurableFile.NotSynced e) {
            accounts.put(name, versioned(account)); // what a reader of the file sees, most likely
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
            DurableFile.syncDirectory(directory);
        } catch (IOException e) {
            return new Write.Unknown(e.toString());
        }
        return new Write.Ok(ABSENT);
    }

    @Override
    public synchronized Listing list(String prefix) {
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

    private static Account read(Path file) throws IOException {
        try {
            return AccountJson.read(Files.readAllBytes(file));
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
