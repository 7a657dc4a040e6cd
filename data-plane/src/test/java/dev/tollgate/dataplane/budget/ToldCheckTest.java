package dev.tollgate.dataplane.budget;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.HolderId;
import dev.tollgate.policy.budget.LeaseTotals;
import dev.tollgate.policy.budget.LedgerEffect;
import org.junit.jupiter.api.Test;

/** I12, of the proxy: what its log tells, what was settled, and what the ledger counts. */
class ToldCheckTest {

    private static final AccountKey KEY = AccountKey.parse("team-a/all//lifetime");

    private final ToldCheck check = new ToldCheck();

    private static LeaseTotals totals(long settledMicros, long overrunMicros) {
        return new LeaseTotals(KEY, 1, 1_000, settledMicros, 0, overrunMicros, 0, 1, false);
    }

    @Test
    void whatIsToldIsNoLessThanWhatWasSettledBefore() {
        check.atLeast(totals(7, 2), 0);
        check.atLeast(totals(7, 2), 9_000);
        assertThat(check.wrong()).isZero();
        check.atLeast(totals(7, 2), 9_001);
        assertThat(check.wrong()).isEqualTo(1);
    }

    @Test
    void finalTotalsAreWhatWasSettledRoundedUp() {
        for (var nanos : new long[] {9_000, 8_999, 7_001}) {
            check.exactly(totals(7, 2), nanos);
        }
        check.exactly(totals(0, 0), 0);
        assertThat(check.wrong()).isZero();
        check.exactly(totals(7, 2), 9_001);
        assertThat(check.wrong()).isEqualTo(1);
        check.exactly(totals(7, 2), 7_000);
        assertThat(check.wrong()).isEqualTo(2);
    }

    private static LedgerEffect.State state(long settledMicros, long elsewhereMicros) {
        return new LedgerEffect.State(
                new HolderId("log", 1), KEY, 1_000, settledMicros, 0, null, false, elsewhereMicros);
    }

    @Test
    void theLedgerCountsNoMoreOfALeaseThanWasTold() {
        check.heard(state(509, 500), totals(7, 2));
        check.heard(state(500, 500), totals(7, 2));
        check.heard(state(3, -6), totals(7, 2)); // reset since
        check.heard(state(509, 500), null);
        assertThat(check.wrong()).isZero();
        check.heard(state(510, 500), totals(7, 2));
        assertThat(check.wrong()).isEqualTo(1);
    }
}
