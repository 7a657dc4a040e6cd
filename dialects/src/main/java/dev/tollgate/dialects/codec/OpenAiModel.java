package dev.tollgate.dialects.codec;

import dev.tollgate.dialects.conversation.ReasoningRequest;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a model of OpenAI takes, by the last part of its name: so Azure's and OpenRouter's names
 * tell it too. A model that is none of OpenAI's takes everything.
 *
 * @param effort whether it takes a reasoning effort
 * @param reasons whether it refuses sampling settings while it reasons
 * @param minimal whether {@code minimal} is one of its efforts
 * @param none whether {@code none} is one of its efforts
 * @param restsByDefault whether it does not reason unless it is told to
 * @param stopsWhileReasoning whether it takes stop sequences while it reasons
 */
public record OpenAiModel(
        boolean effort,
        boolean reasons,
        boolean minimal,
        boolean none,
        boolean restsByDefault,
        boolean stopsWhileReasoning) {
    private static final Pattern NOT_REASONING = Pattern.compile("(gpt-4|gpt-3|chatgpt-4).*");
    private static final Pattern O_SERIES =
            Pattern.compile("(o\\d{1,2}|codex-mini)(?![a-z0-9.]).*");
    private static final Pattern O_THAT_STOPS = Pattern.compile("(o1|o3-mini)(?![a-z0-9.]).*");
    private static final Pattern GPT =
            Pattern.compile("gpt-([5-9])(?:[.-](\\d{1,2}))?(?![0-9.])(.*)");

    /** Variants that cannot be told to rest. */
    private static final Pattern FIXED = Pattern.compile(".*-(pro|codex|chat|search)(?![a-z]).*");

    public static OpenAiModel of(String name) {
        var model = name.substring(name.lastIndexOf('/') + 1).toLowerCase(Locale.ROOT);
        if (NOT_REASONING.matcher(model).matches()) {
            return new OpenAiModel(false, false, false, false, true, true);
        }
        if (O_SERIES.matcher(model).matches()) {
            boolean stops = O_THAT_STOPS.matcher(model).matches();
            return new OpenAiModel(true, true, false, false, false, stops);
        }
        var gpt = GPT.matcher(model);
        if (!gpt.matches()) {
            return new OpenAiModel(true, false, true, false, false, true);
        }
        var minor = gpt.group(2);
        int version = 100 * Integer.parseInt(gpt.group(1));
        version += minor == null ? 0 : Integer.parseInt(minor);
        boolean first = version == 500;
        if (first && gpt.group(3).startsWith("-chat")) {
            return new OpenAiModel(false, false, false, false, true, true);
        }
        boolean fixed = FIXED.matcher(gpt.group(3)).matches();
        boolean none = !first && !fixed;
        return new OpenAiModel(
                !gpt.group(3).startsWith("-search"),
                true,
                first && !fixed,
                none,
                none && version < 505,
                version >= 505);
    }

    /**
     * Whether the model takes sampling settings.
     *
     * @param reasoning what the client asked for
     * @param told whether the model is told of that
     */
    public boolean samples(@Nullable ReasoningRequest reasoning, boolean told) {
        return !reasons || rests(reasoning, told);
    }

    /** Whether the model takes stop sequences; as in {@link #samples}. */
    public boolean stops(@Nullable ReasoningRequest reasoning, boolean told) {
        return stopsWhileReasoning || samples(reasoning, told);
    }

    private boolean rests(@Nullable ReasoningRequest reasoning, boolean told) {
        if (!told || reasoning == null || reasoning.amount() instanceof ReasoningRequest.Unsaid) {
            return restsByDefault;
        }
        return none && reasoning.off();
    }

    /** The effort as the model knows it; null: it does not know how to rest. */
    public @Nullable String word(ReasoningRequest reasoning) {
        if (reasoning.off()) {
            return none ? "none" : null;
        }
        var effort = reasoning.effort();
        if (effort.compareTo(ReasoningRequest.Effort.HIGH) > 0) {
            // all reasoning models know the levels up to high
            return ReasoningRequest.Effort.HIGH.word();
        }
        return effort == ReasoningRequest.Effort.MINIMAL && reasons && !minimal
                ? ReasoningRequest.Effort.LOW.word()
                : effort.word();
    }
}
