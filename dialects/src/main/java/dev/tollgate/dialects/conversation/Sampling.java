package dev.tollgate.dialects.conversation;

import org.jspecify.annotations.Nullable;

/** How tokens are drawn; null: the provider's default. */
public record Sampling(
        @Nullable Double temperature,
        @Nullable Double topP,
        @Nullable Long topK,
        @Nullable Long seed,
        @Nullable Double frequencyPenalty,
        @Nullable Double presencePenalty) {

    public static final Sampling DEFAULT = new Sampling(null, null, null, null, null, null);
}
