package dev.tollgate.policy.budget;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Gives back what a lost holder has, when somebody answers for it that it spends nothing more. */
final class Reclaims {

    /** Most holders that a refusal names. */
    private static final int NAMED_MAX = 16;

    private final Bookkeeper keeper;
    private final AccountTurn turn;
    private final Audience audience;

    Reclaims(Bookkeeper keeper, AccountTurn turn, Audience audience) {
        this.keeper = keeper;
        this.turn = turn;
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
        var accounts = new ArrayList<AccountKey>();
        for (var account : keeper.book.accounts()) {
            if (account.key().budget().equals(budget) && account.lease(holder) != null) {
                accounts.add(account.key());
            }
        }
        for (var damaged : keeper.book.damaged()) {
            var key = damaged.key();
            if (key != null && key.budget().equals(budget)) {
                return new Reclaimed.Unavailable(
                        "account " + key + " cannot be read: " + damaged.reason());
            }
        }
        if (accounts.isEmpty()) {
            return new Reclaimed.Refused(
                    "holder " + holder + " has no lease of Budget " + budget + holders(budget));
        }
        for (var key : accounts) {
            if (keeper.isFrozen(key)) {
                return new Reclaimed.Unavailable(
                        "account " + key + " is frozen until all proxies have told what they hold");
            }
        }
        return reclaim(holder, accounts, now, send);
    }

    private Reclaimed reclaim(
            HolderId holder,
            List<AccountKey> accounts,
            Instant now,
            Consumer<List<LedgerEffect>> send) {
        long settled = 0;
        long back = 0;
        boolean any = false;
        for (var key : accounts) {
            var lease = turn.alone(key, () -> reclaim(holder, key, now, send));
            if (lease == null) {
                return new Reclaimed.Unavailable("the ledger's store did not answer");
            }
            any |= lease.now();
            back = Math.addExact(back, lease.backMicros());
            settled = Math.addExact(settled, lease.settledMicros());
        }
        return any ? new Reclaimed.Done(settled, back) : new Reclaimed.Before(settled);
    }

    /** What became of one lease; null: the store did not answer. */
    private @Nullable Given reclaim(
            HolderId holder, AccountKey key, Instant now, Consumer<List<LedgerEffect>> send) {
        var effects = new ArrayList<LedgerEffect>();
        // what was told of it is spent, and is not given back
        var told = turn.of(key, now, effects);
        var account = keeper.book.account(key);
        var before = account == null ? null : account.lease(holder);
        var change =
                told && before != null
                        ? keeper.change(key, null, new AccountCommand.Reclaim(holder), now, effects)
                        : null;
        send.accept(effects);
        if (told && before == null) {
            return new Given(false, 0, 0); // closed by its holder meanwhile
        }
        if (before == null || !(change instanceof AccountBook.Change.Done(var done))) {
            return null;
        }
        var after = done.account().lease(holder);
        return before.state() == LeaseAccount.State.RECLAIMED || after == null
                ? new Given(false, before.settledMicros(), 0)
                : new Given(
                        true,
                        before.settledMicros(),
                        after.returnedMicros() - before.returnedMicros());
    }

    /**
     * @param now by this call, and not by an earlier one
     */
    private record Given(boolean now, long settledMicros, long backMicros) {}

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
