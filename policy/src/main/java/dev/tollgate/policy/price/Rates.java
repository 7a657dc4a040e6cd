package dev.tollgate.policy.price;

import dev.tollgate.policy.snapshot.PriceEntry;
import java.util.List;

/**
 * The prices that hold for one count of input tokens, in micro-USD per million tokens. The tier is
 * that of the whole request (protocols.md, section 8). Audio that costs what text costs follows the
 * tier; audio with a price of its own does not.
 */
record Rates(
        long input,
        long cachedInput,
        long cacheWrite,
        long cacheWrite1h,
        long output,
        long inputAudio,
        long outputAudio) {

    static Rates of(PriceEntry price, long inputTokens) {
        var rates = base(price);
        for (var tier : price.tiers()) {
            if (inputTokens > tier.aboveInputTokens()) {
                rates = above(price, tier);
            }
        }
        return rates;
    }

    /** For every kind of token the dearest price that up to this count of input may meet. */
    static Rates dearestUpTo(PriceEntry price, long inputTokens) {
        var dearest = base(price);
        for (var tier : price.tiers()) {
            if (inputTokens > tier.aboveInputTokens()) {
                dearest = dearest.max(above(price, tier));
            }
        }
        return dearest;
    }

    long dearestInput() {
        return Math.max(
                Math.max(Math.max(input, cachedInput), Math.max(cacheWrite, cacheWrite1h)),
                inputAudio);
    }

    long dearestOutput() {
        return Math.max(output, outputAudio);
    }

    private static Rates base(PriceEntry price) {
        return new Rates(
                price.input(),
                price.cachedInput(),
                price.cacheWrite(),
                price.cacheWrite1h(),
                price.output(),
                price.inputAudio(),
                price.outputAudio());
    }

    private static Rates above(PriceEntry price, PriceEntry.Tier tier) {
        return new Rates(
                tier.input(),
                tier.cachedInput(),
                tier.cacheWrite(),
                tier.cacheWrite1h(),
                tier.output(),
                price.inputAudio() == price.input() ? tier.input() : price.inputAudio(),
                price.outputAudio() == price.output() ? tier.output() : price.outputAudio());
    }

    PriceEntry toPrice(long perRequest, String source) {
        return new PriceEntry(
                input,
                cachedInput,
                cacheWrite,
                cacheWrite1h,
                output,
                inputAudio,
                outputAudio,
                perRequest,
                List.of(),
                source);
    }

    Rates max(Rates other) {
        return new Rates(
                Math.max(input, other.input),
                Math.max(cachedInput, other.cachedInput),
                Math.max(cacheWrite, other.cacheWrite),
                Math.max(cacheWrite1h, other.cacheWrite1h),
                Math.max(output, other.output),
                Math.max(inputAudio, other.inputAudio),
                Math.max(outputAudio, other.outputAudio));
    }
}
