package dev.tollgate.policy.price;

import dev.tollgate.policy.snapshot.PriceEntry;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The prices of one model as a source gives them, some left out, and the rule that fills them in:
 * cached input, cache writes and audio input cost what input costs, a one-hour write at least what
 * a write costs, audio output what output costs; a tier's price is its base price where it says
 * none.
 */
public final class PriceParts {

    /** Names of the parts: {@code in cached write write1h out audioIn audioOut call}. */
    private static final List<String> NAMES =
            List.of("in", "cached", "write", "write1h", "out", "audioIn", "audioOut", "call");

    private static final int MICRO_DIGITS = 6;

    private final @Nullable Long[] parts = new @Nullable Long[NAMES.size()];

    /** Prices above a count of input tokens. */
    public record TierParts(long aboveInputTokens, PriceParts parts) {}

    /**
     * Sets one part from decimal USD (per million tokens; {@code call} per call); null leaves it
     * out. What is finer than a micro-dollar is rounded up.
     */
    public void set(String name, @Nullable String dollars) {
        int at = NAMES.indexOf(name);
        if (at < 0) {
            throw new IllegalArgumentException(
                    "price: " + name + " (expected: one of " + NAMES + ")");
        }
        if (dollars != null) {
            parts[at] = micros(dollars).orElseThrow();
        }
    }

    /** Whether enough is known to price a request: input, or output, or a fee per call. */
    public boolean knowsInput() {
        return parts[NAMES.indexOf("in")] != null;
    }

    /** Whether the price of output is known. */
    public boolean knowsOutput() {
        return parts[NAMES.indexOf("out")] != null;
    }

    /**
     * Parts of a complete price, to be overridden one by one: what costs what {@link #toPrice}
     * would fill in is left out, so that it follows a new price of what it depends on.
     */
    public static PriceParts of(PriceEntry price) {
        var parts = new PriceParts();
        parts.put("in", price.input());
        parts.put("out", price.output());
        parts.put("call", price.perRequest());
        parts.putIfOther("cached", price.cachedInput(), price.input());
        parts.putIfOther("write", price.cacheWrite(), price.input());
        long longWrite = Math.max(price.input(), price.cacheWrite());
        parts.putIfOther("write1h", price.cacheWrite1h(), longWrite);
        parts.putIfOther("audioIn", price.inputAudio(), price.input());
        parts.putIfOther("audioOut", price.outputAudio(), price.output());
        return parts;
    }

    /** The complete price; input or output that nobody told is 0. */
    public PriceEntry toPrice(List<TierParts> tiers, String source) {
        long input = get("in", 0);
        long output = get("out", 0);
        long write = get("write", input);
        var complete = new ArrayList<PriceEntry.Tier>();
        for (var tier :
                tiers.stream().sorted(Comparator.comparing(TierParts::aboveInputTokens)).toList()) {
            complete.add(tier(tier));
        }
        return new PriceEntry(
                input,
                get("cached", input),
                write,
                get("write1h", Math.max(input, write)),
                output,
                get("audioIn", input),
                get("audioOut", output),
                get("call", 0),
                complete,
                source);
    }

    /** A tier that gives an input price and no price of a cache prices caches by its own input. */
    private PriceEntry.Tier tier(TierParts tier) {
        var above = tier.parts();
        long input = above.get("in", get("in", 0));
        long write = above.get("write", cacheDefault("write", input));
        return new PriceEntry.Tier(
                tier.aboveInputTokens(),
                input,
                above.get("cached", cacheDefault("cached", input)),
                write,
                above.get("write1h", Math.max(cacheDefault("write1h", input), write)),
                above.get("out", get("out", 0)));
    }

    private long cacheDefault(String name, long tierInput) {
        var base = parts[NAMES.indexOf(name)];
        return base == null ? tierInput : base;
    }

    private long get(String name, long otherwise) {
        var value = parts[NAMES.indexOf(name)];
        return value == null ? otherwise : value;
    }

    private void putIfOther(String name, long micros, long usual) {
        if (micros != usual) {
            put(name, micros);
        }
    }

    private void put(String name, long micros) {
        parts[NAMES.indexOf(name)] = micros;
    }

    /** Micro-dollars of decimal dollars, rounded up; empty if the text is none, or negative. */
    public static OptionalLong micros(String dollars) {
        try {
            long micros =
                    new BigDecimal(dollars)
                            .movePointRight(MICRO_DIGITS)
                            .setScale(0, RoundingMode.CEILING)
                            .longValueExact();
            return micros < 0 ? OptionalLong.empty() : OptionalLong.of(micros);
        } catch (NumberFormatException | ArithmeticException e) {
            return OptionalLong.empty();
        }
    }
}
