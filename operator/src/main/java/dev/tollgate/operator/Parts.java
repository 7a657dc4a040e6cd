package dev.tollgate.operator;

import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What was started, to be closed in the reverse order, each whatever becomes of the others. */
final class Parts implements AutoCloseable {

    private static final long START_SECONDS = 30;

    private static final Logger LOG = LoggerFactory.getLogger(Parts.class);

    private final List<AutoCloseable> parts = new ArrayList<>();
    private boolean closed;

    synchronized <T extends AutoCloseable> T closing(T part) {
        parts.add(part);
        return part;
    }

    @Override
    public void close() {
        List<AutoCloseable> open;
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            open = parts.reversed();
        }
        for (var part : open) {
            try {
                part.close();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (Exception e) {
                LOG.atWarn().setCause(e).log("a part did not close");
            }
        }
    }

    /** The result of a start. */
    static <T> T await(Future<T> future, String what) throws StartRefusal {
        try {
            return future.toCompletionStage()
                    .toCompletableFuture()
                    .get(START_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new StartRefusal(StartRefusal.MISSING, what + " cannot be had: " + rootOf(e));
        } catch (TimeoutException e) {
            throw new StartRefusal(StartRefusal.MISSING, what + " was not ready in time");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StartRefusal(StartRefusal.MISSING, "interrupted");
        }
    }

    private static String rootOf(ExecutionException e) {
        var cause = e.getCause();
        return String.valueOf(cause == null ? e.getMessage() : cause.getMessage());
    }

    /** Waits for an end. */
    static void within(Future<Void> end, Duration limit) throws Exception {
        end.toCompletionStage().toCompletableFuture().get(limit.toMillis(), TimeUnit.MILLISECONDS);
    }
}
