package dev.tollgate.policy.budget;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** Gives back what a lost holder has, when somebody answers for it that it spends nothing more. */
final class Reclaims {

    /** Most holders that a refusal names. */
    private static final int NAMED_MAX = 16;

    private final Bookkeeper keeper;
    private final Audience audience;

    Reclaims(Bookkeeper keeper, Audience audience) {
        this.keeper = keeper;
        this.audience = audience;
    }

    /** See {@link LedgerService#reclaim}. */
    Reclaimed reclaim(
            String budget, HolderId holder, Instant now, Consumer<List<LedgerEffect>> send) {
        var unreadable = keeper.book.load();
        if (unreadable != null) {
            return new Reclaimed.Unavailable("ledger store: " + unreadable);
        }
        if (audience.sessions().whereabouts(holder) instanceof Whereabouts.Connected(var proxy)) {
            return new Reclaimed.Refused("holder " + holder + " is connected, as " + proxy);
        }
        var leases = new LinkedHashMap<AccountKey, LeaseAccount>();
        for (var account : keeper.book.accounts()) {
            var lease = account.key().budget().equals(budget) ? account.lease(holder) : null;
            if (lease != null) {
                leases.put(account.key(), lease);
            }
        }
        if (leases.isEmpty()) {
            return new Reclaimed.Refused(
                    "holder " + holder + " has no lease of Budget " + budget + holders(budget));
        }
        for (var key : leases.keySet()) {
            if (keeper.freezes.isFrozen(key)) {
                return new Reclaimed.Unavailable(
                        "account " + key + " is frozen until all proxies have told what they hold");
            }
        }
        return reclaim(holder, leases, now, send);
    }

    private Reclaimed reclaim(
            HolderId holder,
            Map<AccountKey, LeaseAccount> leases,
            Instant now,
            Consumer<List<LedgerEffect>> send) {
        var command = new AccountCommand.Reclaim(holder);
        long settled = 0;
        long back = 0;
        boolean any = false;
        for (var entry : leases.entrySet()) {
            var effects = new ArrayList<LedgerEffect>();
            var change = keeper.change(entry.getKey(), null, command, now, effects);
            send.accept(effects);
            if (!(change instanceof AccountBook.Change.Done(var done))) {
                return new Reclaimed.Unavailable("the ledger's store did not answer");
            }
            var before = entry.getValue();
            var after = done.account().lease(holder);
            if (before.state() != LeaseAccount.State.RECLAIMED && after != null) {
                any = true;
                back = Math.addExact(back, after.returnedMicros() - before.returnedMicros());
            }
            settled = Math.addExact(settled, before.settledMicros());
        }
        return any ? new Reclaimed.Done(settled, back) : new Reclaimed.Before(settled);
    }

    private String holders(String budget) {
        var holders = new TreeSet<String>();
        for (var account : keeper.book.accounts()) {
            if (account.key().budget().equals(budget)) {
                account.leases().forEach(lease -> holders.add(lease.holder().toString()));
            }
        }
        return holders.isEmpty()
                ? "; nobody has"
                : "; these have: "
                        + holders.stream().limit(NAMED_MAX).collect(Collectors.joining(", "));
    }
}
