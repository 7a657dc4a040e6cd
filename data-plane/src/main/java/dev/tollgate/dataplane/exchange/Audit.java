package dev.tollgate.dataplane.exchange;

import dev.tollgate.dataplane.budget.Reservation;
import dev.tollgate.dataplane.telemetry.Invariant;
import dev.tollgate.policy.price.Money;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is asserted of the money of every request: a call goes out under a hold that counts (I6), it
 * is charged what its provider's final figures come to (I8), and a request that is over has one
 * usage record, in which each call that went out is settled once (I9). A violation is a bug; it is
 * logged and counted. On the hot path this compares a few numbers of the request, and prices its
 * figures a second time; it takes no lock.
 */
final class Audit {

    private static final Logger LOG = LoggerFactory.getLogger(Audit.class);

    private Audit() {}

    /**
     * A call of the request is about to go out.
     *
     * @throws IllegalStateException it must not
     */
    static void goesOut(LoopParts loop, Tally tally, @Nullable Reservation reservation) {
        if (reservation == null || !reservation.counts()) {
            loop.metrics().violated(Invariant.I6);
            throw new IllegalStateException("I6: no hold counts for the call that is to go out");
        }
        if (tally.records != 0) {
            loop.metrics().violated(Invariant.I9);
            throw new IllegalStateException("I9: a call is to go out after the usage record");
        }
        tally.sent++;
    }

    /**
     * A call that went out is over, and in the record to come.
     *
     * @param billed what the provider's final figures come to; zero: it told none that can be true
     */
    static void settled(
            LoopParts loop, Tally tally, @Nullable Reservation reservation, Money billed) {
        if (reservation == null || reservation.counts()) {
            return;
        }
        tally.settled++;
        var charged = reservation.charged();
        if (billed.isMoreThan(charged)) {
            loop.metrics().violated(Invariant.I8);
            LOG.error(
                    "I8: request {}: {} USD are charged of {} that its provider told",
                    tally.requestId,
                    charged,
                    billed);
        }
    }

    /** Nothing of the request goes on. Throws nothing. */
    static void over(LoopParts loop, Tally tally) {
        if (tally.records == 1 && tally.settled == tally.sent) {
            return;
        }
        loop.metrics().violated(Invariant.I9);
        LOG.error(
                "I9: request {}: usage records: {} (expected: 1), calls sent: {}, settled: {}",
                tally.requestId,
                tally.records,
                tally.sent,
                tally.settled);
    }
}
