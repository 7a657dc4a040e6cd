package dev.tollgate.dataplane.budget;

import dev.tollgate.policy.budget.Account;
import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.HolderId;
import dev.tollgate.policy.budget.LeaseAccount;
import dev.tollgate.policy.budget.LedgerEffect;
import dev.tollgate.policy.snapshot.BudgetEntry.Mode;
import java.util.HashMap;
import java.util.Map;

/** What must hold of every account, each time that one is written. */
final class Invariants {

    /** What was given back for a lost holder: it had settled so much, and could have spent more. */
    private record Reclaimed(long settledMicros, long backMicros) {}

    /** What is known of an account. */
    private static final class Book {
        long allowedMicros;

        /** The highest that the account has borne: no earlier ledger may write it any more. */
        long latestEpoch;

        long settledMicros;
        final Map<HolderId, Long> grantedMicros = new HashMap<>();
        final Map<HolderId, Reclaimed> reclaimed = new HashMap<>();

        /** What ended streams were charged above their holds. */
        long streamedNanos;

        long streams;
    }

    private final Simulation run;
    private final Map<AccountKey, Book> books = new HashMap<>();

    Invariants(Simulation run) {
        this.run = run;
    }

    /**
     * What providers may bill: what the ledger may give out, what holders that were given up have
     * spent and not told until then, and what streams ended above their holds.
     */
    long allowedNanos(AccountKey account, Map<HolderId, Long> billedNanos) {
        var book = book(account);
        var sum = book.allowedMicros * 1_000 + book.streamedNanos;
        for (var entry : book.reclaimed.entrySet()) {
            var given = entry.getValue();
            var untold =
                    billedNanos.getOrDefault(entry.getKey(), 0L) - given.settledMicros() * 1_000;
            if (untold > 0) {
                run.happened("Untold");
            }
            sum += Math.clamp(untold, 0, given.backMicros() * 1_000);
        }
        return sum;
    }

    boolean isReclaimed(AccountKey account) {
        return !book(account).reclaimed.isEmpty();
    }

    /** A stream ended, and is charged so much above what it held of the account. */
    void streamed(AccountKey account, long nanos) {
        var book = book(account);
        book.streamedNanos += nanos;
        book.streams++;
    }

    /** An overrun of a Hard account is one of those, or there is none. */
    long overrunAtMostMicros(AccountKey account) {
        var book = book(account);
        var sum = Math.ceilDiv(book.streamedNanos, 1_000L) + book.streams;
        for (var given : book.reclaimed.values()) {
            sum += given.backMicros();
        }
        return sum;
    }

    private Book book(AccountKey account) {
        return books.computeIfAbsent(account, key -> new Book());
    }

    /** Soft and Shadow tell of an overrun, and go on. */
    boolean isHard(AccountKey account) {
        return run.budgets.stream()
                .anyMatch(b -> b.key().equals(account.budget()) && b.mode() == Mode.HARD);
    }

    private long charged(Account account) {
        var leased = account.settledMicros() + account.outstandingMicros();
        if (!isHard(account.key())) {
            return leased;
        }
        var excused = overrunAtMostMicros(account.key());
        return leased + Math.max(0, account.overrunMicros() - excused);
    }

    void written(Account before, Account after) {
        var book = book(after.key());
        var first = book.latestEpoch == 0;
        if ((first || before != null && before.limitMicros() != after.limitMicros())
                && after.epoch() >= book.latestEpoch) {
            // what was run.forgotten is not charged yet
            var least = run.forgot ? book.allowedMicros : 0;
            book.allowedMicros = Math.max(least, Math.max(after.limitMicros(), charged(after)));
            if (run.mutant == Mutant.UNGUARDED_SHRINK
                    && before != null
                    && after.limitMicros() < before.limitMicros()) {
                run.mutations.shrink(after);
            }
        }
        book.latestEpoch = Math.max(book.latestEpoch, after.epoch());
        if (charged(after) > book.allowedMicros) {
            run.fail("I1: " + after + " charges more than " + book.allowedMicros);
        }
        for (var lease : after.leases()) {
            reclaimed(book, before == null ? null : before.lease(lease.holder()), lease);
            book.grantedMicros.merge(lease.holder(), lease.amountMicros(), Math::max);
        }
        if (before != null && !run.forgot) {
            addsUp(before, after);
        }
        book.settledMicros = Math.max(book.settledMicros, after.settledMicros());
    }

    private void addsUp(Account before, Account after) {
        var settled = 0L;
        var all = true;
        for (var lease : after.leases()) {
            var known = before.lease(lease.holder());
            settled += lease.settledMicros() - (known == null ? 0 : known.settledMicros());
        }
        for (var lease : before.leases()) {
            all &= after.lease(lease.holder()) != null;
        }
        var grown = after.settledMicros() - before.settledMicros();
        if (grown < settled || all && grown != settled) {
            run.fail("I3: from " + before + " to " + after);
        }
        if (grown < 0
                || after.overrunMicros() < before.overrunMicros()
                || after.resetMicros() < before.resetMicros()
                || after.seq() <= before.seq()
                || after.epoch() < before.epoch()) {
            run.fail("I5: from " + before + " to " + after);
        }
    }

    /** Of a holder that is there and well, nothing may be given back, so nothing is excused. */
    private void reclaimed(Book book, LeaseAccount before, LeaseAccount after) {
        if (after.state() == LeaseAccount.State.RECLAIMED
                && before != null
                && before.state() != LeaseAccount.State.RECLAIMED
                && run.isGivenUp(after.holder())) {
            book.reclaimed.put(
                    after.holder(),
                    new Reclaimed(after.settledMicros(), before.outstandingMicros()));
        }
    }

    void sent(LedgerEffect effect) {
        if (effect instanceof LedgerEffect.Grant grant) {
            var stored = book(grant.account()).grantedMicros.getOrDefault(grant.to(), 0L);
            if (grant.amountMicros() > stored) {
                run.fail("grant before acknowledgment: " + grant + ", stored " + stored);
            }
        }
    }
}
