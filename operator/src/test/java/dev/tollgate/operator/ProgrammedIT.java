package dev.tollgate.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tollgate.crds.apiserver.ApiServer;
import dev.tollgate.operator.push.ScriptedProxy;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What the conditions say of proxies that answer late, or refuse (api.md, section 5; S12, S13). */
class ProgrammedIT {

    @RegisterExtension static final ApiServer API = new ApiServer();

    @TempDir Path directory;
    private OperatorFixture fleet;

    @BeforeAll
    static void crds() {
        API.installCrds();
    }

    @BeforeEach
    void start() {
        fleet = new OperatorFixture(API, directory);
        fleet.start();
    }

    @AfterEach
    void stop() throws Exception {
        fleet.close();
    }

    private static void awaitOffer(ScriptedProxy proxy, String text) {
        await().atMost(OperatorFixture.SOON).until(() -> proxy.offeredNow(text));
    }

    private void oneOfEach() {
        fleet.secret(fleet.team, "openai", "key-one");
        fleet.provider("openai", "http://127.0.0.1:9/v1");
        fleet.policy("chat", "openai", "m1");
    }

    @Test
    void staysProgressingUntilTheLastLiveProxyAcknowledges() throws Exception {
        var one = fleet.scripted("one");
        var two = fleet.scripted("two");
        oneOfEach();
        awaitOffer(one, fleet.team + "/chat");
        fleet.awaitCondition("rpol/chat", "Programmed", "False/Progressing 0/2 proxies");
        fleet.awaitCondition("rpol/chat", "Accepted", "True/Accepted");
        fleet.awaitCondition("rpol/chat", "ResolvedRefs", "True");
        fleet.awaitCondition("rpol/chat", "Reconciling", "True/Progressing");
        fleet.awaitCondition("rpol/chat", "Ready", "False/Progressing");
        one.ack();
        awaitOffer(two, fleet.team + "/chat");
        fleet.awaitCondition("rpol/chat", "Programmed", "False/Progressing 1/2 proxies");
        two.ack();
        fleet.awaitCondition("rpol/chat", "Programmed", "True/Programmed 2/2 proxies");
        fleet.awaitCondition("rpol/chat", "Ready", "True/Ready");
        assertThat(fleet.condition("rpol/chat", "Reconciling")).isEqualTo("/ ");
    }

    @Test
    void carriesTheGenerationThatWasObservedInStatusAndEveryCondition() throws Exception {
        var one = fleet.scripted("one");
        oneOfEach();
        awaitOffer(one, fleet.team + "/chat");
        one.ack();
        fleet.awaitCondition("rpol/chat", "Programmed", "True");
        fleet.kubectl(
                "patch",
                "rpol/chat",
                "-n",
                fleet.team,
                "--type=merge",
                "-p",
                "{\"spec\":{\"models\":[\"talk\"]}}");
        awaitOffer(one, "talk");
        fleet.awaitCondition("rpol/chat", "Programmed", "False/Progressing 0/1 proxies");
        assertThat(fleet.get("rpol/chat", "{.status.observedGeneration}")).isEqualTo("2");
        assertThat(fleet.get("rpol/chat", "{.status.conditions[*].observedGeneration}").split(" "))
                .hasSizeGreaterThanOrEqualTo(5)
                .containsOnly("2");
        one.ack();
        fleet.awaitCondition("rpol/chat", "Programmed", "True/Programmed 1/1 proxies");
    }

    @Test
    void showsWhyAProxyRefusedOneObjectAndLetsTheOthersGoOn() throws Exception {
        var one = fleet.scripted("one");
        oneOfEach();
        awaitOffer(one, fleet.team + "/chat");
        one.ack();
        fleet.awaitCondition("rpol/chat", "Programmed", "True");
        fleet.policy("late", "openai", "m1");
        awaitOffer(one, fleet.team + "/late");
        one.nack("RoutingPolicy", fleet.team, "late", "spec.rules[0]", "cannot be routed");
        fleet.awaitCondition(
                "rpol/late", "Programmed", "False/RejectedByProxy spec.rules[0]: cannot be routed");
        fleet.awaitCondition("rpol/late", "Ready", "False/RejectedByProxy");
        fleet.awaitCondition("rpol/late", "Stalled", "True/RejectedByProxy");
        fleet.awaitCondition("rpol/late", "Accepted", "True");
        fleet.awaitCondition("rpol/chat", "Ready", "True");
        fleet.policy("other", "openai", "m1");
        awaitOffer(one, fleet.team + "/other");
        assertThat(one.offered(fleet.team + "/late")).isFalse();
        one.ack();
        fleet.awaitCondition("rpol/other", "Programmed", "True");
        // it is tried again once it is changed
        fleet.kubectl(
                "patch",
                "rpol/late",
                "-n",
                fleet.team,
                "--type=merge",
                "-p",
                "{\"spec\":{\"models\":[\"later\"]}}");
        awaitOffer(one, fleet.team + "/late");
        one.ack();
        fleet.awaitCondition("rpol/late", "Programmed", "True");
    }

    @Test
    void putsTheGenerationBackThatTheFleetServedWhenAProxyRefusesTheNextOne() throws Exception {
        var one = fleet.scripted("one");
        oneOfEach();
        awaitOffer(one, fleet.team + "/chat");
        one.ack();
        fleet.awaitCondition("rpol/chat", "Programmed", "True");
        fleet.kubectl(
                "patch",
                "rpol/chat",
                "-n",
                fleet.team,
                "--type=merge",
                "-p",
                "{\"spec\":{\"models\":[\"talk\"]}}");
        awaitOffer(one, "talk");
        one.nack("RoutingPolicy", fleet.team, "chat", "spec.models", "no");
        await().atMost(OperatorFixture.SOON)
                .until(() -> one.offered(fleet.team + "/chat") && !one.offered("\"talk\""));
        one.ack();
        fleet.awaitCondition("rpol/chat", "Programmed", "False/RejectedByProxy spec.models: no");
        fleet.awaitCondition("mprov/openai", "Ready", "True");
    }

    @Test
    void withdrawsWhatIsNewWhenAProxyRefusesTheSnapshotAsAWhole() throws Exception {
        var one = fleet.scripted("one");
        oneOfEach();
        awaitOffer(one, fleet.team + "/chat");
        one.ack();
        fleet.awaitCondition("rpol/chat", "Programmed", "True");
        fleet.policy("late", "openai", "m1");
        awaitOffer(one, fleet.team + "/late");
        one.nack("", "", "", "", "out of memory");
        fleet.awaitCondition("rpol/late", "Programmed", "False/RejectedByProxy");
        assertThat(fleet.condition("rpol/late", "Programmed")).contains("out of memory");
        await().atMost(OperatorFixture.SOON)
                .until(
                        () ->
                                one.offered(fleet.team + "/chat")
                                        && !one.offered(fleet.team + "/late"));
        one.ack();
        fleet.awaitCondition("rpol/chat", "Programmed", "True/Programmed 1/1 proxies");
    }

    @Test
    void countsAProxyNoMoreThatIsSilentForFifteenSeconds() throws Exception {
        fleet.proxy("one");
        var two = fleet.scripted("two");
        oneOfEach();
        fleet.awaitCondition("rpol/chat", "Programmed", "False/Progressing 1/2 proxies");
        two.close();
        await().untilAsserted(
                        () ->
                                assertThat(fleet.condition("rpol/chat", "Programmed"))
                                        .isEqualTo("True/Programmed 1/1 proxies"));
    }

    @Test
    void pushesCredentialsOnceForEachChangeOfASecretThatIsInUse() throws Exception {
        var one = fleet.scripted("one");
        oneOfEach();
        awaitOffer(one, fleet.team + "/chat");
        one.ack();
        fleet.awaitCondition("mprov/openai", "Programmed", "True");
        int offers = one.offers();
        int before = one.credentialMessages();
        fleet.secret(fleet.team, "unused", "nobody-needs-it");
        fleet.secret(fleet.team, "openai", "key-two");
        var reference = fleet.team + "/openai/api-key";
        await().atMost(OperatorFixture.SOON)
                .until(() -> one.credential(reference).equals("key-two"));
        assertThat(one.credentialMessages() - before).isEqualTo(1);
        assertThat(one.credential(fleet.team + "/unused/api-key")).isEqualTo("none");
        assertThat(one.offers()).isEqualTo(offers);
    }
}
