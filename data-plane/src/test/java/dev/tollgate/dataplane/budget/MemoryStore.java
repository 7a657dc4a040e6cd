package dev.tollgate.dataplane.budget;

import dev.tollgate.policy.budget.Account;
import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.AccountStore;
import java.util.TreeMap;

/** A store without a disk, that can be made unreachable. */
final class MemoryStore implements AccountStore {

    private final TreeMap<String, Versioned> accounts = new TreeMap<>();
    volatile boolean down;

    @Override
    public synchronized Read read(AccountKey key) {
        var known = accounts.get(key.toString());
        return down
                ? new Read.Unavailable("down")
                : known == null ? new Read.Absent() : new Read.Ok(known);
    }

    @Override
    public synchronized Write compareAndSet(AccountKey key, String version, Account account) {
        if (down) {
            return new Write.Unavailable("down");
        }
        var known = accounts.get(key.toString());
        if (!version.equals(known == null ? ABSENT : known.version())) {
            return new Write.Conflict();
        }
        var next = new Versioned(account, Long.toString(account.seq()));
        accounts.put(key.toString(), next);
        return new Write.Ok(next.version());
    }

    @Override
    public synchronized Listing list(String prefix) {
        return down
                ? new Listing.Unavailable("down")
                : new Listing.Ok(
                        accounts.values().stream()
                                .filter(v -> v.account().key().toString().startsWith(prefix))
                                .toList());
    }

    @Override
    public Identity identity() {
        return new Identity.Ok("memory");
    }
}
