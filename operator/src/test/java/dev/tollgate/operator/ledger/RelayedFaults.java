package dev.tollgate.operator.ledger;

import dev.tollgate.crds.valkey.ValkeyRelay;
import dev.tollgate.policy.budget.StoreFaults;

/** What happens between a ledger and its Valkey; what happens to the Valkey is told by its test. */
abstract class RelayedFaults implements StoreFaults {

    abstract ValkeyRelay relay();

    @Override
    public void loseNextAnswer() {
        relay().loseAnswers(1);
    }

    @Override
    public void loseNextWrite() {
        relay().loseRequests(1);
    }

    @Override
    public void doubleNextWrite() {
        relay().doubleRequests(1);
    }

    /** It gives up after a time. */
    @Override
    public boolean keepsAWriterWaiting() {
        return false;
    }
}
