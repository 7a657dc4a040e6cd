package dev.tollgate.dataplane.record;

import dev.tollgate.dataplane.telemetry.Metrics;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Writes usage records as lines to stdout or a file, in batches, on one thread of its own: event
 * loops only put them into a queue. A full queue drops the line and counts it; the record itself is
 * in the usage log, which loses nothing.
 */
public final class RecordLines implements AutoCloseable {

    private static final int MAX_QUEUED = 65_536;
    private static final int BATCH_BYTES = 256 * 1024;
    private static final long GATHER_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final int IDLE_LOOKS = 50;

    private final OutputStream out;
    private final boolean owned;
    private final Metrics metrics;
    private final ConcurrentLinkedQueue<byte[]> queue = new ConcurrentLinkedQueue<>();
    private final AtomicInteger queued = new AtomicInteger();
    private final AtomicBoolean asleep = new AtomicBoolean();
    private final Thread writer;
    private volatile boolean closed;

    private RecordLines(OutputStream out, boolean owned, Metrics metrics) {
        this.out = out;
        this.owned = owned;
        this.metrics = metrics;
        this.writer = Thread.ofPlatform().daemon().name("usage-lines").unstarted(this::run);
        writer.start();
    }

    /**
     * @param target {@code stdout}, {@code none} or a file that is appended to
     * @return null for {@code none}
     */
    public static @Nullable RecordLines to(String target, Metrics metrics) throws IOException {
        return switch (target) {
            case "none" -> null;
            case "stdout" ->
                    new RecordLines(new FileOutputStream(FileDescriptor.out), false, metrics);
            default ->
                    new RecordLines(
                            new FileOutputStream(Path.of(target).toFile(), true), true, metrics);
        };
    }

    /** Queues one line. Any thread; never blocks. */
    public void add(byte[] record) {
        if (queued.get() >= MAX_QUEUED) {
            metrics.unrecorded();
            return;
        }
        queued.incrementAndGet();
        queue.add(record);
        if (asleep.get() && asleep.compareAndSet(true, false)) {
            LockSupport.unpark(writer);
        }
    }

    /**
     * While lines come it looks by itself, so that no request pays for waking it; it sleeps when a
     * second has passed without.
     */
    private void run() {
        var batch = new byte[BATCH_BYTES];
        int idle = 0;
        while (true) {
            boolean last = closed;
            idle = drain(batch) ? 0 : idle + 1;
            if (last) {
                return;
            }
            if (idle > IDLE_LOOKS) {
                asleep.set(true);
                if (queue.isEmpty() && !closed) {
                    LockSupport.park(this);
                }
                asleep.set(false);
                idle = 0;
            } else if (!closed) {
                LockSupport.parkNanos(this, GATHER_NANOS);
            }
        }
    }

    /** Whether there was anything. */
    private boolean drain(byte[] batch) {
        int length = 0;
        boolean any = false;
        try {
            for (var line = queue.poll(); line != null; line = queue.poll()) {
                any = true;
                queued.decrementAndGet();
                if (length + line.length + 1 > batch.length) {
                    out.write(batch, 0, length);
                    length = 0;
                }
                if (line.length >= batch.length) {
                    out.write(line);
                    out.write('\n');
                    continue;
                }
                System.arraycopy(line, 0, batch, length, line.length);
                length += line.length;
                batch[length++] = '\n';
            }
            if (length > 0) {
                out.write(batch, 0, length);
            }
            out.flush();
        } catch (IOException e) {
            // a closed pipe: the records are in the usage log
            metrics.unrecorded();
        }
        return any;
    }

    /** Writes what is queued, then ends. Blocks for a second at most. */
    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(writer);
        try {
            writer.join(1_000);
            if (owned) {
                out.close();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            metrics.unrecorded();
        }
    }
}
