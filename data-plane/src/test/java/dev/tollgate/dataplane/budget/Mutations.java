package dev.tollgate.dataplane.budget;

import dev.tollgate.policy.budget.Account;
import dev.tollgate.policy.budget.HolderId;
import dev.tollgate.policy.budget.LeaseAccount;
import dev.tollgate.policy.budget.LeaseTotals;
import dev.tollgate.policy.budget.LedgerCommand;
import dev.tollgate.policy.snapshot.BudgetBuilder;
import dev.tollgate.policy.snapshot.BudgetEntry;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What the {@link Mutant} of a run does to messages and to the run.store. */
final class Mutations {

    private final Simulation run;

    /** As they were at first. */
    private final Map<String, Long> amounts = new HashMap<>();

    Mutations(Simulation run) {
        this.run = run;
    }

    /** What reaches the ledger of what a proxy says. */
    LedgerCommand mutated(LedgerCommand command, Map<String, Long> settledNanos) {
        if (run.mutant != Mutant.NO_REGRESSION_GUARD && run.mutant != Mutant.MONEY_ROUNDED_DOWN) {
            return command;
        }
        return switch (command) {
            case LedgerCommand.Register(var holder, var proxy, var leases) ->
                    new LedgerCommand.Register(
                            holder,
                            proxy,
                            leases.stream().map(t -> mutated(t, settledNanos)).toList());
            case LedgerCommand.Report(var holder, var leases) ->
                    new LedgerCommand.Report(
                            holder, leases.stream().map(t -> mutated(t, settledNanos)).toList());
            case LedgerCommand.Close(var holder, var totals) ->
                    new LedgerCommand.Close(holder, mutated(totals, settledNanos));
            case LedgerCommand.Acquire acquire -> acquire;
        };
    }

    private LeaseTotals mutated(LeaseTotals totals, Map<String, Long> settledNanos) {
        var exact = settledNanos.getOrDefault(totals.account().toString(), Long.MAX_VALUE);
        var down = run.mutant == Mutant.MONEY_ROUNDED_DOWN;
        return new LeaseTotals(
                totals.account(),
                totals.bootEpoch(),
                totals.amountMicros(),
                down ? Math.min(totals.settledMicros(), exact / 1_000) : totals.settledMicros(),
                totals.returnedMicros(),
                totals.overrunMicros(),
                totals.openMicros(),
                down ? totals.seq() : 0,
                totals.closed());
    }

    /** What a ledger hears of Budgets. */
    List<BudgetEntry> heard(List<BudgetEntry> budgets) {
        if (run.mutant != Mutant.AMOUNT_KEPT) {
            return budgets;
        }
        return budgets.stream()
                .map(
                        entry -> {
                            var first = amounts.putIfAbsent(entry.key(), entry.limitMicros());
                            return first == null
                                    ? entry
                                    : BudgetBuilder.as(entry).limit(first).build();
                        })
                .toList();
    }

    void shrink(Account after) {
        run.agenda.at(
                run.agenda.now() + 1,
                () -> {
                    var now = run.store.account(after.key());
                    var leases = 0L;
                    for (var lease : now.leases()) {
                        leases += lease.settledMicros();
                    }
                    run.store.overwrite(
                            new Account(
                                    now.key(),
                                    now.limitMicros(),
                                    Math.min(now.settledMicros(), leases),
                                    now.overrunMicros(),
                                    now.resetMicros(),
                                    now.resetAt(),
                                    now.seq() + 1,
                                    now.epoch(),
                                    List.of(),
                                    now.closed(),
                                    now.frozenAtSeq()));
                });
    }

    /** Of a holder that may be there, as if that had been asked. */
    void giveBack(String budget, HolderId holder) {
        for (var versioned : run.store.all()) {
            var account = versioned.account();
            var lease = account.lease(holder);
            if (lease == null || !account.key().budget().equals(budget)) {
                continue;
            }
            var kept = new ArrayList<>(account.leases());
            kept.set(
                    kept.indexOf(lease),
                    new LeaseAccount(
                            holder,
                            lease.amountMicros(),
                            lease.settledMicros(),
                            lease.amountMicros() - lease.settledMicros(),
                            lease.overrunMicros(),
                            lease.lastAcquire(),
                            LeaseAccount.State.RECLAIMED));
            overwrite(account, kept);
        }
    }

    void expire() {
        for (var versioned : run.store.all()) {
            var account = versioned.account();
            var kept = new ArrayList<LeaseAccount>();
            for (var lease : account.leases()) {
                var silent =
                        run.fleet().stream()
                                .noneMatch(p -> p.isHolder(lease.holder()) && !p.stopped());
                if (!silent) {
                    kept.add(lease);
                }
            }
            if (kept.size() < account.leases().size()) {
                run.trace("expires leases of", account.key());
                overwrite(account, kept);
            }
        }
    }

    private void overwrite(Account account, List<LeaseAccount> leases) {
        run.store.overwrite(
                new Account(
                        account.key(),
                        account.limitMicros(),
                        account.settledMicros(),
                        account.overrunMicros(),
                        account.resetMicros(),
                        account.resetAt(),
                        account.seq() + 1,
                        account.epoch(),
                        leases,
                        account.closed(),
                        account.frozenAtSeq()));
    }
}
