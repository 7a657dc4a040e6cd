package dev.tollgate.simulator.bill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whole nano-dollars, rounded up once a call. */
class PriceTest {
    private static final Price PRICE = new Price("0.15", "0.075", null, "0.60", null, null);

    @ParameterizedTest
    @CsvSource({
        // input * 150 + output * 600 nano-dollars, cached input at 75
        "0, 0, 0, 0",
        "1, 0, 0, 150",
        "0, 0, 1, 600",
        "812, 0, 96, 179400",
        "812, 512, 96, 141000",
        "1000000, 0, 1000000, 750000000"
    })
    void chargesEachGroupItsPrice(long input, long cached, long output, long nanos) {
        assertThat(PRICE.nanosOf(new Tokens(input, cached, 0, output, 0))).isEqualTo(nanos);
    }

    @Test
    void roundsUpOnceAndNotByGroup() {
        // a millionth of a nano-dollar a token
        var price = new Price("0.000000001", null, null, "0.000000001", null, null);
        assertThat(price.nanosOf(new Tokens(1, 0, 0, 1, 0))).isEqualTo(1);
        assertThat(price.nanosOf(new Tokens(500_000, 0, 0, 500_000, 0))).isEqualTo(1);
        assertThat(price.nanosOf(new Tokens(500_000, 0, 0, 500_001, 0))).isEqualTo(2);
    }

    @Test
    void chargesReasoningCacheWritesAndRequests() {
        var price = new Price("1", "0.1", "1.25", "2", "4", "0.005");
        var tokens = new Tokens(100, 40, 20, 50, 30);
        // 40 * 1000 + 40 * 100 + 20 * 1250 + 20 * 2000 + 30 * 4000 + 5000000
        assertThat(price.nanosOf(tokens)).isEqualTo(5_229_000);
    }

    @Test
    void countsTheLargestCallExactly() {
        var price = new Price("1000000", null, null, "1000000", null, null);
        assertThat(price.nanosOf(new Tokens(4_000_000, 0, 0, 4_000_000, 0)))
                .isEqualTo(8_000_000_000_000_000L);
    }

    @Test
    void tokensThatCannotBeAreRefused() {
        assertThatThrownBy(() -> new Tokens(5, 4, 2, 0, 0))
                .hasMessageContaining("at most the input");
        assertThatThrownBy(() -> new Tokens(5, 0, 0, 1, 2))
                .hasMessageContaining("at most the output");
        assertThatThrownBy(() -> new Tokens(-1, 0, 0, 0, 0)).hasMessageContaining("none below 0");
    }
}
