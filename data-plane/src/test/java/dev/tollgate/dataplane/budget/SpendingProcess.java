package dev.tollgate.dataplane.budget;

import dev.tollgate.dataplane.budget.Admission.RefusalKind;
import dev.tollgate.dataplane.budget.Admission.Refused;
import dev.tollgate.dataplane.budget.Admission.Reserved;
import dev.tollgate.dataplane.wal.Wal;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.snapshot.BudgetEntry;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;

/**
 * A process that spends a budget until it is exhausted or killed. What it does it tells at once, a
 * system call a line, so that a kill takes nothing back: {@code bill ID NANOS} once a reservation
 * allows the provider to be asked, {@code settled ID NANOS} once it is settled, {@code refused
 * KIND}, {@code end} after an orderly end.
 */
final class SpendingProcess {

    static final int THREADS = 8;
    static final Money BOUND = Money.parse("0.01");

    private static final FileOutputStream OUT = new FileOutputStream(FileDescriptor.out);

    private SpendingProcess() {}

    /** Arguments: data directory, limit in micro-USD, seed. */
    public static void main(String[] args) throws Exception {
        say("start");
        var limitMicros = Long.parseLong(args[1]);
        var seed = Long.parseLong(args[2]);
        try (var books = Books.open(Path.of(args[0]), limitMicros)) {
            say("open");
            var threads = new ArrayList<Thread>();
            for (var i = 0; i < THREADS; i++) {
                var gate = books.gates().get(i % books.gates().size());
                var log = books.logs().get(i % books.logs().size());
                var random = new Random(seed + i);
                var name = seed + "-" + i;
                threads.add(
                        Thread.ofPlatform()
                                .start(() -> spend(gate, log, books.budget(), random, name)));
            }
            for (var thread : threads) {
                thread.join();
            }
        }
        say("end");
    }

    private static void spend(
            BudgetGate gate, Wal log, BudgetEntry budget, Random random, String name) {
        for (var i = 0; ; i++) {
            var id = name + "-" + i;
            var claim = Budgets.claim(id, BOUND, budget);
            switch (BudgetGateTest.join(gate.reserve(claim))) {
                case Reserved(var reservation) -> {
                    var cost = new Money(random.nextLong(BOUND.nanos() + 1));
                    say("bill " + id + " " + cost.nanos());
                    LockSupport.parkNanos(random.nextLong(500_000));
                    reservation.settle(cost, false);
                    Books.recordAtLast(log, id, cost.nanos());
                    say("settled " + id + " " + cost.nanos());
                }
                case Refused refusal -> {
                    say("refused " + refusal.kind());
                    if (refusal.kind() == RefusalKind.EXHAUSTED) {
                        return;
                    }
                    LockSupport.parkNanos(1_000_000);
                }
            }
        }
    }

    private static synchronized void say(String line) {
        try {
            OUT.write((line + "\n").getBytes(StandardCharsets.US_ASCII));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
