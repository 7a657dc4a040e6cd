package dev.tollgate.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.tollgate.crds.apiserver.ApiServer;
import dev.tollgate.policy.issuer.OidcIssuer;
import dev.tollgate.policy.issuer.OidcIssuers;
import dev.tollgate.policy.issuer.TestIssuer;
import dev.tollgate.policy.issuer.TestKey;
import dev.tollgate.policy.snapshot.SettingsEntry.EndpointPolicy;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** External issuers of a fleet: their keys reach proxies, and Budgets may name their users. */
class OidcIT {

    @RegisterExtension static final ApiServer API = new ApiServer();

    @TempDir Path directory;
    private OperatorFixture fleet;
    private TestIssuer issuer;

    @BeforeAll
    static void crds() {
        API.installCrds();
    }

    @BeforeEach
    void start() throws Exception {
        fleet = new OperatorFixture(API, directory);
        issuer = TestIssuer.start(TestKey.rs256("key-of-the-issuer"));
    }

    @AfterEach
    void stop() throws Exception {
        issuer.close();
        fleet.close();
    }

    private static List<OidcIssuer> trusted(String name) {
        return OidcIssuers.read(
                "issuers: [{issuer: '%s', namespaces: [{claim: team}]}]".formatted(name),
                EndpointPolicy.ANY,
                file -> {
                    throw new AssertionError(file);
                });
    }

    private void budgetOf(String user) {
        fleet.apply(
                """
                apiVersion: tollgate.dev/v1alpha1
                kind: Budget
                metadata: {name: of-%s, namespace: %s}
                spec: {amount: "5", period: {type: Month}, subject: {users: [%s]}}
                """
                        .formatted(user, fleet.team, user));
    }

    @Test
    void sendsProxiesTheKeysOfAnIssuerAlsoWhenItIsDownAtARestart() {
        fleet.trust(trusted(issuer.name()));
        fleet.start();
        budgetOf("ann");
        fleet.awaitCondition("bud/of-ann", "Accepted", "True");
        var proxy = fleet.proxy("one");
        fleet.awaitCondition("bud/of-ann", "Programmed", "True/Programmed 1/1 proxies");
        assertThat(proxy.text())
                .contains("key-of-the-issuer")
                .contains("oidc:" + issuer.name() + "/ann");
        fleet.stop();
        issuer.close();
        fleet.start();
        budgetOf("bob");
        await().atMost(OperatorFixture.SOON)
                .untilAsserted(
                        () -> assertThat(proxy.text()).contains("oidc:" + issuer.name() + "/bob"));
        assertThat(proxy.text()).contains("key-of-the-issuer");
    }

    @Test
    void refusesBudgetsForUsersWhereThereIsNoIssuer() {
        fleet.start();
        budgetOf("ann");
        fleet.awaitCondition("bud/of-ann", "Accepted", "False/UnsupportedValue");
        assertThat(fleet.condition("bud/of-ann", "Accepted"))
                .contains("spec.subject.users: no oidcIssuers are configured");
    }

    @Test
    void refusesToTrustTheClustersOwnIssuerOnceMore() throws Exception {
        var configuration = fleet.kubectl("get", "--raw", TestIssuer.CONFIGURATION).out();
        var own = configuration.replaceFirst("(?s).*\"issuer\":\\s*\"([^\"]*)\".*", "$1");
        fleet.trust(trusted(own));
        assertThatThrownBy(() -> Operator.start(fleet.options(), () -> {}))
                .isInstanceOf(StartRefusal.class)
                .hasMessageContaining("--oidc-issuers: " + own);
    }
}
