package dev.tollgate.e2e;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * The same small request at each proxy, so many times a second, whatever becomes of it: what is
 * late is made up for. Each is said once, over connections that are kept.
 */
final class SteadyLoad implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final int TICK_MILLIS = 10;

    /** Requests that are in flight at a time. */
    private static final int PLACES = 256;

    private final HttpClient http =
            HttpClient.newBuilder()
                    .version(HttpClient.Version.HTTP_1_1)
                    .connectTimeout(PATIENCE)
                    .executor(Executors.newVirtualThreadPerTaskExecutor())
                    .build();
    private final ScheduledExecutorService pacer = Executors.newSingleThreadScheduledExecutor();
    private final Semaphore places = new Semaphore(PLACES);
    private final LongAdder served = new LongAdder();
    private final Map<String, LongAdder> others = new ConcurrentHashMap<>();
    private final List<HttpRequest> requests;
    private final int perSecond;
    private final long roundsMax;
    private final long begin = System.nanoTime();

    // the pacer's alone
    private long rounds;

    /**
     * @param addresses of the proxies
     * @param perSecond at each of them
     * @param most requests in all; then it is over
     */
    SteadyLoad(List<URI> addresses, String key, String body, int perSecond, int most) {
        this.requests =
                addresses.stream()
                        .map(
                                address ->
                                        HttpRequest.newBuilder(address)
                                                .timeout(PATIENCE)
                                                .header("authorization", "Bearer " + key)
                                                .header("content-type", "application/json")
                                                .POST(HttpRequest.BodyPublishers.ofString(body))
                                                .build())
                        .toList();
        this.perSecond = perSecond;
        this.roundsMax = most / addresses.size();
        pacer.scheduleAtFixedRate(this::tick, 0, TICK_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void tick() {
        long due = Math.min(roundsMax, (System.nanoTime() - begin) / 1_000 * perSecond / 1_000_000);
        while (rounds < due && places.tryAcquire(requests.size())) {
            rounds++;
            for (var request : requests) {
                http.sendAsync(request, HttpResponse.BodyHandlers.ofString())
                        .whenComplete(this::ended);
            }
        }
    }

    private void ended(@Nullable HttpResponse<String> answer, @Nullable Throwable failure) {
        places.release();
        if (answer != null && answer.statusCode() == 200 && answer.body().contains("usage")) {
            served.increment();
            return;
        }
        var how = answer == null ? String.valueOf(failure) : answer.statusCode() + answer.body();
        others.computeIfAbsent(how, any -> new LongAdder()).increment();
    }

    /** Requests that were answered, whole. */
    long served() {
        return served.sum();
    }

    /** How all others ended, and how many of each. */
    Map<String, LongAdder> others() {
        return Map.copyOf(others);
    }

    /**
     * What ended until now was not yet the steady state: slices are small before a pace is known.
     */
    void forgetOthers() {
        others.clear();
    }

    /** Asks no more, and waits for the answers. */
    void finish() throws InterruptedException {
        pacer.shutdown();
        if (!pacer.awaitTermination(1, TimeUnit.MINUTES)
                || !places.tryAcquire(PLACES, 1, TimeUnit.MINUTES)) {
            throw new AssertionError(
                    "answers that are late: " + (PLACES - places.availablePermits()));
        }
    }

    @Override
    public void close() {
        pacer.shutdownNow();
        http.shutdownNow();
    }
}
