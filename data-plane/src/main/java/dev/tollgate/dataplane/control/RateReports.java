package dev.tollgate.dataplane.control;

import dev.tollgate.policy.push.FromProxy;
import dev.tollgate.policy.push.RateShares;
import dev.tollgate.policy.share.ShareMessages;

/**
 * The proxy's side of the division of limits (api.md, S26): it reports, takes shares, and confirms
 * them by a report. Confined to the link's event loop.
 */
final class RateReports {

    static final long REPORT_MILLIS = 2_000;

    private final RateExchange rates;
    private long seen;

    RateReports(RateExchange rates) {
        this.rates = rates;
    }

    /** A new stream: its messages are numbered anew, and the first report says what is held. */
    FromProxy opened() {
        seen = 0;
        return report();
    }

    FromProxy report() {
        return FromProxy.newBuilder()
                .setRates(ShareMessages.report(seen, rates.uses(), rates.store()))
                .build();
    }

    FromProxy told(RateShares shares) {
        rates.told(ShareMessages.shares(shares));
        seen = Math.max(seen, shares.getNumber());
        return report();
    }
}
