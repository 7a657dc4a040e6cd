package dev.tollgate.dialects.scan;

import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.Ingress;
import dev.tollgate.dialects.Operation;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** What a request line asks for: the paths of the data port, with their tolerated aliases. */
public final class IngressPath {
    private static final Ingress CHAT = of(Dialect.OPENAI_CHAT, Operation.GENERATE);
    private static final Ingress EMBED = of(Dialect.OPENAI_CHAT, Operation.EMBED);
    private static final Ingress RESPONSES = of(Dialect.OPENAI_RESPONSES, Operation.GENERATE);
    private static final Ingress MESSAGES = of(Dialect.ANTHROPIC, Operation.GENERATE);
    private static final Ingress COUNT_TOKENS = of(Dialect.ANTHROPIC, Operation.COUNT_TOKENS);

    private static final Ingress INPUT_TOKENS =
            of(Dialect.OPENAI_RESPONSES, Operation.COUNT_TOKENS);

    private IngressPath() {}

    /** Which surface a prefix pins: at the root all of them answer. */
    private enum Surface {
        ANY,
        OPENAI,
        ANTHROPIC,
        GEMINI
    }

    /**
     * @param path as it was sent, without the query, percent-encoded
     * @param query null or without its question mark
     * @param anthropicVersion whether the header {@code anthropic-version} came along, which
     *     decides the shape of {@code /v1/models}
     * @return null if the data port has no such endpoint: 404 in {@link #nearestDialect}
     */
    public static @Nullable Ingress parse(
            String method, String path, @Nullable String query, boolean anthropicVersion) {
        boolean post = method.equals("POST");
        if (!post && !method.equals("GET")) {
            return null;
        }
        var surface = surface(path);
        var rest =
                switch (surface) {
                    case ANY -> path;
                    case OPENAI -> path.substring("/openai".length());
                    case ANTHROPIC -> path.substring("/anthropic".length());
                    case GEMINI -> path.substring("/gemini".length());
                };
        if (rest.startsWith("/v1/v1/")) {
            rest = rest.substring("/v1".length());
        }
        if (rest.startsWith("/v1beta/models")) {
            return surface == Surface.ANY || surface == Surface.GEMINI
                    ? models(post, rest.substring("/v1beta/models".length()), query, Dialect.GEMINI)
                    : null;
        }
        if (rest.startsWith("/v1/models")) {
            return models(
                    post,
                    rest.substring("/v1/models".length()),
                    query,
                    listDialect(surface, anthropicVersion));
        }
        return post ? posted(rest, surface) : null;
    }

    /**
     * What a path means if a provider declares it, for {@link #parse} has none of these.
     *
     * @return null if it is not below {@code /v1}, or not posted
     */
    public static @Nullable Ingress passThrough(String method, String path) {
        var surface = surface(path);
        var rest =
                switch (surface) {
                    case ANY -> path;
                    case OPENAI -> path.substring("/openai".length());
                    case ANTHROPIC -> path.substring("/anthropic".length());
                    case GEMINI -> "";
                };
        if (rest.startsWith("/v1/v1/")) {
            rest = rest.substring("/v1".length());
        }
        if (!method.equals("POST") || !rest.startsWith("/v1/")) {
            return null;
        }
        return new Ingress(
                surface == Surface.ANTHROPIC ? Dialect.ANTHROPIC : Dialect.OPENAI_CHAT,
                Operation.PASS,
                null,
                false,
                false,
                rest.substring("/v1".length()));
    }

    private static Surface surface(String path) {
        if (path.startsWith("/openai/")) {
            return Surface.OPENAI;
        }
        if (path.startsWith("/anthropic/")) {
            return Surface.ANTHROPIC;
        }
        return path.startsWith("/gemini/") ? Surface.GEMINI : Surface.ANY;
    }

    private static Dialect listDialect(Surface surface, boolean anthropicVersion) {
        return switch (surface) {
            case ANY -> anthropicVersion ? Dialect.ANTHROPIC : Dialect.OPENAI_CHAT;
            case OPENAI -> Dialect.OPENAI_CHAT;
            case ANTHROPIC -> Dialect.ANTHROPIC;
            case GEMINI -> Dialect.GEMINI;
        };
    }

    private static @Nullable Ingress posted(String path, Surface surface) {
        var ingress =
                switch (path) {
                    case "/v1/chat/completions" -> CHAT;
                    case "/v1/responses" -> RESPONSES;
                    case "/v1/responses/input_tokens" -> INPUT_TOKENS;
                    case "/v1/embeddings" -> EMBED;
                    case "/v1/messages" -> MESSAGES;
                    case "/v1/messages/count_tokens" -> COUNT_TOKENS;
                    default -> null;
                };
        if (ingress == null || surface == Surface.ANY) {
            return ingress;
        }
        boolean anthropic = ingress.dialect() == Dialect.ANTHROPIC;
        return surface == (anthropic ? Surface.ANTHROPIC : Surface.OPENAI) ? ingress : null;
    }

    /**
     * @param rest what follows {@code /models}
     * @param list the dialect in which a list is answered
     */
    private static @Nullable Ingress models(
            boolean post, String rest, @Nullable String query, Dialect list) {
        if (rest.isEmpty()) {
            return post ? null : of(list, Operation.LIST_MODELS);
        }
        if (rest.charAt(0) != '/' || rest.length() == 1) {
            return null;
        }
        if (!post) {
            var model = decode(rest.substring(1));
            return model == null
                    ? null
                    : new Ingress(list, Operation.GET_MODEL, model, false, false);
        }
        if (list == Dialect.ANTHROPIC) {
            return null;
        }
        int colon = rest.lastIndexOf(':');
        var model = colon < 2 ? null : decode(rest.substring(1, colon));
        if (model == null) {
            return null;
        }
        return switch (rest.substring(colon + 1)) {
            case "generateContent" -> gemini(Operation.GENERATE, model, false, query);
            case "streamGenerateContent" -> gemini(Operation.GENERATE, model, true, query);
            case "countTokens" -> gemini(Operation.COUNT_TOKENS, model, false, query);
            case "embedContent" -> gemini(Operation.EMBED_ONE, model, false, query);
            case "batchEmbedContents" -> gemini(Operation.EMBED, model, false, query);
            default -> null;
        };
    }

    private static Ingress gemini(
            Operation operation, String model, boolean stream, @Nullable String query) {
        return new Ingress(Dialect.GEMINI, operation, model, stream, stream && asksForSse(query));
    }

    private static boolean asksForSse(@Nullable String query) {
        if (query != null) {
            for (var pair : query.split("&", -1)) {
                if (pair.equals("alt=sse")
                        || pair.equals("%24alt=sse")
                        || pair.equals("$alt=sse")) {
                    return true;
                }
            }
        }
        return false;
    }

    /** The dialect in whose shape to answer a path that is no endpoint. */
    public static Dialect nearestDialect(String path) {
        if (path.startsWith("/gemini/")
                || path.startsWith("/v1beta")
                || path.contains("/models/") && path.lastIndexOf(':') > path.indexOf("/models/")) {
            return Dialect.GEMINI;
        }
        if (path.startsWith("/anthropic/") || path.contains("/messages")) {
            return Dialect.ANTHROPIC;
        }
        return path.contains("/responses") ? Dialect.OPENAI_RESPONSES : Dialect.OPENAI_CHAT;
    }

    private static Ingress of(Dialect dialect, Operation operation) {
        return new Ingress(dialect, operation, null, false, false);
    }

    /** Resolves percent-encoding; null if it is broken, or hides what is no text. */
    private static @Nullable String decode(String encoded) {
        if (encoded.indexOf('%') < 0) {
            return encoded;
        }
        var bytes = new ByteArrayOutputStream(encoded.length());
        for (int i = 0; i < encoded.length(); i++) {
            char c = encoded.charAt(i);
            if (c != '%') {
                bytes.writeBytes(String.valueOf(c).getBytes(StandardCharsets.UTF_8));
                continue;
            }
            int high = i + 2 < encoded.length() ? Character.digit(encoded.charAt(i + 1), 16) : -1;
            int low = high < 0 ? -1 : Character.digit(encoded.charAt(i + 2), 16);
            if (low < 0 || high == 0 && low == 0) {
                return null;
            }
            bytes.write(high << 4 | low);
            i += 2;
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes.toByteArray()))
                    .toString();
        } catch (CharacterCodingException e) {
            return null;
        }
    }
}
