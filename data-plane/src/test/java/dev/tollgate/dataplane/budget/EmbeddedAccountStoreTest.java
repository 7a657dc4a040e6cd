package dev.tollgate.dataplane.budget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tollgate.dataplane.wal.DurableFile;
import dev.tollgate.policy.budget.AccountJson;
import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.AccountStore;
import dev.tollgate.policy.budget.AccountStoreContract;
import dev.tollgate.policy.budget.StoreFaults;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EmbeddedAccountStoreTest extends AccountStoreContract {

    @TempDir Path directory;
    private final FaultyDisk disk = new FaultyDisk();
    private EmbeddedAccountStore store;

    @BeforeEach
    void open() throws IOException {
        store = EmbeddedAccountStore.open(directory, disk);
    }

    @AfterEach
    void close() throws IOException {
        store.close();
    }

    @Override
    protected AccountStore store() {
        return store;
    }

    @Override
    protected AccountStore reopened() throws IOException {
        store.close();
        open();
        return store;
    }

    @Override
    protected StoreFaults faults() {
        return disk;
    }

    /** The disk of this machine, but for what a test says. */
    private final class FaultyDisk implements EmbeddedAccountStore.Disk, StoreFaults {

        private enum Fault {
            NONE,
            NOT_SYNCED,
            NOT_RENAMED,
            TWICE
        }

        private final Object gate = new Object();
        private final AtomicReference<Fault> next = new AtomicReference<>(Fault.NONE);
        private final Map<Path, byte[]> kept = new HashMap<>();
        private final Map<AccountKey, byte[]> whole = new HashMap<>();
        private boolean stalled;
        private int waiting;

        /** Each fault once, or until it is another one. */
        private volatile boolean forGood;

        @Override
        public void replace(Path file, byte[] content) throws IOException {
            awaitResumed();
            switch (forGood ? next.get() : next.getAndSet(Fault.NONE)) {
                case NONE -> DurableFile.replace(file, content);
                case NOT_SYNCED -> {
                    DurableFile.replace(file, content);
                    throw new DurableFile.NotSynced(new IOException("fsync of the directory"));
                }
                case NOT_RENAMED -> throw new DurableFile.NotSynced(new IOException("rename"));
                case TWICE -> {
                    DurableFile.replace(file, content);
                    DurableFile.replace(file, content);
                }
            }
        }

        @Override
        public void sync(Path folder) throws IOException {
            if (forGood) {
                throw new IOException("fsync of the directory");
            }
            DurableFile.syncDirectory(folder);
        }

        private void awaitResumed() throws InterruptedIOException {
            synchronized (gate) {
                waiting++;
                try {
                    while (stalled) {
                        gate.wait();
                    }
                } catch (InterruptedException e) {
                    throw new InterruptedIOException();
                } finally {
                    waiting--;
                }
            }
        }

        @Override
        public void loseNextAnswer() {
            next.set(Fault.NOT_SYNCED);
        }

        @Override
        public void loseNextWrite() {
            next.set(Fault.NOT_RENAMED);
        }

        @Override
        public void doubleNextWrite() {
            next.set(Fault.TWICE);
        }

        @Override
        public void stall() {
            synchronized (gate) {
                stalled = true;
            }
        }

        @Override
        public boolean keepsAWriterWaiting() {
            synchronized (gate) {
                return waiting > 0;
            }
        }

        @Override
        public void resume() {
            synchronized (gate) {
                stalled = false;
                gate.notifyAll();
            }
        }

        @Override
        public void backUp() throws IOException {
            for (var file : accounts()) {
                kept.put(file, Files.readAllBytes(file));
            }
        }

        @Override
        public void regress() throws IOException {
            for (var file : accounts()) {
                Files.delete(file);
            }
            for (var file : kept.entrySet()) {
                Files.write(file.getKey(), file.getValue());
            }
            reopened();
        }

        /** As an editor leaves it that was killed. */
        @Override
        public void spoil(AccountKey key) throws IOException {
            var file = file(key);
            var json = Files.readAllBytes(file);
            whole.put(key, json);
            Files.write(file, Arrays.copyOf(json, json.length - 9));
        }

        @Override
        public void mend(AccountKey key) throws IOException {
            Files.write(file(key), whole.get(key));
        }
    }

    private Path file(AccountKey key) throws IOException {
        for (var file : accounts()) {
            if (key.equals(AccountJson.told(Files.readAllBytes(file)).key())) {
                return file;
            }
        }
        throw new IllegalStateException(key + ": has no file");
    }

    private List<Path> accounts() throws IOException {
        try (var files = Files.list(directory)) {
            return files.filter(file -> file.toString().endsWith(".json")).toList();
        }
    }

    @Test
    void tellsNothingOfAnAccountUntilTheDiskHasIt() throws IOException {
        store.compareAndSet(key("b"), AccountStore.ABSENT, account(key("b"), 1));
        disk.forGood = true;
        disk.loseNextAnswer();
        assertThat(store.compareAndSet(key("a"), AccountStore.ABSENT, account(key("a"), 1)))
                .isInstanceOf(AccountStore.Write.Unknown.class);
        assertThat(store.read(key("a"))).isInstanceOf(AccountStore.Read.Unavailable.class);
        assertThat(store.list("team-a/a")).isInstanceOf(AccountStore.Listing.Unavailable.class);
        assertThat(store.compareAndSet(key("a"), "1", account(key("a"), 2)))
                .isInstanceOf(AccountStore.Write.Unavailable.class);
        assertThat(store.delete(key("a"), "1")).isInstanceOf(AccountStore.Write.Unavailable.class);
        assertThat(store.read(key("b"))).isInstanceOf(AccountStore.Read.Ok.class);
        assertThatThrownBy(this::reopened).hasMessage("fsync of the directory");
        disk.forGood = false;
        open();
        assertThat(store.read(key("a"))).isInstanceOf(AccountStore.Read.Ok.class);
    }

    @Test
    void tellsOfAnAccountOnceItIsWrittenAgain() throws IOException {
        disk.forGood = true;
        disk.loseNextAnswer();
        assertThat(store.compareAndSet(key("a"), AccountStore.ABSENT, account(key("a"), 1)))
                .isInstanceOf(AccountStore.Write.Unknown.class);
        disk.forGood = false;
        assertThat(store.read(key("a"))).isInstanceOf(AccountStore.Read.Unavailable.class);
        assertThat(store.read(key("a"))).isInstanceOf(AccountStore.Read.Ok.class);
        assertThat(reopened().read(key("a"))).isInstanceOf(AccountStore.Read.Ok.class);
    }

    @Test
    void refusesADirectoryThatIsInUse() {
        assertThatThrownBy(() -> EmbeddedAccountStore.open(directory))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("in use");
    }

    /** Decision 0052. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "^.{5}                   |                     | false",
                "\"leases\":\\[.*?],       |                     | true",
                ",\"settledMicros\":\\d+}$ | }                   | true",
                "\"settledMicros\":0     | \"settledMicros\":-1 | true",
                "\"epoch\":1            | \"epoch\":\"one\"     | true",
                "\"name\":\"a\"         | \"name\":\"A b\"      | false",
                "\"name\":\"a\"         | \"name\":\"c\"        | false"
            })
    void oneFileThatIsNoAccountKeepsNobodyFromTheOthers(
            String part, @Nullable String other, boolean named) throws IOException {
        var key = key("a");
        written(account(key("b"), 1), AccountStore.ABSENT);
        written(account(key, 1), AccountStore.ABSENT);
        var file = file(key);
        var whole = Files.readString(file);
        var spoilt = whole.replaceFirst(part, other == null ? "" : other);
        assertThat(spoilt).isNotEqualTo(whole);
        Files.writeString(file, spoilt);
        reopened();

        var listing = (AccountStore.Listing.Ok) store.list("");
        assertThat(listing.accounts())
                .extracting(AccountStore.Versioned::account)
                .containsExactly(account(key("b"), 1));
        assertThat(listing.damaged())
                .singleElement()
                .satisfies(
                        damaged -> {
                            assertThat(damaged.key()).isEqualTo(named ? key : null);
                            assertThat(damaged.name()).isEqualTo(file.toString());
                            assertThat(damaged.reason()).contains("unreadable");
                        });
        assertThat(EmbeddedAccountStore.look(directory)).isEqualTo(listing);
        assertThat(store.read(key("c"))).isInstanceOf(AccountStore.Read.Absent.class);
        assertThat(store.read(key))
                .as("its file is known by its name, whatever it holds")
                .isInstanceOfSatisfying(
                        AccountStore.Read.Unreadable.class,
                        read -> assertThat(read.damaged().key()).isEqualTo(key));
        assertThat(store.compareAndSet(key, AccountStore.ABSENT, account(key, 1)))
                .isInstanceOf(AccountStore.Write.Conflict.class);
        assertThat(file).content().isEqualTo(spoilt);

        Files.writeString(file, whole);
        assertThat(((AccountStore.Listing.Ok) store.list("")).accounts())
                .extracting(AccountStore.Versioned::account)
                .containsExactly(account(key, 1), account(key("b"), 1));
    }

    /** Some editors move it away before they write it anew. */
    @Test
    void whatCouldNotBeReadAndIsGoneIsNotAbsentBeforeTheNextStart() throws IOException {
        written(account(key("a"), 1), AccountStore.ABSENT);
        var file = file(key("a"));
        disk.spoil(key("a"));
        reopened();
        Files.delete(file);
        assertThat(store.read(key("a")))
                .isInstanceOfSatisfying(
                        AccountStore.Read.Unreadable.class,
                        read -> assertThat(read.damaged().reason()).startsWith("it is gone"));
        assertThat(((AccountStore.Listing.Ok) store.list("")).damaged()).hasSize(1);
        assertThat(store.compareAndSet(key("a"), AccountStore.ABSENT, account(key("a"), 1)))
                .isInstanceOf(AccountStore.Write.Conflict.class);
        assertThat(file).doesNotExist();
        assertThat(reopened().read(key("a"))).isInstanceOf(AccountStore.Read.Absent.class);
    }

    /** So that one can put a copy beside it before one mends it. */
    @Test
    void aFileOfAnotherNameIsToldUntilItIsGone() throws IOException {
        written(account(key("a"), 1), AccountStore.ABSENT);
        var copy = Files.copy(file(key("a")), directory.resolve("copy.json"));
        reopened();
        var listing = (AccountStore.Listing.Ok) store.list("");
        assertThat(listing.accounts()).hasSize(1);
        assertThat(listing.damaged())
                .extracting(AccountStore.Damaged::name)
                .containsExactly(copy.toString());
        assertThat(store.read(key("b"))).isInstanceOf(AccountStore.Read.Absent.class);
        Files.delete(copy);
        assertThat(((AccountStore.Listing.Ok) store.list("")).damaged()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatIsNoFileIsNoAccount(boolean link) throws IOException {
        written(account(key("a"), 1), AccountStore.ABSENT);
        var file = file(key("a"));
        store.close();
        Files.delete(file);
        if (link) {
            Files.createSymbolicLink(file, directory.resolve("nothing"));
        } else {
            Files.createDirectory(file);
        }
        open();
        assertThat(store.read(key("a"))).isInstanceOf(AccountStore.Read.Unreadable.class);
        assertThat(store.read(key("b"))).isInstanceOf(AccountStore.Read.Absent.class);
        assertThat(store.compareAndSet(key("a"), AccountStore.ABSENT, account(key("a"), 1)))
                .isInstanceOf(AccountStore.Write.Conflict.class);
    }

    /** Which of two writes it holds is not sure, and then it holds none. */
    @Test
    void tellsOfAnAccountOnceItIsMendedAndOnTheDisk() throws IOException {
        var version = written(account(key("a"), 1), AccountStore.ABSENT);
        disk.loseNextAnswer();
        assertThat(store.compareAndSet(key("a"), version, account(key("a"), 2)))
                .isInstanceOf(AccountStore.Write.Unknown.class);
        disk.spoil(key("a"));
        assertThat(store.read(key("a"))).isInstanceOf(AccountStore.Read.Unreadable.class);
        assertThat(store.compareAndSet(key("a"), version, account(key("a"), 2)))
                .isInstanceOf(AccountStore.Write.Conflict.class);
        disk.mend(key("a"));
        disk.forGood = true;
        disk.loseNextAnswer();
        assertThat(store.read(key("a"))).isInstanceOf(AccountStore.Read.Unavailable.class);
        disk.forGood = false;
        disk.next.set(FaultyDisk.Fault.NONE);
        assertThat(stored(key("a")).account()).isEqualTo(account(key("a"), 2));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "none", "0123456789abcdef"})
    void refusesToStartIfNobodyCanTellWhichStoreItIs(String text) throws IOException {
        var identity = directory.resolve("identity");
        store.close();
        Files.writeString(identity, text);
        assertThatThrownBy(() -> EmbeddedAccountStore.open(directory))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(identity.toString())
                .hasMessageContaining("expected: a UUID; if it is deleted, a new one is made");
        Files.delete(identity);
        open();
    }
}
