package dev.tollgate.simulator.wire;

import dev.tollgate.simulator.script.Dialect;
import dev.tollgate.simulator.script.Endpoint;
import dev.tollgate.simulator.script.ErrorKind;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Where a path leads in a dialect; the prefix ({@code /v1}, {@code /v1beta}) may be there or not.
 *
 * @param model the model in the path, if the path names one
 * @param stream whether the path itself asks for a stream
 */
public record Route(Endpoint endpoint, @Nullable String model, boolean stream) {

    /** A route, or the error to answer with. */
    public sealed interface Found {
        /** The path leads somewhere. */
        record Here(Route route) implements Found {}

        /** It does not, or not by this method. */
        record Nowhere(ApiError error) implements Found {}
    }

    public static Found find(Dialect dialect, String method, String path) {
        var rest = withoutPrefix(path);
        var route =
                switch (dialect) {
                    case OPENAI -> openAi(rest);
                    case ANTHROPIC -> anthropic(rest);
                    case GEMINI -> gemini(rest);
                };
        if (route == null) {
            return new Found.Nowhere(
                    ApiError.of(ErrorKind.NOT_FOUND, "Invalid URL (" + method + " " + path + ")"));
        }
        var wanted = route.endpoint() == Endpoint.MODELS ? "GET" : "POST";
        if (!wanted.equals(method)) {
            return new Found.Nowhere(
                    ApiError.of(
                            ErrorKind.METHOD_NOT_ALLOWED,
                            "Not allowed to " + method + " on " + path + " (use " + wanted + ")"));
        }
        return new Found.Here(route);
    }

    private static String withoutPrefix(String path) {
        for (var prefix : new String[] {"/v1beta/", "/v1/", "/"}) {
            if (path.startsWith(prefix)) {
                return path.substring(prefix.length());
            }
        }
        return path;
    }

    private static @Nullable Route openAi(String rest) {
        return switch (rest) {
            case "chat/completions" -> new Route(Endpoint.GENERATE, null, false);
            case "responses" -> new Route(Endpoint.RESPONSES, null, false);
            case "responses/input_tokens" -> new Route(Endpoint.COUNT_TOKENS, null, false);
            case "embeddings" -> new Route(Endpoint.EMBEDDINGS, null, false);
            default -> models(rest);
        };
    }

    private static @Nullable Route anthropic(String rest) {
        return switch (rest) {
            case "messages" -> new Route(Endpoint.GENERATE, null, false);
            case "messages/count_tokens" -> new Route(Endpoint.COUNT_TOKENS, null, false);
            default -> models(rest);
        };
    }

    private static @Nullable Route gemini(String rest) {
        var colon = rest.lastIndexOf(':');
        if (!rest.startsWith("models/") || colon < 0) {
            return models(rest);
        }
        var model = decoded(rest.substring("models/".length(), colon));
        return switch (rest.substring(colon + 1)) {
            case "generateContent" -> new Route(Endpoint.GENERATE, model, false);
            case "streamGenerateContent" -> new Route(Endpoint.GENERATE, model, true);
            case "countTokens" -> new Route(Endpoint.COUNT_TOKENS, model, false);
            case "embedContent", "batchEmbedContents" ->
                    new Route(Endpoint.EMBEDDINGS, model, false);
            default -> null;
        };
    }

    private static @Nullable Route models(String rest) {
        if (rest.equals("models")) {
            return new Route(Endpoint.MODELS, null, false);
        }
        return rest.startsWith("models/") && rest.length() > "models/".length()
                ? new Route(Endpoint.MODELS, decoded(rest.substring("models/".length())), false)
                : null;
    }

    private static String decoded(String text) {
        try {
            return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException badEscape) {
            return text;
        }
    }
}
