package dev.tollgate.operator.push;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import dev.tollgate.crds.loopback.FreePort;
import dev.tollgate.crds.resource.Bytes;
import dev.tollgate.crds.resource.Kind;
import dev.tollgate.crds.resource.ResourceKey;
import dev.tollgate.dataplane.control.OperatorAddress;
import dev.tollgate.dataplane.control.OperatorLink;
import dev.tollgate.policy.push.FromLedger;
import dev.tollgate.policy.push.ToLedger;
import dev.tollgate.policy.share.Amounts;
import dev.tollgate.policy.share.LimitKey;
import dev.tollgate.policy.snapshot.RevisionNumber;
import dev.tollgate.policy.snapshot.SettingsEntry;
import dev.tollgate.policy.snapshot.Snapshot;
import dev.tollgate.policy.snapshot.SnapshotCodec;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PushTest {

    private static final LimitKey RATE = LimitKey.budget("team-a/rate", "");
    private static final ResourceKey CHAT = new ResourceKey(Kind.ROUTING_POLICY, "team-a", "chat");

    @TempDir Path directory;
    private final Vertx vertx = Vertx.vertx();
    private final Heard heard = new Heard();
    private final List<TestProxy> proxies = new ArrayList<>();
    private PushServer server;

    private static final class Heard implements FleetListener {
        final ConcurrentLinkedQueue<String> settled = new ConcurrentLinkedQueue<>();
        final ConcurrentLinkedQueue<String> refused = new ConcurrentLinkedQueue<>();
        final ConcurrentLinkedQueue<Long> outrun = new ConcurrentLinkedQueue<>();

        @Override
        public void changed(Fleet fleet) {}

        @Override
        public void settled(Fleet fleet, Release release) {
            settled.add(release.revision().toString());
        }

        @Override
        public void refused(Release release, List<Refusal> refusals) {
            refused.add(release.revision() + " " + refusals);
        }

        @Override
        public void outrun(long epoch) {
            outrun.add(epoch);
        }
    }

    private static final class NoLedger implements LedgerEndpoint {
        @Override
        public Session open(Consumer<FromLedger> send) {
            return new Session() {
                @Override
                public void received(ToLedger message) {}

                @Override
                public void closed() {}
            };
        }
    }

    private void start(long epoch, int port) throws Exception {
        server =
                PushServer.start(
                                vertx,
                                "127.0.0.1",
                                port,
                                new ControlSecurity.None(),
                                Fleet.empty(),
                                epoch,
                                heard,
                                new NoLedger(),
                                Clock.systemUTC())
                        .toCompletionStage()
                        .toCompletableFuture()
                        .get(60, TimeUnit.SECONDS);
    }

    private TestProxy proxy(String name) {
        var proxy =
                new TestProxy(
                        vertx,
                        new OperatorAddress(
                                "127.0.0.1", server.port(), new OperatorAddress.Security.None()),
                        name,
                        directory);
        proxies.add(proxy);
        return proxy;
    }

    @AfterEach
    void stop() throws Exception {
        proxies.forEach(TestProxy::kill);
        vertx.close().toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }

    private static Release release(long epoch, long counter, String... namespaces)
            throws Exception {
        var snapshot =
                new Snapshot(
                        Snapshot.SCHEMA_VERSION,
                        "tollgate-system",
                        new SettingsEntry(
                                SettingsEntry.EndpointPolicy.ANY,
                                SettingsEntry.Unbudgeted.ALLOW,
                                List.of(namespaces)),
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of());
        return release(epoch, counter, SnapshotCodec.encode(snapshot), 1);
    }

    private static Release release(long epoch, long counter, byte[] bytes, int schema) {
        return new Release(
                new RevisionNumber(epoch, counter),
                SnapshotCodec.digest(bytes),
                ByteString.copyFrom(bytes),
                schema,
                Map.of(CHAT, counter));
    }

    @Test
    void bringsASnapshotToEveryProxyAndKeepsItOnDisk() throws Exception {
        start(1, 0);
        var one = proxy("one");
        var two = proxy("two");
        await().until(() -> server.fleet().proxies().size() == 2);
        server.publish(release(1, 1, "team-a"));
        await().until(() -> heard.settled.contains("1.1"));
        assertThat(one.text()).isEqualTo(two.text()).contains("team-a");
        assertThat(one.files.load(_ -> {}).orElseThrow().revision()).isEqualTo("1.1");
    }

    @Test
    void carriesASnapshotOfManyChunks() throws Exception {
        start(1, 0);
        var one = proxy("one");
        var names =
                IntStream.range(0, 60_000)
                        .mapToObj("a-namespace-with-a-long-name-%06d"::formatted)
                        .toArray(String[]::new);
        var big = release(1, 1, names);
        assertThat(big.bytes().size()).isGreaterThan(2_000_000);
        server.publish(big);
        await().until(() -> heard.settled.contains("1.1"));
        assertThat(one.live.applied().digest()).isEqualTo(big.digest());
    }

    @Test
    void leavesTheOldSnapshotServingAndTellsTheErrorAfterANack() throws Exception {
        start(1, 0);
        var one = proxy("one");
        server.publish(release(1, 1, "team-a"));
        await().until(() -> heard.settled.contains("1.1"));
        server.publish(release(1, 2, "[]".getBytes(java.nio.charset.StandardCharsets.UTF_8), 1));
        await().until(() -> !heard.refused.isEmpty());
        assertThat(one.revision()).isEqualTo("1.1");
        assertThat(server.nacks()).isEqualTo(1);
        server.publish(release(1, 3, "team-b"));
        await().until(() -> heard.settled.contains("1.3"));
        assertThat(one.text()).contains("team-b");
    }

    @Test
    void pushesCredentialsAloneAndBeforeSnapshots() throws Exception {
        start(1, 0);
        server.credentials(1, Map.of("a/openai/api-key", Bytes.of("old")));
        server.publish(release(1, 1, "team-a"));
        var one = proxy("one");
        await().until(() -> heard.settled.contains("1.1"));
        assertThat(one.credential("a/openai/api-key")).isEqualTo("old");
        server.credentials(2, Map.of("a/openai/api-key", Bytes.of("new")));
        await().until(() -> one.credential("a/openai/api-key").equals("new"));
        assertThat(one.revision()).isEqualTo("1.1");
    }

    @Test
    void comesBackByItselfAndTakesWhatItMissedWhenTheOperatorRestarts() throws Exception {
        start(1, FreePort.next());
        var one = proxy("one");
        server.publish(release(1, 1, "team-a"));
        await().until(() -> heard.settled.contains("1.1"));
        int port = server.port();
        server.close().toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
        await().until(() -> one.state() instanceof OperatorLink.State.Disconnected);
        assertThat(one.text()).contains("team-a");
        start(2, port);
        server.publish(release(2, 1, "team-b"));
        await().until(() -> heard.settled.contains("2.1"));
        assertThat(one.text()).contains("team-b");
    }

    @Test
    void refusesALowerEpochAndTellsTheOperatorThatItIsOutrun() throws Exception {
        start(5, FreePort.next());
        var one = proxy("one");
        server.publish(release(5, 1, "team-a"));
        await().until(() -> heard.settled.contains("5.1"));
        int port = server.port();
        server.close().toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
        start(4, port);
        server.publish(release(4, 1, "team-b"));
        await().until(() -> heard.refused.stream().anyMatch(r -> r.contains("epoch: 4")));
        await().until(() -> heard.outrun.contains(5L));
        assertThat(one.revision()).isEqualTo("5.1");
    }

    @Test
    void takesTheSameBytesUnderALaterRevisionWithoutSendingThem() throws Exception {
        start(1, 0);
        var one = proxy("one");
        server.publish(release(1, 1, "team-a"));
        await().until(() -> heard.settled.contains("1.1"));
        var before = one.live.applied().snapshot();
        server.publish(release(1, 2, "team-a"));
        await().until(() -> heard.settled.contains("1.2"));
        assertThat(one.revision()).isEqualTo("1.2");
        assertThat(one.live.applied().snapshot()).isSameAs(before);
    }

    @Test
    void forgetsAProxyThatStopsInOrder() throws Exception {
        start(1, 0);
        var one = proxy("one");
        await().until(() -> server.fleet().proxies().containsKey("one"));
        one.close();
        await().until(() -> server.fleet().proxies().isEmpty());
    }

    @Test
    void refusesToDialPlainBeyondLoopback() {
        assertThat(
                        org.assertj.core.api.Assertions.catchThrowable(
                                () ->
                                        new OperatorAddress(
                                                "10.0.0.1",
                                                8443,
                                                new OperatorAddress.Security.None())))
                .hasMessageContaining("--control-security: none");
    }

    private static Amounts requests(long requests) {
        return new Amounts(requests, Amounts.UNLIMITED, Amounts.UNLIMITED);
    }

    private static void needs(TestProxy proxy, long used, long demand) {
        proxy.used.put(RATE, new Amounts(used, 0, 0));
        proxy.demand.put(RATE, new Amounts(demand, 0, 0));
    }

    @Test
    void movesTheSharesOfALimitToTheProxyThatNeedsThem() throws Exception {
        start(1, 0);
        server.limits(Map.of(RATE, requests(100)));
        var one = proxy("one");
        var two = proxy("two");
        needs(one, 50, 500);
        await().until(() -> requests(95).equals(one.shares.get(RATE)));
        await().until(() -> requests(5).equals(two.shares.get(RATE)));
        needs(one, 60, 60); // 60 of its 95 are used: they are not for others yet
        needs(two, 5, 500);
        await().until(() -> requests(40).equals(two.shares.get(RATE)));
        needs(one, 0, 0);
        await().until(() -> requests(95).equals(two.shares.get(RATE)));
    }

    @Test
    void keepsTheShareOfAProxyThatIsCutOffUntilItsPodIsGone() throws Exception {
        start(1, 0);
        server.limits(Map.of(RATE, requests(100)));
        var cutOff = Vertx.vertx();
        var one =
                new TestProxy(
                        cutOff,
                        new OperatorAddress(
                                "127.0.0.1", server.port(), new OperatorAddress.Security.None()),
                        "one",
                        directory);
        var two = proxy("two");
        needs(one, 0, 50);
        needs(two, 0, 50);
        await().until(() -> requests(50).equals(one.shares.get(RATE)));
        cutOff.close().toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
        await().until(() -> !server.fleet().proxies().get("one").connected());
        needs(two, 50, 500);
        await().during(3, TimeUnit.SECONDS).until(() -> requests(50).equals(two.shares.get(RATE)));
        server.gone(Set.of("one"));
        await().until(() -> requests(100).equals(two.shares.get(RATE)));
    }

    @Test
    void anOperatorThatStartsAgainLearnsWhatEachHoldsBeforeItDivides() throws Exception {
        start(1, FreePort.next());
        server.limits(Map.of(RATE, requests(100)));
        var one = proxy("one");
        var two = proxy("two");
        needs(one, 50, 500);
        await().until(() -> requests(95).equals(one.shares.get(RATE)));
        int port = server.port();
        server.close().toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
        start(2, port);
        server.limits(Map.of(RATE, requests(100)));
        needs(one, 95, 500);
        needs(two, 5, 500);
        await().until(() -> server.fleet().live(Clock.systemUTC().instant()).size() == 2);
        await().during(3, TimeUnit.SECONDS).until(() -> requests(5).equals(two.shares.get(RATE)));
        needs(one, 20, 20);
        await().until(() -> requests(80).equals(two.shares.get(RATE)));
    }
}
