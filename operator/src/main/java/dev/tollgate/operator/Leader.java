package dev.tollgate.operator;

import dev.tollgate.crds.resource.Bytes;
import dev.tollgate.crds.resource.Resources;
import dev.tollgate.operator.compile.ControlLoop;
import dev.tollgate.operator.compile.Memory;
import dev.tollgate.operator.compile.Sources;
import dev.tollgate.operator.event.EventWriter;
import dev.tollgate.operator.kube.MemorySecrets;
import dev.tollgate.operator.kube.ProgrammedTimes;
import dev.tollgate.operator.kube.Reconcilers;
import dev.tollgate.operator.ledger.FleetPods;
import dev.tollgate.operator.ledger.KubernetesAccountStore;
import dev.tollgate.operator.ledger.LeaseReclaims;
import dev.tollgate.operator.ledger.LedgerStreams;
import dev.tollgate.operator.ledger.StoreSilence;
import dev.tollgate.operator.ledger.ValkeyAccountStore;
import dev.tollgate.operator.oidc.IssuerKeys;
import dev.tollgate.operator.push.Fleet;
import dev.tollgate.operator.push.ProxyState;
import dev.tollgate.operator.push.PushServer;
import dev.tollgate.operator.status.LedgerFigures;
import dev.tollgate.operator.status.Statuses;
import dev.tollgate.operator.trust.ClusterKeys;
import dev.tollgate.policy.budget.AccountStore;
import dev.tollgate.policy.budget.FencedStore;
import dev.tollgate.policy.budget.LedgerService;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.IssuerEntry;
import io.vertx.core.Vertx;
import java.time.Clock;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What an operator does while it leads: the {@link ControlLoop} between what the caches hold and
 * the push server, and the ledger.
 *
 * <pre>
 *  API server --informers--> ControlLoop --release--> PushServer --gRPC--> proxies
 *      ^                        |   ^                      |
 *      +---statuses, memory-----+   +---ACK, NACK----------+
 * </pre>
 *
 * It begins with an epoch above every one before, so that one that does not know yet that it leads
 * no more can do no harm ({@link Leadership}).
 */
final class Leader implements AutoCloseable {

    private static final Duration CLOSED_WITHIN = Duration.ofSeconds(5);
    private static final long FIGURES_MILLIS = 2_000;
    private static final long PODS_MILLIS = 5_000;

    private static final Logger LOG = LoggerFactory.getLogger(Leader.class);

    /**
     * What an operator has, whether it leads or stands by.
     *
     * @param ended told when a later operator has taken over
     */
    record Standing(
            OperatorOptions options,
            Vertx vertx,
            ApiClients api,
            ClusterKeys keys,
            IssuerKeys external,
            Reconcilers reconcilers,
            Candidacy candidacy,
            EventWriter events,
            ProgrammedTimes times,
            Clock clock,
            Runnable ended) {}

    private final Standing at;
    private final OperatorOptions options;
    private final Parts parts = new Parts();
    private final MemoryWriter writer;
    private final FleetPods pods;
    private final LedgerStreams streams;
    private final LeaseReclaims reclaims;
    private final ControlLoop control;
    private volatile @Nullable PushServer push;
    private volatile @Nullable OperatorReport report;

    /** Claims, and builds what then is started; blocking. */
    private Leader(Standing at) throws StartRefusal {
        this.at = at;
        this.options = at.options();
        try {
            var secrets = new MemorySecrets(at.api().client(), options.platformNamespace());
            var store = accountStore();
            var leadership = parts.closing(claim(secrets, store));
            leadership.watch();
            long epoch = leadership.epoch();
            writer = parts.closing(new MemoryWriter(secrets, epoch));
            pods =
                    new FleetPods(
                            at.api().client(),
                            options.fleetServiceAccount(),
                            this::knownProxies,
                            this::presentProxies);
            var heard =
                    new StoreSilence(new FencedStore(store, epoch, leadership::fence), at.clock());
            var ledger = new LedgerService(heard, epoch, pods);
            if (store instanceof ValkeyAccountStore valkey) {
                judge(valkey, ledger);
            }
            streams = parts.closing(new LedgerStreams(ledger, heard, at.clock()));
            reclaims = new LeaseReclaims(streams, pods, at.clock());
            var remembered = secrets.load();
            control = parts.closing(loop(leadership, remembered));
            serve(epoch, remembered);
        } catch (StartRefusal | RuntimeException e) {
            close();
            throw e;
        }
    }

    /**
     * Begins to lead; returns when proxies can dial. Blocking.
     *
     * @throws StartRefusal in one clear line why not; nothing runs then
     */
    static Leader start(Standing at) throws StartRefusal {
        var leader = new Leader(at);
        leader.attend();
        return leader;
    }

    private Leadership claim(MemorySecrets secrets, AccountStore store) throws StartRefusal {
        return Leadership.claim(
                secrets,
                new EpochFile(options.dataDir()),
                at.candidacy().transitions(),
                store,
                at.ended());
    }

    private AccountStore accountStore() throws StartRefusal {
        return switch (options.ledgerStore()) {
            case OperatorOptions.LedgerStore.Kubernetes() ->
                    new KubernetesAccountStore(at.api().store(), options.platformNamespace());
            case OperatorOptions.LedgerStore.Valkey(var server, var prefix) -> {
                var store = parts.closing(new ValkeyAccountStore(at.vertx(), server, prefix));
                var refusal = store.refusal();
                if (refusal != null) {
                    throw new StartRefusal(StartRefusal.MISSING, "--ledger-valkey: " + refusal);
                }
                yield store;
            }
        };
    }

    /**
     * Named before it is judged: what the store loses from then on changes its identity, also if
     * that is before the ledger has read anything.
     */
    private void judge(ValkeyAccountStore valkey, LedgerService ledger) {
        ledger.whenHeardAll(valkey::proven);
        switch (valkey.identity()) {
            case AccountStore.Identity.Ok(var id) -> ledger.sound(id);
            case AccountStore.Identity.Unavailable _ -> ledger.freezeAll(at.clock().instant());
        }
        if (valkey.unproven()) {
            ledger.freezeAll(at.clock().instant());
        }
    }

    private ControlLoop loop(Leadership leadership, Memory remembered) {
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
                        at.reconcilers().refresh();
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
                        control.epoch(epoch);
                    }
                },
                leadership.epoch(),
                remembered,
                at.clock());
    }

    private void serve(long epoch, Memory remembered) throws StartRefusal {
        var settled = remembered.settled();
        var fleet =
                settled == null
                        ? Fleet.empty()
                        : Fleet.restored(settled, remembered.proxies(), at.clock().instant());
        var trust = new ChannelTrust(options, at.vertx(), at.api().client(), at.clock());
        var server =
                Parts.await(
                        PushServer.start(
                                at.vertx(),
                                options.pushHost(),
                                options.pushPort(),
                                trust.security(),
                                fleet,
                                epoch,
                                control,
                                streams,
                                at.clock()),
                        "--push-port: " + options.pushHost() + ":" + options.pushPort());
        push = server;
        parts.closing(() -> Parts.within(server.close(), CLOSED_WITHIN));
        trust.keep(server);
        report =
                new OperatorReport(
                        server,
                        streams,
                        at.reconcilers(),
                        control::retirements,
                        at.external()::figures,
                        at.events(),
                        at.times(),
                        at.clock());
        control.start(server);
        LOG.atInfo()
                .addKeyValue("push", server.port())
                .addKeyValue("epoch", epoch)
                .log("operator serves");
    }

    /** What is looked at again and again. */
    private void attend() {
        each(FIGURES_MILLIS, this::judge);
        each(PODS_MILLIS, this::freeShares);
    }

    private void each(long millis, Runnable action) {
        long timer = at.vertx().setPeriodic(millis, _ -> action.run());
        parts.closing(() -> at.vertx().cancelTimer(timer));
    }

    private void judge() {
        server().doubted(at.candidacy().doubted());
        control.judge();
        at.reconcilers().refresh();
        reclaims.look(at.reconcilers().budgets());
    }

    /** What proxies held of limits whose pods are gone is for the others. */
    private void freeShares() {
        var server = server();
        var silent = server.fleet().silent(at.clock().instant());
        if (!silent.isEmpty()) {
            at.vertx().executeBlocking(() -> pods.gone(silent)).onSuccess(server::gone);
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
        fleet.live(at.clock().instant()).forEach(proxy -> present.add(proxy.name()));
        fleet.proxies().values().stream()
                .filter(proxy -> !(proxy.state() instanceof ProxyState.Away))
                .forEach(proxy -> present.add(proxy.name()));
        return present;
    }

    /** What the compile reads: the caches of this operator. */
    private final class CachedSources implements Sources {
        @Override
        public Resources resources() {
            return at.reconcilers().resources();
        }

        @Override
        public List<IssuerEntry> issuers() {
            var all = new TreeMap<String, IssuerEntry>();
            at.external().issuers().forEach(issuer -> all.put(issuer.issuer(), issuer));
            at.keys().issuers().forEach(issuer -> all.put(issuer.issuer(), issuer));
            return List.copyOf(all.values());
        }

        @Override
        public Set<String> unreadIssuers() {
            return at.external().unread();
        }

        @Override
        public Optional<Bytes> secret(String reference) {
            return at.reconcilers().secret(reference);
        }
    }

    /** Something changed. */
    void dirty() {
        control.dirty();
    }

    /** As they should be right now. */
    Statuses statuses() {
        return new Statuses(
                control.picture(
                        new LedgerFigures(
                                streams.accounts(),
                                streams.unreadable(),
                                streams.frozen(),
                                streams.refused(),
                                streams.paces()),
                        reclaims.outcomes()),
                at.clock().instant(),
                streams::refusedBefore);
    }

    /** Whether a snapshot was compiled. */
    boolean ready() {
        return control.compiles() > 0;
    }

    OperatorReport report() {
        var made = report;
        if (made == null) {
            throw new IllegalStateException("asked before it serves");
        }
        return made;
    }

    private PushServer server() {
        var server = push;
        if (server == null) {
            throw new IllegalStateException("asked before it serves");
        }
        return server;
    }

    /** The port that proxies dial. */
    int pushPort() {
        return server().port();
    }

    @Override
    public void close() {
        parts.close();
    }
}
