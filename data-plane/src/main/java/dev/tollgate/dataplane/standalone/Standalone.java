package dev.tollgate.dataplane.standalone;

import dev.tollgate.dataplane.ProxyOptions;
import dev.tollgate.dataplane.ProxyServer;
import dev.tollgate.dataplane.budget.BoundViolations;
import dev.tollgate.dataplane.budget.BudgetGate;
import dev.tollgate.dataplane.budget.EmbeddedAccountStore;
import dev.tollgate.dataplane.budget.GateSettings;
import dev.tollgate.dataplane.budget.InProcessLedger;
import dev.tollgate.dataplane.budget.LeasedBudgetGate;
import dev.tollgate.dataplane.budget.TimeSource;
import dev.tollgate.dataplane.config.LiveConfig;
import dev.tollgate.dataplane.telemetry.Metrics;
import dev.tollgate.dataplane.wal.UsageLog;
import dev.tollgate.dataplane.wal.Wal;
import dev.tollgate.dataplane.wal.WalSettings;
import dev.tollgate.policy.budget.AccountStore;
import dev.tollgate.policy.budget.LedgerService;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.LongStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A whole gateway in one process: a watched folder instead of the operator, accounts in files
 * instead of BudgetLedger objects, and the same proxy.
 *
 * <pre>
 * data directory: log/ (write-ahead log), accounts/ (one file an account), canaries.json,
 * violations.json
 * </pre>
 */
public final class Standalone {

    private static final Logger LOG = LoggerFactory.getLogger(Standalone.class);
    private static final String NAME = "standalone";

    /** Requests are over by then; the ledger may take this long to hear of it. */
    private static final long LEDGER_MILLIS = 5_000;

    private final Wal wal;
    private final EmbeddedAccountStore accounts;
    private final InProcessLedger ledger;
    private final BudgetGate gate;
    private final FolderConfig folder;
    private final ProxyServer server;

    private Standalone(
            Wal wal,
            EmbeddedAccountStore accounts,
            InProcessLedger ledger,
            BudgetGate gate,
            FolderConfig folder,
            ProxyServer server) {
        this.wal = wal;
        this.accounts = accounts;
        this.ledger = ledger;
        this.gate = gate;
        this.folder = folder;
        this.server = server;
    }

    /**
     * Replays the log, loads the folder, then listens. Blocks while files are read: not for an
     * event loop.
     *
     * @param vertx asked for when the folder is loaded, so that it may start meanwhile
     * @param tap wraps the place where usage records go, so that a caller can see them
     * @throws IOException if the folder is unusable, or the data directory is in use or damaged
     */
    public static Future<Standalone> start(
            Supplier<Vertx> vertx,
            ProxyOptions options,
            FolderSettings settings,
            Path data,
            UnaryOperator<UsageLog> tap)
            throws IOException {
        var live = new LiveConfig();
        Files.createDirectories(data);
        var canaries = FolderCanaries.in(new CanaryFile(data.resolve("canaries.json")));
        var folder = FolderConfig.load(settings, live, canaries);
        var wal = Wal.open(WalSettings.in(data.resolve("log")));
        var accounts = EmbeddedAccountStore.open(data.resolve("accounts"));
        var service = new LedgerService(accounts, epoch(wal, accounts));
        var ledger = new InProcessLedger(service, TimeSource.SYSTEM);
        live.listen(now -> ledger.budgetsChanged(now.snapshot().budgets()));
        var applied = live.applied();
        if (applied != null) {
            ledger.budgetsChanged(applied.snapshot().budgets());
        }
        return LeasedBudgetGate.open(
                        wal,
                        ledger.link(wal.holder()),
                        GateSettings.of(NAME),
                        TimeSource.SYSTEM,
                        BoundViolations.in(data.resolve("violations.json")))
                .compose(
                        gate ->
                                ProxyServer.start(vertx.get(), options, live, gate, tap.apply(wal))
                                        .map(
                                                server -> {
                                                    canaries.counting(server::canaryCounts);
                                                    server.metrics().gauges(unreadable(service));
                                                    return new Standalone(
                                                            wal, accounts, ledger, gate, folder,
                                                            server);
                                                }));
    }

    private static Metrics.GaugeSource unreadable(LedgerService service) {
        return sink ->
                sink.accept(
                        new Metrics.Gauge(
                                "tollgate_ledger_accounts",
                                "Accounts of the ledger that give nothing out, by why.",
                                "gauge",
                                Metrics.label("state", "unreadable"),
                                service.unreadable().size()));
    }

    /** Above every epoch that an account has seen, also when the log beside them is a new one. */
    private static long epoch(Wal wal, AccountStore accounts) throws IOException {
        return switch (accounts.list("")) {
            case AccountStore.Listing.Ok(var known, var damaged) ->
                    LongStream.concat(
                                    known.stream().mapToLong(each -> each.account().epoch()),
                                    damaged.stream().mapToLong(AccountStore.Damaged::epoch))
                            .map(epoch -> epoch + 1)
                            .reduce(wal.holder().bootEpoch(), Math::max);
            case AccountStore.Listing.Unavailable(var reason) ->
                    throw new IOException("accounts: " + reason);
        };
    }

    /** From now on changes of the folder are taken, and what is wrong with it is logged. */
    public void watch() {
        folder.watch();
    }

    public int port() {
        return server.port();
    }

    public int adminPort() {
        return server.adminPort();
    }

    /** Lets requests end, settles, and makes the log durable. */
    public Future<Void> close() {
        folder.close();
        return server.close()
                .eventually(() -> gate.close(LEDGER_MILLIS))
                .eventually(
                        () -> {
                            ledger.close();
                            wal.close();
                            try {
                                accounts.close();
                            } catch (IOException e) {
                                LOG.warn("closing the accounts: {}", e.getMessage());
                            }
                            return Future.succeededFuture();
                        });
    }
}
