package dev.tollgate.operator.push;

import dev.tollgate.policy.push.FromLedger;
import dev.tollgate.policy.push.ToLedger;
import java.util.function.Consumer;

/** What answers {@code Ledger.Stream}. */
public interface LedgerEndpoint {

    /**
     * A proxy opened its ledger stream.
     *
     * @param send may be called from any thread; drops what it is given once the stream is gone
     */
    Session open(Consumer<FromLedger> send);

    /** One stream; called on the server's event loop, must not block. */
    interface Session {
        void received(ToLedger message);

        void closed();
    }
}
