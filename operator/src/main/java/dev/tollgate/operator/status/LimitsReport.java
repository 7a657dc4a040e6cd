package dev.tollgate.operator.status;

import dev.tollgate.crds.resource.LimitsStatus;
import dev.tollgate.operator.push.Proxy;
import dev.tollgate.policy.push.RateStore;
import java.util.List;
import java.util.Map;

/** How the live proxies share limits, as far as they have told. */
final class LimitsReport {

    private LimitsReport() {}

    /**
     * @param stores by proxy
     */
    static LimitsStatus of(List<Proxy> live, Map<String, RateStore> stores) {
        int all = live.size();
        long valkey = count(live, stores, RateStore.VALKEY);
        long down = count(live, stores, RateStore.VALKEY_DOWN);
        var proxies = all == 1 ? "1 live proxy" : all + " live proxies";
        if (valkey == all && all > 0) {
            return new LimitsStatus(
                    LimitsStatus.Mode.VALKEY, all, "divided by demand in Valkey among " + proxies);
        }
        if (valkey > 0) {
            return new LimitsStatus(
                    LimitsStatus.Mode.MIXED,
                    all,
                    valkey
                            + " of "
                            + proxies
                            + " divide in Valkey; the others keep to the shares that the operator"
                            + " gave them");
        }
        return new LimitsStatus(
                LimitsStatus.Mode.SHARES,
                all,
                "divided by demand among "
                        + proxies
                        + (down == 0 ? "" : "; Valkey does not answer " + down + " of them"));
    }

    private static long count(List<Proxy> live, Map<String, RateStore> stores, RateStore store) {
        return live.stream().filter(proxy -> stores.get(proxy.name()) == store).count();
    }
}
