package dev.tollgate.dataplane.fleet;

import dev.tollgate.dataplane.ProxyOptions;
import dev.tollgate.dataplane.ProxyServer;
import dev.tollgate.dataplane.budget.BoundViolations;
import dev.tollgate.dataplane.budget.BudgetGate;
import dev.tollgate.dataplane.budget.GateSettings;
import dev.tollgate.dataplane.budget.LeasedBudgetGate;
import dev.tollgate.dataplane.budget.TimeSource;
import dev.tollgate.dataplane.config.LastKnownGood;
import dev.tollgate.dataplane.config.LiveConfig;
import dev.tollgate.dataplane.control.GrpcLedgerLink;
import dev.tollgate.dataplane.control.OperatorChannel;
import dev.tollgate.dataplane.control.OperatorLink;
import dev.tollgate.dataplane.control.ProxyIdentity;
import dev.tollgate.dataplane.wal.Wal;
import dev.tollgate.dataplane.wal.WalSettings;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Files;

/**
 * A proxy of a fleet. It serves what it has from the first moment, listens, and then dials the
 * operator, which it needs for news and for fresh leases but never to go on serving.
 *
 * <pre>
 * data directory: log/ (write-ahead log), violations.json
 * </pre>
 */
public final class FleetProxy {

    private static final String FLEET = "default";

    /** Requests are over by then; the ledger may take this long to hear of it. */
    private static final long LEDGER_MILLIS = 5_000;

    /** Of a fleet whose operator was not heard yet: its limits are divided by as many. */
    private static final int ASSUMED_PROXIES = 10;

    private final Wal wal;
    private final BudgetGate gate;
    private final ProxyServer server;
    private final OperatorChannel channel;
    private final OperatorLink link;

    private FleetProxy(
            Wal wal,
            BudgetGate gate,
            ProxyServer server,
            OperatorChannel channel,
            OperatorLink link) {
        this.wal = wal;
        this.gate = gate;
        this.server = server;
        this.channel = channel;
        this.link = link;
    }

    /**
     * Replays the log, loads what is kept, listens, dials. Blocks while files are read: not for an
     * event loop.
     *
     * @throws IOException if the data directory is in use or damaged
     */
    public static Future<FleetProxy> start(
            Vertx vertx, ProxyOptions options, FleetSettings settings) throws IOException {
        Files.createDirectories(settings.data());
        var wal = Wal.open(WalSettings.in(settings.data().resolve("log")));
        var name = settings.name() == null ? wal.holder().logId() : settings.name();
        var live = new LiveConfig();
        live.proxies(ASSUMED_PROXIES);
        var files = new LastKnownGood(settings.configData());
        FirstConfig.apply(files, settings.fleetRelease(), live);
        var channel = new OperatorChannel(vertx, settings.operator());
        var identity = new ProxyIdentity(name, FLEET, settings.version());
        var violations = BoundViolations.in(settings.data().resolve("violations.json"));
        return LeasedBudgetGate.open(
                        wal,
                        new GrpcLedgerLink(channel),
                        GateSettings.of(name),
                        TimeSource.SYSTEM,
                        violations)
                .compose(
                        gate ->
                                ProxyServer.start(vertx, options, live, gate, wal)
                                        .map(
                                                server ->
                                                        new FleetProxy(
                                                                wal,
                                                                gate,
                                                                server,
                                                                channel,
                                                                link(
                                                                        channel,
                                                                        identity,
                                                                        live,
                                                                        files,
                                                                        server,
                                                                        violations))));
    }

    private static OperatorLink link(
            OperatorChannel channel,
            ProxyIdentity identity,
            LiveConfig live,
            LastKnownGood files,
            ProxyServer server,
            BoundViolations violations) {
        var figures = new ServerFigures(server, violations);
        var link =
                OperatorLink.start(
                        channel, identity, live, files, figures, new ServerDrills(server), figures);
        violations.whenSeen(link::tell);
        return link;
    }

    public int port() {
        return server.port();
    }

    public int adminPort() {
        return server.adminPort();
    }

    /**
     * Lets requests end, leaves the fleet, settles, returns leases, makes the log durable. It
     * leaves no earlier: its shares of limits are free then.
     */
    public Future<Void> close() {
        return server.close()
                .eventually(
                        () -> {
                            link.close();
                            return gate.close(LEDGER_MILLIS);
                        })
                .eventually(
                        () -> {
                            channel.close();
                            wal.close();
                            return Future.succeededFuture();
                        });
    }
}
