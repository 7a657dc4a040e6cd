package dev.tollgate.operator.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.crds.valkey.ValkeyRelay;
import dev.tollgate.policy.budget.AccountStore;
import dev.tollgate.policy.budget.StoreFaults;
import io.vertx.core.Vertx;
import java.io.IOException;
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
class ValkeyContainerTest extends GuardedStoreContract {

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
    private ValkeyRelay relay;
    private ValkeyAccountStore store;

    /** The container is paused, and its accounts are put back as they were. */
    private final StoreFaults faults =
            new RelayedFaults() {

                @Override
                ValkeyRelay relay() {
                    return relay;
                }

                @Override
                void run(String script) throws Exception {
                    ValkeyContainerTest.run(script);
                }

                @Override
                String prefix() {
                    return fleet;
                }

                @Override
                public void stall() {
                    SERVER.getDockerClient().pauseContainerCmd(SERVER.getContainerId()).exec();
                }

                @Override
                public void resume() {
                    SERVER.getDockerClient().unpauseContainerCmd(SERVER.getContainerId()).exec();
                }

                @Override
                public void backUp() throws Exception {
                    ValkeyContainerTest.run(copied("{" + fleet + "}:", "kept:{" + fleet + "}:"));
                }

                @Override
                public void regress() throws Exception {
                    ValkeyContainerTest.run(copied("kept:{" + fleet + "}:", "{" + fleet + "}:"));
                }
            };

    @BeforeAll
    static void vertx() {
        vertx = Vertx.vertx();
    }

    @AfterAll
    static void closeVertx() {
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    @BeforeEach
    void open() throws IOException {
        relay = new ValkeyRelay(SERVER.getHost(), SERVER.getMappedPort(PORT));
        store = reopened();
    }

    @AfterEach
    void close() throws IOException {
        stores.forEach(ValkeyAccountStore::close);
        relay.close();
    }

    /** A script by which what begins with {@code to} is as what begins with {@code from}. */
    static String copied(String from, String to) {
        return """
        for _, key in ipairs(redis.call('KEYS', '%2$s*')) do
          redis.call('DEL', key)
        end
        for _, key in ipairs(redis.call('KEYS', '%1$s*')) do
          redis.call('COPY', key, '%2$s' .. string.sub(key, #'%1$s' + 1))
        end
        return 'done'
        """
                .formatted(from, to);
    }

    private static void run(String script) throws Exception {
        var ran =
                SERVER.execInContainer(
                        "valkey-cli", "--no-auth-warning", "-a", PASSWORD, "EVAL", script, "0");
        assertThat(ran.getStdout()).as(ran.getStderr()).contains("done");
    }

    @Override
    protected AccountStore store() {
        return store;
    }

    @Override
    protected ValkeyAccountStore reopened() {
        var server =
                new ValkeyServer(false, "127.0.0.1", relay.port(), 0, null, PASSWORD, null, null);
        var next = new ValkeyAccountStore(vertx, server, fleet);
        stores.add(next);
        return next;
    }

    @Override
    protected StoreFaults faults() {
        return faults;
    }
}
