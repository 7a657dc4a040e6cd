package dev.tollgate.operator.ledger;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.net.NetClientOptions;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.RedisConnection;
import io.vertx.redis.client.RedisOptions;
import io.vertx.redis.client.RedisStandaloneConnectOptions;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import io.vertx.redis.client.impl.types.ErrorType;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Connections to the Valkey of a ledger: at most {@link #MAX_LINES}, each used by one caller at a
 * time, as waiting for the disk holds one up. All calls block, with a bound. Whatever comes late or
 * fails on a line ends it, so that no answer is taken for that of a later question.
 */
final class ValkeyLines implements AutoCloseable {

    static final int MAX_LINES = 16;
    static final long ANSWER_MILLIS = 2_000;

    /** With {@code appendfsync everysec} the disk has it a second later. */
    static final long DURABLE_MILLIS = 2_000;

    private static final int MAX_WAITING = 16;

    /** The server has said no before it did anything. */
    private static final Set<String> REFUSALS =
            Set.of(
                    "NOAUTH",
                    "NOPERM",
                    "READONLY",
                    "LOADING",
                    "NOREPLICAS",
                    "MISCONF",
                    "OOM",
                    "MASTERDOWN",
                    "CLUSTERDOWN",
                    "MOVED",
                    "BUSY");

    /** Looks at a new connection before it is used. */
    interface Welcome {
        void check(Line line) throws ValkeyFailure;
    }

    private final Vertx vertx;
    private final ValkeyServer server;
    private final Welcome welcome;
    private final Semaphore free = new Semaphore(MAX_LINES);
    private final Deque<Line> idle = new ArrayDeque<>();
    private final Set<Line> all = new HashSet<>();
    private boolean closed;

    ValkeyLines(Vertx vertx, ValkeyServer server, Welcome welcome) {
        this.vertx = vertx;
        this.server = server;
        this.welcome = welcome;
    }

    /** One to be used, and closed, by the caller. Nothing is done if there is none. */
    Line take() throws ValkeyFailure {
        try {
            if (!free.tryAcquire(ANSWER_MILLIS, TimeUnit.MILLISECONDS)) {
                throw ValkeyFailure.nothingDone(server + " is busy");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw ValkeyFailure.nothingDone("interrupted");
        }
        var line = poll();
        if (line != null) {
            return line;
        }
        try {
            return dial();
        } catch (ValkeyFailure e) {
            free.release();
            throw e;
        }
    }

    private synchronized @Nullable Line poll() {
        while (true) {
            var line = idle.pollFirst();
            if (line == null || line.usable()) {
                return line;
            }
            all.remove(line);
            line.end();
        }
    }

    private Line dial() throws ValkeyFailure {
        var client =
                Redis.createStandaloneClient(
                        vertx,
                        new RedisOptions()
                                .setMaxPoolSize(1)
                                .setMaxPoolWaiting(1)
                                .setPoolCleanerInterval(-1)
                                .setNetClientOptions(net()),
                        () -> vertx.executeBlocking(this::options));
        try {
            var line = new Line(client, await(client.connect(), ANSWER_MILLIS));
            welcome.check(line);
            keep(line);
            return line;
        } catch (ValkeyFailure e) {
            client.close();
            throw ValkeyFailure.nothingDone(server + ": " + e.reason());
        }
    }

    private synchronized void keep(Line line) throws ValkeyFailure {
        if (closed) {
            throw ValkeyFailure.nothingDone("closed");
        }
        all.add(line);
    }

    private NetClientOptions net() {
        var net = new NetClientOptions().setConnectTimeout((int) ANSWER_MILLIS).setTcpNoDelay(true);
        if (server.tls()) {
            net.setSsl(true).setHostnameVerificationAlgorithm("HTTPS");
            var authorities = server.authorities();
            if (authorities != null) {
                net.setTrustOptions(new PemTrustOptions().addCertPath(authorities.toString()));
            }
        }
        return net;
    }

    private RedisStandaloneConnectOptions options() throws IOException {
        var options = new RedisStandaloneConnectOptions();
        options.setConnectionString(server.toString());
        options.setMaxWaitingHandlers(MAX_WAITING);
        if (server.user() != null) {
            options.setUser(server.user());
        }
        var secret = server.secret();
        if (secret != null && !secret.isEmpty()) {
            options.setPassword(secret);
        }
        return options;
    }

    private static <T> T await(Future<T> future, long millis) throws ValkeyFailure {
        try {
            return future.toCompletionStage()
                    .toCompletableFuture()
                    .get(millis, TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw failure(e.getCause());
        } catch (TimeoutException e) {
            throw ValkeyFailure.unknown("no answer within " + millis + " ms");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw ValkeyFailure.unknown("interrupted");
        }
    }

    private static ValkeyFailure failure(@Nullable Throwable cause) {
        var text = cause == null || cause.getMessage() == null ? "failed" : cause.getMessage();
        return cause instanceof ErrorType error
                ? ValkeyFailure.error(REFUSALS.stream().anyMatch(error::is), text)
                : ValkeyFailure.unknown(text);
    }

    private synchronized void giveBack(Line line) {
        if (closed || !line.usable()) {
            all.remove(line);
            line.end();
        } else {
            idle.addFirst(line);
        }
        free.release();
    }

    @Override
    public synchronized void close() {
        closed = true;
        all.forEach(Line::end);
        all.clear();
        idle.clear();
    }

    /** One connection, in the hands of one caller. */
    final class Line implements AutoCloseable {

        private final Redis client;
        private final RedisConnection connection;
        private volatile boolean broken;

        private Line(Redis client, RedisConnection connection) {
            this.client = client;
            this.connection = connection;
            connection.exceptionHandler(_ -> broken = true);
            connection.endHandler(_ -> broken = true);
        }

        private boolean usable() {
            return !broken;
        }

        private void end() {
            broken = true;
            client.close();
        }

        Response send(Request request) throws ValkeyFailure {
            return send(request, ANSWER_MILLIS);
        }

        private Response send(Request request, long millis) throws ValkeyFailure {
            try {
                var answer = await(connection.send(request), millis);
                if (answer == null) {
                    throw ValkeyFailure.unknown("no value where one was expected");
                }
                return answer;
            } catch (ValkeyFailure e) {
                broken |= !e.answered();
                throw e;
            }
        }

        /**
         * Returns once all that this connection has written, and whatever the server had written
         * before, is on the server's disk and on that of so many replicas.
         */
        void awaitDurable(int replicas) throws ValkeyFailure {
            Response answer;
            try {
                answer =
                        send(
                                Request.cmd(Command.create("WAITAOF"))
                                        .arg(1)
                                        .arg(replicas)
                                        .arg(DURABLE_MILLIS),
                                DURABLE_MILLIS + ANSWER_MILLIS);
            } catch (ValkeyFailure e) {
                throw ValkeyFailure.unknown("not known to be durable: " + e.reason());
            }
            if (answer.size() != 2
                    || answer.get(0).toLong() < 1
                    || answer.get(1).toLong() < replicas) {
                throw ValkeyFailure.unknown(
                        "after "
                                + DURABLE_MILLIS
                                + " ms on the disks of "
                                + answer
                                + " (expected: [1, "
                                + replicas
                                + "])");
            }
        }

        /** Gives it back. */
        @Override
        public void close() {
            giveBack(this);
        }
    }
}
