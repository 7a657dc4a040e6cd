package dev.tollgate.operator.push;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.tollgate.crds.resource.Kind;
import dev.tollgate.crds.resource.ResourceKey;
import dev.tollgate.operator.push.FleetCommand.Disconnect;
import dev.tollgate.operator.push.FleetCommand.Refused;
import dev.tollgate.operator.push.FleetCommand.SendCredentials;
import dev.tollgate.operator.push.FleetCommand.SendSnapshot;
import dev.tollgate.operator.push.FleetCommand.Settled;
import dev.tollgate.policy.snapshot.RevisionNumber;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FleetRulesTest {

    private static final ResourceKey CHAT = new ResourceKey(Kind.ROUTING_POLICY, "team-a", "chat");

    private Instant now = Instant.parse("2026-11-21T09:00:00Z");
    private Fleet fleet = Fleet.empty();
    private final List<FleetCommand> sent = new ArrayList<>();

    private static Release release(long counter) {
        return new Release(
                new RevisionNumber(1, counter),
                "digest-" + counter,
                ByteString.copyFromUtf8("{}"),
                1,
                Map.of(CHAT, counter));
    }

    private List<FleetCommand> on(FleetEvent event) {
        var step = FleetRules.apply(fleet, event, now);
        fleet = step.fleet();
        var commands =
                step.commands().stream().filter(c -> !(c instanceof FleetCommand.Changed)).toList();
        sent.addAll(commands);
        return commands;
    }

    private List<FleetCommand> connect(String name, long connection) {
        return on(new FleetEvent.Connected(name, connection, 1, 1, RevisionNumber.NONE, ""));
    }

    private List<FleetCommand> publish(long counter) {
        return on(new FleetEvent.Published(release(counter)));
    }

    private List<FleetCommand> ack(String name, long connection, long counter) {
        return on(new FleetEvent.Acked(name, connection, new RevisionNumber(1, counter)));
    }

    private List<FleetCommand> nack(String name, long connection, long counter, Refusal refusal) {
        return on(
                new FleetEvent.Nacked(
                        name, connection, new RevisionNumber(1, counter), List.of(refusal)));
    }

    private List<FleetCommand> after(Duration time) {
        now = now.plus(time);
        return on(new FleetEvent.Tick());
    }

    private static SendSnapshot snapshot(long connection, long counter) {
        return new SendSnapshot(connection, release(counter), false);
    }

    private void threeServing(long counter) {
        connect("a", 1);
        connect("b", 2);
        connect("c", 3);
        publish(counter);
        ack("a", 1, counter);
        ack("b", 2, counter);
        ack("c", 3, counter);
    }

    @Test
    void givesANewSnapshotToOneProxyFirst() {
        connect("a", 1);
        connect("b", 2);
        connect("c", 3);
        assertThat(publish(1)).containsExactly(snapshot(1, 1));
    }

    @Test
    void givesTheRestTheSnapshotAfterTheFirstAck() {
        connect("a", 1);
        connect("b", 2);
        connect("c", 3);
        publish(1);
        assertThat(ack("a", 1, 1)).containsExactly(snapshot(2, 1), snapshot(3, 1));
    }

    @Test
    void triesAnotherProxyWhenTheFirstIsSilentForTwoSeconds() {
        connect("a", 1);
        connect("b", 2);
        publish(1);
        assertThat(after(Duration.ofMillis(1_900))).isEmpty();
        assertThat(after(Duration.ofMillis(200))).containsExactly(snapshot(2, 1));
    }

    @Test
    void choosesAnotherFirstAtOnceWhenTheFirstIsLost() {
        connect("a", 1);
        connect("b", 2);
        publish(1);
        assertThat(on(new FleetEvent.Lost("a", 1))).containsExactly(snapshot(2, 1));
    }

    @Test
    void triesAProxyAgainWhenAllHadTheirTurnAndWereLost() {
        connect("a", 1);
        publish(1);
        on(new FleetEvent.Lost("a", 1));
        connect("a", 2);
        after(Duration.ofMillis(100));
        assertThat(sent).contains(snapshot(2, 1));
    }

    @Test
    void letsOnlyTheNewestSnapshotWait() {
        threeServing(1);
        publish(2);
        publish(3);
        publish(4);
        ack("b", 2, 3);
        ack("c", 3, 4);
        assertThat(fleet.verified()).isEqualTo(release(4));
        assertThat(ack("a", 1, 2)).containsExactly(snapshot(1, 4));
    }

    @Test
    void doesNotStarveTheFleetWhenChangesOvertakeTheFirstAck() {
        connect("a", 1);
        connect("b", 2);
        publish(1);
        publish(2);
        ack("a", 1, 1);
        assertThat(fleet.verified()).isEqualTo(release(1));
        assertThat(sent).contains(snapshot(1, 1), snapshot(2, 2));
    }

    @Test
    void settlesWhenEveryLiveProxyServesTheNewest() {
        connect("a", 1);
        connect("b", 2);
        publish(1);
        ack("a", 1, 1);
        assertThat(ack("b", 2, 1)).containsExactly(new Settled(release(1)));
        assertThat(fleet.progress(CHAT, 1, now)).hasToString("2/2 proxies");
    }

    @Test
    void doesNotWaitForAProxyThatIsSilentForFifteenSeconds() {
        connect("a", 1);
        connect("b", 2);
        publish(1);
        ack("a", 1, 1);
        on(new FleetEvent.Lost("b", 2));
        assertThat(fleet.progress(CHAT, 1, now).complete()).isFalse();
        now = now.plusSeconds(10);
        on(new FleetEvent.Heard("a", 1, List.of()));
        assertThat(after(Duration.ofSeconds(6))).contains(new Settled(release(1)));
        assertThat(fleet.progress(CHAT, 1, now)).hasToString("1/1 proxies");
    }

    @Test
    void forgetsAProxyThatLeftInOrderAtOnce() {
        threeServing(1);
        on(new FleetEvent.Left("c", 3));
        assertThat(fleet.progress(CHAT, 1, now)).hasToString("2/2 proxies");
    }

    @Test
    void closesAStreamWithoutHeartbeat() {
        connect("a", 1);
        assertThat(after(Duration.ofSeconds(16)))
                .containsExactly(new Disconnect(1, "no heartbeat"));
    }

    @Test
    void givesNobodyElseASnapshotThatTheFirstRefused() {
        threeServing(1);
        publish(2);
        var refusal = new Refusal(CHAT, "rules/0", "bad");
        assertThat(nack("a", 1, 2, refusal))
                .containsExactly(new Refused("a", release(2), List.of(refusal)));
        assertThat(after(Duration.ofSeconds(5))).isEmpty();
        assertThat(publish(3)).containsExactly(snapshot(1, 3));
    }

    @Test
    void goesBackToTheSettledSnapshotForNewcomersWhenALaterProxyRefuses() {
        threeServing(1);
        publish(2);
        ack("a", 1, 2);
        nack("b", 2, 2, new Refusal(null, "", "bad"));
        assertThat(connect("d", 4)).containsExactly(snapshot(4, 1));
    }

    @Test
    void givesANewcomerTheVerifiedSnapshotWhileTheNewestIsTried() {
        threeServing(1);
        publish(2);
        assertThat(connect("d", 4)).containsExactly(snapshot(4, 1));
    }

    @Test
    void sendsNoBytesThatTheProxyHolds() {
        publish(1);
        var commands =
                on(new FleetEvent.Connected("a", 1, 1, 1, new RevisionNumber(0, 9), "digest-1"));
        assertThat(commands).containsExactly(new SendSnapshot(1, release(1), true));
    }

    @Test
    void sendsCredentialsBeforeTheSnapshot() {
        on(new FleetEvent.CredentialsChanged(7));
        publish(1);
        assertThat(connect("a", 1)).containsExactly(new SendCredentials(1), snapshot(1, 1));
    }

    @Test
    void sendsCredentialsAlone() {
        threeServing(1);
        assertThat(on(new FleetEvent.CredentialsChanged(8)))
                .containsExactly(
                        new SendCredentials(1), new SendCredentials(2), new SendCredentials(3));
    }

    @Test
    void sendsNothingToAProxyThatCannotReadOurSchema() {
        publish(1);
        assertThat(on(new FleetEvent.Connected("a", 1, 2, 3, RevisionNumber.NONE, ""))).isEmpty();
        assertThat(fleet.progress(CHAT, 1, now).complete()).isFalse();
    }

    @Test
    void replacesAnOlderStreamOfTheSameProxy() {
        connect("a", 1);
        assertThat(connect("a", 2))
                .containsExactly(new Disconnect(1, "replaced by a newer stream"));
        on(new FleetEvent.Lost("a", 1));
        assertThat(publish(1)).containsExactly(snapshot(2, 1));
    }

    @Test
    void countsRememberedProxiesAsLiveAfterARestart() {
        fleet = Fleet.restored(release(1), List.of("a", "b"), now);
        assertThat(fleet.progress(CHAT, 1, now)).hasToString("2/2 proxies");
        assertThat(fleet.progress(CHAT, 2, now)).hasToString("0/2 proxies");
        after(Duration.ofSeconds(16));
        assertThat(fleet.live(now)).isEmpty();
    }

    @Test
    void closesAStreamWhoseSnapshotIsNeverAnswered() {
        connect("a", 1);
        publish(1);
        for (int i = 0; i < 4; i++) {
            now = now.plusSeconds(8);
            on(new FleetEvent.Heard("a", 1, List.of()));
        }
        after(Duration.ZERO);
        assertThat(sent).contains(new Disconnect(1, "a snapshot was not answered"));
    }

    /** Any order of events, with proxies that answer at last, ends with all serving the newest. */
    @Test
    void convergesWhateverTheOrderOfEvents() {
        for (long seed = 0; seed < 500; seed++) {
            converge(new Random(seed), seed);
        }
    }

    private void converge(Random random, long seed) {
        fleet = Fleet.empty();
        long connection = 0;
        long counter = 0;
        for (int i = 0; i < 60; i++) {
            now = now.plusMillis(random.nextInt(900));
            var name = "p" + random.nextInt(4);
            switch (random.nextInt(7)) {
                case 0 -> connect(name, ++connection);
                case 1 -> publish(++counter);
                case 2 -> on(new FleetEvent.Tick());
                case 3 -> on(new FleetEvent.CredentialsChanged(random.nextInt(5)));
                case 4 -> {
                    var proxy = fleet.proxies().get(name);
                    if (proxy != null) {
                        on(new FleetEvent.Lost(name, proxy.connection()));
                    }
                }
                default -> answerOne(random);
            }
        }
        publish(++counter);
        for (int i = 0; i < 40; i++) {
            now = now.plusMillis(500);
            for (var proxy : List.copyOf(fleet.proxies().values())) {
                if (proxy.connected()) {
                    on(new FleetEvent.Heard(proxy.name(), proxy.connection(), List.of()));
                }
            }
            on(new FleetEvent.Tick());
            answerOne(new Random(0));
        }
        var newest = fleet.newest();
        assertThat(fleet.proxies().values().stream().filter(Proxy::connected))
                .as("seed %d: %s", seed, fleet)
                .allMatch(p -> p.applied() != null && p.applied().equals(newest));
    }

    private void answerOne(Random random) {
        for (var proxy : List.copyOf(fleet.proxies().values())) {
            if (proxy.state() instanceof ProxyState.Offered offered) {
                long counter = offered.release().revision().counter();
                if (random.nextInt(10) == 9) {
                    nack(proxy.name(), proxy.connection(), counter, new Refusal(CHAT, "", "x"));
                } else {
                    ack(proxy.name(), proxy.connection(), counter);
                }
                return;
            }
        }
    }
}
