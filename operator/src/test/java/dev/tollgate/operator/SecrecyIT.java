package dev.tollgate.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.tollgate.crds.apiserver.ApiServer;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Planted values of Secrets are found nowhere but in Secrets and at proxies (T1, T21, T13). */
class SecrecyIT {

    @RegisterExtension static final ApiServer API = new ApiServer();

    private static final String CANARY = "canary-8f1d2c";

    @TempDir Path directory;
    private OperatorFixture fleet;
    private final ListAppender<ILoggingEvent> log = new ListAppender<>();

    @BeforeAll
    static void crds() {
        API.installCrds();
    }

    @BeforeEach
    void start() {
        var ours = (Logger) LoggerFactory.getLogger("dev.tollgate");
        ours.setLevel(Level.ALL);
        ours.addAppender(log);
        log.start();
        fleet = new OperatorFixture(API, directory);
        fleet.start();
    }

    @AfterEach
    void stop() throws Exception {
        fleet.close();
        var ours = (Logger) LoggerFactory.getLogger("dev.tollgate");
        ours.detachAppender(log);
        ours.setLevel(null);
    }

    private HttpResponse<String> admin(String method, String path) throws Exception {
        return HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(
                                        URI.create(
                                                "http://127.0.0.1:"
                                                        + fleet.operator().adminPort()
                                                        + path))
                                .method(method, HttpRequest.BodyPublishers.noBody())
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void keepsProviderKeysOutOfStatusesLogsPagesAndSnapshots() throws Exception {
        var one = fleet.proxy("one");
        fleet.secret(fleet.team, "openai", CANARY + "-first");
        fleet.provider("openai", "http://127.0.0.1:9/v1");
        fleet.policy("chat", "openai", "m1");
        fleet.budget("all", "1.00");
        fleet.awaitCondition("rpol/chat", "Ready", "True");
        fleet.secret(fleet.team, "openai", CANARY + "-second");
        await().atMost(OperatorFixture.SOON)
                .until(
                        () ->
                                one.credential(fleet.team + "/openai/api-key")
                                        .equals(CANARY + "-second"));
        fleet.stop(); // its memory is written, read and pushed again
        fleet.start();
        fleet.policy("late", "openai", "m1");
        fleet.awaitCondition("rpol/late", "Ready", "True");

        var seen = new ArrayList<String>();
        synchronized (log) { // as whoever appends does
            log.list.forEach(e -> seen.add(e.getFormattedMessage() + e.getKeyValuePairs()));
        }
        assertThat(seen).isNotEmpty();
        for (var kind : List.of("llm", "budgetledgers", "configmaps", "events", "namespaces")) {
            var objects = fleet.kubectl("get", kind, "-A", "-o", "yaml");
            assertThat(objects.ok()).as(objects.err()).isTrue();
            seen.add(objects.out());
        }
        for (var page : List.of("/metrics", "/status", "/livez", "/readyz")) {
            var answer = admin("GET", page);
            assertThat(answer.statusCode()).as(page).isEqualTo(200);
            seen.add(answer.body());
        }
        seen.add(one.text());
        assertThat(seen).noneMatch(text -> text.contains(CANARY));
    }

    @Test
    void answersOnTheAdminPortToReadersAlone() throws Exception {
        for (var method : List.of("POST", "PUT", "PATCH", "DELETE")) {
            for (var page : List.of("/metrics", "/status", "/livez", "/readyz", "/")) {
                assertThat(admin(method, page).statusCode()).isEqualTo(405);
            }
        }
        for (var page : List.of("/", "/config", "/debug", "/status/..", "//status", "/STATUS")) {
            assertThat(admin("GET", page).statusCode()).as(page).isEqualTo(404);
        }
    }
}
