package dev.tollgate.operator.event;

import dev.tollgate.operator.api.ApiFailure;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.MicroTime;
import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.ObjectReferenceBuilder;
import io.fabric8.kubernetes.api.model.events.v1.Event;
import io.fabric8.kubernetes.api.model.events.v1.EventBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes Events (events.k8s.io/v1) on a thread of its own: whoever has one never waits. At most 20
 * a second, at most 1,000 wait, what is more is dropped; each is tried once. Written, failed and
 * dropped ones are counted.
 */
public final class EventWriter implements AutoCloseable {

    static final int MAX_WAITING = 1_000;

    private static final Duration PAUSE = Duration.ofMillis(50);
    private static final int MAX_NOTE_CHARS = 1_024;
    private static final int MAX_NAME_CHARS = 253;
    private static final int MAX_INSTANCE_CHARS = 128;

    private static final DateTimeFormatter MICROS =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'", Locale.ROOT)
                    .withZone(ZoneOffset.UTC);
    private static final Logger LOG = LoggerFactory.getLogger(EventWriter.class);

    private record Waiting(ObjectReference object, Notice notice, Instant at) {}

    private final KubernetesClient client;
    private final String instance;
    private final Clock clock;
    private final BlockingQueue<Waiting> waiting = new ArrayBlockingQueue<>(MAX_WAITING);
    private final AtomicLong written = new AtomicLong();
    private final AtomicLong failed = new AtomicLong();
    private final AtomicLong dropped = new AtomicLong();
    private final AtomicLong numbers = new AtomicLong();
    private final Thread thread;
    private boolean failing;

    /**
     * @param client which repeats no request
     * @param operator which one this is
     */
    public EventWriter(KubernetesClient client, String operator, Clock clock) {
        this.client = client;
        var name = "tollgate-operator-" + operator;
        this.instance = name.substring(0, Math.min(name.length(), MAX_INSTANCE_CHARS));
        this.clock = clock;
        this.thread = Thread.ofVirtual().name("events").start(this::run);
    }

    /** Tells it soon, or drops it; never waits. */
    public void tell(HasMetadata object, Notice notice) {
        var reference =
                new ObjectReferenceBuilder()
                        .withApiVersion(object.getApiVersion())
                        .withKind(object.getKind())
                        .withNamespace(object.getMetadata().getNamespace())
                        .withName(object.getMetadata().getName())
                        .withUid(object.getMetadata().getUid())
                        .withResourceVersion(object.getMetadata().getResourceVersion())
                        .build();
        if (!waiting.offer(new Waiting(reference, notice, clock.instant()))) {
            dropped.incrementAndGet();
        }
    }

    private void run() {
        try {
            while (true) {
                write(waiting.take());
                Thread.sleep(PAUSE);
            }
        } catch (InterruptedException e) {
            // closed
        }
    }

    private void write(Waiting next) {
        try {
            client.events()
                    .v1()
                    .events()
                    .inNamespace(next.object().getNamespace())
                    .resource(event(next))
                    .create();
            written.incrementAndGet();
            failing = false;
        } catch (RuntimeException e) {
            failed.incrementAndGet();
            if (!failing) {
                failing = true;
                LOG.atWarn()
                        .addKeyValue("error", ApiFailure.text(e))
                        .log("Events cannot be written; they are counted and left out");
            }
        }
    }

    private Event event(Waiting next) {
        var object = next.object();
        var notice = next.notice();
        var suffix =
                "."
                        + Long.toHexString(next.at().toEpochMilli())
                        + Long.toHexString(numbers.incrementAndGet());
        int most = MAX_NAME_CHARS - suffix.length();
        var name = object.getName().substring(0, Math.min(object.getName().length(), most));
        var note = notice.note();
        return new EventBuilder()
                .withNewMetadata()
                .withNamespace(object.getNamespace())
                .withName(name + suffix)
                .endMetadata()
                .withEventTime(new MicroTime(MICROS.format(next.at())))
                .withReportingController("tollgate.dev/operator")
                .withReportingInstance(instance)
                .withAction("Reconcile")
                .withReason(notice.reason().word())
                .withType(notice.reason().warns() ? "Warning" : "Normal")
                .withRegarding(object)
                .withNote(note.substring(0, Math.min(note.length(), MAX_NOTE_CHARS)))
                .build();
    }

    public long written() {
        return written.get();
    }

    public long failed() {
        return failed.get();
    }

    public long dropped() {
        return dropped.get();
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
