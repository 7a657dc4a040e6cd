package dev.tollgate.dataplane.exchange;

import static dev.tollgate.dataplane.exchange.Harness.answers;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.policy.snapshot.ProviderEntry;
import dev.tollgate.policy.snapshot.RuleEntry;
import dev.tollgate.policy.snapshot.SelectionEntry;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The time that a rule gives, where its providers would give 40 s: over real sockets. */
class RuleTimeoutsTest {

    private static final ProviderEntry.Timeouts LONG =
            new ProviderEntry.Timeouts(40_000, 40_000, 40_000, 40_000);
    private static final long LONG_MILLIS = 39_000;

    private final Harness harness = new Harness();

    @AfterEach
    void close() {
        harness.close();
    }

    /** A provider that never answers, then one that does. */
    private void start(
            @Nullable Long perTry, @Nullable Long firstTokenMillis, @Nullable Long requestMillis) {
        var silent = harness.upstream(request -> {});
        var sound =
                harness.upstream(
                        request -> {
                            if (firstTokenMillis == null) {
                                answers(200, Harness.CHAT_ANSWER).handle(request);
                            } else {
                                Harness.streams(Harness.chunk("Hello"), Harness.LAST_CHUNKS)
                                        .handle(request);
                            }
                        });
        var providers =
                List.of(
                        Snapshots.provider("a", "openai-chat", silent.url() + "/v1", LONG, true),
                        Snapshots.provider("b", "openai-chat", sound.url() + "/v1", LONG, true));
        var targets =
                IntStream.range(0, 2)
                        .mapToObj(
                                i ->
                                        new RuleEntry.TargetEntry(
                                                "t" + i,
                                                providers.get(i).key(),
                                                "model-1",
                                                null,
                                                i,
                                                1,
                                                null))
                        .toList();
        var rule =
                new RuleEntry(
                        "default",
                        null,
                        SelectionEntry.WEIGHTED,
                        targets,
                        null,
                        null,
                        List.of(),
                        null,
                        Snapshots.retry(3, perTry),
                        firstTokenMillis,
                        requestMillis);
        harness.apply(
                Snapshots.of(
                        providers,
                        List.of(Snapshots.policy("model-1", rule)),
                        List.of(Snapshots.budget("1000000")),
                        List.of(Harness.clientKey()),
                        List.of()));
        harness.start();
    }

    @Test
    void anAttemptIsLeftAfterItsOwnTimeout() {
        start(3_000L, null, null);
        assertThat(harness.chat(Harness.chat("model-1", false)).statusCode()).isEqualTo(200);
        var record = harness.record(1);
        assertThat(record.getJsonArray("attempts")).hasSize(2);
        assertThat(record.getLong("latency_ms")).isBetween(2_990L, LONG_MILLIS);
    }

    @Test
    void aStreamWithoutAFirstTokenIsLeftAfterTheRulesTimeForIt() {
        start(null, 3_000L, null);
        assertThat(harness.chat(Harness.chat("model-1", true)).body()).contains("Hello");
        var record = harness.record(1);
        assertThat(record.getJsonArray("attempts")).hasSize(2);
        assertThat(record.getLong("latency_ms")).isBetween(2_990L, LONG_MILLIS);
    }

    @Test
    void aRequestIsOverWhenTheRulesTimeForItIs() {
        start(null, null, 3_000L);
        assertThat(harness.chat(Harness.chat("model-1", false)).statusCode()).isEqualTo(504);
        var record = harness.record(1);
        assertThat(record.getJsonArray("attempts")).hasSize(1);
        assertThat(record.getLong("latency_ms")).isBetween(2_990L, LONG_MILLIS);
    }
}
