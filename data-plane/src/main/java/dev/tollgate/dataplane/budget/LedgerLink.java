package dev.tollgate.dataplane.budget;

import dev.tollgate.policy.budget.LedgerCommand;
import dev.tollgate.policy.budget.LedgerEffect;

/**
 * The way to the ledger: in process, or a stream to the operator. It only carries: what is sent
 * while it is disconnected, or in flight when it breaks, is lost, and the sender says it again.
 * Within one connection messages keep their order.
 */
public interface LedgerLink extends AutoCloseable {

    /** Connects, and connects again after every loss, until closed. Called once. */
    void start(Listener listener);

    /** Never blocks; any thread. The first message of a connection is a Register. */
    void send(LedgerCommand command);

    State state();

    @Override
    void close();

    sealed interface State {
        record Connected() implements State {}

        record Disconnected(String reason) implements State {}
    }

    /** Called by one thread at a time; returns at once. */
    interface Listener {
        /** A new connection; the listener answers with Register. */
        void connected();

        void disconnected(String reason);

        /** {@link LedgerEffect#to} is this holder. */
        void effect(LedgerEffect effect);
    }
}
