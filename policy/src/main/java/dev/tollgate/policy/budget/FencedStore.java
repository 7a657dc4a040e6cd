package dev.tollgate.policy.budget;

import java.util.function.LongConsumer;

/**
 * A store as the ledger of one epoch may see it: once an account bears a higher epoch, a later
 * ledger has written it, and this one gets nothing out of the store any more. Blocking.
 */
public final class FencedStore implements AccountStore {

    private final AccountStore store;
    private final long epoch;
    private final LongConsumer outrun;

    /**
     * @param epoch of the ledger that uses it
     * @param outrun told of the higher epoch, each time that one is met
     */
    public FencedStore(AccountStore store, long epoch, LongConsumer outrun) {
        this.store = store;
        this.epoch = epoch;
        this.outrun = outrun;
    }

    @Override
    public Read read(AccountKey key) {
        var answer = store.read(key);
        long written =
                switch (answer) {
                    case Read.Ok(var versioned) -> versioned.account().epoch();
                    case Read.Unreadable(var damaged) -> damaged.epoch();
                    case Read.Absent(), Read.Unavailable _ -> 0;
                };
        return later(written) ? new Read.Unavailable("a later ledger has written " + key) : answer;
    }

    @Override
    public Write compareAndSet(AccountKey key, String version, Account account) {
        return store.compareAndSet(key, version, account);
    }

    @Override
    public Write delete(AccountKey key, String version) {
        return store.delete(key, version);
    }

    @Override
    public Listing list(String prefix) {
        var answer = store.list(prefix);
        return answer instanceof Listing.Ok ok
                        && (ok.accounts().stream().anyMatch(v -> later(v.account().epoch()))
                                || ok.damaged().stream().anyMatch(d -> later(d.epoch())))
                ? new Listing.Unavailable("a later ledger has written accounts")
                : answer;
    }

    @Override
    public Identity identity() {
        return store.identity();
    }

    private boolean later(long written) {
        if (written <= epoch) {
            return false;
        }
        outrun.accept(written);
        return true;
    }
}
