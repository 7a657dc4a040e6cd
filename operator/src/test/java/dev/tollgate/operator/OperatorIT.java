package dev.tollgate.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tollgate.crds.apiserver.ApiServer;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class OperatorIT {

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
    void programsWhatIsAppliedOnEveryProxy() {
        fleet.start();
        var one = fleet.proxy("one");
        var two = fleet.proxy("two");
        oneOfEach();
        var wait =
                fleet.kubectl(
                        "wait",
                        "--for=condition=Programmed",
                        "rpol/chat",
                        "-n",
                        fleet.team,
                        "--timeout=90s");
        assertThat(wait.ok()).as(wait.err()).isTrue();
        fleet.awaitCondition("rpol/chat", "Programmed", "True/Programmed 2/2 proxies");
        fleet.awaitCondition("rpol/chat", "Ready", "True/Ready");
        fleet.awaitCondition("mprov/openai", "Ready", "True/Ready");
        assertThat(one.text()).isEqualTo(two.text()).contains(fleet.team + "/chat");
        assertThat(one.credential(fleet.team + "/openai/api-key")).isEqualTo("key-one");
        assertThat(fleet.get("rpol/chat", "{.status.targets.summary}")).isEqualTo("1/1");
        assertThat(fleet.get("rpol/chat", "{.status.conditions[*].type}"))
                .doesNotContain("Reconciling", "Stalled");
    }

    @Test
    void saysThatNoProxyIsThere() {
        fleet.start();
        oneOfEach();
        fleet.awaitCondition("rpol/chat", "Programmed", "False/NoProxies");
        fleet.awaitCondition("rpol/chat", "Accepted", "True/Accepted");
    }

    @Test
    void leavesAllOthersServingWhenOneObjectIsBad() {
        fleet.start();
        var one = fleet.proxy("one");
        oneOfEach();
        fleet.policy("broken", "nobody", "m1");
        fleet.policy("late", "openai", "m1");
        fleet.awaitCondition("rpol/late", "Programmed", "True");
        fleet.awaitCondition("rpol/broken", "ResolvedRefs", "False/ProviderNotFound");
        fleet.awaitCondition("rpol/broken", "Ready", "False");
        fleet.awaitCondition("rpol/chat", "Ready", "True");
        assertThat(one.text()).contains(fleet.team + "/late");
    }

    @Test
    void keepsTheLastAcceptedGenerationThroughABadEditAndARestart() {
        fleet.start();
        var one = fleet.proxy("one");
        oneOfEach();
        fleet.awaitCondition("mprov/openai", "Ready", "True");
        // valid for the schema, refused by the compiler
        fleet.kubectl(
                "patch",
                "mprov/openai",
                "-n",
                fleet.team,
                "--type=merge",
                "-p",
                "{\"spec\":{\"healthCheck\":{\"mode\":\"Completion\",\"model\":\"m\"}}}");
        fleet.awaitCondition("mprov/openai", "Accepted", "False/Invalid Serving generation 1");
        fleet.awaitCondition("mprov/openai", "Stalled", "True");
        fleet.awaitCondition("rpol/chat", "Ready", "True");
        fleet.stop();
        fleet.start();
        fleet.secret(fleet.team, "spare", "key-two");
        fleet.provider("spare", "http://127.0.0.1:9/v1");
        fleet.awaitCondition("mprov/spare", "Ready", "True");
        fleet.awaitCondition("mprov/openai", "Accepted", "Serving generation 1");
        assertThat(one.text()).contains(fleet.team + "/openai", fleet.team + "/spare");
    }

    @Test
    void pushesARotatedSecretAlone() {
        fleet.start();
        var one = fleet.proxy("one");
        oneOfEach();
        fleet.awaitCondition("mprov/openai", "Ready", "True");
        fleet.awaitCondition("rpol/chat", "Ready", "True"); // and no snapshot is due any more
        var revision = one.revision();
        fleet.secret(fleet.team, "openai", "key-two");
        await().atMost(OperatorFixture.SOON)
                .until(() -> one.credential(fleet.team + "/openai/api-key").equals("key-two"));
        assertThat(one.revision()).isEqualTo(revision);
        await().atMost(OperatorFixture.SOON)
                .until(
                        () ->
                                !fleet.get("mprov/openai", "{.status.credential.lastRotationTime}")
                                        .isEmpty());
    }

    @Test
    void takesADeletedSecretAwayAndBringsItBack() {
        fleet.start();
        var one = fleet.proxy("one");
        oneOfEach();
        fleet.awaitCondition("mprov/openai", "Ready", "True");
        fleet.kubectl("delete", "secret", "openai", "-n", fleet.team);
        fleet.awaitCondition("mprov/openai", "ResolvedRefs", "False/SecretNotFound");
        await().until(() -> one.credential(fleet.team + "/openai/api-key").equals("none"));
        fleet.secret(fleet.team, "openai", "key-three");
        fleet.awaitCondition("mprov/openai", "Ready", "True");
        await().until(() -> one.credential(fleet.team + "/openai/api-key").equals("key-three"));
    }

    @Test
    void dropsADeletedObjectWithoutAFinalizer() {
        fleet.start();
        var one = fleet.proxy("one");
        oneOfEach();
        fleet.awaitCondition("rpol/chat", "Ready", "True");
        assertThat(fleet.get("rpol/chat", "{.metadata.finalizers}")).isEmpty();
        fleet.kubectl("delete", "mprov/openai", "-n", fleet.team);
        fleet.awaitCondition("rpol/chat", "ResolvedRefs", "False/ProviderNotFound");
        await().until(() -> !one.text().contains("\"key\":\"" + fleet.team + "/openai\""));
    }

    @Test
    void writesNoStatusWhenNothingChanges() {
        var operator = fleet.start();
        fleet.proxy("one");
        oneOfEach();
        fleet.awaitCondition("rpol/chat", "Ready", "True");
        fleet.awaitCondition("mprov/openai", "Ready", "True");
        var version = fleet.get("rpol/chat", "{.metadata.resourceVersion}");
        long writes = operator.statusWrites();
        // events that change nothing of what statuses say; the last one is seen to have its effect
        for (int i = 0; i < 5; i++) {
            fleet.kubectl("annotate", "--overwrite", "ns/" + fleet.team, "touched=" + i);
        }
        fleet.secret(fleet.team, "spare", "x");
        fleet.provider("spare", "http://127.0.0.1:9/v1");
        fleet.awaitCondition("mprov/spare", "Ready", "True");
        assertThat(fleet.get("rpol/chat", "{.metadata.resourceVersion}")).isEqualTo(version);
        assertThat(operator.statusWrites() - writes).isLessThanOrEqualTo(4);
    }

    @Test
    void seesAnExternalChangeBesideItsOwnWrite() {
        fleet.start();
        fleet.proxy("one");
        oneOfEach();
        fleet.awaitCondition("rpol/chat", "Ready", "True");
        for (int i = 0; i < 5; i++) {
            fleet.policy("chat", "openai", i % 2 == 0 ? "nothing" : "m1");
            fleet.kubectl("annotate", "--overwrite", "rpol/chat", "-n", fleet.team, "n=" + i);
        }
        fleet.policy("chat", "openai", "m1");
        var generation = fleet.get("rpol/chat", "{.metadata.generation}");
        await().atMost(OperatorFixture.SOON)
                .until(
                        () ->
                                fleet.get("rpol/chat", "{.status.observedGeneration}")
                                        .equals(generation));
        fleet.awaitCondition("rpol/chat", "Ready", "True");
    }

    @Test
    void bringsBackAStatusThatSomebodyWiped() {
        fleet.start();
        fleet.proxy("one");
        oneOfEach();
        fleet.awaitCondition("rpol/chat", "Ready", "True");
        var wiped =
                fleet.kubectl(
                        "patch",
                        "rpol/chat",
                        "-n",
                        fleet.team,
                        "--subresource=status",
                        "--type=merge",
                        "-p",
                        "{\"status\":{\"conditions\":[]}}");
        assertThat(wiped.ok()).as(wiped.err()).isTrue();
        fleet.awaitCondition("rpol/chat", "Ready", "True");
    }

    @Test
    void finishesThePushAfterARestartWithAHigherEpoch() {
        fleet.start();
        var one = fleet.proxy("one");
        var two = fleet.proxy("two");
        oneOfEach();
        fleet.awaitCondition("rpol/chat", "Ready", "True");
        fleet.policy("late", "openai", "m1");
        fleet.stop(); // whatever the push had come to
        fleet.start();
        fleet.awaitCondition("rpol/late", "Programmed", "True/Programmed 2/2");
        assertThat(one.text()).isEqualTo(two.text()).contains(fleet.team + "/late");
        assertThat(one.revision()).startsWith("2.");
    }

    @Test
    void keepsServingWhileTheOperatorIsAwayAndAfterAColdStart() {
        fleet.start();
        var one = fleet.proxy("one");
        oneOfEach();
        fleet.awaitCondition("rpol/chat", "Ready", "True");
        fleet.stop();
        one.kill();
        var again = fleet.proxy("one");
        assertThat(again.text()).contains(fleet.team + "/chat");
        assertThat(again.credential(fleet.team + "/openai/api-key")).isEqualTo("key-one");
    }

    @Test
    void keepsWhatTheFleetAcknowledgedForNewProxies() {
        fleet.start();
        var one = fleet.proxy("one");
        oneOfEach();
        fleet.awaitCondition("rpol/chat", "Ready", "True");
        await().atMost(OperatorFixture.SOON)
                .untilAsserted(
                        () -> {
                            var part =
                                    API.client()
                                            .secrets()
                                            .inNamespace(fleet.platform)
                                            .withName("tollgate-lkg-0")
                                            .get()
                                            .getData()
                                            .get("part");
                            var kept =
                                    dev.tollgate.policy.snapshot.KeptRelease.decode(
                                                    java.util.List.of(
                                                            java.util.Base64.getDecoder()
                                                                    .decode(part)))
                                            .orElseThrow();
                            assertThat(kept.revision()).isEqualTo(one.revision());
                            assertThat(kept.snapshot()).isEqualTo(one.live.applied().bytes());
                        });
    }
}
