package dev.tollgate.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tollgate.crds.valkey.ValkeyProcess;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Two standalone gateways that share nothing but a Valkey. */
class ValkeyE2E {

    private static final String CHAT = "/v1/chat/completions";
    private static final int LIMIT = 40;
    private static final String LIMITED_KEY = "tg-3123456789012345678901234567890123456789abc";

    @RegisterExtension static final ValkeyProcess SERVER = new ValkeyProcess();

    @TempDir Path folder;
    private final List<Standalone> gateways = new ArrayList<>();
    private SimulatedProvider provider;

    @BeforeEach
    void start() throws Exception {
        SERVER.command("FLUSHALL"); // what a test before has used counts for a minute
        provider =
                SimulatedProvider.start(
                        "openai", Resources.PRICES + "default: {text: 'One pays.'}\n", folder);
        for (var name : List.of("one", "two")) {
            gateways.add(
                    Standalone.serve(
                            Files.createDirectory(folder.resolve(name)),
                            resources(),
                            "--valkey=" + SERVER.url()));
        }
        for (var gateway : gateways) {
            await().until(() -> gateway.metric("tollgate_valkey_up") == 2);
        }
    }

    private String resources() {
        return Resources.namespace("team-a")
                + Resources.namespace("team-b")
                + Resources.secret("tollgate-system", "keys", "sk-simulated")
                + Resources.clientKey("team-a", Standalone.KEY)
                + Resources.clientKey("team-b", LIMITED_KEY)
                + Resources.provider(
                        "tollgate-system",
                        "main",
                        "OpenAI",
                        provider.url() + "/v1",
                        List.of("gpt-4o-mini"),
                        "allowedNamespaces: {from: All}")
                + Resources.route("tollgate-system", "plain", "main/gpt-4o-mini")
                        .replace("spec:\n", "spec:\n  visibleTo: {from: All}\n")
                + Resources.route("tollgate-system", "kept", "main/gpt-4o-mini")
                        .replace(
                                "spec:\n",
                                "spec:\n  visibleTo: {from: All}\n"
                                        + "  cache: {mode: Exact, temperature: Any}\n")
                + """
                ---
                apiVersion: tollgate.dev/v1alpha1
                kind: Budget
                metadata: {name: rate, namespace: team-b}
                spec: {limits: {requestsPerMinute: %d}}
                """
                        .formatted(LIMIT);
    }

    @AfterEach
    void stop() throws Exception {
        for (var gateway : gateways) {
            gateway.close();
        }
        if (provider != null) {
            provider.close();
        }
    }

    private static HttpResponse<String> ask(Standalone gateway, String key, String model)
            throws Exception {
        return gateway.postAs(key, CHAT, Standalone.chatBody(model));
    }

    private static boolean served(Standalone gateway) throws Exception {
        return ask(gateway, LIMITED_KEY, "plain").statusCode() == 200;
    }

    private static String cache(HttpResponse<String> answer) {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return answer.headers().firstValue("x-tollgate-cache").orElseThrow();
    }

    @Test
    void whoJoinsLateServesItsFirstRequests() throws Exception {
        try (var third =
                Standalone.serve(
                        Files.createDirectory(folder.resolve("three")),
                        resources(),
                        "--valkey=" + SERVER.url())) {
            for (int i = 0; i < LIMIT / 8; i++) {
                assertThat(served(third)).isTrue();
            }
        }
    }

    @Test
    void aTeamsLimitIsOfBothTogether() throws Exception {
        int served = 0;
        try (var clients = Executors.newFixedThreadPool(8)) {
            var asking = new ArrayList<Callable<Boolean>>();
            for (int i = 0; i < 2 * LIMIT; i++) {
                var gateway = gateways.get(i % 2);
                asking.add(() -> served(gateway));
            }
            for (var each : clients.invokeAll(asking)) {
                served += each.get() ? 1 : 0;
            }
        }
        assertThat(served).isBetween(LIMIT / 2, LIMIT);
        // what the one does not need any more the other may use, down to the last
        int[] more = {served};
        // within the minute of the limit
        await().atMost(Duration.ofSeconds(30))
                .until(() -> (more[0] += served(gateways.get(0)) ? 1 : 0) >= LIMIT - LIMIT / 20);
        for (int i = 0; i < LIMIT; i++) {
            more[0] += served(gateways.get(i % 2)) ? 1 : 0;
        }
        assertThat(more[0]).isLessThanOrEqualTo(LIMIT);
        assertThat(provider.calls()).hasSize(more[0]);
    }

    @Test
    void whatOneWasAnsweredTheOtherRepeats() throws Exception {
        int asked = 0;
        String question;
        HttpResponse<String> first;
        HttpResponse<String> again;
        // nobody waits for Valkey for more than 10 ms: on a busy machine it may be late
        do {
            question = Standalone.chatBody("kept").replace("a tollgate", "tollgate " + asked);
            asked++;
            first = gateways.get(0).postAs(Standalone.KEY, CHAT, question);
            assertThat(cache(first)).isEqualTo("miss");
            again = gateways.get(1).postAs(Standalone.KEY, CHAT, question);
        } while (cache(again).equals("miss") && asked < 20);
        assertThat(cache(again)).isEqualTo("hit");
        assertThat(again.body()).isEqualTo(first.body());
        // not for another namespace
        assertThat(cache(gateways.get(1).postAs(LIMITED_KEY, CHAT, question))).isEqualTo("miss");
        assertThat(provider.calls()).hasSize(2 * asked);
    }

    @Test
    void bothGoOnWithoutItAndSaySo() throws Exception {
        assertThat(cache(ask(gateways.get(0), Standalone.KEY, "kept"))).isEqualTo("miss");
        SERVER.kill();
        for (var gateway : gateways) {
            await().until(() -> gateway.metric("tollgate_valkey_up") == 0);
            await().untilAsserted(
                            () ->
                                    assertThat(gateway.process().err())
                                            .anyMatch(
                                                    line ->
                                                            line.contains(
                                                                    "Valkey does not answer")));
        }
        assertThat(cache(ask(gateways.get(0), Standalone.KEY, "kept"))).isEqualTo("hit");
        assertThat(cache(ask(gateways.get(1), Standalone.KEY, "kept"))).isEqualTo("miss");
        int served = 0;
        for (int i = 0; i < 2 * LIMIT; i++) {
            served += served(gateways.get(i % 2)) ? 1 : 0;
        }
        assertThat(served).isBetween(LIMIT / 2, LIMIT);
        SERVER.start();
        for (var gateway : gateways) {
            await().until(() -> gateway.metric("tollgate_valkey_up") == 2);
        }
    }

    @Test
    void anAddressThatIsNoneStopsTheStartWithoutItsSecret() throws Exception {
        try (var process =
                TollgateProcess.start(
                        "serve",
                        folder.resolve("one").resolve("config").toString(),
                        "--valkey=http://:hidden@127.0.0.1")) {
            assertThat(process.awaitExit(Duration.ofSeconds(90))).isEqualTo(2);
            assertThat(process.tail()).contains("--valkey", "rediss://").doesNotContain("hidden");
        }
    }
}
