package dev.tollgate.policy.price;

import dev.tollgate.policy.snapshot.PriceEntry;

/**
 * What an answer cost (budgets.md, section 3): tokens times micro-USD per million tokens is a whole
 * number of pico-USD; the parts are added, then rounded up to nano-USD, once. Nothing here is
 * approximate; an overflow throws {@link ArithmeticException}.
 */
public final class Cost {

    static final long PICOS_PER_NANO = 1_000;
    static final long PICOS_PER_MICRO = 1_000_000;

    private Cost() {}

    /**
     * The cost of one answer.
     *
     * @throws IllegalArgumentException if the counts are not {@link TokenCounts#plausible()}, which
     *     the caller checks first: an implausible usage is not priced (budgets.md, section 8)
     */
    public static Money of(PriceEntry price, TokenCounts counts) {
        if (!counts.plausible()) {
            throw new IllegalArgumentException("counts: " + counts + " (expected: plausible)");
        }
        var rates = Rates.of(price, counts.input());
        long uncached =
                counts.input() - counts.cacheRead() - counts.cacheWrite5m() - counts.cacheWrite1h();
        long audioIn = Math.min(counts.inputAudio(), uncached);
        long picos = Math.multiplyExact(price.perRequest(), PICOS_PER_MICRO);
        picos = add(picos, uncached - audioIn, rates.input());
        picos = add(picos, audioIn, rates.inputAudio());
        picos = add(picos, counts.cacheRead(), rates.cachedInput());
        picos = add(picos, counts.cacheWrite5m(), rates.cacheWrite());
        picos = add(picos, counts.cacheWrite1h(), rates.cacheWrite1h());
        picos = add(picos, counts.output() - counts.outputAudio(), rates.output());
        picos = add(picos, counts.outputAudio(), rates.outputAudio());
        return new Money(Math.ceilDiv(picos, PICOS_PER_NANO));
    }

    static long add(long picos, long tokens, long rate) {
        return Math.addExact(picos, Math.multiplyExact(tokens, rate));
    }
}
