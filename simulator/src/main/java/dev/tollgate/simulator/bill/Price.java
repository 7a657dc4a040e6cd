package dev.tollgate.simulator.bill;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import org.jspecify.annotations.Nullable;

/**
 * The price of one model: dollars per million tokens as decimal strings, with at most nine decimals
 * (one nano-dollar per million). What is left out costs as its group does: cached and cache-writing
 * input as input, reasoning as output; {@code perRequest} (dollars) as nothing.
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Price(
        String inputPer1M,
        @Nullable String cachedInputPer1M,
        @Nullable String cacheWritePer1M,
        String outputPer1M,
        @Nullable String reasoningPer1M,
        @Nullable String perRequest) {

    private static final BigDecimal MAX_DOLLARS = BigDecimal.valueOf(1_000_000);
    private static final BigInteger MILLION = BigInteger.valueOf(1_000_000);

    public Price {
        nanos("inputPer1M", inputPer1M);
        nanos("outputPer1M", outputPer1M);
        nanosOr("cachedInputPer1M", cachedInputPer1M, 0);
        nanosOr("cacheWritePer1M", cacheWritePer1M, 0);
        nanosOr("reasoningPer1M", reasoningPer1M, 0);
        nanosOr("perRequest", perRequest, 0);
    }

    /** Whole nano-dollars of one call, rounded up once. */
    public long nanosOf(Tokens tokens) {
        var input = nanos("inputPer1M", inputPer1M);
        var output = nanos("outputPer1M", outputPer1M);
        var perMillion =
                times(tokens.input() - tokens.cached() - tokens.cacheWrite(), input)
                        .add(
                                times(
                                        tokens.cached(),
                                        nanosOr("cachedInputPer1M", cachedInputPer1M, input)))
                        .add(
                                times(
                                        tokens.cacheWrite(),
                                        nanosOr("cacheWritePer1M", cacheWritePer1M, input)))
                        .add(times(tokens.output() - tokens.reasoning(), output))
                        .add(
                                times(
                                        tokens.reasoning(),
                                        nanosOr("reasoningPer1M", reasoningPer1M, output)));
        var whole = perMillion.add(MILLION).subtract(BigInteger.ONE).divide(MILLION);
        return whole.add(BigInteger.valueOf(nanosOr("perRequest", perRequest, 0))).longValueExact();
    }

    private static BigInteger times(long tokens, long nanosPerMillion) {
        return BigInteger.valueOf(tokens).multiply(BigInteger.valueOf(nanosPerMillion));
    }

    private static long nanosOr(String field, @Nullable String dollars, long otherwise) {
        return dollars == null ? otherwise : nanos(field, dollars);
    }

    /** Reads dollars as nano-dollars; null is what a reader of files passes for a missing field. */
    private static long nanos(String field, @Nullable String dollars) {
        var expected = " (expected: dollars as a decimal string such as \"0.15\")";
        if (dollars == null) {
            throw new IllegalArgumentException(field + ": missing" + expected);
        }
        if (!dollars.matches("[0-9]{1,7}(\\.[0-9]{1,9})?")) {
            throw new IllegalArgumentException(field + ": " + dollars + expected);
        }
        var value = new BigDecimal(dollars);
        if (value.compareTo(MAX_DOLLARS) > 0) {
            throw new IllegalArgumentException(
                    field + ": " + dollars + " (expected: at most " + MAX_DOLLARS + ")");
        }
        return value.movePointRight(9).setScale(0, RoundingMode.UNNECESSARY).longValueExact();
    }
}
