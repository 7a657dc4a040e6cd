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
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The store of standalone mode: one file of canonical JSON per account in a directory of its own,
 * replaced whole and fsynced before a write is acknowledged. An account whose last write may not be
 * on the disk is not told of until what its file holds has been written once more. A file that is
 * no account, or another one than its name says, is told as such and is in nobody's way: no file
 * says anything of another's account. The directory is locked, so this process alone compares and
 * swaps.
 */
public final class EmbeddedAccountStore implements AccountStore, AutoCloseable {

    private static final String SUFFIX = ".json";
    private static final Pattern UUID_TEXT =
            Pattern.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
    private static final int HASH_BYTES = 16;

    /** Of an account's file. */
    private static final Pattern NAME = Pattern.compile("[0-9a-f]{32}\\.json");

    /** Many times the largest account. */
    private static final long MAX_FILE_BYTES = 16 << 20;

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
    private final TreeMap<Path, Damaged> damaged = new TreeMap<>();

    /** What a file holds. */
    private sealed interface Entry {
        record Good(Account account) implements Entry {}

        record Bad(Damaged damaged) implements Entry {}

        record Gone() implements Entry {}
    }

    private EmbeddedAccountStore(Path directory, Disk disk, FileChannel lock) throws IOException {
        this.directory = directory;
        this.disk = disk;
        this.lock = lock;
        this.identity = identity(directory.resolve("identity"));
        disk.sync(directory); // what a process that was killed has renamed last
        for (var file : files(directory)) {
            lookAt(file);
        }
    }

    private static String identity(Path file) throws IOException {
        if (!Files.exists(file)) {
            DurableFile.replace(file, (UUID.randomUUID() + "\n").getBytes(StandardCharsets.UTF_8));
        }
        var text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8).strip();
        if (!UUID_TEXT.matcher(text).matches()) {
            throw new IOException(
                    file
                            + ": says not which store this is (expected: a UUID; if it is deleted,"
                            + " a new one is made)");
        }
        return text;
    }

    private static List<Path> files(Path directory) throws IOException {
        try (var files = Files.list(directory)) {
            return files.filter(file -> file.toString().endsWith(SUFFIX)).sorted().toList();
        }
    }

    /**
     * What is in a directory, maybe while a gateway uses it: each file is replaced whole.
     *
     * @throws IOException it is none, or cannot be listed
     */
    public static Listing.Ok look(Path directory) throws IOException {
        var accounts = new ArrayList<Versioned>();
        var damaged = new ArrayList<Damaged>();
        for (var file : files(directory)) {
            switch (entry(file)) {
                case Entry.Good(var account) -> accounts.add(versioned(account));
                case Entry.Bad(var bad) -> damaged.add(bad);
                case Entry.Gone() -> {} // forgotten since it was listed
            }
        }
        accounts.sort(Comparator.comparing(versioned -> versioned.account().key()));
        return new Listing.Ok(accounts, damaged);
    }

    /**
     * @throws IOException another process has it, or nobody can tell which store it is
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
        var name = key.toString();
        var file = file(name);
        if (damaged.containsKey(file)) {
            lookAt(file);
        }
        var failure = settle(name);
        if (failure != null) {
            return new Read.Unavailable(failure);
        }
        var bad = damaged.get(file);
        if (bad != null) {
            return new Read.Unreadable(new Damaged(key, bad.name(), bad.epoch(), bad.reason()));
        }
        var known = accounts.get(name);
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
        if (damaged.containsKey(file(name))
                || !version.equals(known == null ? ABSENT : known.version())) {
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
        var file = file(name);
        try {
            switch (entry(file)) {
                case Entry.Gone() -> accounts.remove(name);
                case Entry.Good(var account) -> {
                    disk.replace(file, AccountJson.write(account));
                    accounts.put(name, versioned(account));
                }
                case Entry.Bad(var bad) -> {
                    accounts.remove(name);
                    damaged.put(file, bad);
                    return null; // and once it can be read, it is written again before it is told
                }
            }
            unsure.remove(name);
            return null;
        } catch (IOException e) {
            return e.toString();
        }
    }

    /**
     * Takes what a file holds that is there, or was. One that cannot be read and is gone stays so
     * for as long as this process runs, as who mends it may be about to put it back.
     */
    private void lookAt(Path file) {
        switch (entry(file)) {
            case Entry.Good(var account) -> {
                damaged.remove(file);
                accounts.put(account.key().toString(), versioned(account));
            }
            case Entry.Bad(var bad) -> damaged.put(file, bad);
            case Entry.Gone() -> {
                if (NAME.matcher(String.valueOf(file.getFileName())).matches()) {
                    damaged.compute(file, EmbeddedAccountStore::gone);
                } else {
                    damaged.remove(file); // it was of no account
                }
            }
        }
    }

    private static Damaged gone(Path file, @Nullable Damaged before) {
        return new Damaged(
                before == null ? null : before.key(),
                file.toString(),
                before == null ? 0 : before.epoch(),
                "it is gone; a gateway that starts without it opens the account anew");
    }

    @Override
    public synchronized Listing list(String prefix) {
        List.copyOf(damaged.keySet()).forEach(this::lookAt);
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
        return new Listing.Ok(
                found,
                damaged.values().stream()
                        .filter(bad -> bad.key() == null || bad.key().toString().startsWith(prefix))
                        .toList());
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

    private static Entry entry(Path file) {
        byte[] json;
        try {
            var attributes = Files.readAttributes(file, BasicFileAttributes.class);
            if (!attributes.isRegularFile() || attributes.size() > MAX_FILE_BYTES) {
                return new Entry.Bad(
                        new Damaged(
                                null,
                                file.toString(),
                                0,
                                "expected: a regular file of at most "
                                        + MAX_FILE_BYTES
                                        + " bytes"));
            }
            json = Files.readAllBytes(file);
        } catch (NoSuchFileException e) {
            return new Entry.Gone();
        } catch (IOException e) {
            return new Entry.Bad(new Damaged(null, file.toString(), 0, e.toString()));
        }
        try {
            var account = AccountJson.read(json);
            return isOf(file, account.key())
                    ? new Entry.Good(account)
                    : bad(
                            file,
                            json,
                            "account: unreadable: it is "
                                    + account.key()
                                    + ", which belongs in "
                                    + fileName(account.key().toString()));
        } catch (IllegalArgumentException e) {
            return bad(file, json, String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
        }
    }

    private static Entry bad(Path file, byte[] json, String reason) {
        var told = AccountJson.told(json);
        var key = told.key() != null && isOf(file, told.key()) ? told.key() : null;
        return new Entry.Bad(new Damaged(key, file.toString(), told.epoch(), reason));
    }

    private static boolean isOf(Path file, AccountKey key) {
        return file.endsWith(fileName(key.toString()));
    }

    private Path file(String name) {
        return directory.resolve(fileName(name));
    }

    /** Names may be longer than a file's, so the file is named by a hash; the key is inside. */
    private static String fileName(String name) {
        try {
            var hash =
                    MessageDigest.getInstance("SHA-256")
                            .digest(name.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash, 0, HASH_BYTES) + SUFFIX;
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
