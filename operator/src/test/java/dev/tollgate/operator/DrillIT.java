package dev.tollgate.operator;

import static org.awaitility.Awaitility.await;

import dev.tollgate.crds.apiserver.ApiServer;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Drills in a cluster, as proxies hear of them. */
class DrillIT {

    @RegisterExtension static final ApiServer API = new ApiServer();

    @TempDir Path directory;
    private OperatorFixture fleet;

    @BeforeEach
    void start() {
        API.installCrds();
        fleet = new OperatorFixture(API, directory);
        fleet.start();
    }

    @AfterEach
    void stop() throws Exception {
        fleet.close();
    }

    @Test
    void goesOnUnderAnOperatorThatIsStartedMeanwhile() throws Exception {
        fleet.secret(fleet.team, "openai", "key-one");
        fleet.provider("openai", "http://127.0.0.1:9/v1");
        var one = fleet.scripted("one");
        var until = Instant.now().plusSeconds(600).truncatedTo(ChronoUnit.SECONDS);
        fleet.kubectl(
                "annotate", "mprov/openai", "-n", fleet.team, "tollgate.dev/drill-until=" + until);
        var running = List.of(fleet.team + "/openai");
        await().atMost(OperatorFixture.SOON).until(() -> one.drills().equals(running));
        fleet.awaitCondition("mprov/openai", "Drill", "Unknown/Running");
        fleet.stop();
        fleet.start();
        var two = fleet.scripted("two");
        await().atMost(OperatorFixture.SOON).until(() -> two.drills().equals(running));
    }
}
