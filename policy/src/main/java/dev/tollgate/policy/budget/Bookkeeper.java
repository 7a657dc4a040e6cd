package dev.tollgate.policy.budget;

import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The one way to change an account: by the rules of {@link Ledger}, and told once it is stored. An
 * account of which the store has forgotten something is frozen, and rebuilt first. Any thread.
 */
final class Bookkeeper {

    private final AccountStore store;
    private final Ledger ledger;
    private final Audience audience;
    final AccountBook book;
    final Freezes freezes;

    Bookkeeper(AccountStore store, long epoch, Audience audience, Freezes freezes) {
        this.store = store;
        this.ledger = new Ledger(epoch);
        this.book = new AccountBook(store);
        this.audience = audience;
        this.freezes = freezes;
    }

    /**
     * Adds the effects once they may be sent.
     *
     * @param opened what to start from if there is no such account; null: nothing to change then
     */
    AccountBook.Change change(
            AccountKey key,
            @Nullable Account opened,
            AccountCommand command,
            Instant now,
            List<LedgerEffect> effects) {
        var change = book.change(key, opened, account -> step(account, command, now));
        switch (change) {
            case AccountBook.Change.Done(var transition) -> tell(transition, now, effects);
            case AccountBook.Change.Unavailable unavailable -> {}
            case AccountBook.Change.Regressed(var remembered) -> {
                freeze(key, now, effects);
                var rebuilt =
                        book.rebuild(
                                key,
                                emptied(remembered),
                                account ->
                                        ledger.apply(
                                                account,
                                                new AccountCommand.Rebuild(remembered),
                                                now));
                if (rebuilt instanceof AccountBook.Change.Done
                        && !(command instanceof AccountCommand.Acquire)) {
                    return change(key, opened, command, now, effects);
                }
            }
        }
        return change;
    }

    private Transition step(Account account, AccountCommand command, Instant now) {
        if (!(command instanceof AccountCommand.Rebuild)) {
            freezes.sees(account);
        }
        return ledger.apply(account, command, now);
    }

    /** Several steps of an account as one write; adds the effects once they may be sent. */
    AccountBook.Change together(
            AccountKey key,
            @Nullable Account opened,
            List<AccountCommand> commands,
            Instant now,
            List<LedgerEffect> effects) {
        var change =
                book.change(
                        key,
                        opened,
                        account -> {
                            freezes.sees(account);
                            return ledger.apply(account, commands, now);
                        });
        if (change instanceof AccountBook.Change.Done(var transition)) {
            tell(transition, now, effects);
        }
        return change;
    }

    private void tell(Transition done, Instant now, List<LedgerEffect> effects) {
        effects.addAll(done.effects());
        if (done.moneyBack()) {
            audience.tellOfFreeMoney(done.account(), now, effects);
        }
    }

    /** The same of an account that is known; false: not stored. */
    boolean stores(
            AccountKey key, AccountCommand command, Instant now, List<LedgerEffect> effects) {
        return stores(key, null, command, now, effects);
    }

    /** False: not stored. */
    boolean stores(
            AccountKey key,
            @Nullable Account opened,
            AccountCommand command,
            Instant now,
            List<LedgerEffect> effects) {
        return change(key, opened, command, now, effects) instanceof AccountBook.Change.Done;
    }

    /** What the store has forgotten and nobody may ask for any more. */
    void rebuildLost(Turns turns, Instant now, Consumer<List<LedgerEffect>> send) {
        for (var lost : book.lost()) {
            var rebuild = new AccountCommand.Rebuild(lost);
            turns.each(
                    lost.key(), send, effects -> change(lost.key(), null, rebuild, now, effects));
        }
    }

    /** Another store than before has forgotten all that is known here. */
    void checkIdentity(Instant now, List<LedgerEffect> effects) {
        if (!freezes.storeChanged(store, now)) {
            return;
        }
        for (var account : book.accounts()) {
            freeze(account.key(), now, effects);
            var rebuild = new AccountCommand.Rebuild(account);
            change(account.key(), emptied(account), rebuild, now, effects);
        }
    }

    private static Account emptied(Account account) {
        return Account.opened(account.key(), account.amountMicros());
    }

    void freeze(AccountKey key, Instant now, List<LedgerEffect> effects) {
        if (freezes.freeze(key, now)) {
            audience.tellAll(key, true, effects);
        }
    }

    /**
     * @param unstored accounts of which not all is stored that was told
     */
    void thaw(Set<AccountKey> unstored, Instant now, List<LedgerEffect> effects) {
        var connected = audience.sessions().proxies();
        for (var key : freezes.thawed(connected, book.accounts(), unstored, now)) {
            audience.tellAll(key, false, effects);
        }
    }
}
