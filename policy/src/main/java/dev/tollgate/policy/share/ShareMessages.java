package dev.tollgate.policy.share;

import dev.tollgate.policy.push.LimitAccount;
import dev.tollgate.policy.push.RateAmounts;
import dev.tollgate.policy.push.RateReport;
import dev.tollgate.policy.push.RateShare;
import dev.tollgate.policy.push.RateShares;
import dev.tollgate.policy.push.RateStore;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Shares and what is used of them as messages of the push protocol, and back. */
public final class ShareMessages {

    private ShareMessages() {}

    /**
     * @param seen number of the last message that was carried out on this stream, 0: none
     */
    public static RateReport report(long seen, List<RateUse> uses, RateStore store) {
        var message = RateReport.newBuilder().setSeen(seen).setStore(store);
        uses.stream().limit(ShareBook.MAX_ACCOUNTS).forEach(use -> message.addUses(use(use)));
        return message.build();
    }

    private static dev.tollgate.policy.push.RateUse use(RateUse use) {
        var message =
                dev.tollgate.policy.push.RateUse.newBuilder()
                        .setAccount(account(use.key()))
                        .setUsed(amounts(use.used()))
                        .setDemand(amounts(use.demand()));
        var share = use.share();
        return (share == null ? message : message.setShare(amounts(share))).build();
    }

    public static List<RateUse> uses(RateReport report) {
        return report.getUsesList().stream()
                .limit(ShareBook.MAX_ACCOUNTS)
                .map(
                        use ->
                                new RateUse(
                                        key(use.getAccount()),
                                        use.hasShare() ? amounts(use.getShare()) : null,
                                        positive(amounts(use.getUsed())),
                                        positive(amounts(use.getDemand()))))
                .toList();
    }

    public static RateShares shares(ShareBook.Told told) {
        var message = RateShares.newBuilder().setNumber(told.number());
        told.shares()
                .forEach(
                        (key, share) ->
                                message.addShares(
                                        RateShare.newBuilder()
                                                .setAccount(account(key))
                                                .setShare(amounts(share))));
        return message.build();
    }

    public static Map<LimitKey, Amounts> shares(RateShares message) {
        var shares = new HashMap<LimitKey, Amounts>();
        for (var share : message.getSharesList()) {
            shares.put(key(share.getAccount()), amounts(share.getShare()));
        }
        return shares;
    }

    private static LimitAccount account(LimitKey key) {
        return LimitAccount.newBuilder()
                .setBudget(key.of() == LimitKey.Of.BUDGET)
                .setObject(key.object())
                .setSubject(key.subject())
                .build();
    }

    private static LimitKey key(LimitAccount account) {
        return account.getBudget()
                ? LimitKey.budget(account.getObject(), account.getSubject())
                : LimitKey.provider(account.getObject());
    }

    private static RateAmounts amounts(Amounts amounts) {
        return RateAmounts.newBuilder()
                .setRequests(amounts.requests())
                .setTokens(amounts.tokens())
                .setConcurrent(amounts.concurrent())
                .build();
    }

    private static Amounts amounts(RateAmounts message) {
        return new Amounts(message.getRequests(), message.getTokens(), message.getConcurrent());
    }

    /** Bounded, so that sums do not overflow whatever a proxy says. */
    private static Amounts positive(Amounts amounts) {
        return Amounts.each(kind -> Math.clamp(amounts.of(kind), 0, Long.MAX_VALUE / 1_000_000));
    }
}
