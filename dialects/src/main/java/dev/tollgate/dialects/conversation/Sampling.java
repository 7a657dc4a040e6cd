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
}
