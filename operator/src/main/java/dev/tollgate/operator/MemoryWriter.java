package dev.tollgate.operator;

import dev.tollgate.operator.api.ApiFailure;
import dev.tollgate.operator.compile.Debounce;
import dev.tollgate.operator.compile.Memory;
import dev.tollgate.operator.kube.MemorySecrets;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the newest memory to its Secrets, at most every half second and again until the API server
 * took it; one thread.
 */
final class MemoryWriter implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(MemoryWriter.class);

    private final MemorySecrets secrets;
    private final AtomicReference<@Nullable Memory> newest = new AtomicReference<>();
    private final AtomicLong epoch;
    private final Debounce debounce;

    MemoryWriter(MemorySecrets secrets, long epoch) {
        this.secrets = secrets;
        this.epoch = new AtomicLong(epoch);
        this.debounce =
                new Debounce("memory", Duration.ofMillis(200), Duration.ofMillis(500), this::write);
    }

    void remember(Memory memory) {
        newest.set(memory);
        debounce.dirty();
    }

    void epoch(long claimed) {
        epoch.set(claimed);
    }

    /** Runs something on the same thread. */
    void execute(Runnable action) {
        debounce.execute(action);
    }

    private void write() {
        var memory = newest.get();
        if (memory != null) {
            secrets.store(memory, epoch.get());
            newest.compareAndSet(memory, null);
        }
    }

    /** What is not written yet is written first: the next operator begins with it. */
    @Override
    public void close() {
        debounce.close();
        try {
            write();
        } catch (KubernetesClientException e) {
            LOG.atWarn()
                    .addKeyValue("error", ApiFailure.text(e))
                    .log("the last-known-good snapshot was not written at the end");
        }
    }
}
