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
                        && !(command instanceof AccountCommand.Acquire)
                        && !(command instanceof AccountCommand.Thaw)) {
                    return change(key, opened, command, now, effects);
                }
            }
        }
        return change;
    }

    private Transition step(Account account, AccountCommand command, Instant now) {
        return ledger.apply(asFrozen(account), command, now);
    }

    /** In a freeze that nobody has written down yet, it is frozen as the store has it now. */
    private Account asFrozen(Account account) {
        return !account.isFrozen() && freezes.isFrozen(account.key())
                ? account.withFrozenAt(account.seq())
                : account;
    }

    /** Several steps of an account as one write; adds the effects once they may be sent. */
    AccountBook.Change together(
            AccountKey key,
            @Nullable Account opened,
            List<AccountCommand> commands,
            Instant now,
            List<LedgerEffect> effects) {
        var change =
                book.change(key, opened, account -> ledger.apply(asFrozen(account), commands, now));
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

    /** As far as this ledger knows, or as an earlier one has written. */
    boolean isFrozen(AccountKey key) {
        return freezes.isFrozen(key) || isMarked(key);
    }

    private boolean isMarked(AccountKey key) {
        var known = book.account(key);
        return known != null && known.isFrozen();
    }

    void freeze(AccountKey key, Instant now, List<LedgerEffect> effects) {
        if (freezes.freeze(key, now)) {
            audience.tellAll(key, true, effects);
        }
    }

    /** Goes on with the freezes that earlier ledgers did not live to end. */
    void inheritFreezes(Instant now, List<LedgerEffect> effects) {
        for (var account : book.accounts()) {
            if (account.isFrozen() && !freezes.isFrozen(account.key())) {
                freeze(account.key(), now, effects);
            }
        }
    }

    /**
     * Those whose freeze may end.
     *
     * @param unstored accounts of which not all is stored that was told
     */
    List<AccountKey> dueToThaw(Set<AccountKey> unstored, Instant now) {
        return freezes.due(audience.sessions().proxies(), book.accounts(), unstored, now);
    }

    /** It stays frozen if the store does not take that it is frozen no more. */
    void thaw(AccountKey key, Instant now, List<LedgerEffect> effects) {
        var since = freezes.end(key); // or what others write meanwhile would be in a new freeze
        if (since == null) {
            return;
        }
        if (isMarked(key) && !stores(key, new AccountCommand.Thaw(), now, effects)) {
            freezes.freeze(key, since);
        } else if (!isFrozen(key)) {
            audience.tellAll(key, false, effects);
        }
    }
}
