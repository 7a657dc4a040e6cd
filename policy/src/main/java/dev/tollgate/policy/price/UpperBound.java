package dev.tollgate.policy.price;

import dev.tollgate.policy.snapshot.ModelEntry;
import dev.tollgate.policy.snapshot.PriceEntry;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The upper bound of an attempt's cost (budgets.md, 6.2). Input: UTF-8 bytes of all text, 16 tokens
 * a message, 256 for a prompt that the server writes before it, 1,024 if tools are sent, media at
 * their maxima, at most the context window. Output: the limit times the choices. Price: the dearest
 * that may apply, cache writes and long-context tiers included. Bytes alone are no bound: recorded
 * traffic with tools exceeds them by up to 479.
 */
public final class UpperBound {

    static final long TOKENS_PER_MESSAGE = 16;

    /** Servers write a prompt of their own before it: recorded were 49 tokens (gpt-oss). */
    static final long HIDDEN_PROMPT_TOKENS = 256;

    static final long TOOL_OVERHEAD_TOKENS = 1_024;

    /**
     * A page of a document costs up to 4,096 tokens and takes at least 256 bytes of a file, so a
     * byte costs at most 16 tokens: pages are not counted.
     */
    static final long TOKENS_PER_DOCUMENT_BYTE = 16;

    /** The largest thinking budget that Gemini documents. */
    static final long MAX_THOUGHT_TOKENS = 32_768;

    /** The smallest output limit that the gateway writes; api.md, R2. */
    public static final long MIN_OUTPUT_TOKENS = 256;

    /**
     * Beginnings of what a scan calls unbounded whose input is somewhere else, or of a kind that
     * bytes say nothing about, but still ends at the context window. Everything else costs beyond
     * it, or may: tools that the provider runs, stored prompts, service tiers, background work.
     */
    private static final List<String> ENDS_AT_CONTEXT =
            List.of(
                    "messages[",
                    "contents[",
                    "content of type",
                    "input[",
                    "cachedContent",
                    "previous_response_id",
                    "conversation",
                    "file_id",
                    "file_url",
                    "input_audio");

    private static final Pattern IMAGE_MODEL = Pattern.compile("gpt-image|^(gemini|gpt)-.*-image");

    private UpperBound() {}

    public static Bound of(ModelEntry model, BoundInput input) {
        var price = model.price();
        if (price == null) {
            return new Bound.Unboundable("the price of model " + model.name() + " is unknown");
        }
        var unboundable = unboundable(model, input);
        if (unboundable != null) {
            return new Bound.Unboundable(unboundable);
        }
        var limit = outputLimit(model, input);
        if (limit.isEmpty()) {
            return new Bound.Unboundable(
                    "the output limit of model "
                            + model.name()
                            + " is unknown: set an output limit in the request, or maxOutputTokens"
                            + " in the ModelProvider");
        }
        try {
            long inputTokens = inputTokens(model, input);
            long outputTokens =
                    Math.multiplyExact(
                            withThoughts(model, input, limit.getAsLong()), input.choices());
            var cost = cost(price, inputTokens, outputTokens);
            return new Bound.Bounded(cost, inputTokens, outputTokens, limit.getAsLong());
        } catch (ArithmeticException e) {
            return new Bound.Unboundable("the cost is above all that can be counted");
        }
    }

    /**
     * With the shortest answer that is of use: with less left, {@link #outputThatFits} is empty.
     *
     * @param useful the lowest output limit that is
     */
    public static Bound least(ModelEntry model, BoundInput input, long useful) {
        return of(model, input) instanceof Bound.Bounded bound
                ? of(model, input.withMaxOutputTokens(Math.min(useful, bound.outputLimit())))
                : of(model, input);
    }

    /**
     * The largest output limit whose bound is within {@code ceiling}, at most the one of the
     * request or the model; empty if it would be below {@code useful} (or below what the client
     * asked for, if that is less), or if nothing bounds the request.
     */
    public static OptionalLong outputThatFits(
            ModelEntry model, BoundInput input, Money ceiling, long useful) {
        if (!(of(model, input) instanceof Bound.Bounded bound)) {
            return OptionalLong.empty();
        }
        if (!bound.cost().isMoreThan(ceiling)) {
            return OptionalLong.of(bound.outputLimit());
        }
        long fits = 0;
        long tooMuch = bound.outputLimit();
        while (tooMuch - fits > 1) {
            long middle = fits + (tooMuch - fits) / 2;
            if (of(model, input.withMaxOutputTokens(middle)) instanceof Bound.Bounded tried
                    && !tried.cost().isMoreThan(ceiling)) {
                fits = middle;
            } else {
                tooMuch = middle;
            }
        }
        return fits >= Math.min(useful, bound.outputLimit())
                ? OptionalLong.of(fits)
                : OptionalLong.empty();
    }

    private static @Nullable String unboundable(ModelEntry model, BoundInput input) {
        if (runsByItself(model.name())) {
            return "the cost of model "
                    + model.name()
                    + ", which searches or draws by itself, cannot be bounded before it is asked";
        }
        for (var name : input.unbounded()) {
            if (isBeyondTokens(name)) {
                return "the cost of " + name + " cannot be bounded before it is sent";
            }
            if (model.contextTokens() == null) {
                return "the input behind "
                        + name
                        + " cannot be bounded: the context window of model "
                        + model.name()
                        + " is unknown";
            }
        }
        return null;
    }

    /**
     * Whether the cost may be more than that of all tokens that are reported: tools that the
     * provider runs, service tiers, background work.
     */
    public static boolean costsBeyondTokens(ModelEntry model, BoundInput input) {
        return runsByItself(model.name())
                || input.unbounded().stream().anyMatch(UpperBound::isBeyondTokens);
    }

    private static boolean isBeyondTokens(String unbounded) {
        return ENDS_AT_CONTEXT.stream().noneMatch(unbounded::startsWith);
    }

    /**
     * Models that run tools or themselves several times without being asked (Groq's compound,
     * research models), whose fees are per search, or whose images cost more than their text. The
     * built-in catalogue has none of them; a resource may list them with prices of its own.
     */
    static boolean runsByItself(String model) {
        var name = model.substring(model.lastIndexOf('/') + 1).toLowerCase(Locale.ROOT);
        return name.startsWith("compound")
                || name.contains("deep-research")
                || name.contains("search-api")
                || name.endsWith(":online")
                || name.endsWith("-online")
                || IMAGE_MODEL.matcher(name).find();
    }

    private static long inputTokens(ModelEntry model, BoundInput input) {
        long tokens = Math.addExact(input.textBytes(), HIDDEN_PROMPT_TOKENS);
        tokens = Cost.add(tokens, input.messages(), TOKENS_PER_MESSAGE);
        tokens = Math.addExact(tokens, input.tools() ? TOOL_OVERHEAD_TOKENS : 0);
        tokens = Cost.add(tokens, input.images(), model.imageTokens());
        tokens = Cost.add(tokens, input.documentBytes(), TOKENS_PER_DOCUMENT_BYTE);
        var most = mostInputTokens(model, input);
        if (most == null) {
            return tokens;
        }
        return input.unbounded().isEmpty() ? Math.min(most, tokens) : most;
    }

    /**
     * What the model can read at all; null: unknown. A request that generates nothing asks for
     * embeddings, each of whose inputs has a context window of its own.
     */
    public static @Nullable Long mostInputTokens(ModelEntry model, BoundInput input) {
        var context = model.contextTokens();
        if (context == null || input.choices() == 1) {
            return context;
        }
        var limit = input.maxOutputTokens();
        boolean embeds = limit.isPresent() && limit.getAsLong() == 0;
        return embeds ? Long.valueOf(Math.multiplyExact(context, input.choices())) : context;
    }

    /** The client's limit, which no context window lets a model exceed; else the model's. */
    private static OptionalLong outputLimit(ModelEntry model, BoundInput input) {
        var context = model.contextTokens();
        var most = model.maxOutputTokens();
        if (input.maxOutputTokens().isEmpty()) {
            if (most != null) {
                return OptionalLong.of(most);
            }
            return context == null ? OptionalLong.empty() : OptionalLong.of(context);
        }
        long asked = Math.max(0, input.maxOutputTokens().getAsLong());
        if (context == null) {
            return OptionalLong.of(asked);
        }
        return OptionalLong.of(Math.min(asked, most == null ? context : Math.max(context, most)));
    }

    private static long withThoughts(ModelEntry model, BoundInput input, long limit) {
        if (!input.thoughtsApart() || !model.capabilities().contains("Reasoning")) {
            return limit;
        }
        long sum = Math.addExact(limit, MAX_THOUGHT_TOKENS);
        var most = model.maxOutputTokens();
        return most == null ? sum : Math.max(limit, Math.min(sum, most));
    }

    private static Money cost(PriceEntry price, long inputTokens, long outputTokens) {
        var rates = Rates.dearestUpTo(price, inputTokens);
        long picos = Math.multiplyExact(price.perRequest(), Cost.PICOS_PER_MICRO);
        picos = Cost.add(picos, inputTokens, rates.dearestInput());
        picos = Cost.add(picos, outputTokens, rates.dearestOutput());
        return new Money(Math.ceilDiv(picos, Cost.PICOS_PER_NANO));
    }
}
