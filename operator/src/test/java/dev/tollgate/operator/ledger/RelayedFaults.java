package dev.tollgate.operator.ledger;

import dev.tollgate.crds.valkey.ValkeyRelay;
import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.StoreFaults;

/** What happens between a ledger and its Valkey; what happens to the Valkey is told by its test. */
abstract class RelayedFaults implements StoreFaults {

    abstract ValkeyRelay relay();

    /**
     * @param script in one line, without double quotes
     */
    abstract void run(String script) throws Exception;

    /** Of all keys of the store. */
    abstract String prefix();

    @Override
    public void spoil(AccountKey key) throws Exception {
        run(
                ("local key = '%s' local text = redis.call('HGET', key, 'account')"
                                + " redis.call('HSET', key, 'whole', text, 'account',"
                                + " string.sub(text, 1, -9)) return 'done'")
                        .formatted(hash(key)));
    }

    @Override
    public void mend(AccountKey key) throws Exception {
        run(
                ("local key = '%s' redis.call('HSET', key, 'account', redis.call('HGET', key,"
                                + " 'whole')) redis.call('HDEL', key, 'whole') return 'done'")
                        .formatted(hash(key)));
    }

    private String hash(AccountKey key) {
        return "{" + prefix() + "}:account:" + key;
    }

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
