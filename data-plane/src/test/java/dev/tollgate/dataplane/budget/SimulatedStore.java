package dev.tollgate.dataplane.budget;

import dev.tollgate.policy.budget.Account;
import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.AccountStore;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.TreeMap;

/**
 * The accounts of all ledgers of a run. In trouble it conflicts, refuses, is slow, and is silent
 * about a write that it made, makes later or never makes. It may be told to forget.
 */
final class SimulatedStore {

    private static final int JOURNAL_MAX = 64;
    private static final long SLOW_NANOS = 700_000_000;
    private static final long LATE_NANOS = 2_000_000_000;

    /** Told of every write; {@code before} null: there was none. */
    interface Observer {
        void written(Account before, Account after);
    }

    private record Undo(AccountKey key, AccountStore.Versioned before) {}

    private final Simulation run;
    private final Observer observer;
    private final TreeMap<AccountKey, AccountStore.Versioned> accounts = new TreeMap<>();
    private final ArrayDeque<Undo> journal = new ArrayDeque<>();
    private long version;
    private int identity = 1;
    private long latency;
    private boolean lostWrite;

    /** When it last did not answer, or took its time. */
    private Instant silentAt;

    SimulatedStore(Simulation run, Observer observer) {
        this.run = run;
        this.observer = observer;
    }

    Account account(AccountKey key) {
        var known = accounts.get(key);
        return known == null ? null : known.account();
    }

    Iterable<AccountStore.Versioned> all() {
        return new ArrayList<>(accounts.values());
    }

    /** By nobody that follows the rules. */
    void overwrite(Account account) {
        accounts.put(account.key(), versioned(account));
    }

    /** The last writes of any account, or all that there is. */
    void forget(int writes) {
        if (writes >= journal.size()) {
            accounts.clear();
            journal.clear();
            identity++;
            return;
        }
        for (var i = 0; i < writes; i++) {
            var undo = journal.removeLast();
            if (undo.before() == null) {
                accounts.remove(undo.key());
            } else {
                accounts.put(
                        undo.key(),
                        new AccountStore.Versioned(
                                undo.before().account(), Long.toString(++version)));
            }
        }
    }

    /** How long the calls since the last question took. */
    long takeLatency() {
        var taken = latency;
        latency = 0;
        return taken;
    }

    /**
     * Null: it has always answered.
     *
     * @param now by the clock of who asks
     */
    Instant silentAt(Instant now) {
        return silentAt == null ? null : silentAt.plus(Duration.between(run.wall(), now));
    }

    /** Whether a write of the calls since the last question was not made. */
    boolean takeLostWrite() {
        var lost = lostWrite;
        lostWrite = false;
        return lost;
    }

    /** The store as the ledger of this epoch reaches it. */
    AccountStore of(long epoch) {
        return new View(epoch);
    }

    private AccountStore.Versioned versioned(Account account) {
        return new AccountStore.Versioned(account, Long.toString(++version));
    }

    private boolean write(AccountKey key, String expected, Account account) {
        var known = accounts.get(key);
        if (!expected.equals(known == null ? AccountStore.ABSENT : known.version())) {
            return false;
        }
        journal.add(new Undo(key, known));
        if (journal.size() > JOURNAL_MAX) {
            journal.removeFirst();
        }
        accounts.put(key, versioned(account));
        observer.written(known == null ? null : known.account(), account);
        return true;
    }

    private final class View implements AccountStore {
        private final long epoch;

        View(long epoch) {
            this.epoch = epoch;
        }

        private boolean trouble(int oneIn) {
            boolean is = run.storeTrouble && run.random.nextInt(oneIn) == 0;
            silentAt = is ? run.wall() : silentAt;
            return is;
        }

        private void pass() {
            latency += run.random.nextLong(3_000_000);
            if (trouble(8)) {
                latency += run.random.nextLong(SLOW_NANOS);
            }
        }

        @Override
        public Read read(AccountKey key) {
            pass();
            if (trouble(4)) {
                return new Read.Unavailable("in trouble");
            }
            var known = accounts.get(key);
            return known == null ? new Read.Absent() : new Read.Ok(known);
        }

        @Override
        public Write compareAndSet(AccountKey key, String expected, Account account) {
            pass();
            run.betweenReadAndWrite(epoch);
            if (trouble(3)) {
                return inTrouble(key, expected, account);
            }
            return write(key, expected, account)
                    ? new Write.Ok(accounts.get(key).version())
                    : new Write.Conflict();
        }

        private Write inTrouble(AccountKey key, String expected, Account account) {
            switch (run.random.nextInt(5)) {
                case 0 -> {
                    return new Write.Conflict();
                }
                case 1 -> write(key, expected, account);
                case 2 ->
                        run.agenda.at(
                                run.agenda.now() + run.random.nextLong(LATE_NANOS),
                                () -> write(key, expected, account));
                case 3 -> lostWrite = true;
                default -> {
                    lostWrite = true;
                    return new Write.Unavailable("in trouble");
                }
            }
            return new Write.Unknown("in trouble");
        }

        @Override
        public Listing list(String prefix) {
            pass();
            if (trouble(4)) {
                return new Listing.Unavailable("in trouble");
            }
            return new Listing.Ok(
                    accounts.values().stream()
                            .filter(v -> v.account().key().toString().startsWith(prefix))
                            .toList());
        }

        @Override
        public Identity identity() {
            return trouble(4)
                    ? new Identity.Unavailable("in trouble")
                    : new Identity.Ok("store-" + identity);
        }
    }
}
