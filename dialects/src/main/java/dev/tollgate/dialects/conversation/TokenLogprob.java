package dev.tollgate.dialects.conversation;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How likely a token of the answer was.
 *
 * @param bytes of the token, which need not be a whole character; null if they are the text's
 * @param top the likeliest tokens in its place, each without such a list of its own
 */
public record TokenLogprob(
        String token, double logprob, @Nullable List<Integer> bytes, List<TokenLogprob> top) {
    public TokenLogprob {
        bytes = bytes == null ? null : List.copyOf(bytes);
        top = List.copyOf(top);
    }
}
