package dev.tollgate.dataplane.budget;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.tollgate.dataplane.wal.Wal;
import dev.tollgate.dataplane.wal.WalSettings;
import dev.tollgate.policy.budget.LedgerService;
import dev.tollgate.policy.snapshot.BudgetEntry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * Two gates with a log each, one ledger and its accounts, all in files of one directory: what a
 * process of budgets consists of. Segments are small, so that a test sees many of them.
 */
record Books(
        BudgetEntry budget,
        EmbeddedAccountStore accounts,
        LedgerService service,
        InProcessLedger ledger,
        List<Wal> logs,
        List<BudgetGate> gates)
        implements AutoCloseable {

    private static final int SEGMENT_BYTES = 128 * 1024;

    /** Room for all usage records of a test. */
    private static final long LOG_BYTES = 1024L * SEGMENT_BYTES;

    private static final int RECORD_TRIES = 10_000;

    static Books open(Path directory, long limitMicros) throws IOException {
        var budget = Budgets.hard("team-a/monthly", limitMicros);
        var logs = new ArrayList<Wal>();
        for (var name : List.of("one", "two")) {
            var settings =
                    WalSettings.in(directory.resolve(name))
                            .withSegmentBytes(SEGMENT_BYTES, LOG_BYTES);
            var log = Wal.open(settings);
            for (var call : log.interrupted()) {
                var cost = call.tries().getFirst().costNanos();
                recordAtLast(log, call.request().id(), cost);
            }
            logs.add(log);
        }
        var accounts = EmbeddedAccountStore.open(directory.resolve("accounts"));
        var service = new LedgerService(accounts, logs.getFirst().holder().bootEpoch());
        var ledger = new InProcessLedger(service, TimeSource.SYSTEM);
        ledger.budgetsChanged(List.of(budget));
        var gates = new ArrayList<BudgetGate>();
        for (var log : logs) {
            gates.add(
                    BudgetGateTest.join(
                            LeasedBudgetGate.open(
                                    log,
                                    ledger.link(log.holder()),
                                    GateSettings.of(log.holder().logId()),
                                    TimeSource.SYSTEM,
                                    BoundViolations.unkept())));
        }
        return new Books(budget, accounts, service, ledger, logs, gates);
    }

    /** The usage record of a request: its id and what it cost; false: the log dropped it. */
    static boolean record(Wal log, String id, long nanos) {
        return log.append(id, (id + " " + nanos).getBytes(US_ASCII));
    }

    /**
     * The same, told again until it is taken: while its next segment is made, the log keeps what
     * room it has for money. Blocks.
     */
    static void recordAtLast(Wal log, String id, long nanos) {
        for (var tries = 0; !record(log, id, nanos); tries++) {
            if (tries == RECORD_TRIES) {
                throw new IllegalStateException("the log takes no usage record");
            }
            LockSupport.parkNanos(1_000_000);
        }
    }

    @Override
    public void close() throws IOException {
        gates.forEach(gate -> BudgetGateTest.join(gate.close(2_000)));
        ledger.close();
        logs.forEach(Wal::close);
        accounts.close();
    }
}
