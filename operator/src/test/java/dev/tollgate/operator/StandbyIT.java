package dev.tollgate.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tollgate.crds.apiserver.ApiServer;
import dev.tollgate.crds.loopback.FreePort;
import dev.tollgate.dataplane.control.OperatorAddress;
import dev.tollgate.dataplane.control.OperatorChannel;
import dev.tollgate.operator.kube.WatchedNamespaces;
import dev.tollgate.operator.push.TestProxy;
import dev.tollgate.policy.snapshot.SettingsEntry;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two operators of one fleet, at two addresses of one name: one leads, the other stands by until
 * the first ends, or is cut off from the API server (api.md, S15).
 */
class StandbyIT {

    @RegisterExtension static final ApiServer API = new ApiServer();

    /** The takeover that budgets.md promises. */
    private static final Duration TAKEOVER = Duration.ofSeconds(20);

    private static final List<String> HOSTS = List.of("127.0.0.2", "127.0.0.3");

    @TempDir Path directory;
    private final HttpClient http = HttpClient.newHttpClient();
    private final Vertx vertx = Vertx.vertx();
    private OperatorFixture fleet;
    private int pushPort;

    @BeforeAll
    static void crds() {
        API.installCrds();
    }

    @BeforeEach
    void namespaces() throws IOException {
        fleet = new OperatorFixture(API, directory);
        pushPort = FreePort.next();
        fleet.secret(fleet.team, "openai", "key-one");
        fleet.provider("openai", "http://127.0.0.1:9/v1");
        fleet.policy("chat", "openai", "m1");
    }

    @AfterEach
    void stop() throws Exception {
        fleet.close();
        http.close();
        vertx.close().toCompletionStage().toCompletableFuture().get();
    }

    private OperatorOptions options(Path kubeconfig, String host, int adminPort) {
        var names = new WatchedNamespaces(Set.of(fleet.team));
        return new OperatorOptions(
                kubeconfig,
                names,
                names,
                fleet.platform,
                host,
                pushPort,
                List.of(),
                OperatorOptions.Security.NONE,
                null,
                null,
                SettingsEntry.EndpointPolicy.ANY,
                SettingsEntry.Unbudgeted.ALLOW,
                List.of(),
                new OperatorOptions.LedgerStore.Kubernetes(),
                "127.0.0.1",
                adminPort);
    }

    private static CompletableFuture<Operator> standby(OperatorOptions options) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return Operator.start(options, () -> {});
                    } catch (StartRefusal e) {
                        throw new AssertionError(e);
                    }
                },
                action -> Thread.ofPlatform().start(action));
    }

    /** A proxy that knows both operators by one name. */
    private TestProxy proxy(String name) {
        var address =
                new OperatorAddress("localhost", pushPort, new OperatorAddress.Security.None());
        return new TestProxy(new OperatorChannel(vertx, address, StandbyIT::both), name, directory);
    }

    private static InetAddress[] both(String host) {
        return HOSTS.stream().map(literal -> named(host, literal)).toArray(InetAddress[]::new);
    }

    private static InetAddress named(String host, String literal) {
        try {
            return InetAddress.getByAddress(host, InetAddress.getByName(literal).getAddress());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private HttpResponse<String> admin(int port, String path) throws Exception {
        var uri = URI.create("http://127.0.0.1:" + port + path);
        return http.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
    }

    private String holder() {
        var got =
                fleet.kubectl(
                        "get",
                        "lease",
                        Candidacy.NAME,
                        "-n",
                        fleet.platform,
                        "-o",
                        "jsonpath={.spec.holderIdentity}");
        assertThat(got.ok()).as(got.err()).isTrue();
        return got.out().strip();
    }

    @Test
    void standsByReadyAndLeadsAsSoonAsTheLeaderHasEnded() throws Exception {
        var first = Operator.start(options(API.kubeconfig(), HOSTS.getFirst(), 0), () -> {});
        var proxy = proxy("one");
        fleet.awaitCondition("rpol/chat", "Programmed", "True/Programmed 1/1");
        int adminPort = FreePort.next();
        var second = standby(options(API.kubeconfig(), HOSTS.getLast(), adminPort));
        await().atMost(OperatorFixture.SOON)
                .ignoreExceptions()
                .untilAsserted(
                        () ->
                                assertThat(admin(adminPort, "/status").body())
                                        .contains("\"leader\" : false")
                                        .containsPattern("standing_by_for\" : \"[^\"]+"));
        assertThat(admin(adminPort, "/readyz").statusCode()).isEqualTo(200);
        assertThat(admin(adminPort, "/livez").statusCode()).isEqualTo(200);
        assertThat(admin(adminPort, "/ledger").statusCode()).isEqualTo(503);
        var standing = admin(adminPort, "/metrics").body();
        assertThat(standing).contains("tollgate_operator_leader 0\n");
        assertDescribed(standing);
        var leading = admin(first.adminPort(), "/metrics").body();
        assertThat(leading)
                .contains("tollgate_operator_leader 1\n", "tollgate_config_proxy_revision{");
        assertDescribed(leading);
        assertThat(second).isNotDone();
        fleet.policy("meanwhile", "openai", "m1");
        fleet.awaitCondition("rpol/meanwhile", "Programmed", "True/Programmed 1/1");
        assertThat(proxy.revision()).startsWith("1.");
        var leader = holder();
        assertThat(leader).isNotEmpty();
        first.close();
        assertThat(holder()).as("it has given the Lease back").isNotEqualTo(leader);
        await().atMost(OperatorFixture.SOON).until(second::isDone);
        try (var next = second.get()) {
            await().atMost(TAKEOVER).until(() -> proxy.revision().startsWith("2."));
            fleet.policy("late", "openai", "m1");
            fleet.awaitCondition("rpol/late", "Programmed", "True/Programmed 1/1");
            assertThat(admin(next.adminPort(), "/status").body()).contains("\"leader\" : true");
        } finally {
            proxy.kill();
        }
    }

    /** Each metric has its help and its type, and all of its lines behind them. */
    private static void assertDescribed(String metrics) {
        var described = new HashMap<String, String>();
        var at = "";
        for (var line : metrics.split("\n")) {
            var words = line.split(" ", 4);
            if (line.startsWith("# HELP ")) {
                at = words[2];
                assertThat(described.put(at, "")).as(line).isNull();
                assertThat(words[3]).as(line).endsWith(".");
            } else if (line.startsWith("# TYPE ")) {
                assertThat(words[2]).as(line).isEqualTo(at);
                assertThat(described.put(at, words[3])).as(line).isEmpty();
            } else {
                var more = "histogram".equals(described.get(at)) ? "(_bucket|_sum|_count)" : "";
                assertThat(line).matches(at + more + "(\\{.*})? [0-9.]+");
            }
        }
        assertThat(described).doesNotContainValue("");
    }

    @Test
    void proxiesLeaveALeaderThatIsCutOffFromTheApiServerForTheOneThatTookOver() throws Exception {
        var relay = new Relay(fleet.apiAddress().getPort());
        var kubeconfig = fleet.kubeconfig("relayed", "https://127.0.0.1:" + relay.port(), null);
        var ended = new CompletableFuture<Void>();
        var first =
                Operator.start(
                        options(kubeconfig, HOSTS.getFirst(), 0), () -> ended.complete(null));
        var proxy = proxy("one");
        fleet.awaitCondition("rpol/chat", "Programmed", "True/Programmed 1/1");
        var second = standby(options(API.kubeconfig(), HOSTS.getLast(), 0));
        relay.away();
        await().atMost(TAKEOVER.plusSeconds(5)).until(second::isDone);
        try (relay;
                first;
                var leader = second.get()) {
            await().atMost(TAKEOVER).until(() -> proxy.revision().startsWith("2."));
            assertThat(proxy.state())
                    .isInstanceOf(
                            dev.tollgate.dataplane.control.OperatorLink.State.Connected.class);
            assertThat(ended).as("it cannot know").isNotDone();
            relay.back();
            await().atMost(OperatorFixture.SOON).until(ended::isDone);
            fleet.policy("late", "openai", "m1");
            fleet.awaitCondition("rpol/late", "Programmed", "True/Programmed 1/1");
            assertThat(leader.pushPort()).isEqualTo(pushPort);
        } finally {
            proxy.kill();
        }
    }

    @Test
    void leaderAndStandbyComeOutOfAnOutageOfTheApiServerAsTheyWentIn() throws Exception {
        var relay = new Relay(fleet.apiAddress().getPort());
        var kubeconfig = fleet.kubeconfig("relayed", "https://127.0.0.1:" + relay.port(), null);
        var ended = new CompletableFuture<Void>();
        var proxy = proxy("one");
        try (relay;
                var only =
                        Operator.start(
                                options(kubeconfig, HOSTS.getLast(), 0),
                                () -> ended.complete(null))) {
            fleet.awaitCondition("rpol/chat", "Programmed", "True/Programmed 1/1");
            int adminPort = FreePort.next();
            var second = standby(options(kubeconfig, HOSTS.getFirst(), adminPort));
            await().atMost(OperatorFixture.SOON)
                    .ignoreExceptions()
                    .until(
                            () ->
                                    admin(adminPort, "/status")
                                            .body()
                                            .matches("(?s).*standing_by_for\" : \"[^\"]+.*"));
            relay.away();
            var silence = System.nanoTime() + Candidacy.DURATION.plusSeconds(8).toNanos();
            await().atMost(Duration.ofSeconds(60))
                    .until(
                            () -> {
                                assertThat(proxy.state().toString()).startsWith("Connected");
                                assertThat(ended).isNotDone();
                                return System.nanoTime() > silence;
                            });
            relay.back();
            fleet.policy("late", "openai", "m1");
            await().atMost(Duration.ofSeconds(90))
                    .untilAsserted(
                            () ->
                                    assertThat(fleet.condition("rpol/late", "Programmed"))
                                            .contains("True/Programmed 1/1"));
            assertThat(proxy.revision()).startsWith("1.");
            assertThat(only.pushPort()).isEqualTo(pushPort);
            assertThat(second).as("what it could not see does not count").isNotDone();
            only.close();
            second.get(90, TimeUnit.SECONDS).close();
        } finally {
            proxy.kill();
        }
    }
}
