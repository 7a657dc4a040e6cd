package dev.tollgate.policy.budget;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Who registers before the Budgets are known waits: without them, resets that were done could not
 * be told from those to do. One for each connection. Any thread.
 */
final class EarlyRegisters {

    private final Object lock = new Object();

    /** Null: the Budgets are known. */
    private @Nullable Map<HolderId, LedgerCommand.Register> waiting = new LinkedHashMap<>();

    /** True: it waits. */
    boolean holds(LedgerCommand.Register register) {
        synchronized (lock) {
            var early = waiting;
            if (early == null) {
                return false;
            }
            early.put(register.holder(), register);
            return true;
        }
    }

    void left(HolderId holder) {
        synchronized (lock) {
            var early = waiting;
            if (early != null) {
                early.remove(holder);
            }
        }
    }

    /** The Budgets are known: nobody waits any more. */
    List<LedgerCommand.Register> end() {
        synchronized (lock) {
            var early = waiting;
            waiting = null;
            return early == null ? List.of() : List.copyOf(early.values());
        }
    }
}
