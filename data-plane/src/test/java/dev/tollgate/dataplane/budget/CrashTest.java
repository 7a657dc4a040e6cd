package dev.tollgate.dataplane.budget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tollgate.dataplane.wal.Wal;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A process that spends is killed again and again (budgets.md: F1, F2, I2, I4, I8). The referee is
 * the provider: it bills from the moment on in which a reservation allowed the call.
 */
class CrashTest {

    private static final int KILLS = 8;
    private static final long NANOS_PER_MICRO = 1_000;

    @TempDir Path directory;

    private final Map<String, Long> billed = new HashMap<>();
    private final Map<String, Long> settled = new HashMap<>();
    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);
    private boolean ended;

    private static long sum(Map<String, Long> nanos) {
        return nanos.values().stream().mapToLong(Long::longValue).sum();
    }

    /** Reads what the process tells until it is over. */
    private void hear(Process process, int killAfterLines) throws IOException {
        var lines = 0;
        try (var out =
                new BufferedReader(
                        new InputStreamReader(
                                process.getInputStream(), StandardCharsets.US_ASCII))) {
            for (var line = out.readLine(); line != null; line = out.readLine()) {
                if (lines++ == killAfterLines) {
                    process.toHandle().destroyForcibly();
                }
                var words = line.split(" ");
                switch (words[0]) {
                    case "bill" -> billed.put(words[1], Long.parseLong(words[2]));
                    case "settled" -> settled.put(words[1], Long.parseLong(words[2]));
                    case "end" -> ended = true;
                    default -> assertThat(words[0]).isIn("start", "open", "refused");
                }
            }
        }
    }

    private void run(long limitMicros, int killAfterLines) throws Exception {
        var process =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-XX:+UseSerialGC",
                                "-XX:TieredStopAtLevel=1",
                                "--enable-native-access=ALL-UNNAMED",
                                "-cp",
                                System.getProperty("java.class.path"),
                                SpendingProcess.class.getName(),
                                directory.toString(),
                                Long.toString(limitMicros),
                                Long.toString(random.nextInt(1_000_000_000)))
                        .redirectError(ProcessBuilder.Redirect.DISCARD)
                        .start();
        try {
            hear(process, killAfterLines);
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        } finally {
            process.destroyForcibly();
        }
    }

    /** All holders closed their leases: what the account says is final. */
    private long settledMicros(long limitMicros) throws IOException {
        try (var books = Books.open(directory, limitMicros)) {
            assertThat(books.logs())
                    .allSatisfy(log -> assertThat(log.recovered().damage()).isNull());
            await().untilAsserted(
                            () ->
                                    assertThat(books.service().accounts().getFirst().leases())
                                            .isEmpty());
            var account = books.service().accounts().getFirst();
            assertThat(account.overrunMicros()).isZero();
            return account.settledMicros();
        }
    }

    @Test
    void aKillNeverLosesASettledNanoDollarNorLetsTheBudgetBeExceeded() throws Exception {
        var limitMicros = 30_000_000L;
        for (var kill = 1; kill <= KILLS; kill++) {
            // in turn: in the middle of the traffic, then of the replay of that, then twice traffic
            run(limitMicros, kill % 4 == 2 ? random.nextInt(2) : 2 + random.nextInt(1_500));
            assertThat(ended).as("killed, seed %d", seed).isFalse();
            if (kill % 2 == 1) {
                continue; // the next process finds what this one left
            }
            var inFlight = (long) kill * SpendingProcess.THREADS * SpendingProcess.BOUND.nanos();
            var rounding = 2L * kill * NANOS_PER_MICRO;
            assertThat(settledMicros(limitMicros) * NANOS_PER_MICRO)
                    .as("kill %d, seed %d", kill, seed)
                    .isGreaterThanOrEqualTo(sum(billed))
                    .isGreaterThanOrEqualTo(sum(settled))
                    .isLessThanOrEqualTo(sum(settled) + inFlight + rounding)
                    .isLessThanOrEqualTo(limitMicros * NANOS_PER_MICRO);
        }
        run(limitMicros, Integer.MAX_VALUE);
        assertThat(ended).as("orderly end, seed %d", seed).isTrue();
        var all = settledMicros(limitMicros) * NANOS_PER_MICRO;
        assertThat(sum(billed)).as("seed %d", seed).isLessThanOrEqualTo(all);
        assertThat(all)
                .as("used to the last request, seed %d", seed)
                .isBetween(
                        limitMicros * NANOS_PER_MICRO - 2 * SpendingProcess.BOUND.nanos(),
                        limitMicros * NANOS_PER_MICRO);
        assertEveryBilledCallHasOneRecord();
    }

    /** I9: also of those that were open at a kill, which are charged their bound. */
    private void assertEveryBilledCallHasOneRecord() throws IOException {
        var recorded = new HashMap<String, Long>();
        for (var log : List.of("one", "two")) {
            Wal.readUsage(
                    directory.resolve(log),
                    bytes -> {
                        var words = new String(bytes, StandardCharsets.US_ASCII).split(" ");
                        var twice = recorded.put(words[0], Long.parseLong(words[1]));
                        assertThat(twice)
                                .as("second record of %s, seed %d", words[0], seed)
                                .isNull();
                    });
        }
        assertThat(recorded.keySet()).as("seed %d", seed).containsAll(billed.keySet());
        billed.forEach(
                (id, nanos) ->
                        assertThat(recorded.get(id))
                                .as("%s, seed %d", id, seed)
                                .isIn(
                                        nanos,
                                        settled.containsKey(id)
                                                ? nanos
                                                : SpendingProcess.BOUND.nanos()));
        // what a process had reserved, but not told, when it was killed
        assertThat(recorded.size() - billed.size())
                .as("seed %d", seed)
                .isLessThanOrEqualTo(KILLS * SpendingProcess.THREADS);
    }
}
