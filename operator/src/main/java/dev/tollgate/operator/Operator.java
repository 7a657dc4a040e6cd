package dev.tollgate.operator;

import dev.tollgate.crds.resource.Bytes;
import dev.tollgate.crds.resource.Resources;
import dev.tollgate.operator.compile.ControlLoop;
import dev.tollgate.operator.compile.Memory;
import dev.tollgate.operator.compile.Sources;
import dev.tollgate.operator.kube.CoreCaches;
import dev.tollgate.operator.kube.CrdCheck;
import dev.tollgate.operator.kube.MemorySecrets;
import dev.tollgate.operator.kube.ProgrammedTimes;
import dev.tollgate.operator.kube.Reconcilers;
import dev.tollgate.operator.ledger.KubernetesAccountStore;
import dev.tollgate.operator.ledger.LedgerStreams;
import dev.tollgate.operator.push.ControlSecurity;
import dev.tollgate.operator.push.Fleet;
import dev.tollgate.operator.push.PushServer;
import dev.tollgate.operator.status.Statuses;
import dev.tollgate.operator.trust.ClusterKeys;
import dev.tollgate.operator.trust.ControlAuthority;
import dev.tollgate.operator.trust.TokenReviews;
import dev.tollgate.policy.budget.LedgerService;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.IssuerEntry;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
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
 * a fleet may run at a time: each start claims a higher epoch, and an operator that meets a higher
 * one than its own stops.
 */
public final class Operator implements AutoCloseable {

    private static final Duration CACHES_WITHIN = Duration.ofSeconds(60);
    private static final long START_SECONDS = 30;
    private static final long FIGURES_MILLIS = 2_000;
    private static final long CERTIFICATES_MILLIS = Duration.ofHours(24).toMillis();
    private static final int STORE_TIMEOUT_MILLIS = 5_000;

    private static final Logger LOG = LoggerFactory.getLogger(Operator.class);

    private final OperatorOptions options;
    private final Runnable fenced;
    private final Clock clock = Clock.systemUTC();
    private final ProgrammedTimes times = new ProgrammedTimes();
    private final List<AutoCloseable> parts = new ArrayList<>();
    private final Vertx vertx;
    private final KubernetesClient client;
    private final KubernetesClient storeClient;
    private volatile boolean closed;

    // made by start, in this order
    private @Nullable ClusterKeys keys;
    private @Nullable Reconcilers reconcilers;
    private @Nullable ControlLoop loop;
    private @Nullable PushServer push;
    private @Nullable AdminServer admin;

    private Operator(OperatorOptions options, Runnable fenced) throws StartRefusal {
        this.options = options;
        this.fenced = fenced;
        var config = config(options);
        this.client = closing(new KubernetesClientBuilder().withConfig(config).build());
        // an attempt that is repeated behind our back could turn an unknown outcome into a conflict
        this.storeClient =
                closing(
                        new KubernetesClientBuilder()
                                .withConfig(
                                        new ConfigBuilder(config)
                                                .withRequestRetryBackoffLimit(0)
                                                .withRequestTimeout(STORE_TIMEOUT_MILLIS)
                                                .build())
                                .build());
        this.vertx = Vertx.vertx();
    }

    /**
     * Starts.
     *
     * @param fenced told once when a later operator has taken over: this one must end
     * @throws StartRefusal in one clear line why not; nothing runs then
     */
    public static Operator start(OperatorOptions options, Runnable fenced) throws StartRefusal {
        options.check();
        var operator = new Operator(options, fenced);
        try {
            operator.run();
            return operator;
        } catch (StartRefusal | RuntimeException e) {
            operator.close();
            if (e instanceof KubernetesClientException api) {
                throw new StartRefusal(
                        StartRefusal.MISSING,
                        "the API server at "
                                + operator.client.getMasterUrl()
                                + " does not answer as needed: "
                                + api.getMessage());
            }
            throw e;
        }
    }

    private static Config config(OperatorOptions options) throws StartRefusal {
        var file = options.kubeconfig();
        if (file == null) {
            return Config.autoConfigure(null);
        }
        try {
            return Config.fromKubeconfig(Files.readString(file));
        } catch (IOException | RuntimeException e) {
            throw new StartRefusal(
                    StartRefusal.USAGE, "--kubeconfig: " + file + " is no kubeconfig");
        }
    }

    private <T extends AutoCloseable> T closing(T part) {
        parts.add(part);
        return part;
    }

    private void run() throws StartRefusal {
        CrdCheck.check(client);
        var secrets = new MemorySecrets(client, options.platformNamespace());
        var remembered = secrets.load();
        var file = new EpochFile(options.dataDir());
        var store = new KubernetesAccountStore(storeClient, options.platformNamespace());
        long epoch = secrets.claimEpoch(Math.max(file.read(), store.highestEpoch()));
        file.write(epoch);
        LOG.atInfo().addKeyValue("epoch", epoch).log("epoch claimed");

        var writer = closing(new MemoryWriter(secrets, epoch));
        var caches = closing(new CoreCaches(client, options.secretNamespaces(), this::dirty));
        var clusterKeys = closing(new ClusterKeys(client, this::dirty));
        keys = clusterKeys;
        clusterKeys.start();
        var streams = closing(new LedgerStreams(new LedgerService(store, epoch), clock));
        var control = closing(loop(secrets, writer, streams, epoch, remembered));
        loop = control;
        var watchers =
                closing(
                        new Reconcilers(
                                client,
                                options.namespaces(),
                                caches,
                                () ->
                                        new Statuses(
                                                control.picture(streams.accounts()),
                                                clock.instant()),
                                this::dirty,
                                times,
                                clock));
        reconcilers = watchers;
        watchers.start();
        complete(caches);
        serve(control, streams, watchers, epoch, remembered);
    }

    private ControlLoop loop(
            MemorySecrets secrets,
            MemoryWriter writer,
            LedgerStreams streams,
            long epoch,
            Memory remembered) {
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
                        writer.execute(() -> claimAgain(secrets, writer, theirs));
                    }
                },
                epoch,
                remembered,
                clock);
    }

    private void complete(CoreCaches caches) throws StartRefusal {
        long until = System.nanoTime() + CACHES_WITHIN.toNanos();
        while (!caches.complete()) {
            if (System.nanoTime() > until) {
                throw new StartRefusal(
                        StartRefusal.MISSING,
                        "Secrets, ConfigMaps or Namespaces cannot be read: "
                                + caches.lastFailure().orElse("no answer"));
            }
            try {
                TimeUnit.MILLISECONDS.sleep(20);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new StartRefusal(StartRefusal.MISSING, "interrupted");
            }
        }
    }

    private void serve(
            ControlLoop control,
            LedgerStreams streams,
            Reconcilers watchers,
            long epoch,
            Memory remembered)
            throws StartRefusal {
        var settled = remembered.settled();
        var fleet =
                settled == null
                        ? Fleet.empty()
                        : Fleet.restored(settled, remembered.proxies(), clock.instant());
        var authority =
                new ControlAuthority(
                        client, options.platformNamespace(), serverNames(options), clock);
        var server =
                await(
                        PushServer.start(
                                vertx,
                                options.pushHost(),
                                options.pushPort(),
                                security(authority),
                                fleet,
                                epoch,
                                control,
                                streams,
                                clock),
                        "--push-port: " + options.pushHost() + ":" + options.pushPort());
        push = server;
        if (options.security() != OperatorOptions.Security.NONE) {
            vertx.setPeriodic(CERTIFICATES_MILLIS, _ -> renew(authority, server));
        }
        var report = new OperatorReport(server, watchers, times, clock);
        var pages =
                new AdminServer(
                        vertx,
                        () -> !closed,
                        () -> !closed && control.compiles() > 0,
                        report::metrics,
                        report::status);
        await(
                pages.listen(options.adminHost(), options.adminPort()),
                "--admin-port: " + options.adminHost() + ":" + options.adminPort());
        admin = pages;
        vertx.setPeriodic(FIGURES_MILLIS, _ -> refresh());
        control.start(server);
        LOG.atInfo()
                .addKeyValue("push", server.port())
                .addKeyValue("admin", pages.port())
                .addKeyValue("epoch", epoch)
                .log("operator serves");
    }

    private ControlSecurity security(ControlAuthority authority) {
        var account = options.fleetServiceAccount();
        var tokens = account == null ? null : new TokenReviews(vertx, client, account);
        return switch (options.security()) {
            case NONE -> new ControlSecurity.None();
            case MTLS -> new ControlSecurity.Mtls(authority.renew(), tokens);
            case TOKEN -> {
                if (tokens == null) {
                    throw new IllegalStateException("token without a fleet ServiceAccount");
                }
                yield new ControlSecurity.Token(authority.renew(), tokens);
            }
        };
    }

    private static List<String> serverNames(OperatorOptions options) {
        var names = new ArrayList<String>();
        var service = "tollgate-operator";
        names.add(service);
        names.add(service + "." + options.platformNamespace());
        names.add(service + "." + options.platformNamespace() + ".svc");
        names.add(service + "." + options.platformNamespace() + ".svc.cluster.local");
        names.add("localhost");
        names.add("127.0.0.1");
        names.addAll(options.pushNames());
        return names;
    }

    private void renew(ControlAuthority authority, PushServer server) {
        vertx.executeBlocking(authority::renew, false)
                .compose(server::identity)
                .onFailure(
                        e ->
                                LOG.atError()
                                        .addKeyValue("error", e.getMessage())
                                        .log("certificates not renewed; tried again tomorrow"));
    }

    /** A proxy has seen a higher epoch: a later operator runs, or our memory was lost. */
    private void claimAgain(MemorySecrets secrets, MemoryWriter writer, long theirs) {
        var control = loop;
        if (control == null || closed) {
            return;
        }
        if (secrets.storedEpoch() >= theirs) {
            LOG.atError().addKeyValue("epoch", theirs).log("a later operator runs; this one ends");
            fenced.run();
            return;
        }
        long claimed = secrets.claimEpoch(theirs);
        LOG.atWarn()
                .addKeyValue("epoch", claimed)
                .log("proxies knew a higher epoch than the last-known-good Secret; claimed anew");
        writer.epoch(claimed);
        control.epoch(claimed);
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

    /** What the compile reads: the caches of this operator. */
    private final class CachedSources implements Sources {
        @Override
        public Resources resources() {
            var watchers = reconcilers;
            return watchers == null ? Resources.NONE : watchers.resources();
        }

        @Override
        public List<IssuerEntry> issuers() {
            var clusterKeys = keys;
            return clusterKeys == null ? List.of() : clusterKeys.issuers();
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
        if (closed) {
            return;
        }
        closed = true;
        var server = push;
        if (server != null) {
            quietly(
                    () ->
                            server.close()
                                    .toCompletionStage()
                                    .toCompletableFuture()
                                    .get(5, TimeUnit.SECONDS));
        }
        for (var part : parts.reversed()) {
            quietly(part::close);
        }
        quietly(
                () ->
                        vertx.close()
                                .toCompletionStage()
                                .toCompletableFuture()
                                .get(5, TimeUnit.SECONDS));
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
