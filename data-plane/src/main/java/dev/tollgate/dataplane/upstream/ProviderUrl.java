package dev.tollgate.dataplane.upstream;

import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.Operation;
import java.net.URI;
import java.nio.charset.StandardCharsets;

/**
 * The address of a provider, taken apart once. Joining is tolerant of how people write it: {@code
 * /v1} behind an Anthropic address and {@code /v1beta} behind a Gemini one may be there or not; an
 * OpenAI one is used as written (protocols.md, 6.1).
 *
 * @param path without a trailing slash
 */
record ProviderUrl(boolean tls, String host, int port, String path) {

    static ProviderUrl parse(String url) {
        var uri = URI.create(url);
        var scheme = uri.getScheme();
        var host = uri.getHost();
        if (host == null || !("https".equals(scheme) || "http".equals(scheme))) {
            throw new IllegalArgumentException(
                    "url: " + url + " (expected: http or https with a host)");
        }
        boolean tls = scheme.equals("https");
        int port = uri.getPort() > 0 ? uri.getPort() : tls ? 443 : 80;
        var path = uri.getRawPath() == null ? "" : uri.getRawPath();
        while (path.endsWith("/")) {
            path = path.substring(0, path.length() - 1);
        }
        return new ProviderUrl(tls, host, port, path);
    }

    /**
     * The request target of a call.
     *
     * @param model as the provider spells it; used where the path names it
     * @param sse Gemini: ask for server-sent events rather than one JSON array
     */
    String target(Dialect dialect, Operation operation, String model, boolean stream, boolean sse) {
        return switch (dialect) {
            case OPENAI_CHAT -> path + openAi(operation);
            case OPENAI_RESPONSES -> path + "/responses";
            case ANTHROPIC -> without("/v1") + anthropic(operation);
            case GEMINI -> gemini(operation, model, stream, sse);
        };
    }

    /** The request target of the list of models, which is read by GET. */
    String models(Dialect dialect) {
        return switch (dialect) {
            case OPENAI_CHAT, OPENAI_RESPONSES -> path + "/models";
            case ANTHROPIC -> without("/v1") + "/v1/models";
            case GEMINI -> geminiModels();
        };
    }

    private String geminiModels() {
        boolean versioned = path.endsWith("/v1beta") || path.endsWith("/v1");
        return path + (versioned ? "" : "/v1beta") + "/models";
    }

    /**
     * The request target of an endpoint that passes as it is.
     *
     * @param endpoint as the resource declares it
     */
    String target(Dialect dialect, String endpoint) {
        return switch (dialect) {
            case OPENAI_CHAT, OPENAI_RESPONSES, GEMINI -> path + endpoint;
            case ANTHROPIC -> without("/v1") + "/v1" + endpoint;
        };
    }

    private static String openAi(Operation operation) {
        return switch (operation) {
            case GENERATE -> "/chat/completions";
            case EMBED, EMBED_ONE -> "/embeddings";
            case COUNT_TOKENS -> "/responses/input_tokens";
            case PASS, LIST_MODELS, GET_MODEL -> throw notCallable(operation);
        };
    }

    private static String anthropic(Operation operation) {
        return switch (operation) {
            case GENERATE -> "/v1/messages";
            case COUNT_TOKENS -> "/v1/messages/count_tokens";
            case EMBED, EMBED_ONE, PASS, LIST_MODELS, GET_MODEL -> throw notCallable(operation);
        };
    }

    private String gemini(Operation operation, String model, boolean stream, boolean sse) {
        var method =
                switch (operation) {
                    case GENERATE -> stream ? ":streamGenerateContent" : ":generateContent";
                    case COUNT_TOKENS -> ":countTokens";
                    case EMBED -> ":batchEmbedContents";
                    case EMBED_ONE -> ":embedContent";
                    case PASS, LIST_MODELS, GET_MODEL -> throw notCallable(operation);
                };
        return geminiModels() + "/" + escaped(model) + method + (stream && sse ? "?alt=sse" : "");
    }

    private String without(String suffix) {
        return path.endsWith(suffix) ? path.substring(0, path.length() - suffix.length()) : path;
    }

    private static String escaped(String model) {
        var out = new StringBuilder(model.length() + 8);
        for (byte b : model.getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (b & 0xff);
            boolean plain =
                    c >= 'a' && c <= 'z'
                            || c >= 'A' && c <= 'Z'
                            || c >= '0' && c <= '9'
                            || "-._~/@".indexOf(c) >= 0;
            if (plain) {
                out.append(c);
            } else {
                out.append('%')
                        .append(Character.toUpperCase(Character.forDigit(c >> 4, 16)))
                        .append(Character.toUpperCase(Character.forDigit(c & 15, 16)));
            }
        }
        return out.toString();
    }

    private static IllegalStateException notCallable(Operation operation) {
        return new IllegalStateException(
                "operation: " + operation + " (expected: one that a provider answers)");
    }
}
