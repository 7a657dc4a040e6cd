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
