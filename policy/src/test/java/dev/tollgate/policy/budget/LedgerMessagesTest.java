package dev.tollgate.policy.budget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.tollgate.policy.push.Acquire;
import dev.tollgate.policy.push.ToLedger;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class LedgerMessagesTest {

    private static final HolderId HOLDER = new HolderId("log", 3);
    private static final AccountKey MONTH =
            AccountKey.parse("team-a/monthly//2026-10-31T23:00:00Z--2026-11-30T23:00:00Z");
    private static final AccountKey FOREVER = AccountKey.parse("team-a/total/team-b/lifetime");
    private static final LeaseTotals TOTALS =
            new LeaseTotals(MONTH, 2, 100, 40, 20, 5, 3, 99, true);

    @Test
    void carriesEveryCommand() {
        for (LedgerCommand command :
                List.of(
                        new LedgerCommand.Register(HOLDER, "pod", List.of(TOTALS)),
                        new LedgerCommand.Acquire(HOLDER, 7, FOREVER, 10, 20, 30, true),
                        new LedgerCommand.Report(HOLDER, List.of(TOTALS, TOTALS)),
                        new LedgerCommand.Close(HOLDER, TOTALS))) {
            assertThat(LedgerMessages.command(LedgerMessages.message(command), HOLDER))
                    .contains(command);
        }
    }

    @Test
    void carriesEveryEffect() {
        var hour = Duration.ofHours(1);
        for (LedgerEffect effect :
                List.of(
                        new LedgerEffect.Registered(HOLDER, false, "older boot epoch"),
                        new LedgerEffect.Grant(HOLDER, 7, MONTH, 100, 9, 2, hour, true),
                        new LedgerEffect.Grant(HOLDER, 7, FOREVER, 100, 9, 2, null, false),
                        new LedgerEffect.Denied(HOLDER, 7, MONTH, DeniedReason.EXHAUSTED, hour, 4),
                        new LedgerEffect.Denied(
                                HOLDER, 7, FOREVER, DeniedReason.LEDGER_FULL, null, 0),
                        new LedgerEffect.Recall(HOLDER, MONTH),
                        new LedgerEffect.State(HOLDER, MONTH, 100, 50, 10, Duration.ZERO, true, 7),
                        new LedgerEffect.Freeze(HOLDER, null, true),
                        new LedgerEffect.Freeze(HOLDER, MONTH, false),
                        new LedgerEffect.Closed(HOLDER, MONTH, 2))) {
            assertThat(LedgerMessages.effect(LedgerMessages.message(effect), HOLDER))
                    .contains(effect);
        }
    }

    @Test
    void refusesAMessageThatBreaksTheProtocol() {
        var acquire = ToLedger.newBuilder().setAcquire(Acquire.newBuilder().setAccount("nobody"));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LedgerMessages.command(acquire.build(), HOLDER))
                .withMessageContaining("account: nobody");
    }

    @Test
    void skipsAMessageOfANewerProtocol() {
        assertThat(LedgerMessages.command(ToLedger.getDefaultInstance(), HOLDER)).isEmpty();
    }
}
