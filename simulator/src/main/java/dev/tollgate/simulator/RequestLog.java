package dev.tollgate.simulator;

import dev.tollgate.simulator.script.KeyHash;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** The last requests, bounded in number and bytes. Any thread may call it. */
final class RequestLog {
    static final int MAX_REQUESTS = 1_000;
    static final int MAX_BODY_BYTES = 1 << 20;
    private static final long MAX_BYTES = 64L << 20;
    private static final Set<String> SECRET =
            Set.of("authorization", "x-api-key", "api-key", "x-goog-api-key", "cookie");

    private final Deque<ReceivedRequest> requests = new ArrayDeque<>();
    private long bytes;
    private long nextSeq = 1;

    synchronized void add(
            String requestId,
            String method,
            String path,
            String query,
            Map<String, String> headers,
            byte[] body) {
        var kept = Math.min(body.length, MAX_BODY_BYTES);
        var request =
                new ReceivedRequest(
                        nextSeq++,
                        requestId,
                        method,
                        path,
                        withoutKey(query),
                        redacted(headers),
                        new String(body, 0, kept, StandardCharsets.UTF_8),
                        body.length);
        requests.addLast(request);
        bytes += request.body().length();
        while (requests.size() > MAX_REQUESTS || bytes > MAX_BYTES) {
            bytes -= requests.removeFirst().body().length();
        }
    }

    private static Map<String, String> redacted(Map<String, String> headers) {
        var out = new TreeMap<String, String>();
        headers.forEach(
                (name, value) -> out.put(name, SECRET.contains(name) ? label(value) : value));
        return out;
    }

    private static String label(String value) {
        var bearer = value.toLowerCase(Locale.ROOT).startsWith("bearer ");
        var key = bearer ? value.substring("bearer ".length()).strip() : value;
        if (key.isEmpty()) {
            return "";
        }
        return (bearer ? "Bearer " : "") + KeyHash.ofKey(key).label();
    }

    private static String withoutKey(String query) {
        var parts = new ArrayList<String>();
        for (var part : query.split("&", -1)) {
            var hides = part.startsWith("key=") && part.length() > "key=".length();
            parts.add(hides ? "key=" + label(part.substring("key=".length())) : part);
        }
        return String.join("&", parts);
    }

    /** The newest {@code limit}, oldest first. */
    synchronized List<ReceivedRequest> last(int limit) {
        return requests.stream().skip(Math.max(0, requests.size() - (long) limit)).toList();
    }

    synchronized void clear() {
        requests.clear();
        bytes = 0;
    }
}
