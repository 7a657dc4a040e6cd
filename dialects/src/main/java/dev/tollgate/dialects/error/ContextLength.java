package dev.tollgate.dialects.error;

import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/** Requests that are longer than the model reads, in the wordings of many servers. */
final class ContextLength {
    private static final List<String> WORDINGS =
            List.of(
                    "context_length_exceeded",
                    "prompt is too long",
                    "maximum context length",
                    "model's context length",
                    "context window",
                    "exceed context limit",
                    "exceeds the context",
                    "max_model_len",
                    "maximum model length",
                    "input is too long",
                    "exceeds the maximum number of tokens allowed",
                    "exceeds the maximum number of input tokens",
                    "reduce the length of the messages",
                    "tokens_limit_reached",
                    "exceeds the available context size");

    /** A limit on one string's characters, which has nothing to do with the context. */
    private static final String NOT = "string_above_max_length";

    private static final Pattern NUMBER = Pattern.compile("\\d[\\d,_]{0,14}");
    private static final int LEAST_TOKENS = 16;

    private ContextLength() {}

    static boolean isMeant(String text) {
        var lower = text.toLowerCase(Locale.ROOT);
        if (lower.contains(NOT)) {
            return false;
        }
        for (var wording : WORDINGS) {
            if (lower.contains(wording)) {
                return true;
            }
        }
        return false;
    }

    /**
     * {@code prompt is too long: X tokens > Y maximum}, the one wording that Claude Code
     * recognises. Whatever the order in which a provider names the two numbers, the prompt's is the
     * larger.
     */
    static String anthropicMessage(String message) {
        if (message.startsWith("prompt is too long: ")) {
            return message;
        }
        var matcher = NUMBER.matcher(message);
        long first = -1;
        while (matcher.find()) {
            long number = Long.parseLong(matcher.group().replaceAll("[,_]", ""));
            if (number < LEAST_TOKENS) {
                continue;
            }
            if (first < 0) {
                first = number;
            } else if (number != first) {
                return "prompt is too long: "
                        + Math.max(first, number)
                        + " tokens > "
                        + Math.min(first, number)
                        + " maximum";
            }
        }
        return "prompt is too long: " + message;
    }
}
