package dev.tollgate.dataplane.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.dialects.Usage;
import dev.tollgate.policy.price.BoundInput;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.snapshot.ModelEntry;
import dev.tollgate.policy.snapshot.PriceEntry;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class SettlementTest {

    /** $1 a million tokens each way: 1,000 nano-dollars a token. */
    private static final PriceEntry PRICE =
            new PriceEntry(
                    1_000_000,
                    1_000_000,
                    1_000_000,
                    1_000_000,
                    1_000_000,
                    1_000_000,
                    1_000_000,
                    0,
                    List.of(),
                    "provider");

    private static final Money HOLD = new Money(500_000);

    private static ModelEntry model(@Nullable Long context) {
        return new ModelEntry("m", List.of(), PRICE, context, context, List.of(), 0, 0);
    }

    private static BoundInput size(String... unbounded) {
        return new BoundInput(
                40, 1, false, 0, 0, List.of(unbounded), OptionalLong.of(50), 1, false);
    }

    private static Usage usage(long input, long output) {
        return new Usage(input, 0, 0, 0, output, 0, 0, 0, 0);
    }

    private static Settlement reported(ModelEntry model, BoundInput size, Usage usage) {
        return Settlement.reported(model, size, usage, 1, HOLD, false);
    }

    @Test
    void chargesWhatTheProviderReports() {
        assertThat(reported(model(1_000L), size(), usage(10, 20)))
                .isEqualTo(new Settlement(new Money(30_000), false, false));
    }

    @Test
    void chargesTheHoldForFiguresThatCannotBeTrue() {
        var implausible = new Settlement(HOLD, true, true);
        assertThat(reported(model(1_000L), size(), usage(-1, 20))).isEqualTo(implausible);
        assertThat(reported(model(1_000L), size(), usage(1_001, 1))).isEqualTo(implausible);
        assertThat(reported(model(1_000L), size(), usage(1, 1_001))).isEqualTo(implausible);
    }

    @Test
    void chargesTheHoldForFiguresBeyondAllThatCanBeCounted() {
        var unlimited = model(null);
        assertThat(reported(unlimited, size(), usage(Long.MAX_VALUE / 2, 1)))
                .isEqualTo(new Settlement(HOLD, true, true));
        assertThat(Settlement.unreported(unlimited, size(), usage(Long.MAX_VALUE / 2, 1), 5, HOLD))
                .isEqualTo(new Settlement(HOLD, true, true));
    }

    @Test
    void chargesTheHoldForWhatNoTokenTells() {
        var dearer = size("service_tier priority");
        assertThat(reported(model(1_000L), dearer, usage(10, 20)))
                .isEqualTo(new Settlement(HOLD, true, false));
        assertThat(reported(model(100_000L), dearer, usage(1_000, 20)).cost())
                .isEqualTo(new Money(1_020_000));
        assertThat(Settlement.unreported(model(1_000L), dearer, usage(10, 1), 5, HOLD))
                .isEqualTo(Settlement.hold(HOLD));
    }

    @Test
    void knowsWhatAFileCostsFromItsTokens() {
        assertThat(reported(model(1_000L), size("file_id"), usage(10, 20)))
                .isEqualTo(new Settlement(new Money(30_000), false, false));
    }

    @Test
    void estimatesAnUnreportedAnswerByWhatWasSeenAndAGuardButNeverAboveTheHold() {
        var seen = 4;
        assertThat(Settlement.unreported(model(1_000L), size(), usage(10, 1), seen, HOLD))
                .isEqualTo(
                        new Settlement(
                                new Money((10 + seen + Settlement.GUARD_TOKENS) * 1_000),
                                true,
                                false));
        assertThat(Settlement.unreported(model(1_000L), size(), usage(10, 1), 900, HOLD).cost())
                .isEqualTo(HOLD);
    }
}
