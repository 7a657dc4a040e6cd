package dev.tollgate.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.tollgate.crds.apiserver.ApiServer;
import dev.tollgate.dataplane.control.OperatorAddress;
import dev.tollgate.dataplane.control.OperatorLink;
import dev.tollgate.operator.ledger.FleetPods;
import dev.tollgate.operator.push.TestProxy;
import io.fabric8.kubernetes.api.model.Secret;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Who may be a proxy (api.md, S30, S31), and what the operator itself may do (O2). */
class TrustIT {

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

    private Secret secret(String name) {
        return API.client().secrets().inNamespace(fleet.platform).withName(name).get();
    }

    /** The fleet's Secret as a volume. */
    private Path mounted(String name, String... entries) throws IOException {
        var folder = Files.createDirectories(directory.resolve(name));
        for (var entry : entries) {
            var value = secret("tollgate-proxy-tls").getData().get(entry);
            Files.write(folder.resolve(entry), Base64.getDecoder().decode(value));
        }
        return folder;
    }

    private static String refusal(TestProxy proxy) {
        return proxy.state() instanceof OperatorLink.State.Disconnected d ? d.reason() : "";
    }

    private void staysOut(TestProxy proxy, String reason) {
        await().atMost(OperatorFixture.SOON)
                .untilAsserted(() -> assertThat(refusal(proxy)).containsIgnoringCase(reason));
        assertThat(proxy.revision()).isEqualTo("none");
        assertThat(proxy.credential(fleet.team + "/openai/api-key")).isEqualTo("none");
    }

    @Test
    void letsAProxyInThatMountsTheFleetsCertificateAndNobodyElse() throws Exception {
        fleet.start(fleet.options(API.kubeconfig(), OperatorOptions.Security.MTLS));
        oneOfEach();
        var files = mounted("tls", "tls.crt", "tls.key", "ca.crt");
        var none = Files.writeString(directory.resolve("no-token"), "x");
        var stranger =
                fleet.proxy(
                        "stranger",
                        new OperatorAddress.Security.Token(files.resolve("ca.crt"), none));
        var one = fleet.proxy("one", new OperatorAddress.Security.Mtls(files, null));
        fleet.awaitCondition("rpol/chat", "Programmed", "True/Programmed 1/1 proxies");
        assertThat(one.credential(fleet.team + "/openai/api-key")).isEqualTo("key-one");
        staysOut(stranger, "");
        assertThat(stranger.state()).isInstanceOf(OperatorLink.State.Disconnected.class);
        assertThat(secret("tollgate-ca").getData()).containsOnlyKeys("tls.crt", "tls.key");
        assertThat(secret("tollgate-proxy-tls").getType()).isEqualTo("kubernetes.io/tls");
    }

    @Test
    void keepsItsAuthorityOverARestart() throws Exception {
        var options = fleet.options(API.kubeconfig(), OperatorOptions.Security.MTLS);
        fleet.start(options);
        var authority = secret("tollgate-ca").getData();
        oneOfEach();
        var files = mounted("tls", "tls.crt", "tls.key", "ca.crt");
        fleet.stop();
        fleet.start(fleet.options(API.kubeconfig(), OperatorOptions.Security.MTLS));
        fleet.proxy("one", new OperatorAddress.Security.Mtls(files, null));
        fleet.awaitCondition("rpol/chat", "Programmed", "True/Programmed 1/1 proxies");
        assertThat(secret("tollgate-ca").getData()).isEqualTo(authority);
    }

    @Test
    void takesOnlyTokensOfTheFleetsServiceAccountForThisChannel() throws Exception {
        fleet.serviceAccount(fleet.platform, "tollgate-proxy");
        fleet.serviceAccount(fleet.team, "chatbot");
        fleet.start(
                fleet.options(
                        API.kubeconfig(),
                        OperatorOptions.Security.TOKEN,
                        fleet.platform + "/tollgate-proxy"));
        oneOfEach();
        var authority = mounted("ca", "ca.crt").resolve("ca.crt");
        var good =
                proxy(
                        "good",
                        authority,
                        fleet.token(
                                fleet.platform, "tollgate-proxy", "--audience=tollgate-control"));
        fleet.awaitCondition("rpol/chat", "Programmed", "True/Programmed 1/1 proxies");
        assertThat(good.text()).contains(fleet.team + "/chat");
        staysOut(proxy("forged", authority, "e30.e30.e30"), "not a proxy of this fleet");
        staysOut(
                proxy(
                        "audience",
                        authority,
                        fleet.token(fleet.platform, "tollgate-proxy", "--audience=tollgate")),
                "not a proxy of this fleet");
        staysOut(
                proxy(
                        "foreign",
                        authority,
                        fleet.token(fleet.team, "chatbot", "--audience=tollgate-control")),
                "not a proxy of this fleet");
    }

    private TestProxy proxy(String name, Path authority, String token) throws IOException {
        var file = Files.writeString(directory.resolve(name + ".token"), token);
        return fleet.proxy(name, new OperatorAddress.Security.Token(authority, file));
    }

    private String pod(String name) {
        fleet.apply(
                """
                apiVersion: v1
                kind: Pod
                metadata: {name: %s, namespace: %s}
                spec:
                  serviceAccountName: tollgate-proxy
                  containers: [{name: proxy, image: none}]
                """
                        .formatted(name, fleet.platform));
        return API.client()
                .pods()
                .inNamespace(fleet.platform)
                .withName(name)
                .get()
                .getMetadata()
                .getUid();
    }

    @Test
    void bindsAProxysNameToThePodThatItsTokenWasIssuedTo() throws Exception {
        fleet.serviceAccount(fleet.platform, "tollgate-proxy");
        fleet.start(
                fleet.options(
                        API.kubeconfig(),
                        OperatorOptions.Security.TOKEN,
                        fleet.platform + "/tollgate-proxy"));
        oneOfEach();
        var authority = mounted("ca", "ca.crt").resolve("ca.crt");
        var uid = pod("proxy-0");
        var token =
                fleet.token(
                        fleet.platform,
                        "tollgate-proxy",
                        "--audience=tollgate-control",
                        "--bound-object-kind=Pod",
                        "--bound-object-name=proxy-0");
        proxy(uid, authority, token);
        fleet.awaitCondition("rpol/chat", "Programmed", "True/Programmed 1/1 proxies");
        staysOut(proxy("somebody", authority, token), "the operator ended the stream");
    }

    @Test
    void waitsForEveryPodOfTheFleetBeforeAFreezeMayEnd() {
        fleet.serviceAccount(fleet.platform, "tollgate-proxy");
        var uid = pod("proxy-0");
        var pods =
                new FleetPods(
                        API.client(),
                        fleet.platform + "/tollgate-proxy",
                        () -> Set.of("known"),
                        Set::of);
        assertThat(pods.test(Set.of("known"))).isFalse();
        assertThat(pods.test(Set.of(uid))).isFalse();
        assertThat(pods.test(Set.of(uid, "known"))).isTrue();
        fleet.kubectl("delete", "pod/proxy-0", "-n", fleet.platform, "--force", "--grace-period=0");
        assertThat(pods.test(Set.of("known"))).isTrue();
    }

    /** What a chart gives the operator, and nothing else. */
    private Path limited(boolean team) {
        fleet.serviceAccount(fleet.platform, "operator");
        fleet.apply(
                new String(resource("rbac.yaml"), StandardCharsets.UTF_8)
                        .replace("PLATFORM", fleet.platform));
        if (team) {
            fleet.apply(
                    new String(resource("rbac-namespace.yaml"), StandardCharsets.UTF_8)
                            .replace("PLATFORM", fleet.platform)
                            .replace("WATCHED", fleet.team));
        }
        return fleet.kubeconfig(
                "limited", fleet.apiAddress().toString(), fleet.token(fleet.platform, "operator"));
    }

    private static byte[] resource(String name) {
        try (var in = TrustIT.class.getResourceAsStream("/" + name)) {
            if (in == null) {
                throw new AssertionError(name + " is missing");
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void saysInOneLineThatItMayNotHaveTheLease() {
        var kubeconfig = limited(true);
        fleet.apply(
                new String(resource("rbac.yaml"), StandardCharsets.UTF_8)
                        .replaceAll("(?m)^.*leases.*\n", "")
                        .replace("PLATFORM", fleet.platform));
        assertThatThrownBy(
                        () ->
                                Operator.start(
                                        fleet.options(kubeconfig, OperatorOptions.Security.NONE),
                                        () -> {}))
                .isInstanceOf(StartRefusal.class)
                .hasMessageContaining("the Lease tollgate-operator cannot be had")
                .hasMessageContaining("forbidden");
    }

    @Test
    void worksWithTheRightsOfTheNamedNamespacesAlone() throws Exception {
        fleet.serviceAccount(fleet.platform, "tollgate-proxy");
        fleet.start(
                fleet.options(
                        limited(true),
                        OperatorOptions.Security.MTLS,
                        fleet.platform + "/tollgate-proxy"));
        oneOfEach();
        var files = mounted("tls", "tls.crt", "tls.key", "ca.crt");
        var token =
                Files.writeString(
                        directory.resolve("token"),
                        fleet.token(
                                fleet.platform, "tollgate-proxy", "--audience=tollgate-control"));
        fleet.proxy("one", new OperatorAddress.Security.Mtls(files, token));
        fleet.awaitCondition("rpol/chat", "Ready", "True");
        fleet.awaitCondition("mprov/openai", "Ready", "True");
        fleet.budget("monthly", "10.00");
        fleet.awaitCondition("bud/monthly", "Ready", "True");
    }

    @Test
    void saysInOneLineWhichRightIsMissing() {
        var options = fleet.options(limited(false), OperatorOptions.Security.NONE);
        assertThatThrownBy(() -> Operator.start(options, () -> {}))
                .isInstanceOf(StartRefusal.class)
                .hasMessageContaining("forbidden")
                .hasMessageContaining(fleet.team);
    }
}
