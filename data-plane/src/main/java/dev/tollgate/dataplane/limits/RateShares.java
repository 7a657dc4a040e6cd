package dev.tollgate.dataplane.limits;

import dev.tollgate.policy.share.Amounts;
import dev.tollgate.policy.share.LimitKey;
import dev.tollgate.policy.share.RateUse;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** All that this proxy counts of limits that it shares with others. Any thread. */
public record RateShares(ProviderLimits providers, TeamLimits teams) {

    /**
     * One account of limits that are stated.
     *
     * @param limit of the fleet
     */
    public record Account(Amounts limit, RateUse use) {}

    /** All accounts whose limits are stated. */
    public List<Account> accounts(Instant now) {
        long second = now.getEpochSecond();
        return Stream.concat(providers.accounts(second), teams.accounts(second)).toList();
    }

    /** A share that was taken from what proxies share: it counts more than one that is told. */
    public void shared(LimitKey key, Amounts share) {
        switch (key.of()) {
            case PROVIDER -> providers.shared(key.object(), share);
            case BUDGET -> teams.shared(key.object(), key.subject(), share);
        }
    }

    /** Nobody vouches for the taken shares any more: where one was told, that is kept to. */
    public void sharedIsOld() {
        Stream.concat(providers.meters(), teams.meters()).forEach(Meter::sharedIsOld);
    }

    /** What was used and is needed, of every account that there is something to say of. */
    public List<RateUse> uses(Instant now) {
        long second = now.getEpochSecond();
        return Stream.concat(providers.uses(second), teams.uses(second)).toList();
    }

    /** From now on these shares are kept to; those that are not named stay. */
    public void told(Map<LimitKey, Amounts> shares) {
        shares.forEach(
                (key, share) -> {
                    switch (key.of()) {
                        case PROVIDER -> providers.told(key.object(), share);
                        case BUDGET -> teams.told(key.object(), key.subject(), share);
                    }
                });
    }
}
