package dev.tollgate.dataplane.budget;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.tollgate.dataplane.wal.Wal;
import dev.tollgate.dataplane.wal.WalSettings;
import dev.tollgate.policy.budget.LedgerService;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.snapshot.BudgetEntry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * What budgets cost a request: its bound taken from the leases of two Budgets and its intent in the
 * log, which is on the way to the provider; and all of it, with the settlement and the usage
 * record, which come when the client has its answer. The log is a real file, synced behind. Goal of
 * the first: p50 10 microseconds, p99 100.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 5)
@Measurement(iterations = 3, time = 10)
public class ReserveBenchmark {

    private static final Money BOUND = Money.parse("0.002");
    private static final Money COST = Money.parse("0.0005");

    /** About 70 microseconds of work, which is what else a request costs. */
    private static final long REQUEST_TOKENS = 50_000;

    private static final long LIMIT_MICROS = 8_000_000_000_000_000L;
    private static final byte[] RECORD = "{\"cost_usd\":\"0.0005\"}".repeat(30).getBytes(US_ASCII);

    private final BudgetEntry team = Budgets.hard("team-a/monthly", LIMIT_MICROS);
    private final BudgetEntry organisation = Budgets.hard("team-a/organisation", LIMIT_MICROS);
    private Path folder;
    private Wal log;
    private InProcessLedger ledger;
    private BudgetGate gate;

    /** The requests of one thread. */
    @State(Scope.Thread)
    public static class Requests {
        private long next = System.identityHashCode(this) * 1_000_000_000L;
        private String id = "";
        private Reservation open;

        /** Settled outside of what is measured, as fast as a core serves requests. */
        @TearDown(Level.Invocation)
        public void settle(ReserveBenchmark benchmark) {
            if (open != null) {
                benchmark.settle(this);
            }
            Blackhole.consumeCPU(REQUEST_TOKENS);
        }
    }

    @Setup
    public void open() throws IOException {
        folder = Files.createTempDirectory("reserve");
        log = Wal.open(WalSettings.in(folder));
        ledger =
                new InProcessLedger(
                        new LedgerService(new MemoryStore(), log.holder().bootEpoch()),
                        TimeSource.SYSTEM);
        ledger.budgetsChanged(List.of(team, organisation));
        gate =
                BudgetGateTest.join(
                        LeasedBudgetGate.open(
                                log,
                                ledger.link(log.holder()),
                                GateSettings.of("benchmark"),
                                TimeSource.SYSTEM,
                                BoundViolations.unkept()));
    }

    @TearDown
    public void close() throws IOException {
        System.out.println("ledger calls: " + gate.counters());
        BudgetGateTest.join(gate.close(1_000));
        ledger.close();
        log.close();
        try (var files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
        }
    }

    private void settle(Requests requests) {
        requests.open.settle(COST, false);
        requests.open = null;
        log.append(requests.id, RECORD);
    }

    @Benchmark
    public void reserve(Requests requests) {
        requests.id = Long.toString(requests.next++);
        var admission = gate.reserve(Budgets.claim(requests.id, BOUND, team, organisation));
        requests.open =
                switch (BudgetGateTest.join(admission)) {
                    case Admission.Reserved(var reservation) -> reservation;
                    case Admission.Refused refused ->
                            throw new IllegalStateException(refused.toString());
                };
    }

    @Benchmark
    @Threads(2)
    public void reserveOnTwoLoops(Requests requests) {
        reserve(requests);
    }

    @Benchmark
    public void reserveSettleAndRecord(Requests requests) {
        reserve(requests);
        settle(requests);
    }

    /** Arguments: as of JMH's own main, all benchmarks of this class if there are none. */
    public static void main(String[] arguments) throws RunnerException {
        var options = new OptionsBuilder().include(ReserveBenchmark.class.getName()).build();
        new Runner(options).run();
    }
}
