package dev.tollgate.operator.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.tollgate.crds.valkey.DurableValkey;
import dev.tollgate.crds.valkey.ValkeyProcess;
import dev.tollgate.policy.budget.Account;
import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.AccountStore;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A primary and one replica: needs a server of 7.2 or later. */
class ValkeyReplicaTest {

    @RegisterExtension final DurableValkey primary = new DurableValkey();
    @RegisterExtension final DurableValkey replica = new DurableValkey();

    private static final AccountKey KEY = AccountKey.parse("team-a/all//lifetime");

    private final Vertx vertx = Vertx.vertx();
    private ValkeyAccountStore store;

    @BeforeEach
    void follow() throws IOException {
        assumeFalse(ValkeyProcess.isOlderThan72(), "the server is older than 7.2");
        replica.follow(primary);
        store =
                new ValkeyAccountStore(
                        vertx,
                        new ValkeyServer(
                                false,
                                "127.0.0.1",
                                primary.port(),
                                0,
                                null,
                                primary.password(),
                                null,
                                null),
                        "fleet");
    }

    @AfterEach
    void close() {
        if (store != null) {
            store.close();
        }
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    private AccountStore.Write write(String version, long seq) {
        return store.compareAndSet(
                KEY, version, new Account(KEY, 1_000, 0, 0, 0, null, seq, 1, List.of(), List.of()));
    }

    private String written(String version, long seq) {
        var write = write(version, seq);
        assertThat(write).isInstanceOf(AccountStore.Write.Ok.class);
        return ((AccountStore.Write.Ok) write).version();
    }

    @Test
    void refusesAPrimaryThatWritesWithoutItsReplicas() {
        assertThat(store.refusal()).contains("min-replicas-to-write");
    }

    @Test
    void acknowledgesNothingThatAReplicaHasNotOnItsDisk() {
        primary.command("CONFIG SET min-replicas-to-write 1");
        var version = written(AccountStore.ABSENT, 1);
        replica.pause();
        assertThat(write(version, 2)).isInstanceOf(AccountStore.Write.Unknown.class);
        assertThat(store.read(KEY)).isInstanceOf(AccountStore.Read.Unavailable.class);
        replica.resume();
        await().untilAsserted(
                        () ->
                                assertThat(store.read(KEY))
                                        .isInstanceOfSatisfying(
                                                AccountStore.Read.Ok.class,
                                                ok ->
                                                        assertThat(ok.versioned().account().seq())
                                                                .isEqualTo(2)));
    }

    @Test
    void acknowledgesNothingWithoutTheReplicaThatItOnceHad() {
        primary.command("CONFIG SET min-replicas-to-write 1");
        written(AccountStore.ABSENT, 1);
        replica.kill();
        primary.command("CONFIG SET min-replicas-to-write 0");
        primary.restart(); // counts no replica now, but the database does
        await().until(() -> store.identity() instanceof AccountStore.Identity.Ok);
        assertThat(store.read(KEY)).isInstanceOf(AccountStore.Read.Unavailable.class);
    }

    @Test
    void keepsItsIdentityOverAFailoverThatHasLostNothing() {
        primary.command("CONFIG SET min-replicas-to-write 1");
        assertThat(store.list("")).isInstanceOf(AccountStore.Listing.Ok.class);
        written(AccountStore.ABSENT, 1);
        var before = store.identity();
        replica.command("REPLICAOF NO ONE");
        primary.kill();
        primary.redirectTo(replica);
        await().until(() -> store.identity() instanceof AccountStore.Identity.Ok);
        assertThat(store.identity()).isEqualTo(before);
    }
}
