package dev.tollgate.operator;

import dev.tollgate.operator.api.ApiFailure;
import dev.tollgate.operator.event.EventWriter;
import dev.tollgate.operator.kube.AccessCheck;
import dev.tollgate.operator.kube.CoreCaches;
import dev.tollgate.operator.kube.CrdCheck;
import dev.tollgate.operator.kube.ProgrammedTimes;
import dev.tollgate.operator.kube.Reconcilers;
import dev.tollgate.operator.oidc.IssuerKeys;
import dev.tollgate.operator.status.Statuses;
import dev.tollgate.operator.trust.ClusterKeys;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.javaoperatorsdk.operator.OperatorException;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A running operator. It fills its caches, then stands by until it holds the Lease of the fleet's
 * operators ({@link Candidacy}), then leads ({@link Leader}) until another one does.
 *
 * <pre>
 *   starting --caches complete--> standing by --Lease held--> leading --another one leads--> ended
 * </pre>
 */
public final class Operator implements AutoCloseable {

    private static final Duration CACHES_WITHIN = Duration.ofSeconds(60);
    private static final Duration CLOSED_WITHIN = Duration.ofSeconds(5);

    private final OperatorOptions options;
    private final Runnable fenced;
    private final Clock clock = Clock.systemUTC();
    private final ProgrammedTimes times = new ProgrammedTimes();
    private final Parts parts = new Parts();
    private final AtomicBoolean started = new AtomicBoolean();
    private final AtomicBoolean over = new AtomicBoolean();
    private final AtomicBoolean closed = new AtomicBoolean();
    private final Vertx vertx;
    private final ApiClients api;

    private volatile @Nullable Reconcilers reconcilers;
    private volatile @Nullable Candidacy candidacy;
    private volatile @Nullable Leader leader;
    private volatile int adminPort;

    private Operator(OperatorOptions options, Runnable fenced) throws StartRefusal {
        this.options = options;
        this.fenced = fenced;
        this.api = ApiClients.of(options.kubeconfig());
        this.vertx = Vertx.vertx();
        parts.closing(() -> Parts.within(vertx.close(), CLOSED_WITHIN));
        parts.closing(api);
    }

    /**
     * Starts, and returns when this operator leads and its ports are open: at once, if no other one
     * does. Meanwhile the admin port answers.
     *
     * @param fenced told once, when a later operator has taken over and this one has closed itself,
     *     or when a cache has failed for good: the process should end
     * @throws StartRefusal in one clear line why not; nothing runs then
     */
    public static Operator start(OperatorOptions options, Runnable fenced) throws StartRefusal {
        options.check();
        var operator = new Operator(options, fenced);
        try {
            operator.run();
            operator.started.set(true);
            if (operator.over.get()) {
                throw new StartRefusal(
                        StartRefusal.MISSING, "another operator has taken over in the meantime");
            }
            return operator;
        } catch (StartRefusal | RuntimeException e) {
            operator.close();
            if (e instanceof KubernetesClientException || e instanceof OperatorException) {
                throw new StartRefusal(
                        StartRefusal.MISSING,
                        "the API server at "
                                + operator.api.client().getMasterUrl()
                                + " does not answer as needed: "
                                + ApiFailure.text(e));
            }
            throw e;
        }
    }

    private void run() throws StartRefusal {
        CrdCheck.check(api.client());
        AccessCheck.check(api.client(), options.watched(), options.secretsOf());
        var identity = Candidacy.identity(options.dataDir());
        var caches = parts.closing(new CoreCaches(api.client(), options.secretsOf(), this::dirty));
        var keys = parts.closing(new ClusterKeys(api.client(), this::dirty));
        keys.start();
        var issuers = externalIssuers(keys);
        var events = parts.closing(new EventWriter(api.store(), identity, clock));
        var watchers =
                parts.closing(
                        new Reconcilers(
                                api.client(),
                                options.watched(),
                                caches,
                                this::statuses,
                                this::dirty,
                                this::ended,
                                times,
                                events,
                                clock));
        reconcilers = watchers;
        watchers.start();
        caches.awaitComplete(CACHES_WITHIN);
        listen();
        var lease =
                parts.closing(
                        new Candidacy(
                                api.store(),
                                options.platformNamespace(),
                                identity,
                                clock,
                                this::ended));
        candidacy = lease;
        if (over.get()) {
            lease.withdraw();
        }
        lease.await();
        if (!over.get()) {
            leader =
                    parts.closing(
                            Leader.start(
                                    new Leader.Standing(
                                            options,
                                            vertx,
                                            api,
                                            keys,
                                            issuers,
                                            watchers,
                                            lease,
                                            events,
                                            times,
                                            clock,
                                            this::ended)));
        }
    }

    /** None from one that may have been replaced: they would say that its proxies are gone. */
    private Optional<Statuses> statuses() {
        var leads = leader;
        var lease = candidacy;
        return leads == null || lease == null || lease.doubted() || closed.get()
                ? Optional.empty()
                : Optional.of(leads.statuses());
    }

    private IssuerKeys externalIssuers(ClusterKeys cluster) throws StartRefusal {
        for (var own : cluster.issuers()) {
            if (options.oidcIssuers().stream().anyMatch(i -> i.issuer().equals(own.issuer()))) {
                throw new StartRefusal(
                        StartRefusal.USAGE,
                        "--oidc-issuers: "
                                + own.issuer()
                                + " (expected: not the cluster's own, whose ServiceAccounts are"
                                + " known)");
            }
        }
        var external =
                parts.closing(
                        new IssuerKeys(
                                options.oidcIssuers(), options.endpointPolicy(), this::dirty));
        external.start();
        return external;
    }

    private void listen() throws StartRefusal {
        var pages = new AdminServer(vertx, new StatePages());
        Parts.await(
                pages.listen(options.adminHost(), options.adminPort()),
                "--admin-port: " + options.adminHost() + ":" + options.adminPort());
        adminPort = pages.port();
    }

    /** Of the leader, or of one that stands by. */
    private final class StatePages implements AdminServer.Pages {
        @Override
        public boolean live() {
            return !closed.get();
        }

        @Override
        public boolean ready() {
            var leads = leader;
            return !closed.get() && (leads == null || leads.ready());
        }

        @Override
        public String metrics() {
            var leads = leader;
            return leads == null ? OperatorReport.standingBy() : leads.report().metrics();
        }

        @Override
        public String status() {
            var leads = leader;
            if (leads != null) {
                return leads.report().status();
            }
            var lease = candidacy;
            return new JsonObject()
                    .put("leader", false)
                    .put("standing_by_for", lease == null ? "" : lease.holder())
                    .encodePrettily();
        }

        @Override
        public Optional<String> ledger() {
            return Optional.ofNullable(leader).map(leads -> leads.report().ledger());
        }
    }

    /** Acts no more, then tells; while it starts, {@link #start} does. */
    private void ended() {
        if (over.getAndSet(true)) {
            return;
        }
        if (started.get()) {
            close();
            fenced.run();
            return;
        }
        var lease = candidacy;
        if (lease != null) {
            lease.withdraw();
        }
    }

    private void dirty() {
        var leads = leader;
        if (leads != null) {
            leads.dirty();
        }
    }

    /** The port that proxies dial. */
    public int pushPort() {
        var leads = leader;
        return leads == null ? 0 : leads.pushPort();
    }

    public int adminPort() {
        return adminPort;
    }

    /** Status writes since the start. */
    public long statusWrites() {
        var watchers = reconcilers;
        return watchers == null ? 0 : watchers.writes();
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            parts.close();
        }
    }
}
