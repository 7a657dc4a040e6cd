package dev.tollgate.dialects.count;

import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.RequestScan;
import dev.tollgate.dialects.codec.Json;
import java.util.List;

/**
 * How many tokens a request roughly has, where nobody counts them: four bytes of text make a token
 * in English, fewer in code and most other languages. Neither a bound nor what is billed.
 */
public final class TokenEstimate {
    /** What of an answer is a guess, as it is told to the client. */
    public static final List<String> FIELDS = List.of("input_tokens");

    private static final int BYTES_PER_TOKEN = 4;
    private static final int TOKENS_PER_MESSAGE = 4;
    private static final int TOKENS_PER_IMAGE = 1_000;

    /** A page of a PDF has some 50 KB and 1,500 to 3,000 tokens. */
    private static final int DOCUMENT_BYTES_PER_TOKEN = 32;

    private TokenEstimate() {}

    /** Whether all that counts is in the body. */
    public static boolean isPossible(RequestScan scan) {
        return scan.unbounded().isEmpty();
    }

    /** The client's answer to a count. */
    public static byte[] answer(RequestScan scan) {
        return answer(scan.dialect(), of(scan));
    }

    static long of(RequestScan scan) {
        return Math.ceilDiv(scan.textBytes(), BYTES_PER_TOKEN)
                + (long) scan.messages() * TOKENS_PER_MESSAGE
                + (long) scan.images() * TOKENS_PER_IMAGE
                + Math.ceilDiv(scan.documentBytes(), DOCUMENT_BYTES_PER_TOKEN);
    }

    static byte[] answer(Dialect client, long tokens) {
        return Json.bytes(
                switch (client) {
                    case GEMINI -> Json.object().put("totalTokens", tokens);
                    case ANTHROPIC -> Json.object().put("input_tokens", tokens);
                    case OPENAI_CHAT, OPENAI_RESPONSES ->
                            Json.object()
                                    .put("object", "response.input_tokens")
                                    .put("input_tokens", tokens);
                });
    }
}
