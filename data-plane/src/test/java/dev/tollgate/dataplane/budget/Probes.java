package dev.tollgate.dataplane.budget;

import dev.tollgate.policy.budget.Account;
import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.Window;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.BudgetEntry.Mode;
import java.time.Instant;
import java.util.List;
import java.util.Objects;

/** Asks a fleet that is at rest for what is left of each Budget. */
final class Probes {

    private final Simulation run;
    private int number;

    Probes(Simulation run) {
        this.run = run;
    }

    /** What fits into the rest of a budget is admitted, and what its mode refuses is refused. */
    void probe() {
        for (var entry : run.budgets) {
            for (var team :
                    entry.perNamespace() ? Simulation.TEAMS : Simulation.TEAMS.subList(0, 1)) {
                allHaveEntered(entry);
                var window = Window.of(entry.period(), run.ledger().now());
                var subject = entry.perNamespace() ? team : "";
                var key = AccountKey.of(entry.key(), subject, window);
                resetIsDone(entry, account(key));
                var rest = rest(entry, account(key));
                if (entry.mode() == Mode.HARD && rest < 10) {
                    continue;
                }
                var bound = entry.mode() == Mode.HARD ? rest : 50;
                var call = new Referee.Call("probe-" + number++, team, bound * 1_000);
                var proxy = run.proxies.get(run.random.nextInt(run.proxies.size()));
                run.trace("probe of " + key, bound);
                var before = account(key);
                proxy.request(call, List.of(entry));
                run.runUntil(run.agenda.now() + 4 * Simulation.SECOND);
                var refuses = refuses(entry, before);
                if (call.admitted ? refuses > 0 : refuses < 0 && !noticesLate(call)) {
                    throw run.broken(
                            (call.admitted ? "admitted " : "phantom refusal of ")
                                    + bound
                                    + " micro-USD by "
                                    + proxy.pod()
                                    + ": "
                                    + call.refused
                                    + "; "
                                    + account(key),
                            null);
                }
            }
        }
    }

    /** A window's end that a State told comes as much late as the State was on its way. */
    private void allHaveEntered(BudgetEntry entry) {
        var start = Window.of(entry.period(), run.ledger().now()).start();
        if (start != null && run.ledger().now().isBefore(start.plusSeconds(1))) {
            run.runUntil(run.agenda.now() + Simulation.SECOND);
        }
    }

    /**
     * Whether what is spent refuses more: -1 no, 1 yes, 0 too near to say, because leases are
     * rounded and each proxy knows its own spend to the nano-USD.
     */
    private int refuses(BudgetEntry entry, Account account) {
        var percent =
                switch (entry.mode()) {
                    case HARD -> entry.steps().isEmpty() ? 0 : entry.steps().getFirst().percent();
                    case SOFT -> 100;
                    case SHADOW -> 0;
                };
        if (account == null || percent == 0) {
            return -1;
        }
        var from = Objects.requireNonNull(entry.limitMicros()) * percent / 100;
        // each start of each proxy may have rounded a lease twice
        var near = 1 + 2L * booted();
        var spent = account.spentMicros();
        return spent >= from + near ? 1 : spent + near <= from ? -1 : 0;
    }

    private long booted() {
        return run.proxies.stream().mapToLong(p -> p.wal().holder().bootEpoch()).sum();
    }

    private void resetIsDone(BudgetEntry entry, Account account) {
        if (account == null || entry.resetAtMillis() == null) {
            return;
        }
        var asked = Instant.ofEpochMilli(entry.resetAtMillis());
        var start = account.key().window().start();
        var done = account.resetAt() != null && !account.resetAt().isBefore(asked);
        if (!done && (start == null || !asked.isBefore(start))) {
            throw run.broken("reset of " + asked + " is not done: " + account, null);
        }
    }

    /** What the store has forgotten may be noticed as late as that. */
    private boolean noticesLate(Referee.Call call) {
        return run.forgot
                && call.refused != null
                && call.refused.kind() == Admission.RefusalKind.FROZEN;
    }

    private Account account(AccountKey key) {
        return run.accounts().stream().filter(a -> a.key().equals(key)).findFirst().orElse(null);
    }

    private long rest(BudgetEntry entry, Account account) {
        var limit = Objects.requireNonNull(entry.limitMicros());
        if (account == null) {
            return limit;
        }
        var rest = limit - account.spentMicros();
        for (var lease : account.leases()) {
            var living = run.proxies.stream().anyMatch(p -> p.isHolder(lease.holder()));
            rest -= living ? 2 : lease.outstandingMicros();
        }
        return rest;
    }
}
