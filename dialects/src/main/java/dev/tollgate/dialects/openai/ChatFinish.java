package dev.tollgate.dialects.openai;

import dev.tollgate.dialects.conversation.FinishReason;
import dev.tollgate.dialects.gemini.GeminiFinish;

/** The finish reasons of chat completions, and the further ones of compatible servers. */
final class ChatFinish {
    private ChatFinish() {}

    static FinishReason read(String word) {
        return switch (word) {
            case "length", "max_tokens", "model_length", "MAX_TOKENS" -> FinishReason.LENGTH;
            case "tool_calls", "function_call", "tool_use" -> FinishReason.TOOL_CALLS;
            case "content_filter", "refusal", "ERROR_TOXIC" -> FinishReason.CONTENT_FILTER;
            case "stop_sequence" -> FinishReason.STOP_SEQUENCE;
            default ->
                    word.startsWith("content_filter: ")
                            ? FinishReason.CONTENT_FILTER
                            : GeminiFinish.read(google(word));
        };
    }

    /**
     * Google's compatible endpoint writes the filter before its own reason, such as {@code
     * function_call_filter: MALFORMED_FUNCTION_CALL}.
     */
    private static String google(String word) {
        return word.substring(word.lastIndexOf(' ') + 1);
    }

    /** Whether an answer without content that ends so is a failure of the provider. */
    static boolean isFailureIfSilent(String word) {
        return GeminiFinish.failed(google(word));
    }

    /**
     * Whether the answer broke off at the server's fault: OpenRouter's and Mistral's {@code error},
     * vLLM's {@code abort}, and DeepSeek's word for a server that ran out of resources.
     */
    static boolean isFailure(String word) {
        return switch (word) {
            case "error", "abort", "insufficient_system_resource" -> true;
            default -> false;
        };
    }

    /** Whether what ends so need not have said anything. */
    static boolean isWithoutAnswer(String word) {
        return read(word) == FinishReason.CONTENT_FILTER
                || isFailure(word)
                || isFailureIfSilent(word);
    }

    /** As a client knows it that still calls tools functions. */
    static String write(FinishReason reason, boolean functions) {
        return functions && reason == FinishReason.TOOL_CALLS ? "function_call" : write(reason);
    }

    private static String write(FinishReason reason) {
        return switch (reason) {
            case STOP, STOP_SEQUENCE, PAUSE -> "stop";
            case TOOL_CALLS -> "tool_calls";
            case LENGTH -> "length";
            case CONTENT_FILTER -> "content_filter";
        };
    }
}
