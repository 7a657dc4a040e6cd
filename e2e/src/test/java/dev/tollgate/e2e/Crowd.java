package dev.tollgate.e2e;

import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;

/**
 * Clients of one team: each request has a number, and the number says all of it: streamed or not,
 * its length, its output limit, by which route, and whether its client leaves in the middle. A
 * client whose proxy takes no connection asks the next one, as behind a Service; it asks again, a
 * little later, if there is none or if the ledger could not be asked; else nothing is said twice.
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
    private static final Duration AGAIN_AFTER = Duration.ofMillis(800);
    private static final int AGAIN_STEPS = 5;
    private static final int TRIES = 200;
    private static final int OUTPUT_MIN = 20;
    private static final int OUTPUTS = 89;
    private static final int LENGTH_MIN = 40;
    private static final int LENGTHS = 97;
    private static final int BYTES_READ_BEFORE_LEAVING = 200;

    private final HttpClient http =
            HttpClient.newBuilder()
                    .version(HttpClient.Version.HTTP_1_1)
                    .connectTimeout(PATIENCE)
                    .executor(Executors.newVirtualThreadPerTaskExecutor())
                    .build();
    private final Fleet fleet;
    private final String key;
    private final Semaphore places;
    private final CountDownLatch closed = new CountDownLatch(1);
    private final AtomicInteger numbers = new AtomicInteger();
    private final Map<End, LongAdder> ends = new ConcurrentHashMap<>();

    /** Requests that got a head of 200. */
    private final Set<String> answered = ConcurrentHashMap.newKeySet();

    private final Map<String, LongAdder> others = new ConcurrentHashMap<>();

    /**
     * @param places requests that are in flight at a time
     */
    Crowd(Fleet fleet, String key, int places) {
        this.fleet = fleet;
        this.key = key;
        this.places = new Semaphore(places);
        for (var end : End.values()) {
            ends.put(end, new LongAdder());
        }
    }

    /** All at once, each once. */
    void ask(int requests) throws Exception {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var asked = new ArrayList<Future<?>>();
            for (int i = 0; i < requests; i++) {
                asked.add(
                        threads.submit(
                                () -> {
                                    end(once(() -> false));
                                    return null;
                                }));
            }
            for (var each : asked) {
                each.get();
            }
        }
    }

    /** So many clients ask, one request after the other, until it is over. */
    void askUntil(int clients, BooleanSupplier over) throws Exception {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var asking = new ArrayList<Future<?>>();
            for (int i = 0; i < clients; i++) {
                asking.add(
                        threads.submit(
                                () -> {
                                    while (!over.getAsBoolean()) {
                                        end(once(over));
                                    }
                                    return null;
                                }));
            }
            for (var each : asking) {
                each.get();
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

    private static String body(int number) {
        var text = "x".repeat(LENGTH_MIN + number % LENGTHS);
        return """
               {"model":"%s","stream":%b,"max_tokens":%d,"messages":[{"role":"user","content":"%s"}]}"""
                .formatted(
                        number % 3 == 0 ? "drained" : "stopped",
                        streams(number),
                        OUTPUT_MIN + number % OUTPUTS,
                        text);
    }

    /**
     * @param enough it is not asked again
     */
    private End once(BooleanSupplier enough) throws InterruptedException {
        int number = numbers.getAndIncrement();
        places.acquire();
        try {
            for (int i = 1; i < TRIES; i++) {
                var end = tried(number, i);
                if (end != End.UNAVAILABLE && end != End.UNREACHED || enough.getAsBoolean()) {
                    return end;
                }
                end(end);
                closed.await(
                        Math.min(i, AGAIN_STEPS) * AGAIN_AFTER.toMillis(), TimeUnit.MILLISECONDS);
            }
            return tried(number, 0);
        } finally {
            places.release();
        }
    }

    private End tried(int number, int turn) throws InterruptedException {
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
                return read(number, http.send(request, HttpResponse.BodyHandlers.ofInputStream()));
            } catch (ConnectException nobody) {
                // the next one
            } catch (IOException cut) {
                return End.CUT;
            }
        }
        return End.UNREACHED;
    }

    private End read(int number, HttpResponse<InputStream> answer) throws IOException {
        try (var in = answer.body()) {
            if (answer.statusCode() == 200) {
                answered.add(answer.headers().firstValue("x-tollgate-request-id").orElseThrow());
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
                            answer.statusCode()
                                    + " "
                                    + text.replaceAll(".*\"code\":\"?([a-z_0-9]*).*", "$1"),
                            any -> new LongAdder())
                    .increment();
            return End.FAILED;
        }
    }

    @Override
    public void close() {
        closed.countDown();
        http.shutdownNow();
    }
}
