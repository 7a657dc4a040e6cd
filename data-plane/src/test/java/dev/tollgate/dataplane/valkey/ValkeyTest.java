package dev.tollgate.dataplane.valkey;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tollgate.crds.valkey.ValkeyProcess;
import dev.tollgate.dataplane.cache.Answer;
import dev.tollgate.dataplane.cache.CacheKey;
import dev.tollgate.dataplane.limits.ProviderLimits;
import dev.tollgate.dataplane.limits.RateShares;
import dev.tollgate.dataplane.limits.TeamLimits;
import dev.tollgate.policy.snapshot.BudgetBuilder;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.LimitsEntry;
import dev.tollgate.policy.snapshot.NamespaceSet;
import dev.tollgate.policy.snapshot.SettingsEntry;
import dev.tollgate.policy.snapshot.Snapshot;
import io.vertx.core.Vertx;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Against a real server: proxies that share it, and what they do when it is away. */
class ValkeyTest {

    @RegisterExtension static final ValkeyProcess SERVER = new ValkeyProcess();

    private static final int LIMIT = 100;
    private static final Duration ENOUGH = Duration.ofMillis(1_500);
    private static final String HELD = "HVALS tollgate:limits:team-a/rate:budget:";
    private static final CacheKey KEY = new CacheKey("team-a", 1, 2, 3, 4);

    private static final BudgetEntry BUDGET =
            BudgetBuilder.budget("team-a/rate")
                    .limits(new LimitsEntry((long) LIMIT, null, null, 100))
                    .namespaces(NamespaceSet.everyone())
                    .build();

    private final Vertx vertx = Vertx.vertx();
    private final List<Peer> peers = new ArrayList<>();
    private long joining;

    /** As much of a proxy as there is to sharing. */
    private static final class Peer {
        final ProviderLimits providers = new ProviderLimits(() -> 10);
        final TeamLimits teams = new TeamLimits(() -> 10);
        final RateShares rates = new RateShares(providers, teams);
        final Valkey valkey;

        Peer(Vertx vertx, ValkeyAddress address) {
            var snapshot =
                    new Snapshot(
                            Snapshot.SCHEMA_VERSION,
                            "tollgate-system",
                            new SettingsEntry(
                                    SettingsEntry.EndpointPolicy.ANY,
                                    SettingsEntry.Unbudgeted.ALLOW,
                                    List.of("team-a")),
                            List.of(),
                            List.of(),
                            List.of(BUDGET),
                            List.of(),
                            List.of());
            teams.apply(snapshot);
            valkey = Valkey.start(vertx, address, rates);
            valkey.limitsStated();
        }

        /** How many of so many requests are let in. */
        int ask(int requests) {
            int in = 0;
            for (int i = 0; i < requests; i++) {
                var entry = teams.enter(List.of(BUDGET), "team-a", 1, Instant.now());
                if (entry instanceof TeamLimits.Entry.In(var pass)) {
                    pass.end(1, Instant.now());
                    in++;
                }
            }
            return in;
        }

        Optional<Answer> find(CacheKey key) throws Exception {
            return valkey.answers()
                    .find(key, System.currentTimeMillis())
                    .toCompletionStage()
                    .toCompletableFuture()
                    .get(60, TimeUnit.SECONDS);
        }
    }

    private Peer peer() {
        var peer = new Peer(vertx, ValkeyAddress.parse(SERVER.url()));
        peers.add(peer);
        return peer;
    }

    private Peer ready() {
        var peer = peer();
        await().until(() -> peer.valkey.dividesLimits() && peer.valkey.keepsAnswers());
        return peer;
    }

    /** It asks until it has been let in so often. */
    private static void fill(Peer peer, int requests) {
        int[] in = {0};
        await().pollInterval(Duration.ofMillis(20))
                .until(() -> (in[0] += peer.ask(requests - in[0])) == requests);
    }

    private static Answer answer(String text) {
        return new Answer(
                text.getBytes(StandardCharsets.UTF_8),
                "application/json",
                "team-a/openai",
                "small",
                "",
                "",
                System.currentTimeMillis(),
                60_000);
    }

    private static String text(Optional<Answer> answer) {
        return answer.map(kept -> new String(kept.body(), StandardCharsets.UTF_8)).orElse("none");
    }

    @AfterEach
    void stop() throws Exception {
        peers.forEach(peer -> peer.valkey.close());
        vertx.close().toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }

    @Test
    void oneProxyMayUseTheWholeLimitIfTheOtherNeedsNone() {
        ready();
        var busy = ready();
        fill(busy, LIMIT - LIMIT / 20); // the idle one keeps a floor of 5
        assertThat(busy.ask(LIMIT)).isZero();
    }

    @Test
    void twoProxiesTogetherNeverExceedTheLimit() {
        var one = ready();
        var two = ready();
        int[] in = {0, 0};
        // within the minute of the limit
        await().pollInterval(Duration.ofMillis(5))
                .atMost(Duration.ofSeconds(40))
                .until(
                        () -> {
                            in[0] += one.ask(7);
                            in[1] += two.ask(3);
                            assertThat(in[0] + in[1]).isLessThanOrEqualTo(LIMIT);
                            return in[0] + in[1] == LIMIT;
                        });
        await().during(Duration.ofMillis(500))
                .until(
                        () -> {
                            assertThat(one.ask(5) + two.ask(5)).isZero();
                            return true;
                        });
    }

    @Test
    void aProxyThatJoinsGetsItsPartAndTheLimitHolds() {
        var one = ready();
        fill(one, LIMIT / 2);
        var two = ready();
        fill(two, LIMIT / 2 - LIMIT / 20);
        assertThat(one.ask(LIMIT) + two.ask(LIMIT)).isLessThanOrEqualTo(LIMIT / 10);
    }

    /** One that joins another, which has everything; and in which time. */
    private Peer joined() {
        await().until(() -> SERVER.command(HELD).contains("\n" + LIMIT + " "));
        long start = System.nanoTime();
        var peer = peer();
        await().until(() -> peer.valkey.firstShares().isComplete());
        joining = System.nanoTime() - start;
        return peer;
    }

    @Test
    void aProxyThatJoinsIsReadyWhenItHasItsPartAndTheLimitHoldsFromItsFirstRequestOn()
            throws Exception {
        var one = ready();
        var two = joined();
        // after two seconds it is ready without its part: on a busy machine another one joins
        for (int i = 0; i < 5 && Duration.ofNanos(joining).compareTo(ENOUGH) > 0; i++) {
            two.valkey.close().toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
            two = joined();
        }
        assertThat(two.ask(LIMIT)).isEqualTo(LIMIT / 2);
        assertThat(one.ask(LIMIT)).isLessThanOrEqualTo(LIMIT / 2);
    }

    @Test
    void aProxyThatJoinsWhenAllIsUsedIsReadyAfterTwoSecondsAndLetsNothingIn() {
        var one = ready();
        fill(one, LIMIT);
        long start = System.nanoTime();
        var two = peer();
        await().until(() -> two.valkey.firstShares().isComplete());
        assertThat(System.nanoTime() - start).isGreaterThan(Duration.ofMillis(1_900).toNanos());
        assertThat(two.ask(LIMIT)).isZero();
    }

    @Test
    void aProxyThatLeavesKeepsNothingButWhatItHasUsed() throws Exception {
        var leaving = ready();
        fill(leaving, 10);
        leaving.valkey.close().toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
        var next = ready();
        fill(next, LIMIT - 10);
        assertThat(next.ask(LIMIT)).isZero();
    }

    @Test
    void goesOnWithItsShareWhileValkeyIsDeadAndDividesAgainWhenItIsBack() throws Exception {
        var one = ready();
        var two = ready();
        await().until(
                        () ->
                                SERVER.command("HLEN tollgate:limits:team-a/rate:budget:")
                                        .startsWith(":2"));
        fill(one, 30);
        SERVER.kill();
        await().until(() -> !one.valkey.dividesLimits() && !two.valkey.dividesLimits());
        int later = one.ask(LIMIT) + two.ask(LIMIT);
        assertThat(later).isBetween(50, LIMIT - 30);
        SERVER.start();
        await().until(() -> one.valkey.dividesLimits() && two.valkey.dividesLimits());
        // it has forgotten everything, and hears first what each has used
        int[] in = {30 + later};
        await().during(Duration.ofSeconds(2))
                .until(
                        () -> {
                            in[0] += one.ask(2) + two.ask(2);
                            assertThat(in[0]).isLessThanOrEqualTo(LIMIT);
                            return true;
                        });
    }

    @Test
    void startsWithoutValkeyAndFindsItWhenItComes() throws Exception {
        SERVER.kill();
        long start = System.nanoTime();
        var one = peer();
        assertThat(one.find(KEY)).isEmpty();
        assertThat(one.ask(5)).isEqualTo(5);
        await().until(() -> one.valkey.assumedProxies() == 1);
        await().until(() -> one.valkey.firstShares().isComplete());
        assertThat(System.nanoTime() - start).isGreaterThan(Duration.ofMillis(1_900).toNanos());
        SERVER.start();
        await().until(() -> one.valkey.dividesLimits() && one.valkey.keepsAnswers());
    }

    @Test
    void anAnswerOfOneProxyIsFoundByAnother() throws Exception {
        var one = ready();
        var two = ready();
        assertThat(two.find(KEY)).isEmpty();
        one.valkey.answers().keep(KEY, answer("kept"));
        await().until(() -> text(two.find(KEY)).equals("kept"));
        assertThat(SERVER.command("KEYS *answers*")).contains("tollgate:answers:team-a:");
        assertThat(SERVER.command("PTTL " + ValkeyAnswers.name(KEY)))
                .matches("(?s):[1-6]\\d{0,4}\\r\\n.*");
    }

    @Test
    void anAnswerStaysInItsNamespace() throws Exception {
        var one = ready();
        var two = ready();
        one.valkey.answers().keep(KEY, answer("kept"));
        await().until(() -> text(two.find(KEY)).equals("kept"));
        assertThat(two.find(new CacheKey("team-b", 1, 2, 3, 4))).isEmpty();
    }

    @Test
    void whatIsDamagedInTheStoreIsNoAnswer() throws Exception {
        var one = ready();
        SERVER.command("SET " + ValkeyAnswers.name(KEY) + " nonsense");
        assertThat(one.find(KEY)).isEmpty();
        assertThat(one.valkey.keepsAnswers()).isTrue();
    }

    @Test
    void nothingWaitsForAValkeyThatHasStoppedAnswering() throws Exception {
        var one = ready();
        one.valkey.answers().keep(KEY, answer("in memory"));
        SERVER.pause();
        var other = new CacheKey("team-a", 5, 6, 7, 8);
        long[] took = new long[50];
        for (int i = 0; i < took.length; i++) {
            long start = System.nanoTime();
            assertThat(one.find(other)).isEmpty();
            took[i] = System.nanoTime() - start;
        }
        // three wait for 10 ms each, then nobody; a busy machine may delay some, and not half
        Arrays.sort(took);
        assertThat(Duration.ofNanos(took[25])).isLessThan(Duration.ofMillis(50));
        assertThat(text(one.find(KEY))).isEqualTo("in memory");
        assertThat(one.ask(10)).isEqualTo(10);
        await().until(() -> !one.valkey.keepsAnswers() && !one.valkey.dividesLimits());
        SERVER.resume();
        await().until(() -> one.valkey.keepsAnswers() && one.valkey.dividesLimits());
    }

    @Test
    void scriptsThatWereFlushedAreLoadedAgain() throws Exception {
        var one = ready();
        SERVER.command("SCRIPT FLUSH");
        fill(one, LIMIT);
        await().until(one.valkey::dividesLimits);
    }
}
