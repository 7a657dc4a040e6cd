package dev.tollgate.dataplane.budget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tollgate.policy.budget.AccountStore;
import dev.tollgate.policy.budget.AccountStoreContract;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedAccountStoreTest extends AccountStoreContract {

    @TempDir Path directory;
    private EmbeddedAccountStore store;

    @BeforeEach
    void open() throws IOException {
        store = EmbeddedAccountStore.open(directory);
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
        store = EmbeddedAccountStore.open(directory);
        return store;
    }

    @Test
    void refusesADirectoryThatIsInUse() {
        assertThatThrownBy(() -> EmbeddedAccountStore.open(directory))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("in use");
    }

    @Test
    void refusesToStartOnADamagedAccount() throws IOException {
        var key = key("a");
        store.compareAndSet(key, AccountStore.ABSENT, account(key, 1));
        store.close();
        try (var files = Files.list(directory)) {
            var file = files.filter(f -> f.toString().endsWith(".json")).findFirst().orElseThrow();
            Files.writeString(file, Files.readString(file).substring(5));
        }
        assertThatThrownBy(() -> EmbeddedAccountStore.open(directory))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("unreadable");
        try (var files = Files.list(directory)) {
            for (var file : files.filter(f -> f.toString().endsWith(".json")).toList()) {
                Files.delete(file);
            }
        }
        store = EmbeddedAccountStore.open(directory);
    }

    @Test
    void deletesOnlyWhatStillIsAsItWasRead() throws Exception {
        var first =
                (AccountStore.Write.Ok)
                        store().compareAndSet(key("a"), AccountStore.ABSENT, account(key("a"), 1));
        var second =
                (AccountStore.Write.Ok)
                        store().compareAndSet(key("a"), first.version(), account(key("a"), 2));
        assertThat(store().delete(key("a"), first.version()))
                .isInstanceOf(AccountStore.Write.Conflict.class);
        assertThat(reopened().read(key("a"))).isInstanceOf(AccountStore.Read.Ok.class);
        assertThat(store().delete(key("a"), second.version()))
                .isInstanceOf(AccountStore.Write.Ok.class);
        assertThat(reopened().read(key("a"))).isInstanceOf(AccountStore.Read.Absent.class);
        assertThat(store().delete(key("b"), second.version()))
                .isInstanceOf(AccountStore.Write.Conflict.class);
    }
}
