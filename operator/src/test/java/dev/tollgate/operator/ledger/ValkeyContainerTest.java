package dev.tollgate.operator.ledger;

import dev.tollgate.policy.budget.AccountStore;
import dev.tollgate.policy.budget.AccountStoreContract;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.junit.jupiter.Container;
import org.testcontainers.junit.jupiter.Testcontainers;

/**
 * The contract of all stores in a Valkey that has WAITAOF of its own, in a container; skipped where
 * there is no Docker. The server of the machine does the same in {@link ValkeyAccountStoreTest}.
 */
@Testcontainers(disabledWithoutDocker = true)
class ValkeyContainerTest extends AccountStoreContract {

    private static final int PORT = 6379;
    private static final String PASSWORD = "a word for tests";

    @Container
    static final GenericContainer<?> SERVER =
            new GenericContainer<>("valkey/valkey:8.1")
                    .withExposedPorts(PORT)
                    .withCommand(
                            "valkey-server",
                            "--requirepass",
                            PASSWORD,
                            "--appendonly",
                            "yes",
                            "--appendfsync",
                            "everysec");

    /** A fleet for each test, so that it finds no account of another. */
    private static final AtomicInteger FLEETS = new AtomicInteger();

    private static Vertx vertx;

    private final String fleet = "fleet-" + FLEETS.incrementAndGet();
    private final List<ValkeyAccountStore> stores = new ArrayList<>();
    private ValkeyAccountStore store;

    @BeforeAll
    static void vertx() {
        vertx = Vertx.vertx();
    }

    @AfterAll
    static void closeVertx() {
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    @BeforeEach
    void open() {
        store = reopened();
    }

    @AfterEach
    void close() {
        stores.forEach(ValkeyAccountStore::close);
    }

    @Override
    protected AccountStore store() {
        return store;
    }

    @Override
    protected ValkeyAccountStore reopened() {
        var server =
                new ValkeyServer(
                        false,
                        SERVER.getHost(),
                        SERVER.getMappedPort(PORT),
                        0,
                        null,
                        PASSWORD,
                        null,
                        null);
        var next = new ValkeyAccountStore(vertx, server, fleet);
        stores.add(next);
        return next;
    }
}
