package dev.tollgate.policy.budget;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * How all accounts have their turn, one after the other: what one has to say is sent before the
 * next one's store is asked, and one that breaks a rule ends nothing for the others.
 */
final class Turns {

    private volatile BiConsumer<AccountKey, RuntimeException> failed =
            (key, bug) -> {
                throw bug;
            };

    /**
     * @param told of an account whose turn has failed, and why; without it the failure is thrown
     */
    void whenFailed(BiConsumer<AccountKey, RuntimeException> told) {
        failed = told;
    }

    /** The turn of one account. */
    void each(
            AccountKey key, Consumer<List<LedgerEffect>> send, Consumer<List<LedgerEffect>> step) {
        try {
            sending(send, step);
        } catch (RuntimeException e) {
            failed.accept(key, e);
        }
    }

    /** Sends what the step has to say, also if it fails. */
    static void sending(Consumer<List<LedgerEffect>> send, Consumer<List<LedgerEffect>> step) {
        var effects = new ArrayList<LedgerEffect>();
        try {
            step.accept(effects);
        } finally {
            if (!effects.isEmpty()) {
                send.accept(effects);
            }
        }
    }
}
