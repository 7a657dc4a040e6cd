package dev.tollgate.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tollgate.crds.apiserver.ApiServer;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * The API server away (F9): longer than the 26 s after which the SDK's own retry gives up. The
 * world goes on meanwhile, as the tests use the API server directly.
 */
class OutageIT {

    @RegisterExtension static final ApiServer API = new ApiServer();

    /**
     * Longer than the retries of the SDK's default; {@code -Doutage.seconds=600} for ten minutes.
     */
    private static final Duration OUTAGE = Duration.ofSeconds(Long.getLong("outage.seconds", 32));

    private static final Duration AFTER = Duration.ofSeconds(90);

    @TempDir Path directory;
    private OperatorFixture fleet;
    private Relay relay;

    @BeforeAll
    static void crds() {
        API.installCrds();
    }

    @BeforeEach
    void start() throws Exception {
        fleet = new OperatorFixture(API, directory);
        var address = fleet.apiAddress();
        relay = new Relay(address.getPort());
        var kubeconfig = fleet.kubeconfig("relayed", "https://127.0.0.1:" + relay.port(), null);
        fleet.start(fleet.options(kubeconfig, OperatorOptions.Security.NONE));
        fleet.secret(fleet.team, "openai", "key-one");
        fleet.provider("openai", "http://127.0.0.1:9/v1");
        fleet.policy("chat", "openai", "m1");
    }

    @AfterEach
    void stop() throws Exception {
        relay.close();
        fleet.close();
    }

    private void awaitAfter(String object, String type, String text) {
        await().atMost(AFTER)
                .pollInterval(Duration.ofMillis(250))
                .untilAsserted(() -> assertThat(fleet.condition(object, type)).contains(text));
    }

    /** Statuses are due all the time, and so are the ledger, the memory and the caches. */
    private void changeTheWorld() {
        fleet.policy("late", "openai", "m1");
        fleet.secret(fleet.team, "openai", "key-two");
        fleet.kubectl("delete", "rpol/gone", "-n", fleet.team);
        fleet.proxy("two");
    }

    @Test
    void catchesUpByItselfAfterTheApiServerWasGoneLongerThanTheSdkRetries() throws Exception {
        var one = fleet.proxy("one");
        fleet.policy("gone", "openai", "m1");
        fleet.awaitCondition("rpol/gone", "Ready", "True");
        fleet.awaitCondition("rpol/chat", "Programmed", "True/Programmed 1/1 proxies");
        relay.away();
        changeTheWorld();
        await().atMost(OUTAGE.plusSeconds(60))
                .during(OUTAGE)
                .until(() -> one.text().contains(fleet.team + "/gone"));
        assertThat(fleet.condition("rpol/chat", "Programmed")).contains("1/1");
        relay.back();
        awaitAfter("rpol/chat", "Programmed", "True/Programmed 2/2 proxies");
        awaitAfter("rpol/late", "Programmed", "True/Programmed 2/2 proxies");
        await().atMost(AFTER)
                .until(() -> one.credential(fleet.team + "/openai/api-key").equals("key-two"));
        await().atMost(AFTER).until(() -> !one.text().contains(fleet.team + "/gone"));
    }

    @Test
    void catchesUpAfterTheApiServerWasSilent() throws Exception {
        var one = fleet.proxy("one");
        fleet.policy("gone", "openai", "m1");
        fleet.awaitCondition("rpol/gone", "Ready", "True");
        fleet.awaitCondition("rpol/chat", "Programmed", "True/Programmed 1/1 proxies");
        relay.silent(true);
        changeTheWorld();
        await().atMost(OUTAGE.plusSeconds(60))
                .during(OUTAGE)
                .until(() -> one.text().contains(fleet.team + "/gone"));
        relay.silent(false);
        awaitAfter("rpol/chat", "Programmed", "True/Programmed 2/2 proxies");
        awaitAfter("rpol/late", "Programmed", "True/Programmed 2/2 proxies");
        await().atMost(AFTER)
                .until(() -> one.credential(fleet.team + "/openai/api-key").equals("key-two"));
    }
}
