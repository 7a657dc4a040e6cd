package dev.tollgate.dataplane.budget;

import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.HolderId;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The provider of a run, which bills by itself, whatever becomes of the proxy: at most the bound of
 * a call, at some time after it was sent. It knows what each account may be billed.
 */
final class Referee {

    private static final long ANSWER_NANOS = 3_000_000_000L;
    private static final long ANSWER_SLOW_NANOS = 15_000_000_000L;

    /** How the proxy hears of a call's end. */
    interface Settlement {
        void at(long time, long costNanos);
    }

    /** One attempt. */
    static final class Call {
        final String id;
        final String team;
        final long boundNanos;
        List<AccountKey> accounts = List.of();
        HolderId holder;
        boolean admitted;
        boolean assumed;
        long billedNanos;
        Admission.Refused refused;

        Call(String id, String team, long boundNanos) {
            this.id = id;
            this.team = team;
            this.boundNanos = boundNanos;
        }

        void admitted(List<AccountKey> charged, HolderId by) {
            admitted = true;
            accounts = charged;
            holder = by;
        }
    }

    private final Simulation run;
    private final Map<AccountKey, Map<HolderId, Long>> billed = new HashMap<>();
    private final Map<String, Call> calls = new LinkedHashMap<>();

    Referee(Simulation run) {
        this.run = run;
    }

    Map<String, Call> calls() {
        return calls;
    }

    /** It bills as it is read: see {@link #bill(List, Call, long)}. */
    void streams(Call call) {
        calls.put(call.id, call);
    }

    void call(Call call, Settlement settlement) {
        calls.put(call.id, call);
        var random = run.random;
        var now = run.agenda.now();
        var slow = random.nextInt(8) == 0;
        var bills = now + random.nextLong(slow ? ANSWER_SLOW_NANOS : ANSWER_NANOS / 4);
        var answers = bills + random.nextLong(slow ? ANSWER_NANOS : ANSWER_NANOS / 8);
        if (run.healed) {
            settlement.at(now, 0);
            return;
        }
        switch (random.nextInt(16)) {
            case 0 -> settlement.at(answers, 0); // no connection, or 429
            case 1, 2 -> {
                call.assumed = true;
                run.agenda.at(bills, () -> bill(call, cost(call)));
                settlement.at(answers, call.boundNanos);
            }
            default -> {
                var cost = cost(call);
                run.agenda.at(bills, () -> bill(call, cost));
                settlement.at(answers, cost);
            }
        }
    }

    private long cost(Call call) {
        return switch (run.random.nextInt(4)) {
            case 0 -> call.boundNanos;
            case 1 -> run.random.nextLong(call.boundNanos / 4 + 1);
            default -> run.random.nextLong(call.boundNanos + 1);
        };
    }

    private void bill(Call call, long nanos) {
        bill(call.accounts, call, nanos);
    }

    /** So much more. */
    void bill(List<AccountKey> accounts, Call call, long nanos) {
        call.billedNanos += nanos;
        for (var account : accounts) {
            var holders = billed.computeIfAbsent(account, key -> new HashMap<>());
            holders.merge(call.holder, nanos, Long::sum);
            var sum = holders.values().stream().mapToLong(Long::longValue).sum();
            var allowed = run.invariants.allowedNanos(account, holders);
            if (sum > allowed && run.invariants.isHard(account)) {
                run.fail("I8: " + account + " is billed " + sum + " nano-USD of " + allowed);
            }
        }
    }
}
