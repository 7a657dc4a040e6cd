package dev.tollgate.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tollgate.crds.apiserver.ApiServer;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Two operators at a time, and an operator that lost its memory (api.md, S11). */
class FencingIT {

    @RegisterExtension static final ApiServer API = new ApiServer();

    @TempDir Path directory;
    private OperatorFixture fleet;

    @BeforeAll
    static void crds() {
        API.installCrds();
    }

    @BeforeEach
    void namespaces() {
        fleet = new OperatorFixture(API, directory);
    }

    @AfterEach
    void stop() throws Exception {
        fleet.close();
    }

    private void oneOfEach() {
        fleet.secret(fleet.team, "openai", "key-one");
        fleet.provider("openai", "http://127.0.0.1:9/v1");
        fleet.policy("chat", "openai", "m1");
    }

    @Test
    void endsTheOlderOfTwoOperatorsWhoseProxiesThenServeWithTheLater() throws Exception {
        try (var relay = new Relay(fleet.apiAddress().getPort())) {
            var address = "https://127.0.0.1:" + relay.port();
            var older =
                    fleet.start(
                            fleet.options(
                                    fleet.kubeconfig("relayed", address, null),
                                    OperatorOptions.Security.NONE));
            var one = fleet.proxy("one");
            oneOfEach();
            fleet.awaitCondition("rpol/chat", "Ready", "True");
            assertThat(one.revision()).startsWith("1.");
            relay.away();
            fleet.startBeside();
            assertThat(fleet.fenced).as("it cannot know").isFalse();
            relay.back();
            await().atMost(OperatorFixture.SOON).until(() -> fleet.fenced);
            long writes = older.statusWrites();
            var two = fleet.proxy("two");
            fleet.policy("late", "openai", "m1");
            fleet.awaitCondition("rpol/late", "Accepted", "True");
            await().atMost(OperatorFixture.SOON).until(() -> two.text().contains("/late"));
            assertThat(two.revision()).startsWith("2.");
            assertThat(older.statusWrites()).isEqualTo(writes);
        }
    }

    @Test
    void claimsAHigherEpochWhenProxiesKnowOneThatItsMemoryHasLost() {
        fleet.start();
        var one = fleet.proxy("one");
        oneOfEach();
        fleet.awaitCondition("rpol/chat", "Ready", "True");
        fleet.stop();
        fleet.start();
        fleet.awaitCondition("rpol/chat", "Ready", "True");
        await().atMost(OperatorFixture.SOON).until(() -> one.revision().startsWith("2."));
        fleet.stop();
        delete("secret", "tollgate-lkg-0");
        delete("lease", "tollgate-operator");
        fleet.start();
        fleet.policy("late", "openai", "m1");
        fleet.awaitCondition("rpol/late", "Ready", "True");
        assertThat(one.revision()).startsWith("3.");
        assertThat(fleet.fenced).isFalse();
    }

    @Test
    void countsTheChangesOfTheLeaseWhenTheMemoryIsLost() {
        for (int start = 1; start <= 3; start++) {
            fleet.start();
            var proxy = fleet.proxy("proxy-" + start);
            oneOfEach();
            var epoch = start + ".";
            await().atMost(OperatorFixture.SOON).until(() -> proxy.revision().startsWith(epoch));
            proxy.kill();
            fleet.stop();
            delete("secret", "tollgate-lkg-0");
        }
    }

    private void delete(String kind, String name) {
        var deleted = fleet.kubectl("delete", kind, name, "-n", fleet.platform);
        assertThat(deleted.ok()).as(deleted.err()).isTrue();
    }

    @Test
    void startsWithAMemoryThatIsBrokenAndSaysSoByServingNothingOfIt() {
        API.client()
                .secrets()
                .resource(
                        new SecretBuilder()
                                .withMetadata(
                                        new ObjectMetaBuilder()
                                                .withName("tollgate-lkg-0")
                                                .withNamespace(fleet.platform)
                                                .build())
                                .addToData("part", "AAAA")
                                .addToData("epoch", "Nw==") // 7
                                .build())
                .create();
        fleet.start();
        var one = fleet.proxy("one");
        oneOfEach();
        fleet.awaitCondition("rpol/chat", "Ready", "True");
        assertThat(one.revision()).startsWith("8.");
    }
}
