package dev.tollgate.dialects.conversation;

import org.jspecify.annotations.Nullable;

/**
 * How tokens are drawn, and what is told of it; null: the provider's default.
 *
 * @param topLogprobs how many of the likeliest tokens are told beside each token of the answer;
 *     null: nothing is told
 */
public record Sampling(
        @Nullable Double temperature,
        @Nullable Double topP,
        @Nullable Long topK,
        @Nullable Long seed,
        @Nullable Double frequencyPenalty,
        @Nullable Double presencePenalty,
        @Nullable Long topLogprobs) {

    public static final Sampling DEFAULT = new Sampling(null, null, null, null, null, null, null);

    /** Whether tokens are drawn and told of as they are when nothing is said; the seed aside. */
    public boolean isDefault() {
        return (temperature == null || temperature == 1)
                && (topP == null || topP == 1)
                && (frequencyPenalty == null || frequencyPenalty == 0)
                && (presencePenalty == null || presencePenalty == 0)
                && topLogprobs == null;
    }
}
