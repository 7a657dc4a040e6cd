package dev.tollgate.operator;

import dev.tollgate.crds.resource.Bytes;
import dev.tollgate.crds.resource.Resources;
import dev.tollgate.operator.api.ApiFailure;
import dev.tollgate.operator.compile.ControlLoop;
import dev.tollgate.operator.compile.Memory;
import dev.tollgate.operator.compile.Sources;
import dev.tollgate.operator.event.EventWriter;
import dev.tollgate.operator.kube.AccessCheck;
import dev.tollgate.operator.kube.CoreCaches;
import dev.tollgate.operator.kube.CrdCheck;
import dev.tollgate.operator.kube.MemorySecrets;
import dev.tollgate.operator.kube.ProgrammedTimes;
import dev.tollgate.operator.kube.Reconcilers;
import dev.tollgate.operator.ledger.FleetPods;
import dev.tollgate.operator.ledger.KubernetesAccountStore;
import dev.tollgate.operator.ledger.LeaseReclaims;
import dev.tollgate.operator.ledger.LedgerStreams;
import dev.tollgate.operator.ledger.ValkeyAccountStore;
import dev.tollgate.operator.oidc.IssuerKeys;
import dev.tollgate.operator.push.Fleet;
import dev.tollgate.operator.push.ProxyState;
import dev.tollgate.operator.push.PushServer;
import dev.tollgate.operator.status.Statuses;
import dev.tollgate.operator.trust.ClusterKeys;
import dev.tollgate.policy.budget.AccountStore;
import dev.tollgate.policy.budget.FencedStore;
import dev.tollgate.policy.budget.LedgerService;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.IssuerEntry;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.javaoperatorsdk.operator.OperatorException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running operator: caches and reconcilers on one side, push server and ledger on the other, the
 * {@link ControlLoop} between them.
 *
 * <pre>
 *  API server --informers--> ControlLoop --release--> PushServer --gRPC--> proxies
 *      ^                        |   ^                      |
 *      +---statuses, memory-----+   +---ACK, NACK----------+
 * </pre>
 *
 * {@link #start} blocks until the caches are complete and the ports are open. Only one operator of
 * a fleet acts at a time: each start claims a higher epoch, and an operator that meets a higher one
 * than its own closes itself ({@link Leadership}).
 */
public final class Operator implements AutoCloseable {

    private static final Duration CACHES_WITHIN = Duration.ofSeconds(60);
    private static final Duration CLOSED_WITHIN = Duration.ofSeconds(5);
    private static final long START_SECONDS = 30;
    private static final long FIGURES_MILLIS = 2_000;
    private static final long PODS_MILLIS = 5_000;

    private static final Logger LOG = LoggerFactory.getLogger(Operator.class);

    private final OperatorOptions options;
    private final Runnable fenced;
    private final Clock clock = Clock.systemUTC();
    private final ProgrammedTimes times = new ProgrammedTimes();
    private final List<AutoCloseable> parts = new ArrayList<>();
    private final AtomicBoolean started = new AtomicBoolean();
    private final AtomicBoolean over = new AtomicBoolean();
    private final AtomicBoolean closed = new AtomicBoolean();
    private final Vertx vertx;
    private final ApiClients api;

    // made by start, in this order
    private @Nullable ClusterKeys keys;
    private @Nullable IssuerKeys issuerKeys;
    private @Nullable Reconcilers reconcilers;
    private @Nullable ControlLoop loop;
    private @Nullable PushServer push;
    private @Nullable AdminServer admin;

    private Operator(OperatorOptions options, Runnable fenced) throws StartRefusal {
        this.options = options;
        this.fenced = fenced;
        this.api = closing(ApiClients.of(options.kubeconfig()));
        this.vertx = Vertx.vertx();
    }

    /**
     * Starts.
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

    private <T extends AutoCloseable> T closing(T part) {
        parts.add(part);
        return part;
    }

    private void run() throws StartRefusal {
        CrdCheck.check(api.client());
        AccessCheck.check(api.client(), options.watched(), options.secretsOf());
        var secrets = new MemorySecrets(api.client(), options.platformNamespace());
        var remembered = secrets.load();
        var store = accountStore();
        var leadership =
                closing(
                        Leadership.claim(
                                secrets, new EpochFile(options.dataDir()), store, this::ended));
        leadership.watch();
        long epoch = leadership.epoch();

        var writer = closing(new MemoryWriter(secrets, epoch));
        var caches = closing(new CoreCaches(api.client(), options.secretsOf(), this::dirty));
        var clusterKeys = closing(new ClusterKeys(api.client(), this::dirty));
        keys = clusterKeys;
        clusterKeys.start();
        issuerKeys = externalIssuers(clusterKeys);
        var pods =
                new FleetPods(
                        api.client(),
                        options.fleetServiceAccount(),
                        this::knownProxies,
                        this::presentProxies);
        var ledger =
                new LedgerService(new FencedStore(store, epoch, leadership::fence), epoch, pods);
        if (store instanceof ValkeyAccountStore valkey) {
            judge(valkey, ledger);
        }
        var streams = closing(new LedgerStreams(ledger, clock));
        var reclaims = new LeaseReclaims(streams, pods, clock);
        var control = closing(loop(leadership, writer, streams, remembered));
        loop = control;
        var events = closing(new EventWriter(api.store(), "tollgate-operator-" + epoch, clock));
        var watchers =
                closing(
                        new Reconcilers(
                                api.client(),
                                options.watched(),
                                caches,
                                () ->
                                        new Statuses(
                                                control.picture(
                                                        streams.accounts(), reclaims.outcomes()),
                                                clock.instant()),
                                this::dirty,
                                this::ended,
                                times,
                                events,
                                clock));
        reconcilers = watchers;
        watchers.start();
        caches.awaitComplete(CACHES_WITHIN);
        serve(control, streams, watchers, events, epoch, remembered);
        vertx.setPeriodic(PODS_MILLIS, _ -> freeShares(pods));
        vertx.setPeriodic(FIGURES_MILLIS, _ -> reclaims.look(watchers.budgets()));
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
                closing(
                        new IssuerKeys(
                                options.oidcIssuers(), options.endpointPolicy(), this::dirty));
        external.start();
        return external;
    }

    /**
     * Named before it is judged: what the store loses from then on changes its identity, also if
     * that is before the ledger has read anything.
     */
    private void judge(ValkeyAccountStore valkey, LedgerService ledger) {
        ledger.whenHeardAll(valkey::proven);
        switch (valkey.identity()) {
            case AccountStore.Identity.Ok(var id) -> ledger.sound(id);
            case AccountStore.Identity.Unavailable _ -> ledger.freezeAll(clock.instant());
        }
        if (valkey.unproven()) {
            ledger.freezeAll(clock.instant());
        }
    }

    private AccountStore accountStore() throws StartRefusal {
        return switch (options.ledgerStore()) {
            case OperatorOptions.LedgerStore.Kubernetes() ->
                    new KubernetesAccountStore(api.store(), options.platformNamespace());
            case OperatorOptions.LedgerStore.Valkey(var server, var prefix) -> {
                var store = closing(new ValkeyAccountStore(vertx, server, prefix));
                var refusal = store.refusal();
                if (refusal != null) {
                    throw new StartRefusal(StartRefusal.MISSING, "--ledger-valkey: " + refusal);
                }
                yield store;
            }
        };
    }

    /** What proxies held of limits whose pods are gone is for the others. */
    private void freeShares(FleetPods pods) {
        var server = push;
        if (server == null) {
            return;
        }
        var silent = server.fleet().silent(clock.instant());
        if (!silent.isEmpty()) {
            vertx.executeBlocking(() -> pods.gone(silent)).onSuccess(server::gone);
        }
    }

    private ControlLoop loop(
            Leadership leadership, MemoryWriter writer, LedgerStreams streams, Memory remembered) {
        return new ControlLoop(
                new CachedSources(),
                new ControlLoop.Settings(
                        options.platformNamespace(),
                        options.endpointPolicy(),
                        options.unbudgetedNamespaces()),
                new ControlLoop.Outputs() {
                    @Override
                    public void budgets(List<BudgetEntry> budgets) {
                        streams.budgets(budgets);
                    }

                    @Override
                    public void statuses() {
                        refresh();
                    }

                    @Override
                    public void remember(Memory newest) {
                        writer.remember(newest);
                    }

                    @Override
                    public void outrun(long theirs) {
                        writer.execute(
                                () -> leadership.outrun(theirs, claimed -> claimed(claimed)));
                    }

                    private void claimed(long epoch) {
                        writer.epoch(epoch);
                        var control = loop;
                        if (control != null) {
                            control.epoch(epoch);
                        }
                    }
                },
                leadership.epoch(),
                remembered,
                clock);
    }

    private void serve(
            ControlLoop control,
            LedgerStreams streams,
            Reconcilers watchers,
            EventWriter events,
            long epoch,
            Memory remembered)
            throws StartRefusal {
        var settled = remembered.settled();
        var fleet =
                settled == null
                        ? Fleet.empty()
                        : Fleet.restored(settled, remembered.proxies(), clock.instant());
        var trust = new ChannelTrust(options, vertx, api.client(), clock);
        var server =
                await(
                        PushServer.start(
                                vertx,
                                options.pushHost(),
                                options.pushPort(),
                                trust.security(),
                                fleet,
                                epoch,
                                control,
                                streams,
                                clock),
                        "--push-port: " + options.pushHost() + ":" + options.pushPort());
        push = server;
        trust.keep(server);
        var report =
                new OperatorReport(
                        server,
                        streams,
                        watchers,
                        control::retirements,
                        this::issuerFigures,
                        events,
                        times,
                        clock);
        var pages =
                new AdminServer(
                        vertx,
                        () -> !closed.get(),
                        () -> !closed.get() && control.compiles() > 0,
                        report::metrics,
                        report::status,
                        report::ledger);
        await(
                pages.listen(options.adminHost(), options.adminPort()),
                "--admin-port: " + options.adminHost() + ":" + options.adminPort());
        admin = pages;
        vertx.setPeriodic(
                FIGURES_MILLIS,
                _ -> {
                    control.judge();
                    refresh();
                });
        control.start(server);
        LOG.atInfo()
                .addKeyValue("push", server.port())
                .addKeyValue("admin", pages.port())
                .addKeyValue("epoch", epoch)
                .log("operator serves");
    }

    private List<IssuerKeys.Figures> issuerFigures() {
        var external = issuerKeys;
        return external == null ? List.of() : external.figures();
    }

    /** Acts no more, then tells; while it starts, {@link #start} does. */
    private void ended() {
        over.set(true);
        if (started.get()) {
            close();
            fenced.run();
        }
    }

    private <T> T await(Future<T> future, String what) throws StartRefusal {
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

    private void dirty() {
        var control = loop;
        if (control != null) {
            control.dirty();
        }
    }

    private void refresh() {
        var watchers = reconcilers;
        if (watchers != null) {
            watchers.refresh();
        }
    }

    private Set<String> knownProxies() {
        var server = push;
        return server == null ? Set.of() : server.fleet().proxies().keySet();
    }

    /** Whom the config push hears, or has a connection with. */
    private Set<String> presentProxies() {
        var server = push;
        if (server == null) {
            return Set.of();
        }
        var fleet = server.fleet();
        var present = new HashSet<String>();
        fleet.live(clock.instant()).forEach(proxy -> present.add(proxy.name()));
        fleet.proxies().values().stream()
                .filter(proxy -> !(proxy.state() instanceof ProxyState.Away))
                .forEach(proxy -> present.add(proxy.name()));
        return present;
    }

    /** What the compile reads: the caches of this operator. */
    private final class CachedSources implements Sources {
        @Override
        public Resources resources() {
            var watchers = reconcilers;
            return watchers == null ? Resources.NONE : watchers.resources();
        }

        @Override
        public List<IssuerEntry> issuers() {
            var all = new TreeMap<String, IssuerEntry>();
            var external = issuerKeys;
            if (external != null) {
                external.issuers().forEach(issuer -> all.put(issuer.issuer(), issuer));
            }
            var cluster = keys;
            if (cluster != null) {
                cluster.issuers().forEach(issuer -> all.put(issuer.issuer(), issuer));
            }
            return List.copyOf(all.values());
        }

        @Override
        public Optional<Bytes> secret(String reference) {
            var watchers = reconcilers;
            return watchers == null ? Optional.empty() : watchers.secret(reference);
        }
    }

    /** The port that proxies dial. */
    public int pushPort() {
        var server = push;
        return server == null ? 0 : server.port();
    }

    public int adminPort() {
        var pages = admin;
        return pages == null ? 0 : pages.port();
    }

    /** Status writes since the start. */
    public long statusWrites() {
        var watchers = reconcilers;
        return watchers == null ? 0 : watchers.writes();
    }

    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        var server = push;
        if (server != null) {
            quietly(() -> within(server.close()));
        }
        for (var part : parts.reversed()) {
            quietly(part::close);
        }
        quietly(() -> within(vertx.close()));
    }

    private static void within(Future<Void> future) throws Exception {
        future.toCompletionStage()
                .toCompletableFuture()
                .get(CLOSED_WITHIN.toMillis(), TimeUnit.MILLISECONDS);
    }

    @FunctionalInterface
    private interface Step {
        void run() throws Exception;
    }

    private static void quietly(Step step) {
        try {
            step.run();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Exception e) {
            LOG.atWarn().setCause(e).log("a part did not close");
        }
    }
}
