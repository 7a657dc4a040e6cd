package dev.tollgate.e2e;

import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.HttpURLConnection;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Clients of one team: each request has a number, and the number says all of it: streamed or not,
 * its length, its output limit, by which route, and whether its client leaves in the middle. A
 * client whose proxy takes no connection asks the next one, as behind a Service; it asks again, a
 * little later, if there is none or if the ledger could not be asked; else nothing is said twice.
 * Requests may be gathered, so that they are open at the same time. Nobody asks once it is closed.
 */
final class Crowd implements AutoCloseable {

    /** How a request ended, as its client saw it. */
    enum End {
        /** Answered, whole. */
        SERVED,
        /** The connection ended first, or nothing came in time. */
        CUT,
        /** The client left, as it meant to. */
        LEFT,
        EXHAUSTED,
        RESERVED,
        /** The ledger could not be asked. */
        UNAVAILABLE,
        /** Another answer. */
        FAILED,
        /** No proxy took the connection. */
        UNREACHED
    }

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    /** Of one that waits for all others, and then for its turn among them. */
    private static final Duration GATHERED_PATIENCE = Duration.ofSeconds(60);

    /** A proxy gives a new connection ten seconds for the head of its first request. */
    private static final long HEAD_MILLIS = 8_000;

    private static final int TOO_SLOW = HttpURLConnection.HTTP_CLIENT_TIMEOUT;
    private static final String REQUEST_ID = "x-tollgate-request-id";
    private static final Duration AGAIN_AFTER = Duration.ofMillis(800);
    private static final int AGAIN_STEPS = 5;
    private static final int OUTPUT_MIN = 20;
    private static final int OUTPUTS = 89;
    private static final int LENGTH_MIN = 40;
    private static final int LENGTHS = 97;
    private static final int BYTES_READ_BEFORE_LEAVING = 200;

    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final HttpClient http =
            HttpClient.newBuilder()
                    .version(HttpClient.Version.HTTP_1_1)
                    .connectTimeout(PATIENCE)
                    .executor(threads)
                    .build();
    private final Fleet fleet;
    private final String key;
    private final CountDownLatch closed = new CountDownLatch(1);
    private final AtomicInteger numbers = new AtomicInteger();

    /** Where those wait that are gathered. */
    private final CompletableFuture<Void> gate = new CompletableFuture<>();

    private volatile int output = OUTPUT_MIN;
    private final Map<End, LongAdder> ends = new ConcurrentHashMap<>();

    /** Requests that got a head of 200. */
    private final Set<String> answered = ConcurrentHashMap.newKeySet();

    private final Map<String, LongAdder> others = new ConcurrentHashMap<>();

    Crowd(Fleet fleet, String key) {
        this.fleet = fleet;
        this.key = key;
        for (var end : End.values()) {
            ends.put(end, new LongAdder());
        }
    }

    /**
     * Each once, and all at the same time: first they connect, then they ask, and the last bytes of
     * their bodies wait for {@link #go}.
     */
    void gather(int requests) throws Exception {
        var connecting = new CountDownLatch(requests);
        together(requests, () -> end(gathered(numbers.getAndIncrement(), connecting)));
    }

    /** All last bytes. */
    void go() {
        gate.complete(null);
    }

    /** From now on no answer is shorter than so many tokens. */
    void askForMore(int tokens) {
        output = tokens;
    }

    /** How many requests have begun, again or not. */
    int asked() {
        return numbers.get();
    }

    /** So many clients ask, one request after the other, until it is over. */
    void askUntil(int clients, BooleanSupplier over) throws Exception {
        together(
                clients,
                () -> {
                    while (!over.getAsBoolean()) {
                        end(once(numbers.getAndIncrement(), over));
                    }
                });
    }

    private interface Client {
        void ask() throws InterruptedException;
    }

    private static void together(int clients, Client client) throws Exception {
        Callable<@Nullable Void> each =
                () -> {
                    client.ask();
                    return null;
                };
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (var asked : threads.invokeAll(Collections.nCopies(clients, each))) {
                asked.get();
            }
        }
    }

    private void end(End end) {
        ends.get(end).increment();
    }

    long count(End end) {
        return ends.get(end).sum();
    }

    /** The ids of requests that got a head of 200. */
    Set<String> answered() {
        return Set.copyOf(answered);
    }

    /** One line for a log. */
    String told() {
        return ends + (others.isEmpty() ? "" : " " + others);
    }

    static boolean leaves(int number) {
        return number % 10 == 4;
    }

    private static boolean streams(int number) {
        return number % 2 == 0;
    }

    private String body(int number) {
        var text = "x".repeat(LENGTH_MIN + number % LENGTHS);
        return """
               {"model":"%s","stream":%b,"max_tokens":%d,"messages":[{"role":"user","content":"%s"}]}"""
                .formatted(
                        number % 3 == 0 ? "drained" : "stopped",
                        streams(number),
                        output + number % OUTPUTS,
                        text);
    }

    /**
     * @param connecting how many are not connected yet
     */
    private End gathered(int number, CountDownLatch connecting) throws InterruptedException {
        var body = body(number).getBytes(StandardCharsets.UTF_8);
        boolean waited = false;
        while (!gate.isDone()) {
            try (var request = connected(number)) {
                if (!waited) {
                    waited = true;
                    connecting.countDown();
                    connecting.await(HEAD_MILLIS, TimeUnit.MILLISECONDS);
                }
                request.begin(key, body);
                gate.thenRunAsync(() -> request.end(body[body.length - 1]), threads);
                var answer = request.answer();
                if (gate.isDone() && answer.status() != TOO_SLOW) {
                    var id = answer.headers().getOrDefault(REQUEST_ID, "");
                    var end = read(number, answer.status(), id, answer.body());
                    if (end != End.UNAVAILABLE) {
                        return end;
                    }
                    end(end);
                }
            } catch (IOException cut) {
                if (gate.isDone()) {
                    return End.CUT;
                }
                closed.await(AGAIN_AFTER.toMillis(), TimeUnit.MILLISECONDS);
            }
        }
        return once(number, () -> false);
    }

    /** With the first proxy that takes the connection. */
    private HeldRequest connected(int number) throws IOException {
        var addresses = fleet.addresses();
        for (int i = 0; i < addresses.size(); i++) {
            try {
                var address = addresses.get((number + i) % addresses.size());
                return new HeldRequest(address, GATHERED_PATIENCE);
            } catch (ConnectException nobody) {
                // the next one
            }
        }
        throw new ConnectException("no proxy");
    }

    /**
     * @param enough it is not asked again
     */
    private End once(int number, BooleanSupplier enough) throws InterruptedException {
        for (int i = 1; ; i++) {
            var end = tried(number, i);
            if (end != End.UNAVAILABLE && end != End.UNREACHED || enough.getAsBoolean()) {
                return end;
            }
            end(end);
            closed.await(Math.min(i, AGAIN_STEPS) * AGAIN_AFTER.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    private End tried(int number, int turn) throws InterruptedException {
        if (closed.getCount() == 0) {
            throw new CancellationException("nobody asks any more");
        }
        var addresses = fleet.addresses();
        for (int i = 0; i < addresses.size(); i++) {
            var request =
                    HttpRequest.newBuilder(addresses.get((number + turn + i) % addresses.size()))
                            .timeout(PATIENCE)
                            .header("authorization", "Bearer " + key)
                            .header("content-type", "application/json")
                            .POST(HttpRequest.BodyPublishers.ofString(body(number)))
                            .build();
            try {
                var answer = http.send(request, HttpResponse.BodyHandlers.ofInputStream());
                var id = answer.headers().firstValue(REQUEST_ID).orElse("");
                return read(number, answer.statusCode(), id, answer.body());
            } catch (ConnectException nobody) {
                // the next one
            } catch (IOException cut) {
                return End.CUT;
            }
        }
        return End.UNREACHED;
    }

    private End read(int number, int status, String id, InputStream body) throws IOException {
        try (var in = body) {
            if (status == HttpURLConnection.HTTP_OK) {
                answered.add(id);
                if (streams(number) && leaves(number)) {
                    in.readNBytes(BYTES_READ_BEFORE_LEAVING);
                    return End.LEFT;
                }
                var text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
                var whole = !streams(number) || text.contains("[DONE]");
                return whole ? End.SERVED : End.CUT;
            }
            var text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            if (text.contains("budget_exhausted")) {
                return End.EXHAUSTED;
            }
            if (text.contains("budget_reserved")) {
                return End.RESERVED;
            }
            if (text.contains("budget_ledger")) {
                return End.UNAVAILABLE;
            }
            others.computeIfAbsent(
                            status + " " + text.replaceAll(".*\"code\":\"?([a-z_0-9]*).*", "$1"),
                            any -> new LongAdder())
                    .increment();
            return End.FAILED;
        }
    }

    @Override
    public void close() {
        closed.countDown();
        go();
        threads.shutdownNow();
        http.shutdownNow();
    }
}
