package dev.tollgate.dataplane.control;

import dev.tollgate.policy.push.RateStore;
import dev.tollgate.policy.share.Amounts;
import dev.tollgate.policy.share.LimitKey;
import dev.tollgate.policy.share.RateUse;
import java.util.List;
import java.util.Map;

/** The limits that this proxy shares with its fleet; asked every 2 s. */
public interface RateExchange {

    /** A proxy without limits. */
    RateExchange NONE =
            new RateExchange() {
                @Override
                public List<RateUse> uses() {
                    return List.of();
                }

                @Override
                public void told(Map<LimitKey, Amounts> shares) {}
            };

    /** What it uses and needs. */
    List<RateUse> uses();

    /** From now on it keeps to these shares. */
    void told(Map<LimitKey, Amounts> shares);

    /** Where it counts. */
    default RateStore store() {
        return RateStore.MEMORY;
    }
}
