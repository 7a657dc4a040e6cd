package dev.tollgate.dataplane.exchange;

import static dev.tollgate.dataplane.exchange.Harness.chunk;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tollgate.dataplane.budget.Admission;
import dev.tollgate.dataplane.budget.Claim;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.snapshot.BudgetBuilder;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.BudgetEntry.Holding;
import dev.tollgate.policy.snapshot.BudgetEntry.Mode;
import dev.tollgate.policy.snapshot.ProviderEntry;
import io.vertx.core.Handler;
import io.vertx.core.Promise;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Streams whose hold follows their answer, over real sockets. */
class SteppedHoldTest {

    private static final Holding STEPPED = new Holding(true, true);
    private static final String TEXT = "t".repeat(700);

    /** An event without a word of the answer. */
    private static final String PADDING =
            chunk("").replaceFirst("\\{", "{\"pad\":\"" + "p".repeat(16_000) + "\",");

    private final Harness harness = new Harness();
    private final List<HttpServerResponse> open = new CopyOnWriteArrayList<>();
    private Harness.Upstream upstream;
    private ProviderEntry provider;
    private boolean stopsOnDisconnect = true;
    private Handler<HttpServerRequest> behaviour =
            request -> {
                var response = Harness.streamHead(request);
                response.write(chunk("Hi")).onSuccess(v -> open.add(response));
            };

    @AfterEach
    void close() {
        harness.close();
    }

    private void start(BudgetEntry... budgets) {
        upstream = harness.upstream(behaviour);
        provider =
                Snapshots.provider(
                        "a",
                        "openai-chat",
                        upstream.url() + "/v1",
                        Snapshots.timeouts(60_000),
                        stopsOnDisconnect);
        apply(budgets);
        harness.start();
    }

    private void apply(BudgetEntry... budgets) {
        harness.apply(
                Snapshots.of(
                        List.of(provider),
                        List.of(
                                Snapshots.chain(
                                        "model-1", Snapshots.retry(3, null), List.of(provider))),
                        List.of(budgets),
                        List.of(Harness.clientKey()),
                        List.of()));
    }

    private static BudgetEntry budget(Mode mode, @Nullable Holding holding) {
        return BudgetBuilder.as(Snapshots.budget("1000000")).mode(mode).holding(holding).build();
    }

    private Socket asks() throws IOException {
        var socket = harness.socket(Harness.chat("model-1", true));
        Harness.readUntil(socket.getInputStream(), "Hi");
        await().until(() -> !open.isEmpty());
        return socket;
    }

    /** The provider goes on with so much text, and the client reads it. */
    private void says(Socket socket, int times) throws IOException {
        for (int i = 0; i < times; i++) {
            open.getFirst().write(chunk(TEXT));
            Harness.readUntil(socket.getInputStream(), TEXT);
        }
    }

    private List<Long> held() {
        return harness.gate.claims.stream().map(Claim::bound).map(Money::nanos).toList();
    }

    @Test
    void holdsMoreAsTheAnswerGrowsAndIsSettledAtWhatItCost() throws IOException {
        start(budget(Mode.HARD, STEPPED));
        try (var socket = asks()) {
            assertThat(harness.gate.claims).hasSize(1);
            says(socket, 4);
            await().untilAsserted(() -> assertThat(harness.gate.claims).hasSize(3));
            open.getFirst().write(Harness.LAST_CHUNKS);
            open.getFirst().end();
            Harness.readUntil(socket.getInputStream(), "[DONE]");
        }
        var record = harness.record(1);
        assertThat(record.getJsonArray("attempts")).hasSize(1);
        assertThat(record.getString("cost_usd")).isEqualTo("0.00002");
        assertThat(record.getBoolean("cost_assumed", false)).isFalse();
        var whole = harness.gate.claims.getFirst().most().nanos();
        assertThat(held().stream().mapToLong(Long::longValue).sum()).isLessThan(whole);
        assertThat(harness.gate.claims)
                .allSatisfy(claim -> assertThat(claim.attempt().number()).isEqualTo(1));
        assertThat(harness.gate.settled).hasSize(3);
        assertThat(harness.gate.settled.stream().mapToLong(s -> s.cost().nanos()).sum())
                .isEqualTo(20_000);
        assertThat(harness.gate.purseNanos).hasValue(Long.MAX_VALUE / 2 - 20_000);
    }

    @Test
    void endsAsOneThatReachedItsLimitWhenThereIsNoMoneyForMore() throws IOException {
        start(budget(Mode.HARD, STEPPED));
        harness.gate.purseNanos.set(5_000_000);
        try (var socket = asks()) {
            harness.gate.purseNanos.set(1_000);
            says(socket, 1);
            open.getFirst().write(chunk(TEXT));
            var end = Harness.readUntil(socket.getInputStream(), "[DONE]");
            assertThat(end)
                    .contains(TEXT, "\"finish_reason\":\"length\"", "data: [DONE]")
                    .doesNotContain("error");
            await().until(() -> !upstream.closed.isEmpty());
        }
        var record = harness.record(1);
        assertThat(record.getInteger("status")).isEqualTo(200);
        assertThat(record.getJsonArray("attempts").getJsonObject(0).getString("outcome"))
                .isEqualTo("budget_ended");
        assertThat(record.getBoolean("cost_assumed")).isTrue();
        var settled = harness.gate.settled.stream().mapToLong(s -> s.cost().nanos()).sum();
        assertThat(settled).isEqualTo(Money.parse(record.getString("cost_usd")).nanos());
        assertThat(settled)
                .isBetween(held().getFirst(), harness.gate.claims.getFirst().most().nanos());
    }

    @Test
    void givesAllBackWhenTheClientLeavesWhileMoreIsHeld() throws IOException {
        start(budget(Mode.HARD, STEPPED));
        try (var socket = asks()) {
            says(socket, 3);
            await().until(() -> harness.gate.claims.size() > 1);
        }
        await().until(() -> harness.gate.settled.size() == harness.gate.claims.size());
        var settled = harness.gate.settled.stream().mapToLong(s -> s.cost().nanos()).sum();
        assertThat(harness.gate.purseNanos).hasValue(Long.MAX_VALUE / 2 - settled);
        assertThat(settled).isPositive();
    }

    private void assertThatTheWholeBoundIsHeld() throws IOException {
        try (var socket = asks()) {
            says(socket, 4);
            open.getFirst().write(Harness.LAST_CHUNKS);
            open.getFirst().end();
            Harness.readUntil(socket.getInputStream(), "[DONE]");
        }
        harness.record(1);
        assertThat(harness.gate.claims).hasSize(1);
        var claim = harness.gate.claims.getFirst();
        assertThat(claim.bound()).isEqualTo(claim.most());
    }

    @Test
    void whatCameInOnePieceBeyondTheHoldIsChargedToo() throws IOException {
        start(budget(Mode.HARD, STEPPED));
        try (var socket = asks()) {
            harness.gate.purseNanos.set(1_000);
            open.getFirst().write(chunk("t".repeat(3_000)));
            Harness.readUntil(socket.getInputStream(), "[DONE]");
        }
        var first = Money.parse(harness.record(1).getString("cost_usd"));
        assertThat(first.nanos()).isGreaterThan(held().getFirst());
        assertThat(harness.gate.settled.stream().mapToLong(s -> s.cost().nanos()).sum())
                .isEqualTo(first.nanos());
    }

    /** The next claim waits for this. */
    private Promise<Admission> waits() {
        var wait = Promise.<Admission>promise();
        harness.gate.waits.add(wait);
        return wait;
    }

    @Test
    void whatIsWrittenWhileMoreIsAskedForIsReadAndCharged() throws IOException {
        start(budget(Mode.HARD, STEPPED));
        try (var socket = asks()) {
            var wait = waits();
            says(socket, 2);
            await().until(() -> harness.gate.claims.size() == 2);
            says(socket, 4);
            assertThat(harness.gate.claims).as("one is asked for at a time").hasSize(2);
            wait.complete(OpenGate.exhausted(Money.ZERO));
            var end = Harness.readUntil(socket.getInputStream(), "[DONE]");
            assertThat(end).contains("\"finish_reason\":\"length\"").doesNotContain("error");
        }
        var cost = Money.parse(harness.record(1).getString("cost_usd"));
        assertThat(cost.nanos()).isGreaterThan(6 * TEXT.length() * 2_000L);
        assertThat(harness.gate.settled.stream().mapToLong(s -> s.cost().nanos()).sum())
                .isEqualTo(cost.nanos());
    }

    @Test
    void moreIsAskedForAgainWhenTooMuchCameMeanwhile() throws IOException {
        start(budget(Mode.HARD, STEPPED));
        try (var socket = asks()) {
            var wait = waits();
            says(socket, 2);
            await().until(() -> harness.gate.claims.size() == 2);
            says(socket, 2);
            wait.complete(new Admission.Reserved(harness.gate.held()));
            await().until(() -> harness.gate.claims.size() == 3);
            says(socket, 1);
        }
    }

    @Test
    void holdsTheWholeBoundBeforeTheProviderWritesUnseen() throws IOException {
        var flood = new Flood();
        behaviour = flood;
        start(budget(Mode.HARD, STEPPED));
        try (var socket = harness.socket(Harness.chat("model-1", true))) {
            Harness.readUntil(socket.getInputStream(), "200 OK");
            flood.awaitStandstill(harness);
            assertThat(held().stream().mapToLong(Long::longValue).sum()).isEqualTo(most());
        }
        await().until(() -> harness.gate.settled.size() == harness.gate.claims.size());
        assertThat(harness.gate.settled.stream().mapToLong(s -> s.cost().nanos()).sum())
                .isBetween(flood.billNanos(), most());
    }

    @Test
    void endsWhatTheClientDoesNotReadWhenThereIsNoMoneyForTheWholeBound() throws IOException {
        behaviour = new Flood();
        start(budget(Mode.HARD, STEPPED));
        harness.gate.purseNanos.set(5_000_000);
        try (var socket = harness.socket(Harness.chat("model-1", true))) {
            await().until(() -> !upstream.closed.isEmpty());
            var in = new BufferedInputStream(socket.getInputStream());
            assertThat(Harness.readUntil(in, "[DONE]"))
                    .contains("\"finish_reason\":\"length\"")
                    .doesNotContain("error");
        }
        var attempt = harness.record(1).getJsonArray("attempts").getJsonObject(0);
        assertThat(attempt.getString("outcome")).isEqualTo("budget_ended");
        assertThat(held().stream().mapToLong(Long::longValue).sum())
                .as("asked for in all")
                .isEqualTo(most());
        assertThat(harness.gate.settled).hasSize(harness.gate.claims.size() - 1);
    }

    @Test
    void whatWasReadToItsEndWhileTheClientLaggedCostsWhatItTellsThoughTheClientLeaves()
            throws IOException {
        start(budget(Mode.HARD, STEPPED));
        endsWhileTheClientLags(Harness.LAST_CHUNKS);
        assertThat(costNanos()).isEqualTo(20_000);
        assertThat(harness.gate.settled).noneMatch(OpenGate.Settled::assumed);
    }

    @Test
    void whatWasReadToAnEarlyEndWhileTheClientLaggedIsChargedWhatWasReadOfIt() throws IOException {
        start(budget(Mode.HARD, STEPPED));
        endsWhileTheClientLags("");
        assertThat(costNanos()).isBetween(1L, most() / 2);
        assertThat(harness.gate.settled).anyMatch(OpenGate.Settled::assumed);
    }

    private long costNanos() {
        return harness.gate.settled.stream().mapToLong(settled -> settled.cost().nanos()).sum();
    }

    /** The proxy has all of it, and has passed on a part, when the client leaves. */
    private void endsWhileTheClientLags(String last) throws IOException {
        try (var socket = asks()) {
            while (harness.gate.claims.size() == 1) {
                Harness.get(open.getFirst().write(PADDING));
                harness.models();
            }
            assertThat(held().stream().mapToLong(Long::longValue).sum())
                    .as("as its client lags")
                    .isEqualTo(most());
            Harness.get(open.getFirst().end(last));
            for (int turn = 0; turn < 10; turn++) {
                harness.models();
            }
            assertThat(harness.gate.settled).as("of what the client may still read").isEmpty();
            assertThat(socket.isConnected()).isTrue();
        }
        await().until(() -> harness.gate.settled.size() == harness.gate.claims.size());
    }

    @Test
    void goesOnWithoutTheWholeBoundWhenTheClientHasCaughtUpMeanwhile() throws IOException {
        start(budget(Mode.HARD, STEPPED));
        try (var socket = asks()) {
            var wait = waits();
            while (harness.gate.claims.size() == 1) {
                Harness.get(open.getFirst().write(PADDING));
                harness.models();
            }
            open.getFirst().write(chunk("again"));
            var in = new BufferedInputStream(socket.getInputStream());
            Harness.readUntil(in, "again");
            harness.models();
            wait.complete(OpenGate.exhausted(Money.ZERO));
            harness.models();
            open.getFirst().end(Harness.LAST_CHUNKS);
            assertThat(Harness.readUntil(in, "[DONE]"))
                    .contains("\"finish_reason\":\"stop\"")
                    .doesNotContain("\"finish_reason\":\"length\"");
        }
        await().until(() -> !harness.gate.settled.isEmpty());
        assertThat(costNanos()).isEqualTo(20_000);
    }

    private long most() {
        return harness.gate.claims.getFirst().most().nanos();
    }

    @Test
    void argumentsOfToolsMayComeAllAtOnceSoTheWholeBoundIsHeld() throws IOException {
        start(budget(Mode.HARD, STEPPED));
        var tools =
                Harness.chat("model-1", true)
                        .replaceFirst(
                                "}$",
                                ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]}");
        try (var socket = harness.socket(tools)) {
            Harness.readUntil(socket.getInputStream(), "Hi");
            var claim = harness.gate.claims.getFirst();
            assertThat(claim.bound()).isEqualTo(claim.most());
        }
    }

    @Test
    void anExtensionIsHeldOfTheBudgetsAsTheyAreByThen() throws IOException {
        start(budget(Mode.SOFT, null));
        try (var socket = asks()) {
            apply(budget(Mode.HARD, STEPPED));
            says(socket, 2);
            await().until(() -> harness.gate.claims.size() == 2);
            var modes =
                    harness.gate.claims.stream()
                            .map(claim -> claim.budgets().getFirst().mode())
                            .toList();
            assertThat(modes).containsExactly(Mode.SOFT, Mode.HARD);
        }
    }

    @Test
    void aHardBudgetHoldsTheWholeBoundUnlessToldOtherwise() throws IOException {
        start(budget(Mode.HARD, null));
        assertThatTheWholeBoundIsHeld();
    }

    @Test
    void aSoftBudgetHoldsInStepsUnlessToldOtherwise() throws IOException {
        start(budget(Mode.SOFT, null));
        try (var socket = asks()) {
            says(socket, 2);
            await().until(() -> harness.gate.claims.size() == 2);
        }
    }

    @Test
    void aSoftBudgetHoldsTheWholeBoundIfItSaysSo() throws IOException {
        start(budget(Mode.SOFT, new Holding(false, true)));
        assertThatTheWholeBoundIsHeld();
    }

    @Test
    void aShadowThatHoldsWholeBoundsLeavesStreamsOfOthersInSteps() throws IOException {
        var whole = new Holding(false, true);
        start(
                budget(Mode.HARD, STEPPED),
                BudgetBuilder.as(budget(Mode.SHADOW, whole), "team-a/trial").build());
        try (var socket = asks()) {
            says(socket, 2);
            await().atMost(Duration.ofSeconds(30)).until(() -> harness.gate.claims.size() == 2);
        }
        var first = harness.gate.claims.getFirst();
        assertThat(first.asHard())
                .as("what it would hold were it Hard")
                .containsExactly(Map.entry("team-a/trial", first.most()));
    }

    @Test
    void aShadowInStepsLeavesStreamsOfOthersWhole() throws IOException {
        start(
                budget(Mode.HARD, null),
                BudgetBuilder.as(budget(Mode.SHADOW, STEPPED), "team-a/trial").build());
        assertThatTheWholeBoundIsHeld();
    }

    @Test
    void aProviderThatBillsOnIsHeldForTheWholeBound() throws IOException {
        stopsOnDisconnect = false;
        start(budget(Mode.HARD, STEPPED));
        assertThatTheWholeBoundIsHeld();
    }

    @Test
    void refusesWhatDoesNotFitWhereTheBudgetDoesNotClamp() {
        start(budget(Mode.HARD, new Holding(false, false)));
        harness.gate.purseNanos.set(1_500_000);
        var refused = harness.chat(Harness.chat("model-1", false));
        assertThat(refused.statusCode()).isEqualTo(429);
        assertThat(refused.headers().firstValue("x-tollgate-max-tokens")).isEmpty();
        assertThat(harness.gate.claims).hasSize(1);
    }
}
