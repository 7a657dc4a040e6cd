package dev.tollgate.cli;

import dev.tollgate.dataplane.ProxyServer;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.net.BindException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Waiting on the main thread: for a start, for the end. */
final class Until {

    private static final long START_SECONDS = 60;
    private static final long CLOSE_SECONDS = 620;
    private static final CountDownLatch STOP = new CountDownLatch(1);
    private static final CountDownLatch DONE = new CountDownLatch(1);
    private static volatile int exitCode = ExitCode.OK;

    private Until() {}

    /** The result of a start; a port in use ends the command with exit code 3. */
    static <T> T ready(Future<T> start, int port) {
        return ready(start, port, choose("--port"));
    }

    /**
     * @param hint what to do if the port is in use
     */
    static <T> T ready(Future<T> start, int port, String hint) {
        try {
            return start.toCompletionStage()
                    .toCompletableFuture()
                    .get(START_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            var cause = e.getCause() == null ? e : e.getCause();
            if (cause instanceof ProxyServer.AdminPortInUse admin) {
                throw portInUse(admin.port(), choose("--admin-port"));
            }
            if (cause instanceof BindException) {
                throw portInUse(port, hint);
            }
            throw CommandFailure.failed("the start failed: " + cause.getMessage());
        } catch (TimeoutException e) {
            throw CommandFailure.failed("the start took longer than " + START_SECONDS + " s");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw CommandFailure.failed("interrupted");
        }
    }

    private static String choose(String flag) {
        return "choose another with " + flag + ", or 0 for a free one";
    }

    private static CommandFailure portInUse(int port, String hint) {
        return CommandFailure.missing("port " + port + " is in use: " + hint);
    }

    /** Waits for SIGTERM or Ctrl-C. The caller then closes what it started and returns. */
    static void stopped() {
        Runtime.getRuntime()
                .addShutdownHook(
                        new Thread(
                                () -> {
                                    STOP.countDown();
                                    await(DONE);
                                    // else the exit code would be the signal's
                                    Runtime.getRuntime().halt(exitCode);
                                },
                                "shutdown"));
        await(STOP);
    }

    /** Ends the waiting from within: this process must go. */
    static void stop() {
        STOP.countDown();
    }

    /** Waits for an orderly end, and closes Vert.x. */
    static void closed(Future<?> close, Vertx vertx) {
        try {
            finished(close);
            // not chained: its threads are gone before a chained future could complete on one
            finished(vertx.close());
        } catch (ExecutionException | TimeoutException e) {
            throw CommandFailure.failed("the end was not orderly: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void finished(Future<?> close)
            throws ExecutionException, TimeoutException, InterruptedException {
        close.toCompletionStage().toCompletableFuture().get(CLOSE_SECONDS, TimeUnit.SECONDS);
    }

    /** Ends the process, also when a signal has begun to. */
    static void exit(int code) {
        exitCode = code;
        DONE.countDown();
        System.exit(code);
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
