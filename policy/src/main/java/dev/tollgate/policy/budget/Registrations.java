package dev.tollgate.policy.budget;

import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Takes holders on: with all that they have, and none whose time is over. What they have spent of
 * leases that go on is a report like any other, so that a new ledger does not write every lease of
 * the fleet. What the store does not take stays in line, and its account gives nothing until it is
 * stored ({@link Unstored}): it keeps the holder from no other account. Whoever comes before the
 * first Budgets are known waits for them.
 */
final class Registrations {

    private final Bookkeeper keeper;
    private final Reports reports;
    private final Audience audience;
    private final AccountTurn turn;
    private final Turns turns;
    private final EarlyRegisters early = new EarlyRegisters();

    /**
     * Shared from before a holder counts as connected until all that it told is taken in, and it is
     * answered; whole while a freeze ends.
     */
    private final ReentrantReadWriteLock registering = new ReentrantReadWriteLock();

    /** Earlier starts of their logs still have leases that are not marked so. */
    private final Set<HolderId> unmarked = ConcurrentHashMap.newKeySet();

    private volatile BiConsumer<HolderId, RuntimeException> failed =
            (holder, bug) -> {
                throw bug;
            };

    Registrations(
            Bookkeeper keeper, Reports reports, Audience audience, AccountTurn turn, Turns turns) {
        this.keeper = keeper;
        this.reports = reports;
        this.audience = audience;
        this.turn = turn;
        this.turns = turns;
    }

    /**
     * @param told of a holder that was refused since its Register has failed, and why; without it
     *     the failure is thrown
     */
    void whenFailed(BiConsumer<HolderId, RuntimeException> told) {
        failed = told;
    }

    /**
     * One that breaks a rule is refused, so that it comes again; it ends nothing for others.
     *
     * @param send takes the effects
     */
    void register(LedgerCommand.Register register, Instant now, Consumer<List<LedgerEffect>> send) {
        registering.readLock().lock();
        try {
            if (!early.holds(register)) {
                Turns.sending(send, effects -> answerOrRefuse(register, now, effects));
            }
        } finally {
            registering.readLock().unlock();
        }
    }

    /**
     * Ends a freeze: all that those who are connected hold is known then. Does nothing while
     * somebody registers.
     */
    void whileNobodyRegisters(Runnable step) {
        if (registering.writeLock().tryLock()) {
            try {
                step.run();
            } finally {
                registering.writeLock().unlock();
            }
        }
    }

    private void answerOrRefuse(
            LedgerCommand.Register register, Instant now, List<LedgerEffect> effects) {
        var holder = register.holder();
        try {
            answer(register, now, effects);
        } catch (RuntimeException e) {
            effects.removeIf(effect -> effect.to().equals(holder));
            refuse(holder, "the ledger failed: " + e.getMessage(), effects);
            audience.update(s -> s.disconnected(holder));
            failed.accept(holder, e);
        }
    }

    void budgetsAreKnown(Instant now, Consumer<List<LedgerEffect>> send) {
        for (var register : early.end()) {
            register(register, now, send);
        }
    }

    void left(HolderId holder) {
        early.left(holder);
        audience.update(s -> s.disconnected(holder));
    }

    private void answer(LedgerCommand.Register register, Instant now, List<LedgerEffect> effects) {
        var holder = register.holder();
        var refusal = refusal(holder, register.proxy());
        if (refusal != null) {
            refuse(holder, refusal, effects);
            return;
        }
        audience.update(s -> s.register(holder, register.proxy()));
        var named = new HashSet<AccountKey>();
        var session = audience.sessions().connected(holder);
        for (var totals : register.leases()) {
            var own = totals.bootEpoch() == holder.bootEpoch();
            var late = session != null && own && session.closed().contains(totals.account());
            if (totals.closed() && own) {
                audience.update(s -> s.closed(holder, totals.account(), now));
            }
            if (!late || totals.closed()) { // a doubled Register opens no closed lease again
                take(holder, totals, now, effects);
            }
            named.add(totals.account());
        }
        reports.unstored.toldAll(holder);
        if (!suspectEarlier(holder, now, effects::addAll) || !keeper.book.damaged().isEmpty()) {
            unmarked.add(holder); // what cannot be read may have such leases too
        }
        effects.add(new LedgerEffect.Registered(holder, true, ""));
        var accounts = keeper.book.accounts();
        audience.welcome(holder, accounts, named, keeper.freezes.keys(accounts), now, effects);
    }

    private void take(
            HolderId holder, LeaseTotals totals, Instant now, List<LedgerEffect> effects) {
        if (!reports.waits(holder, totals)) {
            turn.alone(totals.account(), () -> reports.takeOrKeep(holder, totals, now, effects));
        }
    }

    /** Marks what the store did not let be marked when its holder came. */
    void tick(Instant now, Consumer<List<LedgerEffect>> send) {
        for (var holder : unmarked) {
            if (!audience.sessions().isLast(holder)
                    || suspectEarlier(holder, now, send) && keeper.book.damaged().isEmpty()) {
                unmarked.remove(holder);
            }
        }
    }

    private @Nullable String refusal(HolderId holder, String proxy) {
        var unreadable = keeper.book.load();
        if (unreadable != null) {
            return "ledger store: " + unreadable;
        }
        var refusal = audience.sessions().refusal(holder, proxy);
        return refusal == null && hasLaterLease(holder)
                ? "boot epoch " + holder.bootEpoch() + " is over: a later one holds leases"
                : refusal;
    }

    private static void refuse(HolderId holder, String reason, List<LedgerEffect> effects) {
        effects.add(new LedgerEffect.Registered(holder, false, reason));
    }

    private boolean hasLaterLease(HolderId holder) {
        for (var account : keeper.book.accounts()) {
            for (var lease : account.leases()) {
                if (lease.holder().logId().equals(holder.logId())
                        && lease.holder().bootEpoch() > holder.bootEpoch()) {
                    return true;
                }
            }
        }
        return false;
    }

    /**
     * What an earlier start of the same log has not closed with proof stays charged. False: not all
     * of it is marked so yet.
     */
    private boolean suspectEarlier(
            HolderId holder, Instant now, Consumer<List<LedgerEffect>> send) {
        var left = new AtomicInteger();
        for (var account : keeper.book.accounts()) {
            for (var lease : account.leases()) {
                if (lease.holder().logId().equals(holder.logId())
                        && lease.holder().bootEpoch() < holder.bootEpoch()
                        && lease.state() == LeaseAccount.State.OPEN) {
                    left.incrementAndGet();
                    var suspect = new AccountCommand.Suspect(lease.holder());
                    turns.each(
                            account.key(),
                            send,
                            effects -> {
                                if (keeper.stores(account.key(), suspect, now, effects)) {
                                    left.decrementAndGet();
                                }
                            });
                }
            }
        }
        return left.get() == 0;
    }
}
