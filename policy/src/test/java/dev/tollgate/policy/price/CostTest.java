package dev.tollgate.policy.price;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tollgate.policy.snapshot.PriceEntry;
import dev.tollgate.policy.snapshot.Snapshots;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class CostTest {

    private static final PriceEntry PRICE = Snapshots.PRICE;

    @Test
    void pricesEveryKindOfTokenApart() {
        var counts = new TokenCounts(10_000, 2_000, 1_000, 500, 700, 300, 0, 0, 0);
        // 6,500 x 3 + 2,000 x 0.30 + 1,000 x 3.75 + 500 x 6 + 700 x 15, per million
        assertThat(Cost.of(PRICE, counts)).isEqualTo(Money.parse("0.03735"));
    }

    @Test
    void takesTheTierOfTheWholeRequestByAllInput() {
        var below = new TokenCounts(200_000, 150_000, 0, 0, 10, 0, 0, 0, 0);
        var above = new TokenCounts(200_001, 150_000, 0, 0, 10, 0, 0, 0, 0);
        assertThat(Cost.of(PRICE, below)).isEqualTo(Money.parse("0.19515"));
        assertThat(Cost.of(PRICE, above)).isEqualTo(Money.parse("0.390231"));
    }

    @Test
    void writesALimitExactlyAndWithCents() {
        assertThat(Money.parse("50").toDollars()).isEqualTo("50.00");
        assertThat(Money.parse("0.5").toDollars()).isEqualTo("0.50");
        assertThat(Money.parse("0.001").toDollars()).isEqualTo("0.001");
        assertThat(Money.ZERO.toDollars()).isEqualTo("0.00");
    }

    @Test
    void roundsUpToANanoDollarOnce() {
        // 1 token in at 0.15 and 1 out at 0.60 a million are 0.75 micro-dollars exactly
        var price =
                new PriceEntry(
                        150_000,
                        75_000,
                        150_000,
                        150_000,
                        600_001,
                        150_000,
                        600_001,
                        0,
                        List.of(),
                        "provider");
        assertThat(Cost.of(price, TokenCounts.of(1, 1))).isEqualTo(new Money(751));
        assertThat(Cost.of(price, TokenCounts.of(0, 0))).isEqualTo(Money.ZERO);
    }

    @Test
    void addsTheFeeOfACall() {
        var price = new PriceEntry(0, 0, 0, 0, 0, 0, 0, 12_000, List.of(), "provider");
        assertThat(Cost.of(price, TokenCounts.of(9, 9))).isEqualTo(Money.parse("0.012"));
    }

    @Test
    void refusesCountsThatCannotBe() {
        assertThatThrownBy(() -> Cost.of(PRICE, new TokenCounts(1, 2, 0, 0, 0, 0, 0, 0, 0)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Cost.of(PRICE, TokenCounts.of(Long.MAX_VALUE, 0)))
                .isInstanceOf(ArithmeticException.class);
    }

    @Property
    void agreesWithDecimalArithmetic(
            @ForAll @LongRange(max = 2_000_000) long input,
            @ForAll @IntRange(max = 100) int cachedPercent,
            @ForAll @LongRange(max = 200_000) long output) {
        long cached = input * cachedPercent / 100;
        var counts = new TokenCounts(input, cached, 0, 0, output, 0, 0, 0, 0);
        var tier = input > 200_000 ? PRICE.tiers().getFirst() : null;
        var dollars =
                perMillion(input - cached, tier == null ? PRICE.input() : tier.input())
                        .add(perMillion(cached, tier == null ? 300_000 : tier.cachedInput()))
                        .add(perMillion(output, tier == null ? PRICE.output() : tier.output()));
        assertThat(Cost.of(PRICE, counts).nanos())
                .isEqualTo(
                        dollars.movePointRight(9)
                                .setScale(0, RoundingMode.CEILING)
                                .longValueExact());
    }

    private static BigDecimal perMillion(long tokens, long micros) {
        return BigDecimal.valueOf(tokens).multiply(BigDecimal.valueOf(micros)).movePointLeft(12);
    }
}
