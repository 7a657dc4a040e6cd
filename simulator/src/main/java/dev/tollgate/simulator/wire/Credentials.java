package dev.tollgate.simulator.wire;

import dev.tollgate.simulator.script.Dialect;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Where each dialect's clients put their key. */
public final class Credentials {
    private static final String BEARER = "bearer ";

    private Credentials() {}

    /** The key of a request, or null if it has none where the dialect looks for it. */
    public static @Nullable String key(
            Dialect dialect, Map<String, String> headers, Map<String, String> query) {
        var own =
                switch (dialect) {
                    case OPENAI -> headers.get("api-key");
                    case ANTHROPIC -> headers.get("x-api-key");
                    case GEMINI ->
                            headers.containsKey("x-goog-api-key")
                                    ? headers.get("x-goog-api-key")
                                    : query.get("key");
                };
        if (own != null && !own.isBlank()) {
            return own;
        }
        var authorization = headers.get("authorization");
        if (authorization != null
                && authorization.toLowerCase(Locale.ROOT).startsWith(BEARER)
                && authorization.length() > BEARER.length()) {
            return authorization.substring(BEARER.length()).strip();
        }
        return null;
    }
}
