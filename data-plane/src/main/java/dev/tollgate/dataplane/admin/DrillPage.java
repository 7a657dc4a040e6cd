package dev.tollgate.dataplane.admin;

import dev.tollgate.dataplane.exchange.Drills;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonObject;
import java.net.InetAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * {@code /drill}: {@code POST ?provider=NAMESPACE/NAME&seconds=N} makes a provider fail on purpose,
 * GET tells what came of it. Only callers on the same machine may begin one, and no page in a
 * browser there: it cannot send the header that is asked for.
 */
final class DrillPage {

    static final String PATH = "/drill";

    /** A browser asks before it lets a page of another origin send it. */
    private static final String HEADER = "x-tollgate-drill";

    private final AdminServer.Sources sources;

    DrillPage(AdminServer.Sources sources) {
        this.sources = sources;
    }

    boolean takes(HttpServerRequest request) {
        return HttpMethod.POST.equals(request.method()) && PATH.equals(request.path());
    }

    void begin(HttpServerRequest request) {
        var provider = request.getParam("provider");
        long seconds = seconds(request.getParam("seconds"));
        if (!isLocal(request)) {
            end(request, 403, "a drill is begun from the same machine only");
        } else if (request.getHeader(HEADER) == null) {
            end(request, 403, "the header " + HEADER + " is missing");
        } else if (provider == null || !isKnown(provider)) {
            end(
                    request,
                    404,
                    "provider: " + provider + " (expected: namespace/name of one that serves)");
        } else if (seconds < 1 || seconds > Drills.LONGEST.toSeconds()) {
            end(request, 400, "seconds: expected 1 to " + Drills.LONGEST.toSeconds());
        } else if (!sources.drills().begin(provider, Duration.ofSeconds(seconds))) {
            end(request, 409, "too many drills");
        } else {
            request.response().putHeader("content-type", "application/json").end(render());
        }
    }

    Buffer render() {
        var all = new JsonObject();
        sources.drills()
                .reports()
                .forEach(
                        (provider, report) ->
                                all.put(
                                        provider,
                                        new JsonObject()
                                                .put("seconds_left", report.secondsLeft())
                                                .put("calls", report.calls())
                                                .put("served", report.served())
                                                .put("failed", report.failed())));
        return all.toBuffer();
    }

    private boolean isKnown(String provider) {
        var applied = sources.live().applied();
        return applied != null
                && applied.snapshot().providers().stream().anyMatch(p -> p.key().equals(provider));
    }

    private static boolean isLocal(HttpServerRequest request) {
        try {
            var address = request.remoteAddress().hostAddress();
            return address != null && InetAddress.ofLiteral(address).isLoopbackAddress();
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static long seconds(@Nullable String text) {
        try {
            return text == null ? -1 : Long.parseLong(text);
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    private static void end(HttpServerRequest request, int status, String message) {
        request.response()
                .setStatusCode(status)
                .putHeader("content-type", "text/plain; charset=utf-8")
                .end(message + "\n");
    }
}
