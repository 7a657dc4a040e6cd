package dev.tollgate.dataplane.exchange;

import static dev.tollgate.dataplane.exchange.Harness.answers;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tollgate.policy.snapshot.RuleEntry;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the judge of a canary hears, over real sockets. */
class CanaryCountersTest {

    private final Harness harness = new Harness();
    private final AtomicInteger status = new AtomicInteger(200);

    @AfterEach
    void close() {
        harness.close();
    }

    /** Its only target is the canary. */
    private void start() {
        var upstream =
                harness.upstream(
                        request ->
                                answers(
                                                status.get(),
                                                status.get() == 200
                                                        ? Harness.CHAT_ANSWER
                                                        : "{\"error\":{\"message\":\"no\"}}")
                                        .handle(request));
        var all = List.of(Snapshots.provider("a", "openai-chat", upstream.url() + "/v1"));
        var plain = Snapshots.chain("model-1", Snapshots.retry(1, null), all).rules().getFirst();
        var rule =
                new RuleEntry(
                        plain.name(),
                        null,
                        plain.selection(),
                        plain.targets(),
                        null,
                        new RuleEntry.Canary("t0", 50),
                        List.of(),
                        null,
                        plain.retry(),
                        null,
                        null);
        harness.apply(
                Snapshots.of(
                        all,
                        List.of(Snapshots.policy("model-1", rule)),
                        List.of(Snapshots.budget("1000000")),
                        List.of(Harness.clientKey()),
                        List.of()));
        harness.start();
    }

    private void ask(int provided) {
        int before = harness.records.all.size();
        status.set(provided);
        harness.chat(Harness.chat("model-1", false));
        await().until(() -> harness.records.all.size() == before + 1);
    }

    @Test
    void faultsOfRequestsAreNeitherCallsNorErrorsOfATarget() {
        start();
        ask(200);
        ask(400);
        ask(422);
        ask(500);
        var counted = harness.proxy().canaryCounts().getFirst().figures();
        assertThat(counted.requests()).isEqualTo(2);
        assertThat(counted.errors()).isEqualTo(1);
    }
}
