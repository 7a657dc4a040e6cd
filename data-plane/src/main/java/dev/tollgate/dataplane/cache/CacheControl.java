package dev.tollgate.dataplane.cache;

import io.vertx.core.MultiMap;
import java.util.Locale;

/**
 * The directives of a request's {@code Cache-Control} that are obeyed; others are none of a
 * gateway's business, and RFC 9111 lets a cache pass over them.
 *
 * @param noCache the provider is to be asked, and its answer is kept
 * @param noStore nothing is looked up, and nothing is kept
 */
record CacheControl(boolean noCache, boolean noStore) {

    private static final CacheControl NONE = new CacheControl(false, false);

    static CacheControl of(MultiMap headers) {
        var values = headers.getAll("cache-control");
        if (values.isEmpty()) {
            return NONE;
        }
        boolean noCache = false;
        boolean noStore = false;
        for (var value : values) {
            for (var directive : value.split(",", -1)) {
                switch (directive.trim().toLowerCase(Locale.ROOT)) {
                    case "no-cache" -> noCache = true;
                    case "no-store" -> noStore = true;
                    default -> {}
                }
            }
        }
        return new CacheControl(noCache, noStore);
    }
}
