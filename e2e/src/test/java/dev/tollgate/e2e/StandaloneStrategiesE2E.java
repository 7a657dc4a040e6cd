package dev.tollgate.e2e;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** Every strategy on the standalone server. */
class StandaloneStrategiesE2E extends StrategiesContract {

    @TempDir static Path folder;
    static Referees referees;
    static Standalone gateway;

    @BeforeAll
    static void start() throws Exception {
        referees = Referees.start(StrategyResources.UPSTREAMS, folder);
        gateway =
                Standalone.serve(
                        folder,
                        StrategyResources.yaml(referees),
                        "--platform-namespace=" + StrategyResources.NAMESPACE);
    }

    @AfterAll
    static void stop() throws Exception {
        gateway.close();
        referees.close();
    }

    @Override
    Gateways gateways() {
        return new Gateways(List.of(gateway.process()));
    }

    @Override
    Referees referees() {
        return referees;
    }
}
