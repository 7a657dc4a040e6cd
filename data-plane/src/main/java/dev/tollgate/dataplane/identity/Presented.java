package dev.tollgate.dataplane.identity;

import io.netty.util.AsciiString;
import io.vertx.core.MultiMap;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The credentials that a request shows, in the order in which they are tried (protocols.md, 2). */
final class Presented {

    private static final AsciiString AUTHORIZATION = AsciiString.cached("authorization");
    private static final AsciiString X_API_KEY = AsciiString.cached("x-api-key");
    private static final AsciiString API_KEY = AsciiString.cached("api-key");
    private static final AsciiString X_GOOG_API_KEY = AsciiString.cached("x-goog-api-key");
    private static final String BEARER = "bearer ";
    private static final String KEY_PARAMETER = "key=";

    private Presented() {}

    /** At most five; empty ones are left out. */
    static List<String> in(MultiMap headers, @Nullable String query) {
        var found = new ArrayList<String>(2);
        var authorization = headers.get(AUTHORIZATION);
        if (authorization != null
                && authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
            add(found, authorization.substring(BEARER.length()));
        }
        add(found, headers.get(X_API_KEY));
        add(found, headers.get(API_KEY));
        add(found, headers.get(X_GOOG_API_KEY));
        if (query != null && query.contains(KEY_PARAMETER)) {
            add(found, keyOf(query));
        }
        return found;
    }

    private static void add(List<String> found, @Nullable String value) {
        if (value == null) {
            return;
        }
        var trimmed = value.trim();
        if (!trimmed.isEmpty() && !found.contains(trimmed)) {
            found.add(trimmed);
        }
    }

    private static @Nullable String keyOf(String query) {
        for (var parameter : query.split("&", -1)) {
            if (parameter.startsWith(KEY_PARAMETER)) {
                try {
                    return URLDecoder.decode(
                            parameter.substring(KEY_PARAMETER.length()), StandardCharsets.UTF_8);
                } catch (IllegalArgumentException e) {
                    return null;
                }
            }
        }
        return null;
    }
}
