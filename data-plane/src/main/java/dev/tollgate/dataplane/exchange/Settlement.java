package dev.tollgate.dataplane.exchange;

import dev.tollgate.dialects.ErrorKind;
import dev.tollgate.dialects.Usage;
import dev.tollgate.policy.price.Bound;
import dev.tollgate.policy.price.BoundInput;
import dev.tollgate.policy.price.Cost;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.price.TokenCounts;
import dev.tollgate.policy.price.UpperBound;
import dev.tollgate.policy.snapshot.ModelEntry;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * What an attempt is charged (budgets.md, section 8): pure. An attempt that a provider did not
 * answer, or refused before inference, costs nothing; all that is not known costs the hold.
 *
 * @param assumed the provider did not say: an upper bound
 * @param implausible the provider reported figures that cannot be true
 */
record Settlement(Money cost, boolean assumed, boolean implausible) {

    static final Settlement NOTHING = new Settlement(Money.ZERO, false, false);

    /** Tokens that may have been generated and not yet seen. */
    static final long GUARD_TOKENS = 256;

    /** Groq's 400 for a tool call that its model wrote and that cannot be parsed. */
    private static final String INVALID_TOOL_CALL = "tool_use_failed";

    /** The hold: nobody knows better. */
    static Settlement hold(Money hold) {
        return new Settlement(hold, true, false);
    }

    /** The hold, as what the provider reported cannot be true. */
    static Settlement implausible(Money hold) {
        return new Settlement(hold, true, true);
    }

    /**
     * A price that was known before: an answer that began is paid, whole or not.
     *
     * @param whole it came to its end
     */
    static Settlement fixed(Money price, boolean whole) {
        return new Settlement(price, !whole, false);
    }

    /**
     * Whether a provider may bill a call that failed: not without a byte sent, not for a request
     * that it refused before inference, not for a status that its profile lists as never billed
     * (docs/decisions, 0016). Doubtful are a 5xx, a timeout, a broken connection, and those of the
     * 4xx that come after work was done.
     *
     * @param begun the answer had begun: the error came within a stream
     */
    static boolean mayBeBilled(Call.Failure failure, boolean begun, List<Integer> neverBilled) {
        int status = failure.status();
        if (!failure.sent() || neverBilled.contains(status)) {
            return false;
        }
        var error = failure.error();
        var kind = error == null ? null : error.kind();
        boolean afterInference =
                status == 408
                        || status == 499
                        || kind == ErrorKind.CONTENT_POLICY
                        || error != null && INVALID_TOOL_CALL.equals(error.code())
                        || begun && kind == ErrorKind.INVALID_REQUEST;
        return afterInference || status < 400 || status >= 500;
    }

    /**
     * The provider's final figures.
     *
     * @param free the operation costs nothing, whatever it reports (token counts)
     */
    static Settlement reported(
            ModelEntry model, BoundInput size, Usage usage, int choices, Money hold, boolean free) {
        var price = model.price();
        if (free || price == null) {
            return NOTHING;
        }
        var counts = counts(usage, usage.output());
        if (!counts.plausible() || beyondLimits(model, size, usage, choices)) {
            return new Settlement(hold, true, true);
        }
        try {
            var cost = Cost.of(price, counts);
            if (!UpperBound.costsBeyondTokens(model, size)) {
                return new Settlement(cost, false, false);
            }
            // the ceiling stands for what no token tells: tiers, tools that the provider runs
            return new Settlement(cost.isMoreThan(hold) ? cost : hold, true, false);
        } catch (ArithmeticException e) {
            return new Settlement(hold, true, true);
        }
    }

    /**
     * An answer that ended, or was cut, without final figures: input as reported or its bound, the
     * output that was seen, and the guard; at most the hold. Hidden reasoning makes it the hold.
     */
    static Settlement unreported(
            ModelEntry model,
            BoundInput size,
            @Nullable Usage partial,
            long visibleBytes,
            Money hold) {
        var price = model.price();
        if (price == null
                || size.maxOutputTokens().equals(OptionalLong.of(0))
                || model.capabilities().contains("Reasoning")
                || UpperBound.costsBeyondTokens(model, size)) {
            return hold(hold);
        }
        return seen(model, size, partial, visibleBytes, hold);
    }

    /**
     * The same of an answer of which nothing is hidden.
     *
     * @param hold the most that it can cost
     */
    static Settlement seen(
            ModelEntry model,
            BoundInput size,
            @Nullable Usage partial,
            long visibleBytes,
            Money hold) {
        var price = model.price();
        if (price == null) {
            return hold(hold);
        }
        long output = visibleBytes + GUARD_TOKENS;
        Money estimate;
        if (partial != null && beyondLimits(model, size, partial, size.choices())) {
            return new Settlement(hold, true, true);
        }
        if (partial != null && partial.input() > 0 && counts(partial, output).plausible()) {
            try {
                estimate = Cost.of(price, counts(partial, Math.max(output, partial.output())));
            } catch (ArithmeticException e) {
                return new Settlement(hold, true, true);
            }
        } else {
            var bound = UpperBound.of(model, size.withMaxOutputTokens(output));
            if (!(bound instanceof Bound.Bounded bounded)) {
                return hold(hold);
            }
            estimate = bounded.cost();
        }
        return new Settlement(estimate.isMoreThan(hold) ? hold : estimate, true, false);
    }

    /** What final figures come to by the model's price; zero: they say nothing of a bill. */
    static Money billed(ModelEntry model, Usage usage) {
        var price = model.price();
        var counts = counts(usage, usage.output());
        if (price == null || !counts.plausible()) {
            return Money.ZERO;
        }
        try {
            return Cost.of(price, counts);
        } catch (ArithmeticException e) {
            return Money.ZERO;
        }
    }

    private static boolean beyondLimits(
            ModelEntry model, BoundInput size, Usage usage, int choices) {
        var context = model.contextTokens();
        var most = model.maxOutputTokens();
        var mostInput = UpperBound.mostInputTokens(model, size);
        boolean input = mostInput != null && usage.input() > mostInput;
        boolean output =
                context != null
                        && most != null
                        && usage.output() / choices > Math.max(most, context);
        return input || output;
    }

    private static TokenCounts counts(Usage usage, long output) {
        return new TokenCounts(
                usage.input(),
                usage.cacheRead(),
                usage.cacheWrite5m(),
                usage.cacheWrite1h(),
                output,
                Math.min(usage.reasoning(), output),
                usage.inputAudio(),
                Math.min(usage.outputAudio(), output),
                usage.serverToolCalls());
    }
}
