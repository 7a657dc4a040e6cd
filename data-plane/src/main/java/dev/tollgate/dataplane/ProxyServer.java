package dev.tollgate.dataplane;

import dev.tollgate.dataplane.admin.AdminServer;
import dev.tollgate.dataplane.budget.BudgetGate;
import dev.tollgate.dataplane.cache.AnswerCache;
import dev.tollgate.dataplane.config.LiveConfig;
import dev.tollgate.dataplane.exchange.DrainPool;
import dev.tollgate.dataplane.exchange.Drills;
import dev.tollgate.dataplane.exchange.HealthChecks;
import dev.tollgate.dataplane.exchange.HoldWatch;
import dev.tollgate.dataplane.exchange.Lifecycle;
import dev.tollgate.dataplane.exchange.LoopParts;
import dev.tollgate.dataplane.exchange.LoopServer;
import dev.tollgate.dataplane.exchange.RetryBudget;
import dev.tollgate.dataplane.exchange.ShadowPool;
import dev.tollgate.dataplane.exchange.TagValues;
import dev.tollgate.dataplane.exchange.TargetStates;
import dev.tollgate.dataplane.exchange.Ticker;
import dev.tollgate.dataplane.identity.Authenticator;
import dev.tollgate.dataplane.limits.RateShares;
import dev.tollgate.dataplane.limits.TeamLimits;
import dev.tollgate.dataplane.record.OtlpRecords;
import dev.tollgate.dataplane.record.RecordLines;
import dev.tollgate.dataplane.record.Recorder;
import dev.tollgate.dataplane.record.UsageRecord;
import dev.tollgate.dataplane.telemetry.Metrics;
import dev.tollgate.dataplane.telemetry.Tracing;
import dev.tollgate.dataplane.upstream.Addresses;
import dev.tollgate.dataplane.upstream.Upstreams;
import dev.tollgate.dataplane.valkey.Valkey;
import dev.tollgate.dataplane.wal.UsageLog;
import dev.tollgate.policy.canary.CanaryCount;
import dev.tollgate.policy.push.RateStore;
import dev.tollgate.policy.snapshot.Snapshot;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.time.Instant;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A running proxy: the data port on one HTTP server per event loop, and the admin port. It serves
 * from whatever {@link LiveConfig} holds and follows its changes. Whoever started it owns the gate
 * and the usage log, and closes them after {@link #close()} has completed.
 */
public final class ProxyServer {

    private final Vertx vertx;
    private final ProxyOptions options;
    private final LiveConfig live;
    private final BudgetGate gate;
    private final UsageLog usageLog;
    private final Metrics metrics = new Metrics();
    private final Tracing tracing;
    private final @Nullable OtlpRecords otlp;
    private final @Nullable RecordLines lines;
    private final TargetStates targets;
    private final TeamLimits teamLimits;
    private final Drills drills = new Drills();
    private final RetryBudget retries = new RetryBudget();
    private final DrainPool drains = new DrainPool();
    private final @Nullable Valkey valkey;
    private final AnswerCache cache;
    private final ShadowPool shadows = new ShadowPool();
    private final TagValues tags = new TagValues();
    private final Lifecycle lifecycle = new Lifecycle();
    private final List<LoopParts> loops = new CopyOnWriteArrayList<>();
    private final AtomicInteger port = new AtomicInteger();
    private final AtomicBoolean checking = new AtomicBoolean();
    private final Addresses addresses;
    private @Nullable AdminServer admin;
    private String deployment = "";
    private volatile long watching = -1;

    private ProxyServer(
            Vertx vertx,
            ProxyOptions options,
            LiveConfig live,
            BudgetGate gate,
            UsageLog usageLog,
            Tracing tracing)
            throws IOException {
        this.vertx = vertx;
        this.options = options;
        this.live = live;
        this.targets = new TargetStates(this::sharers);
        this.teamLimits = new TeamLimits(this::sharers);
        var address = options.valkey();
        this.valkey = address == null ? null : Valkey.start(vertx, address, rates());
        this.cache = valkey == null ? AnswerCache.inMemory() : AnswerCache.in(valkey.answers());
        this.gate = gate;
        this.usageLog = usageLog;
        this.tracing = tracing;
        this.lines = RecordLines.to(options.usageLog(), metrics);
        var collector = options.otlpRecords() ? options.otlpEndpoint() : null;
        this.otlp =
                collector == null ? null : OtlpRecords.to(collector, options.resourceAttributes());
        this.addresses = new Addresses(vertx, InetAddress::getAllByName);
    }

    /** Starts it; fails if a port is taken or the usage log cannot be opened. */
    public static Future<ProxyServer> start(
            Vertx vertx,
            ProxyOptions options,
            LiveConfig live,
            BudgetGate gate,
            UsageLog usageLog) {
        var endpoint = options.otlpSpans() ? options.otlpEndpoint() : null;
        var tracing =
                endpoint == null
                        ? Tracing.none()
                        : Tracing.otlp(
                                endpoint, options.sampleRatio(), options.resourceAttributes());
        return start(vertx, options, live, gate, usageLog, tracing);
    }

    /** As the other, with spans that go elsewhere. */
    public static Future<ProxyServer> start(
            Vertx vertx,
            ProxyOptions options,
            LiveConfig live,
            BudgetGate gate,
            UsageLog usageLog,
            Tracing tracing) {
        ProxyServer server;
        try {
            server = new ProxyServer(vertx, options, live, gate, usageLog, tracing);
        } catch (IOException e) {
            return Future.failedFuture(e);
        }
        return server.start().onFailure(_ -> server.leaveValkey()).map(server);
    }

    private Future<Void> start() {
        live.listen(now -> take(now.snapshot()));
        var applied = live.applied();
        if (applied != null) {
            take(applied.snapshot());
        }
        var owed = new Recorder(usageLog, lines, otlp);
        usageLog.interrupted().forEach(call -> owed.write(UsageRecord.of(call)));
        // a negative port is one free port for all instances of a deployment
        int asked = options.port() == 0 ? -1 : options.port();
        return firstShares(applied != null)
                .compose(_ -> listen(asked))
                .onSuccess(id -> deployment = id)
                .compose(id -> startAdmin())
                .onSuccess(started -> watchHolds());
    }

    private void take(Snapshot snapshot) {
        gate.snapshotChanged(snapshot.budgets());
        targets.retain(snapshot);
        teamLimits.apply(snapshot);
        tags.retain(snapshot.budgets());
        if (valkey != null) {
            valkey.limitsStated();
        }
    }

    /** Who knows its limits listens when it has its shares of them. */
    private Future<Void> firstShares(boolean limited) {
        return valkey == null || !limited ? Future.succeededFuture() : valkey.firstShares();
    }

    private Future<String> listen(int asked) {
        return vertx.deployVerticle(
                () ->
                        new LoopServer(
                                options.host(),
                                asked,
                                options.maxConnections(),
                                options.closeGrace().toMillis(),
                                lifecycle,
                                loop -> assemble(),
                                port::set),
                new DeploymentOptions().setInstances(options.eventLoops()));
    }

    private void watchHolds() {
        var watch =
                new HoldWatch(
                        gate,
                        () -> loops.stream().anyMatch(loop -> loop.ticker().mayHold()),
                        metrics);
        watching = vertx.setPeriodic(HoldWatch.EVERY_MILLIS, id -> watch.look());
    }

    private LoopParts assemble() {
        var parts =
                new LoopParts(
                        vertx,
                        live,
                        gate,
                        new Authenticator(options.anonymousNamespace()),
                        new Upstreams(
                                vertx,
                                addresses,
                                Math.max(
                                        1,
                                        options.connectionsPerProvider() / options.eventLoops())),
                        targets,
                        teamLimits,
                        drills,
                        retries,
                        drains,
                        cache,
                        shadows,
                        new Recorder(usageLog, lines, otlp),
                        tags,
                        metrics,
                        tracing,
                        new Ticker(vertx),
                        new SplittableRandom(),
                        options.exchange());
        var context = vertx.getOrCreateContext();
        live.listen(now -> context.runOnContext(v -> parts.upstreams().retain(now.snapshot())));
        if (checking.compareAndSet(false, true)) {
            var checks = new HealthChecks(parts);
            live.listen(now -> context.runOnContext(v -> checks.apply(now.snapshot())));
        }
        loops.add(parts);
        return parts;
    }

    private Future<Void> startAdmin() {
        if (options.adminPort() < 0) {
            return Future.succeededFuture();
        }
        var made =
                new AdminServer(
                        new AdminServer.Sources(
                                live,
                                gate,
                                usageLog,
                                metrics,
                                targets,
                                drills,
                                retries,
                                drains,
                                cache.store(),
                                valkey,
                                lifecycle,
                                () -> loops.stream().allMatch(loop -> loop.ticker().ticking())));
        admin = made;
        return made.listen(vertx, options.adminHost(), options.adminPort())
                .recover(
                        failure ->
                                vertx.undeploy(deployment)
                                        .transform(
                                                done ->
                                                        Future.failedFuture(
                                                                failure instanceof BindException
                                                                        ? new AdminPortInUse(
                                                                                options.adminPort())
                                                                        : failure)));
    }

    /** It is not the data port that is taken. */
    public static final class AdminPortInUse extends BindException {
        private static final long serialVersionUID = 1;

        private final int port;

        AdminPortInUse(int port) {
            super("admin port " + port + ": in use");
            this.port = port;
        }

        public int port() {
            return port;
        }
    }

    /** The data port. */
    public int port() {
        return port.get();
    }

    /** The admin port; -1 if there is none. */
    public int adminPort() {
        return admin == null ? -1 : admin.port();
    }

    public Metrics metrics() {
        return metrics;
    }

    /** What was seen of each target in the last minute. */
    public List<TargetStates.Recent> lastMinute() {
        return targets.recent(Instant.now());
    }

    /** Providers that fail on purpose. */
    public Drills drills() {
        return drills;
    }

    private Future<Void> leaveValkey() {
        return valkey == null ? Future.succeededFuture() : valkey.close();
    }

    /** By how many a limit is divided of which this proxy has no share. */
    private int sharers() {
        var shared = valkey;
        return shared == null ? live.proxies() : Math.max(live.proxies(), shared.assumedProxies());
    }

    /** Where limits are divided. */
    public RateStore rateStore() {
        var shared = valkey;
        return shared == null
                ? RateStore.MEMORY
                : shared.dividesLimits() ? RateStore.VALKEY : RateStore.VALKEY_DOWN;
    }

    /** What it counts of limits, and its shares of them. */
    public RateShares rates() {
        return new RateShares(targets.limits(), teamLimits);
    }

    /** What was counted for the judges of canaries. */
    public List<CanaryCount> canaryCounts() {
        return targets.canaryCounts();
    }

    /**
     * Not ready at once; accepts for the lag, because endpoints lag; then refuses connections and
     * waits for running requests, at most the grace.
     */
    public Future<Void> close() {
        lifecycle.close();
        long lag = Math.max(1, options.closeLag().toMillis());
        return vertx.timer(lag)
                .compose(
                        id -> {
                            lifecycle.refuse();
                            vertx.cancelTimer(watching);
                            return vertx.undeploy(deployment);
                        })
                .eventually(() -> admin == null ? Future.succeededFuture() : admin.close())
                .eventually(() -> leaveValkey())
                .eventually(
                        () ->
                                vertx.executeBlocking(
                                        () -> {
                                            if (lines != null) {
                                                lines.close();
                                            }
                                            tracing.close();
                                            if (otlp != null) {
                                                otlp.close();
                                            }
                                            return true;
                                        }));
    }
}
