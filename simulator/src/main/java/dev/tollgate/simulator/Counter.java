package dev.tollgate.simulator;

import dev.tollgate.simulator.bill.BilledCall.Outcome;
import dev.tollgate.simulator.bill.Till;
import dev.tollgate.simulator.bill.Tokens;
import dev.tollgate.simulator.script.Dialect;
import dev.tollgate.simulator.script.ErrorKind;
import dev.tollgate.simulator.script.KeyHash;
import dev.tollgate.simulator.script.Script;
import dev.tollgate.simulator.script.Stage;
import dev.tollgate.simulator.script.When;
import dev.tollgate.simulator.wire.Answer;
import dev.tollgate.simulator.wire.ApiError;
import dev.tollgate.simulator.wire.Ask;
import dev.tollgate.simulator.wire.AskReader;
import dev.tollgate.simulator.wire.Credentials;
import dev.tollgate.simulator.wire.Route;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Where requests arrive: reads the body within its bound, checks key, path and body as the provider
 * would, asks the script, and hands over to an {@link Exchange}.
 */
final class Counter {
    private static final int MAX_BODY_BYTES = 64 << 20;
    private static final String NO_KEY = "none";
    private static final String NO_MODEL = "none";

    private final Vertx vertx;
    private final Dialect dialect;
    private final Stage stage;
    private final Till till;
    private final OpenCalls open;
    private final RequestLog log;
    private final ControlApi control;
    private final InstantSource clock = InstantSource.system();
    private final String idPrefix = UUID.randomUUID().toString().substring(0, 8);
    private final AtomicLong nextId = new AtomicLong(1);

    Counter(
            Vertx vertx,
            Dialect dialect,
            Stage stage,
            Till till,
            OpenCalls open,
            RequestLog log,
            ControlApi control) {
        this.vertx = vertx;
        this.dialect = dialect;
        this.stage = stage;
        this.till = till;
        this.open = open;
        this.log = log;
        this.control = control;
    }

    void receive(HttpServerRequest request) {
        var body = Buffer.buffer();
        var tooLarge = new boolean[1];
        request.handler(
                part -> {
                    if (tooLarge[0]) {
                        return;
                    }
                    if ((long) body.length() + part.length() > MAX_BODY_BYTES) {
                        tooLarge[0] = true;
                    } else {
                        body.appendBuffer(part);
                    }
                });
        request.exceptionHandler(gone -> {});
        request.endHandler(
                end -> {
                    var bytes = tooLarge[0] ? new byte[0] : body.getBytes();
                    if (request.path() != null && request.path().startsWith("/_sim/")) {
                        control.handle(request, bytes);
                    } else {
                        serve(new Arrival(request, bytes, tooLarge[0]));
                    }
                });
    }

    /** A request that is here in full, with its headers by lower-case name. */
    private final class Arrival {
        private final HttpServerRequest request;
        private final byte[] body;
        private final boolean tooLarge;
        private final Map<String, String> headers = new HashMap<>();
        private final Map<String, String> query = new HashMap<>();
        private final String id = idPrefix + Long.toString(nextId.getAndIncrement(), 36);
        private final String requestId = "req_" + id;
        private final String path;

        private Arrival(HttpServerRequest request, byte[] body, boolean tooLarge) {
            this.request = request;
            this.body = body;
            this.tooLarge = tooLarge;
            this.path = request.path() == null ? "/" : request.path();
            request.headers()
                    .forEach(
                            (name, value) ->
                                    headers.merge(
                                            name.toLowerCase(Locale.ROOT),
                                            value,
                                            (a, b) -> a + ", " + b));
            var raw = rawQuery();
            for (var part : raw.isEmpty() ? new String[0] : raw.split("&")) {
                var equals = part.indexOf('=');
                query.putIfAbsent(
                        equals < 0 ? part : part.substring(0, equals),
                        equals < 0 ? "" : decoded(part.substring(equals + 1)));
            }
        }

        private String rawQuery() {
            return request.query() == null ? "" : request.query();
        }

        private static String decoded(String value) {
            try {
                return URLDecoder.decode(value, StandardCharsets.UTF_8);
            } catch (IllegalArgumentException badEscape) {
                return value;
            }
        }

        private @Nullable String traceId() {
            var parts = headers.getOrDefault("traceparent", "").split("-");
            return parts.length == 4 ? parts[1] : null;
        }
    }

    private void serve(Arrival arrival) {
        log.add(
                arrival.requestId,
                arrival.request.method().name(),
                arrival.path,
                arrival.rawQuery(),
                arrival.headers,
                arrival.body);
        switch (Route.find(dialect, arrival.request.method().name(), arrival.path)) {
            case Route.Found.Nowhere(var error) -> refuse(arrival, error);
            case Route.Found.Here(var route) -> serve(arrival, route);
        }
    }

    private void serve(Arrival arrival, Route route) {
        var script = stage.script();
        var key = Credentials.key(dialect, arrival.headers, arrival.query);
        var label = key == null ? NO_KEY : KeyHash.ofKey(key).label();
        var model = route.model() == null ? NO_MODEL : route.model();
        var error = admission(arrival, script, key);
        if (error == null) {
            switch (AskReader.read(dialect, route, arrival.headers, arrival.query, arrival.body)) {
                case Ask.Reading.Invalid(var invalid) -> error = invalid;
                case Ask.Reading.Valid(var ask) -> {
                    serve(arrival, script, label, ask);
                    return;
                }
            }
        }
        if (route.endpoint().inference()) {
            ring(arrival, label, model);
        }
        refuse(arrival, error);
    }

    private @Nullable ApiError admission(Arrival arrival, Script script, @Nullable String key) {
        if (key == null) {
            return ApiError.of(
                    ErrorKind.AUTHENTICATION, "You didn't provide an API key in a request header.");
        }
        if (!script.admits(KeyHash.ofKey(key))) {
            return ApiError.of(ErrorKind.AUTHENTICATION, "Incorrect API key provided.");
        }
        return arrival.tooLarge
                ? ApiError.of(
                        ErrorKind.TOO_LARGE,
                        "The request is larger than " + MAX_BODY_BYTES + " bytes.")
                : null;
    }

    private void serve(Arrival arrival, Script script, String label, Ask ask) {
        var error = knowsModel(script, ask);
        if (error != null) {
            refuse(arrival, label, ask, error);
            return;
        }
        var facts =
                new When.Facts(
                        ask.endpoint(),
                        ask.model(),
                        ask.stream(),
                        ask.toolResult(),
                        ask.text(),
                        arrival.headers);
        var told = stage.next(facts);
        var answer = Answer.plan(ask, told, arrival.id, clock.millis() / 1000);
        var max = script.contextTokens();
        var input = answer.tokens().input();
        if (ask.endpoint().inference() && max != null && input > max) {
            refuse(arrival, label, ask, ApiError.contextLength(dialect, input, max));
            return;
        }
        var caller =
                new Till.Caller(
                        answer.id(), arrival.requestId, arrival.traceId(), label, ask.model());
        var scene = new Exchange.Scene(dialect, script, told, ask, answer, caller);
        new Exchange(vertx, arrival.request, till, open, scene).run();
    }

    private void refuse(Arrival arrival, String label, Ask ask, ApiError error) {
        if (ask.endpoint().inference()) {
            ring(arrival, label, ask.model());
        }
        refuse(arrival, error);
    }

    private static @Nullable ApiError knowsModel(Script script, Ask ask) {
        var names = !ask.model().isEmpty() && !script.knows(ask.model());
        return names
                ? new ApiError(
                        404,
                        ErrorKind.NOT_FOUND,
                        "The model `" + ask.model() + "` does not exist or you do not have access.",
                        null,
                        "model_not_found",
                        null,
                        null)
                : null;
    }

    private void ring(Arrival arrival, String label, String model) {
        var caller =
                new Till.Caller(arrival.id, arrival.requestId, arrival.traceId(), label, model);
        till.ring(caller, Outcome.REFUSED, Tokens.NONE, null, true);
    }

    private void refuse(Arrival arrival, ApiError error) {
        Replies.error(arrival.request.response(), dialect, error, arrival.requestId, false);
    }
}
