package dev.tollgate.dataplane.budget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tollgate.dataplane.wal.DurableFile;
import dev.tollgate.policy.budget.AccountStore;
import dev.tollgate.policy.budget.AccountStoreContract;
import dev.tollgate.policy.budget.StoreFaults;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
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

    /** Decision 0052: a gateway does not begin with it, and the file stays as it is. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "^.{5}                   |         ",
                "\"leases\":\\[.*?],       |         ",
                ",\"settledMicros\":\\d+}$ | }       ",
                "\"epoch\":1            | \"epoch\":\"one\"",
                "\"name\":\"a\"         | \"name\":\"A b\"",
                "\"name\":\"a\"         | \"name\":\"c\""
            })
    void refusesToStartOnADamagedAccount(String part, @Nullable String other) throws IOException {
        var key = key("a");
        store.compareAndSet(key("b"), AccountStore.ABSENT, account(key("b"), 1));
        var before = accounts();
        store.compareAndSet(key, AccountStore.ABSENT, account(key, 1));
        store.close();
        var file = accounts().stream().filter(f -> !before.contains(f)).findFirst().orElseThrow();
        var whole = Files.readString(file);
        var damaged = whole.replaceFirst(part, other == null ? "" : other);
        assertThat(damaged).isNotEqualTo(whole);
        Files.writeString(file, damaged);
        assertThatThrownBy(() -> EmbeddedAccountStore.open(directory))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("unreadable")
                .hasMessageContaining(file.toString());
        assertThat(file).content().isEqualTo(damaged);

        Files.writeString(file, whole);
        open();
        assertThat(((AccountStore.Listing.Ok) store.list("")).accounts())
                .extracting(AccountStore.Versioned::account)
                .containsExactly(account(key, 1), account(key("b"), 1));
        store.close();
        Files.delete(file);
        open();
    }
}
