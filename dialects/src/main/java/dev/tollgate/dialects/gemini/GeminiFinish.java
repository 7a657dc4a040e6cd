package dev.tollgate.dialects.gemini;

import dev.tollgate.dialects.conversation.FinishReason;

/** The finish reasons of Gemini. */
public final class GeminiFinish {
    private GeminiFinish() {}

    public static FinishReason read(String word) {
        return switch (word) {
            case "MAX_TOKENS" -> FinishReason.LENGTH;
            case "SAFETY",
                    "RECITATION",
                    "LANGUAGE",
                    "BLOCKLIST",
                    "PROHIBITED_CONTENT",
                    "SPII",
                    "MODEL_ARMOR",
                    "IMAGE_SAFETY",
                    "IMAGE_PROHIBITED_CONTENT",
                    "IMAGE_RECITATION" ->
                    FinishReason.CONTENT_FILTER;
            default -> FinishReason.STOP;
        };
    }

    /** Whether an answer without content that ends so is a failure of the provider. */
    public static boolean failed(String word) {
        return switch (word) {
            case "MALFORMED_FUNCTION_CALL",
                    "UNEXPECTED_TOOL_CALL",
                    "TOO_MANY_TOOL_CALLS",
                    "MISSING_THOUGHT_SIGNATURE",
                    "MALFORMED_RESPONSE",
                    "OTHER" ->
                    true;
            default -> false;
        };
    }

    static String write(FinishReason reason) {
        return switch (reason) {
            case STOP, STOP_SEQUENCE, TOOL_CALLS, PAUSE -> "STOP";
            case LENGTH -> "MAX_TOKENS";
            case CONTENT_FILTER -> "SAFETY";
        };
    }
}
