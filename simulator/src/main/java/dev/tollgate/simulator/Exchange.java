package dev.tollgate.simulator;

import dev.tollgate.simulator.bill.BilledCall.Outcome;
import dev.tollgate.simulator.bill.Price;
import dev.tollgate.simulator.bill.Till;
import dev.tollgate.simulator.bill.Tokens;
import dev.tollgate.simulator.script.Behaviour;
import dev.tollgate.simulator.script.Behaviour.Billed;
import dev.tollgate.simulator.script.Dialect;
import dev.tollgate.simulator.script.Failure;
import dev.tollgate.simulator.script.Hang;
import dev.tollgate.simulator.script.Moment;
import dev.tollgate.simulator.script.Script;
import dev.tollgate.simulator.wire.Answer;
import dev.tollgate.simulator.wire.ApiError;
import dev.tollgate.simulator.wire.Ask;
import dev.tollgate.simulator.wire.PromptText;
import dev.tollgate.simulator.wire.Wire;
import io.netty.channel.ChannelOption;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.net.impl.ConnectionBase;

/**
 * One request that was understood, from the decision what to do with it until it is rung up, which
 * happens exactly once:
 *
 * <pre>
 * waiting -- latency --> answering -- last bytes handed over --> COMPLETED
 *    |                       |------- scripted cut or error ---> BROKEN
 *    |-- scripted error --> REFUSED
 *    '---- client gone ------'--------------------------------> CANCELLED
 * </pre>
 *
 * A complete answer is rung up before its last bytes go out, so a client that has seen the end
 * finds it on the bill. Runs on the request's event loop.
 */
final class Exchange {
    /** So that what was sent before a reset has a chance to be read. */
    private static final long RESET_DELAY_MS = 20;

    private final Vertx vertx;
    private final HttpServerRequest request;
    private final HttpServerResponse response;
    private final Till till;
    private final OpenCalls open;
    private final Scene scene;
    private final Behaviour told;
    private boolean over;
    private long timer = -1;
    private boolean begun;
    private int chunksOut;
    private int chunksAll;

    /** All that was known when the request was decided. */
    record Scene(
            Dialect dialect,
            Script script,
            Behaviour told,
            Ask ask,
            Answer answer,
            Till.Caller caller) {}

    Exchange(Vertx vertx, HttpServerRequest request, Till till, OpenCalls open, Scene scene) {
        this.vertx = vertx;
        this.request = request;
        this.response = request.response();
        this.till = till;
        this.open = open;
        this.scene = scene;
        this.told = scene.told();
    }

    void run() {
        progress(0, 0);
        response.exceptionHandler(gone -> {});
        response.closeHandler(gone -> end(Outcome.CANCELLED));
        var hang = told.hang();
        if (hang != null && hang.at() == Moment.BEFORE_HEADERS) {
            hang(hang);
        } else {
            after(told.latency(), this::begin);
        }
    }

    /** Does it later, but not if the exchange is over by then. */
    void after(long millis, Runnable action) {
        if (millis == 0) {
            action.run();
            return;
        }
        timer = vertx.setTimer(millis, fired -> action.run());
    }

    private void begin() {
        var cut = told.cut();
        if (cut != null && cut.at() == Moment.BEFORE_HEADERS) {
            end(Outcome.BROKEN);
            drop(Future.succeededFuture());
            return;
        }
        var failure = told.error();
        if (failure != null && (failure.afterChunks() == null || !scene.ask().stream())) {
            fail(failure);
            return;
        }
        Replies.identify(response, scene.dialect(), scene.caller().requestId());
        if (told.headers() != null) {
            told.headers().forEach(response::putHeader);
        }
        if (scene.ask().stream()) {
            begun = true;
            new StreamPump(this, response, scene).start();
            return;
        }
        chunksOut = 1;
        chunksAll = 1;
        begun = true;
        whole(body());
    }

    private String body() {
        var ask = scene.ask();
        return switch (ask.endpoint()) {
            case GENERATE, RESPONSES, EMBEDDINGS ->
                    Wire.whole(scene.dialect(), ask, scene.answer());
            case COUNT_TOKENS -> Wire.count(scene.dialect(), countOf(ask));
            case MODELS ->
                    ask.model().isEmpty()
                            ? Wire.models(scene.dialect(), scene.script().listedModels())
                            : Wire.model(scene.dialect(), ask.model());
        };
    }

    private long countOf(Ask ask) {
        var here = told.inputTokens();
        var scripted = here != null ? here : scene.script().defaults().inputTokens();
        return scripted == null ? PromptText.tokens(ask.text()) : scripted;
    }

    private void whole(String body) {
        var bytes = Buffer.buffer(body);
        response.putHeader("content-type", Replies.JSON)
                .putHeader("content-length", Integer.toString(bytes.length()));
        var hang = told.hang();
        var cut = told.cut();
        if (hang != null) {
            part(bytes, hang.at());
            hang(hang);
        } else if (cut != null) {
            var written = part(bytes, cut.at());
            end(Outcome.BROKEN);
            drop(written);
        } else {
            end(Outcome.COMPLETED);
            response.end(bytes);
        }
    }

    private Future<Void> part(Buffer bytes, Moment until) {
        return until == Moment.AFTER_HEADERS
                ? response.writeHead()
                : response.write(bytes.slice(0, bytes.length() / 2));
    }

    private void fail(Failure failure) {
        var charged = told.billing() == Billed.WHOLE || told.billing() == Billed.SO_FAR;
        end(charged ? Outcome.BROKEN : Outcome.REFUSED);
        if (told.headers() != null) {
            told.headers().forEach(response::putHeader);
        }
        var error = ApiError.scripted(failure);
        if (failure.body() == null) {
            var inArray = scene.ask().arrayStream();
            Replies.error(response, scene.dialect(), error, scene.caller().requestId(), inArray);
            return;
        }
        Replies.identify(response, scene.dialect(), scene.caller().requestId());
        if (failure.retryAfter() != null) {
            response.putHeader("retry-after", failure.retryAfter());
        }
        var type = failure.contentType() == null ? Replies.JSON : failure.contentType();
        response.setStatusCode(failure.effectiveStatus())
                .putHeader("content-type", type)
                .end(failure.body());
    }

    /** Leaves the connection open and silent. */
    void hang(Hang hang) {
        after(
                hang.waitMs(),
                () -> {
                    end(Outcome.BROKEN);
                    drop(Future.succeededFuture());
                });
    }

    /** Closes the connection after {@code written}, by FIN or RST as the script says. */
    void drop(Future<Void> written) {
        var cut = told.cut();
        var reset = cut != null && cut.reset();
        written.onComplete(
                done -> {
                    if (reset) {
                        vertx.setTimer(RESET_DELAY_MS, fired -> close(true));
                    } else {
                        close(false);
                    }
                });
    }

    /**
     * HTTP has no word for this, so it goes to the channel; a linger of 0 makes the kernel reset.
     */
    private void close(boolean reset) {
        var connection = (ConnectionBase) request.connection();
        if (reset && connection.channel().isOpen()) {
            connection.channel().config().setOption(ChannelOption.SO_LINGER, 0);
        }
        connection.channelHandlerContext().close();
    }

    /** Keeps count of what a stream has generated. */
    void progress(int out, int all) {
        chunksOut = out;
        chunksAll = all;
        if (!over) {
            open.at(scene.caller().id(), scene.ask().model(), out);
        }
    }

    boolean isOver() {
        return over;
    }

    /** Rings up; only the first call counts. */
    void end(Outcome outcome) {
        if (over) {
            return;
        }
        over = true;
        open.over(scene.caller().id());
        vertx.cancelTimer(timer);
        if (!scene.ask().endpoint().inference()) {
            return;
        }
        Price price = scene.script().prices().get(scene.ask().model());
        till.ring(scene.caller(), outcome, charged(outcome), price, told.usage() == null);
    }

    private Tokens charged(Outcome outcome) {
        var all = scene.answer().tokens();
        var soFar = all.withOutput(begun ? scene.answer().outputAfter(chunksOut, chunksAll) : 0);
        return switch (told.billing()) {
            case NOTHING -> Tokens.NONE;
            case SO_FAR -> soFar;
            case WHOLE -> all;
            case AUTO ->
                    switch (outcome) {
                        case REFUSED -> Tokens.NONE;
                        case COMPLETED -> all;
                        case CANCELLED, BROKEN -> scene.script().billingStops() ? soFar : all;
                    };
        };
    }
}
