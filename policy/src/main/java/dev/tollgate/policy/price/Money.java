package dev.tollgate.policy.price;

import java.math.BigDecimal;
import java.math.RoundingMode;

/**
 * An amount of US dollars in whole nano-dollars (10^-9 USD). All arithmetic is exact: an overflow
 * throws. The range is +-9.2 billion dollars.
 */
public record Money(long nanos) implements Comparable<Money> {

    public static final Money ZERO = new Money(0);

    private static final long NANOS_PER_MICRO = 1_000;

    /** Parses a decimal string of dollars with at most nine digits behind the point. */
    public static Money parse(String dollars) {
        try {
            return new Money(new BigDecimal(dollars).movePointRight(9).longValueExact());
        } catch (NumberFormatException | ArithmeticException e) {
            throw new IllegalArgumentException(
                    "money: "
                            + dollars
                            + " (expected: decimal dollars, at most 9 digits behind the point)",
                    e);
        }
    }

    public static Money ofMicros(long micros) {
        return new Money(Math.multiplyExact(micros, NANOS_PER_MICRO));
    }

    /** Whole micro-dollars, rounded down: for figures that are only compared with a share. */
    public long microsDown() {
        return Math.floorDiv(nanos, NANOS_PER_MICRO);
    }

    /** Whole micro-dollars, rounded up. */
    public long microsUp() {
        return Math.ceilDiv(nanos, NANOS_PER_MICRO);
    }

    public Money plus(Money other) {
        return new Money(Math.addExact(nanos, other.nanos));
    }

    public Money minus(Money other) {
        return new Money(Math.subtractExact(nanos, other.nanos));
    }

    public Money times(long factor) {
        return new Money(Math.multiplyExact(nanos, factor));
    }

    public boolean isMoreThan(Money other) {
        return nanos > other.nanos;
    }

    @Override
    public int compareTo(Money other) {
        return Long.compare(nanos, other.nanos);
    }

    /** Decimal dollars without exponent or trailing zeros: {@code 0.001292}, {@code 0}. */
    @Override
    public String toString() {
        if (nanos == 0) {
            return "0";
        }
        return BigDecimal.valueOf(nanos, 9).stripTrailingZeros().toPlainString();
    }

    /** Exact decimal dollars with at least two digits: for limits in messages and headers. */
    public String toDollars() {
        var exact = BigDecimal.valueOf(nanos, 9).stripTrailingZeros();
        return exact.setScale(Math.max(2, exact.scale())).toPlainString();
    }

    /** Decimal dollars with two digits, rounded down: for what is left in messages and headers. */
    public String toCents() {
        return BigDecimal.valueOf(nanos, 9).setScale(2, RoundingMode.FLOOR).toPlainString();
    }
}
