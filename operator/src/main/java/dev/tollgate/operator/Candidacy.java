package dev.tollgate.operator;

import dev.tollgate.operator.api.ApiFailure;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseSpec;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lease {@code tollgate-operator} of the platform namespace: which of several operators leads while
 * the others wait. It brings order and not safety, which is the epoch's ({@link Leadership}): no
 * clock of another machine is believed, and a leader that cannot renew goes on until it sees that
 * another one holds the Lease.
 *
 * <pre>
 *   waiting --free, or unchanged for 12 s--> holding --held by another--> displaced
 *                                            |     ^
 *                            12 s unrenewed  v     |  renewed
 *                                           in doubt
 * </pre>
 */
final class Candidacy implements AutoCloseable {

    static final String NAME = "tollgate-operator";

    /** A Lease that nobody has renewed for so long is free. */
    static final Duration DURATION = Duration.ofSeconds(12);

    private static final Duration EACH = Duration.ofSeconds(2);

    /** Longer between two looks is an outage. */
    private static final Duration BLIND = EACH.multipliedBy(3);

    private static final Duration CLOSED_WITHIN = Duration.ofSeconds(5);
    private static final int CONFLICT = 409;
    private static final int FORBIDDEN = 403;

    private static final Logger LOG = LoggerFactory.getLogger(Candidacy.class);

    private final KubernetesClient client;
    private final String namespace;
    private final String identity;
    private final Clock clock;
    private final Runnable displaced;
    private final CountDownLatch decided = new CountDownLatch(1);
    private final Thread thread;

    // of the thread
    private String seen = "";
    private long seenNanos;
    private long lookedNanos;
    private boolean failing;

    private volatile boolean held;
    private volatile long renewedNanos;
    private volatile String holder = "";
    private volatile int transitions;
    private volatile @Nullable String refusal;
    private volatile boolean closed;

    /**
     * Begins to try.
     *
     * @param client which repeats no request
     * @param displaced told once, on a thread of its own, when another operator leads
     */
    Candidacy(
            KubernetesClient client,
            String namespace,
            String identity,
            Clock clock,
            Runnable displaced) {
        this.client = client;
        this.namespace = namespace;
        this.identity = identity;
        this.clock = clock;
        this.displaced = displaced;
        this.thread = Thread.ofPlatform().name("lease").daemon().start(this::run);
    }

    /**
     * Name of a candidate: of the host, which in a cluster is the pod, and of the data directory. A
     * process that is started again in its place has the same one and need not wait.
     */
    static String identity(@Nullable Path dataDir) {
        var host = System.getenv("HOSTNAME");
        if (host == null || host.isBlank()) {
            try {
                host = InetAddress.getLocalHost().getHostName();
            } catch (UnknownHostException e) {
                host = "unnamed";
            }
        }
        return host + ":" + (dataDir == null ? UUID.randomUUID() : dataDir.toAbsolutePath());
    }

    /**
     * Waits until this operator holds the Lease, or is withdrawn.
     *
     * @throws StartRefusal if it may not write the Lease
     */
    void await() throws StartRefusal {
        try {
            decided.await();
            if (refusal != null) {
                throw new StartRefusal(StartRefusal.MISSING, refusal);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StartRefusal(StartRefusal.MISSING, "interrupted");
        }
    }

    /** The Lease is held and could not be renewed in time: another operator may lead by now. */
    boolean doubted() {
        return held && System.nanoTime() - renewedNanos > DURATION.toNanos();
    }

    /** Who holds the Lease, as last seen; empty: nobody, or not known yet. */
    String holder() {
        return holder;
    }

    /** How often the Lease has changed hands. */
    int transitions() {
        return transitions;
    }

    private void run() {
        try {
            while (!closed) {
                attempt();
                Thread.sleep(EACH);
            }
        } catch (InterruptedException e) {
            // closed
        }
    }

    private void attempt() {
        try {
            boolean before = held;
            if (hold()) {
                renewedNanos = System.nanoTime();
                held = true;
                decided.countDown();
            } else if (before && !closed) {
                closed = true;
                held = false;
                LOG.atError().addKeyValue("leader", holder).log("another operator leads");
                Thread.ofPlatform().name("displaced").start(displaced);
            }
            failing = false;
        } catch (KubernetesClientException e) {
            if (e.getCode() == CONFLICT) {
                return; // another one was quicker, which the next look shows
            }
            if (e.getCode() == FORBIDDEN && !held) {
                refusal = "the Lease " + NAME + " cannot be had: " + ApiFailure.text(e);
                withdraw();
                return;
            }
            if (!failing) {
                LOG.atWarn()
                        .addKeyValue("error", ApiFailure.text(e))
                        .log("the Lease of the operators cannot be had; tried again");
            }
            failing = true;
        } catch (RuntimeException e) {
            LOG.atError().setCause(e).log("the Lease of the operators was not understood");
        }
    }

    /** Takes or renews it; false: another one holds it. */
    private boolean hold() {
        var leases = client.leases().inNamespace(namespace);
        var found = leases.withName(NAME).get();
        if (found == null) {
            leases.resource(lease(new LeaseBuilder(), null, 0)).create();
            holder = identity;
            return true;
        }
        var spec = found.getSpec() == null ? new LeaseSpec() : found.getSpec();
        var who = spec.getHolderIdentity();
        holder = who == null ? "" : who;
        transitions = spec.getLeaseTransitions() == null ? 0 : spec.getLeaseTransitions();
        if (holder.equals(identity)) {
            leases.resource(lease(new LeaseBuilder(found), spec.getAcquireTime(), transitions))
                    .update();
            return true;
        }
        if (!holder.isEmpty() && !expired(found)) {
            return false;
        }
        leases.resource(lease(new LeaseBuilder(found), null, transitions + 1)).update();
        transitions++;
        holder = identity;
        LOG.atInfo().addKeyValue("before", who).log("this operator leads");
        return true;
    }

    /**
     * Whether it was not written to for its duration, by this machine's own clock. Time in which it
     * could not be looked at does not count: its holder could not write it either.
     */
    private boolean expired(Lease lease) {
        var now = System.nanoTime();
        boolean blind = now - lookedNanos > BLIND.toNanos();
        lookedNanos = now;
        var version = String.valueOf(lease.getMetadata().getResourceVersion());
        if (!version.equals(seen)) {
            if (seen.isEmpty()) {
                LOG.atInfo().addKeyValue("leader", holder).log("standing by");
            }
            seen = version;
            seenNanos = now;
        }
        if (blind) {
            seenNanos = now;
        }
        return now - seenNanos > DURATION.toNanos();
    }

    private Lease lease(LeaseBuilder from, @Nullable ZonedDateTime acquired, int changes) {
        var now = ZonedDateTime.ofInstant(clock.instant(), ZoneOffset.UTC);
        return from.editOrNewMetadata()
                .withName(NAME)
                .withNamespace(namespace)
                .addToLabels("app.kubernetes.io/part-of", "tollgate")
                .endMetadata()
                .withNewSpec()
                .withHolderIdentity(identity)
                .withLeaseDurationSeconds((int) DURATION.toSeconds())
                .withAcquireTime(acquired == null ? now : acquired)
                .withRenewTime(now)
                .withLeaseTransitions(changes)
                .endSpec()
                .build();
    }

    /** Tries no more; who waits goes on. */
    void withdraw() {
        closed = true;
        decided.countDown();
        thread.interrupt();
    }

    /** Ends, and gives the Lease back, so that the next one need not wait. */
    @Override
    public void close() throws InterruptedException {
        withdraw();
        thread.join(CLOSED_WITHIN);
        if (held) {
            release();
        }
    }

    private void release() {
        var leases = client.leases().inNamespace(namespace);
        try {
            var found = leases.withName(NAME).get();
            if (found != null && identity.equals(found.getSpec().getHolderIdentity())) {
                leases.resource(
                                new LeaseBuilder(found)
                                        .editSpec()
                                        .withHolderIdentity("")
                                        .endSpec()
                                        .build())
                        .update();
            }
        } catch (KubernetesClientException e) {
            LOG.atWarn()
                    .addKeyValue("error", ApiFailure.text(e))
                    .log("the Lease could not be given back; the next operator waits for its end");
        }
    }
}
