package dev.tollgate.policy.budget;

import java.util.List;

/**
 * @param account to be stored; the same object as before if nothing changed
 * @param effects to be sent once the store has acknowledged the account
 * @param moneyBack more may be granted than before
 */
record Transition(Account account, List<LedgerEffect> effects, boolean moneyBack) {
    Transition {
        effects = List.copyOf(effects);
    }

    /** Nothing to say. */
    static Transition to(Account account) {
        return new Transition(account, List.of(), false);
    }

    /** The same, to be stored although nothing changed. */
    Transition rewritten() {
        return new Transition(account.written(account.epoch()), effects, moneyBack);
    }
}
