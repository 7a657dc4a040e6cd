package dev.tollgate.simulator;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.tollgate.simulator.script.Dialect;
import dev.tollgate.simulator.script.Failure;
import dev.tollgate.simulator.script.Rule;
import dev.tollgate.simulator.script.Script;
import dev.tollgate.simulator.script.ScriptException;
import dev.tollgate.simulator.wire.Json;
import io.vertx.core.http.HttpServerRequest;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * How tests and people steer a running simulator.
 *
 * <pre>
 * GET  /_sim/script            the script as JSON, keys as hashes
 * POST /_sim/script            replaces it (YAML or JSON)
 * POST /_sim/fail?status=500   before all rules: [&amp;times=n] [&amp;retryAfter=s]
 * GET  /_sim/bill              the bill by key and model
 * GET  /_sim/calls?limit=n     each call on it
 * GET  /_sim/open              each call that is not on it yet, with the chunks generated so far
 * GET  /_sim/requests?limit=n  the last requests as they arrived, keys as hashes
 * POST /_sim/clear             forgets bill, calls and requests
 * </pre>
 */
final class ControlApi {
    private static final int DEFAULT_LIMIT = 100;

    private final Simulator simulator;
    private final Dialect dialect;

    ControlApi(Simulator simulator, Dialect dialect) {
        this.simulator = simulator;
        this.dialect = dialect;
    }

    void handle(HttpServerRequest request, byte[] body) {
        var call = request.method().name() + " " + request.path();
        try {
            switch (call) {
                case "GET /_sim/script" -> reply(request, 200, simulator.script());
                case "POST /_sim/script" -> {
                    simulator.script(Script.parse(new String(body, StandardCharsets.UTF_8)));
                    reply(request, 200, simulator.script());
                }
                case "POST /_sim/fail" -> {
                    fail(request);
                    reply(request, 200, simulator.script());
                }
                case "GET /_sim/bill" -> reply(request, 200, bill());
                case "GET /_sim/calls" -> {
                    var calls = simulator.calls();
                    var from = Math.max(0, calls.size() - limit(request));
                    reply(request, 200, calls.subList(from, calls.size()));
                }
                case "GET /_sim/open" -> reply(request, 200, simulator.open());
                case "GET /_sim/requests" ->
                        reply(request, 200, simulator.requests(limit(request)));
                case "POST /_sim/clear" -> {
                    simulator.clear();
                    reply(request, 200, Map.of("cleared", true));
                }
                default -> reply(request, 404, Map.of("error", "no such control: " + call));
            }
        } catch (ScriptException | BadParameter e) {
            reply(request, 400, Map.of("error", String.valueOf(e.getMessage())));
        }
    }

    private Map<String, Object> bill() {
        var bill = simulator.bill();
        return Map.of(
                "dialect",
                dialect,
                "entries",
                bill.entries(),
                "requests",
                bill.requests(),
                "totalNanos",
                bill.totalNanos());
    }

    private void fail(HttpServerRequest request) throws BadParameter {
        var status = number(request, "status", 0, 300, 599);
        var times = number(request, "times", 0, 1, Integer.MAX_VALUE);
        var retryAfter = request.getParam("retryAfter");
        if (retryAfter != null && !retryAfter.matches("[\\x20-\\x7e]{1,100}")) {
            throw new BadParameter("retryAfter: (expected: seconds or a date)");
        }
        if (status == 0) {
            throw new BadParameter("status: missing (expected: 300 to 599)");
        }
        var rule = Rule.failing(Failure.ofStatus(status, retryAfter), times == 0 ? null : times);
        simulator.stage().interrupt(rule);
    }

    private static int limit(HttpServerRequest request) throws BadParameter {
        return number(request, "limit", DEFAULT_LIMIT, 1, Integer.MAX_VALUE);
    }

    private static int number(
            HttpServerRequest request, String name, int otherwise, int min, int max)
            throws BadParameter {
        var text = request.getParam(name);
        if (text == null) {
            return otherwise;
        }
        try {
            var value = Integer.parseInt(text);
            if (value >= min && value <= max) {
                return value;
            }
        } catch (NumberFormatException notANumber) {
            // said below
        }
        throw new BadParameter("%s: %s (expected: %d to %d)".formatted(name, text, min, max));
    }

    private static void reply(HttpServerRequest request, int status, Object value) {
        try {
            request.response()
                    .setStatusCode(status)
                    .putHeader("content-type", Replies.JSON)
                    .end(Json.MAPPER.writeValueAsString(value));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("only records of this program are written", e);
        }
    }

    private static final class BadParameter extends Exception {
        private static final long serialVersionUID = 1;

        private BadParameter(String message) {
            super(message, null, false, false);
        }
    }
}
