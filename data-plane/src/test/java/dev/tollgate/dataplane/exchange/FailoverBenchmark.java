package dev.tollgate.dataplane.exchange;

import static dev.tollgate.dataplane.exchange.Harness.answers;

import dev.tollgate.policy.snapshot.PolicyEntry;
import dev.tollgate.policy.snapshot.ProviderEntry;
import dev.tollgate.policy.snapshot.RuleEntry;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Arrays;
import java.util.List;

/**
 * What failover adds for a client, over real sockets in one process: the median of requests whose
 * first target fails at once with 500, less the median of those whose first target answers, less
 * the median of the failed call itself, asked without a gateway. Another target is asked at once,
 * so there is no pause to subtract. Asked slowly: a proxy that retries more than ten times a second
 * of few requests stops doing so.
 */
public final class FailoverBenchmark {

    private static final int WARM_UP = 200;
    private static final int ROUNDS = 300;
    private static final long PAUSE_MILLIS = 110;
    private static final ProviderEntry.Breaker NEVER_OPENS =
            new ProviderEntry.Breaker(100_000, 1_000, 1_000, 1);

    private FailoverBenchmark() {}

    /** Prints one line. */
    public static void main(String[] arguments) throws Exception {
        try (var harness = new Harness()) {
            var failing = harness.upstream(answers(500, "{\"error\":{\"message\":\"no\"}}"));
            var sound = harness.upstream(answers(200, Harness.CHAT_ANSWER));
            var a = provider("a", failing);
            var b = provider("b", sound);
            harness.apply(
                    Snapshots.of(
                            List.of(a, b),
                            List.of(
                                    named(
                                            "failover",
                                            Snapshots.chain("over", retry(), List.of(a, b))),
                                    named(
                                            "direct",
                                            Snapshots.chain("direct", retry(), List.of(b)))),
                            List.of(Snapshots.budget("1000000000")),
                            List.of(Harness.clientKey()),
                            List.of()));
            harness.start();
            for (int i = 0; i < WARM_UP; i++) {
                nanos(() -> harness.chat(Harness.chat("direct", false)).statusCode(), 200);
            }
            var direct = new long[ROUNDS];
            var over = new long[ROUNDS];
            var alone = new long[ROUNDS];
            try (var client = HttpClient.newHttpClient()) {
                var call =
                        HttpRequest.newBuilder(URI.create(failing.url() + "/v1/chat/completions"))
                                .POST(
                                        HttpRequest.BodyPublishers.ofString(
                                                Harness.chat("model-1", false)))
                                .build();
                Asking answered = () -> harness.chat(Harness.chat("direct", false)).statusCode();
                Asking failed = () -> harness.chat(Harness.chat("over", false)).statusCode();
                Asking refused =
                        () -> client.send(call, HttpResponse.BodyHandlers.ofString()).statusCode();
                for (int i = 0; i < ROUNDS; i++) {
                    Thread.sleep(PAUSE_MILLIS);
                    // who sleeps wakes slowly: what comes first after the pause is not counted
                    nanos(refused, 500);
                    nanos(answered, 200);
                    if (i % 2 == 0) {
                        direct[i] = nanos(answered, 200);
                        over[i] = nanos(failed, 200);
                    } else {
                        over[i] = nanos(failed, 200);
                        direct[i] = nanos(answered, 200);
                    }
                    alone[i] = nanos(refused, 500);
                }
            }
            System.out.printf(
                    "first target answers: %.2f ms; it fails: %.2f ms; the failed call alone: %.2f"
                            + " ms; failover adds %.2f ms (medians of %d)%n",
                    median(direct),
                    median(over),
                    median(alone),
                    median(over) - median(direct) - median(alone),
                    ROUNDS);
        }
    }

    private static ProviderEntry provider(String name, Harness.Upstream upstream) {
        return Snapshots.broken(
                Snapshots.provider(name, "openai-chat", upstream.url() + "/v1"), NEVER_OPENS);
    }

    private static RuleEntry.Retry retry() {
        return Snapshots.retry(3, null);
    }

    private static PolicyEntry named(String name, PolicyEntry policy) {
        return new PolicyEntry(
                "team-a/" + name,
                policy.models(),
                policy.visibleTo(),
                policy.override(),
                true,
                null,
                null,
                null,
                34,
                67,
                policy.rules());
    }

    private interface Asking {
        int status() throws Exception;
    }

    private static long nanos(Asking asking, int expected) throws Exception {
        long begin = System.nanoTime();
        int status = asking.status();
        long took = System.nanoTime() - begin;
        if (status != expected) {
            throw new IllegalStateException("status: " + status + " (expected: " + expected + ")");
        }
        return took;
    }

    private static double median(long[] nanos) {
        var sorted = nanos.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2] / 1e6;
    }
}
