package dev.tollgate.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.crds.apiserver.ApiServer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Every strategy on a fleet of three: an API server, an operator and three proxies. */
class FleetStrategiesE2E extends StrategiesContract {

    @RegisterExtension static final ApiServer API = new ApiServer();

    private static final int PROXIES = 3;

    @TempDir static Path folder;
    static Referees referees;
    static TollgateProcess operator;
    static final List<TollgateProcess> PROXY = new ArrayList<>();

    @BeforeAll
    static void start() throws Exception {
        API.installCrds();
        referees = Referees.start(StrategyResources.UPSTREAMS, folder);
        kubectl(StrategyResources.yaml(referees), "apply", "-f", "-");
        var namespaces = String.join(",", StrategyResources.NAMESPACES);
        operator =
                TollgateProcess.start(
                        "operator",
                        "--kubeconfig=" + API.kubeconfig(),
                        "--push-port=0",
                        "--admin-port=0",
                        "--control-security=none",
                        "--platform-namespace=" + StrategyResources.NAMESPACE,
                        "--namespaces=" + namespaces,
                        "--secret-namespaces=" + namespaces,
                        "--endpoint-policy=any",
                        "--data=" + folder.resolve("operator"));
        for (int i = 1; i <= PROXIES; i++) {
            PROXY.add(
                    TollgateProcess.start(
                            "proxy",
                            "--operator=127.0.0.1:" + operator.port(),
                            "--port=0",
                            "--admin-port=0",
                            "--control-security=none",
                            "--proxy-name=proxy-" + i,
                            "--data=" + folder.resolve("proxy-" + i)));
        }
        for (var proxy : PROXY) {
            proxy.port();
        }
        new Gateways(PROXY).awaitReady();
        programmed();
    }

    @AfterAll
    static void stop() throws Exception {
        for (var proxy : PROXY) {
            proxy.close();
        }
        PROXY.clear();
        operator.close();
        referees.close();
    }

    /** Every policy is served by all proxies. */
    private static void programmed() {
        kubectl(
                "",
                "wait",
                "-n",
                StrategyResources.NAMESPACE,
                "--for=condition=Programmed",
                "--timeout=120s",
                "rpol",
                "--all");
    }

    private static String kubectl(String stdin, String... arguments) {
        var outcome = API.kubectl(stdin, arguments);
        assertThat(outcome.ok()).as(outcome.err() + outcome.out()).isTrue();
        return outcome.out();
    }

    @Override
    Gateways gateways() {
        return new Gateways(PROXY);
    }

    @Override
    Referees referees() {
        return referees;
    }
}
