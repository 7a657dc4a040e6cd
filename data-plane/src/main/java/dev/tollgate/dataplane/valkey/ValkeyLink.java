package dev.tollgate.dataplane.valkey;

import io.vertx.core.Context;
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
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection to a Valkey, opened again whenever it is lost.
 *
 * <pre>
 *   down --dial, PING answered--> up --lost, or no answer for 500 ms--> down
 *    ^                                                                    |
 *    +-------------------------- 0.1 s to 2 s ----------------------------+
 * </pre>
 *
 * While it is down every command fails at once. Each change of state is one line in the log.
 * Commands may come from any thread and end on the link's context.
 */
final class ValkeyLink {

    private static final Logger LOG = LoggerFactory.getLogger(ValkeyLink.class);

    private static final long PING_MILLIS = 250;
    private static final long SILENT_MILLIS = 500;
    private static final int DIAL_MILLIS = 2_000;
    private static final long FIRST_PAUSE_MILLIS = 100;
    private static final long LAST_PAUSE_MILLIS = 2_000;

    /** A connection that is lost earlier was not worth much: the next pause is longer. */
    private static final long STEADY_NANOS = TimeUnit.SECONDS.toNanos(5);

    /** Commands that wait for their answers; more fail at once. */
    private static final int MAX_WAITING = 4_096;

    /** Told on the link's context when it is up again. */
    interface Listener {
        Future<?> connected(Commands commands);
    }

    /** Sends on the connection that has just been opened. */
    interface Commands {
        Future<Response> send(Request request);
    }

    private final Vertx vertx;
    private final ValkeyAddress address;
    private final String use;
    private final Listener listener;
    private final Context context;
    private volatile @Nullable RedisConnection connection;
    private volatile boolean closed;
    // confined to the context
    private @Nullable Redis client;
    private long dials;
    private long pauseMillis = FIRST_PAUSE_MILLIS;
    private long openedNanos;
    private boolean told;

    /**
     * @param use what for, for the log
     */
    ValkeyLink(Vertx vertx, ValkeyAddress address, String use, Listener listener) {
        this.vertx = vertx;
        this.address = address;
        this.use = use;
        this.listener = listener;
        this.context = vertx.getOrCreateContext();
    }

    void start() {
        context.runOnContext(_ -> dial());
        vertx.setPeriodic(PING_MILLIS, timer -> context.runOnContext(_ -> ping(timer)));
    }

    Context context() {
        return context;
    }

    boolean up() {
        return connection != null;
    }

    Future<Response> send(Request request) {
        var open = connection;
        return open == null ? down() : open.send(request);
    }

    Future<List<Response>> batch(List<Request> requests) {
        var open = connection;
        return open == null ? down() : open.batch(requests);
    }

    private static <T> Future<T> down() {
        return Future.failedFuture("Valkey is down");
    }

    private void dial() {
        if (closed) {
            return;
        }
        var dialled =
                Redis.createStandaloneClient(
                        vertx,
                        new RedisOptions()
                                .setMaxPoolSize(1)
                                .setMaxPoolWaiting(1)
                                .setPoolCleanerInterval(-1)
                                .setNetClientOptions(net()),
                        () -> vertx.executeBlocking(this::options));
        client = dialled;
        long dial = ++dials;
        dialled.connect()
                .compose(
                        open ->
                                open.send(Request.cmd(Command.PING))
                                        .compose(_ -> listener.connected(open::send))
                                        .map(open))
                .timeout(DIAL_MILLIS, TimeUnit.MILLISECONDS)
                .onComplete(
                        open -> context.runOnContext(_ -> opened(dial, dialled, open)),
                        failure -> context.runOnContext(_ -> lost(dial, failure)));
    }

    private NetClientOptions net() {
        var net = new NetClientOptions().setConnectTimeout(DIAL_MILLIS).setTcpNoDelay(true);
        if (address.tls()) {
            net.setSsl(true).setHostnameVerificationAlgorithm("HTTPS");
            var authorities = address.authorities();
            if (authorities != null) {
                net.setTrustOptions(new PemTrustOptions().addCertPath(authorities.toString()));
            }
        }
        return net;
    }

    private RedisStandaloneConnectOptions options() throws IOException {
        var options = new RedisStandaloneConnectOptions();
        options.setConnectionString(address.toString());
        options.setMaxWaitingHandlers(MAX_WAITING);
        if (address.user() != null) {
            options.setUser(address.user());
        }
        var secret = address.secret();
        if (secret != null && !secret.isEmpty()) {
            options.setPassword(secret);
        }
        return options;
    }

    private void opened(long dial, Redis dialled, RedisConnection open) {
        if (closed || dials != dial) {
            dialled.close();
            return;
        }
        open.exceptionHandler(cause -> context.runOnContext(_ -> lost(dial, cause)));
        open.endHandler(_ -> context.runOnContext(v -> lost(dial, new IOException("it hung up"))));
        connection = open;
        openedNanos = System.nanoTime();
        told = false;
        LOG.atInfo().addKeyValue("valkey", address).addKeyValue("use", use).log("Valkey answers");
    }

    private void lost(long dial, Throwable cause) {
        var lost = client;
        if (dials != dial || lost == null) {
            return;
        }
        if (connection != null && System.nanoTime() - openedNanos > STEADY_NANOS) {
            pauseMillis = FIRST_PAUSE_MILLIS;
        }
        client = null;
        connection = null;
        lost.close();
        if (closed) {
            return;
        }
        if (!told) {
            told = true;
            LOG.atWarn()
                    .addKeyValue("valkey", address)
                    .addKeyValue("use", use)
                    .addKeyValue("error", reason(cause))
                    .log("Valkey does not answer; going on without it");
        }
        vertx.setTimer(pauseMillis, _ -> context.runOnContext(v -> dial()));
        pauseMillis = Math.min(LAST_PAUSE_MILLIS, pauseMillis * 2);
    }

    private static String reason(Throwable cause) {
        if (cause instanceof TimeoutException) {
            return "no answer in time";
        }
        return cause.getMessage() == null ? cause.toString() : cause.getMessage();
    }

    private void ping(long timer) {
        if (closed) {
            vertx.cancelTimer(timer);
            return;
        }
        var open = connection;
        long dial = dials;
        if (open != null) {
            open.send(Request.cmd(Command.PING))
                    .timeout(SILENT_MILLIS, TimeUnit.MILLISECONDS)
                    .onFailure(cause -> context.runOnContext(_ -> lost(dial, cause)));
        }
    }

    /** Gives it up: an answer made no sense. */
    void reset(Throwable cause) {
        context.runOnContext(
                _ -> {
                    if (connection != null) {
                        lost(dials, cause);
                    }
                });
    }

    void close() {
        closed = true;
        context.runOnContext(
                _ -> {
                    var open = client;
                    client = null;
                    connection = null;
                    if (open != null) {
                        open.close();
                    }
                });
    }
}
