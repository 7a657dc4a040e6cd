package dev.tollgate.dialects.error;

import dev.tollgate.dialects.Dialect;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

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
                    "exceeds the available context size",
                    "maximum prompt length",
                    "too many tokens: ",
                    "tokens + max_new_tokens",
                    "tokens + `max_new_tokens`");

    /** A limit on one string's characters, which has nothing to do with the context. */
    private static final String NOT = "string_above_max_length";

    /** A count by itself: no part of a model's name. */
    private static final Pattern NUMBER =
            Pattern.compile("(?<![\\w.,-])\\d[\\d,_]{0,14}(?![\\w-])");

    /** Anthropic's prompt, output limit and window, when only their sum is too large. */
    private static final Pattern SUM = Pattern.compile("(\\d{1,12}) \\+ (\\d{1,12}) > (\\d{1,12})");

    private static final String SUM_WORDING = "input length and `max_tokens` exceed context limit";

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
     * The message as the client's own provider words it, which is how applications recognise it;
     * Claude Code knows nothing but {@code prompt is too long: X tokens > Y maximum}. Whatever the
     * order in which a provider names the two numbers, the prompt's is the larger.
     */
    static String message(Dialect client, String message) {
        var sizes = sizes(message);
        return switch (client) {
            case ANTHROPIC -> {
                if (message.startsWith("prompt is too long: ") || message.startsWith(SUM_WORDING)) {
                    yield message;
                }
                yield "prompt is too long: "
                        + (sizes == null
                                ? message
                                : sizes.prompt() + " tokens > " + sizes.limit() + " maximum");
            }
            case OPENAI_CHAT, OPENAI_RESPONSES -> {
                if (message.contains("maximum context length")
                        || message.contains("context window")) {
                    yield message;
                }
                yield sizes == null
                        ? "This model's maximum context length was exceeded: " + message
                        : "This model's maximum context length is "
                                + sizes.limit()
                                + " tokens. However, your messages resulted in "
                                + sizes.prompt()
                                + " tokens. Please reduce the length of the messages.";
            }
            case GEMINI -> {
                if (message.contains("exceeds the maximum number of tokens")) {
                    yield message;
                }
                yield sizes == null
                        ? "The input exceeds the maximum number of tokens allowed: " + message
                        : "The input token count ("
                                + sizes.prompt()
                                + ") exceeds the maximum number of tokens allowed ("
                                + sizes.limit()
                                + ").";
            }
        };
    }

    private record Sizes(long prompt, long limit) {}

    /** Null if the message does not name both. */
    private static @Nullable Sizes sizes(String message) {
        var sum = SUM.matcher(message);
        if (sum.find()) {
            return new Sizes(
                    Long.parseLong(sum.group(1)) + Long.parseLong(sum.group(2)),
                    Long.parseLong(sum.group(3)));
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
                return new Sizes(Math.max(first, number), Math.min(first, number));
            }
        }
        return null;
    }
}
