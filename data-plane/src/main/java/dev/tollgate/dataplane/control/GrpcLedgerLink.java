package dev.tollgate.dataplane.control;

import dev.tollgate.dataplane.budget.LedgerLink;
import dev.tollgate.policy.budget.HolderId;
import dev.tollgate.policy.budget.LedgerCommand;
import dev.tollgate.policy.budget.LedgerEffect;
import dev.tollgate.policy.budget.LedgerMessages;
import dev.tollgate.policy.push.FromLedger;
import dev.tollgate.policy.push.ToLedger;
import io.vertx.core.Context;
import io.vertx.grpc.client.GrpcClientRequest;
import io.vertx.grpc.common.GrpcMessageDecoder;
import io.vertx.grpc.common.GrpcMessageEncoder;
import io.vertx.grpc.common.ServiceMethod;
import io.vertx.grpc.common.ServiceName;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way to the operator's ledger: {@code Ledger.Stream} on the connection of an {@link
 * OperatorChannel}. A stream of its own, so that a large snapshot does not delay money. All state
 * is confined to one event loop, which also calls the listener.
 */
public final class GrpcLedgerLink implements LedgerLink {

    private static final Logger LOG = LoggerFactory.getLogger(GrpcLedgerLink.class);

    private static final ServiceMethod<FromLedger, ToLedger> LEDGER =
            ServiceMethod.client(
                    ServiceName.create("tollgate.push.v1", "Ledger"),
                    "Stream",
                    GrpcMessageEncoder.encoder(),
                    GrpcMessageDecoder.decoder(FromLedger.getDefaultInstance()));

    private final OperatorChannel channel;
    private final Context context;
    private volatile State state = new State.Disconnected("not dialled yet");
    private volatile boolean closed;
    // confined to the context
    private @Nullable Listener listener;
    private @Nullable GrpcClientRequest<ToLedger, FromLedger> stream;
    private @Nullable HolderId holder;
    private int attempt;

    public GrpcLedgerLink(OperatorChannel channel) {
        this.channel = channel;
        this.context = channel.vertx().getOrCreateContext();
    }

    @Override
    public void start(Listener listener) {
        context.runOnContext(
                _ -> {
                    this.listener = listener;
                    dial();
                });
    }

    @Override
    public void send(LedgerCommand command) {
        context.runOnContext(
                _ -> {
                    var open = stream;
                    if (open != null) {
                        holder = command.holder();
                        open.write(LedgerMessages.message(command));
                    }
                });
    }

    @Override
    public State state() {
        return state;
    }

    @Override
    public void close() {
        closed = true;
        context.runOnContext(
                _ -> {
                    var open = stream;
                    stream = null;
                    if (open != null) {
                        open.end();
                    }
                });
    }

    private void dial() {
        if (!closed) {
            channel.open(LEDGER)
                    .onSuccess(stream -> context.runOnContext(_ -> opened(stream.request())))
                    .onFailure(cause -> context.runOnContext(_ -> lost(cause)));
        }
    }

    private void opened(GrpcClientRequest<ToLedger, FromLedger> request) {
        if (closed) {
            request.cancel();
            return;
        }
        request.exceptionHandler(cause -> lost(request, cause));
        stream = request;
        holder = null;
        request.response()
                .onSuccess(
                        response -> {
                            response.exceptionHandler(cause -> lost(request, cause));
                            response.endHandler(
                                    _ ->
                                            lost(
                                                    request,
                                                    new IOException(
                                                            "the operator ended the stream: "
                                                                    + response.status()
                                                                    + " "
                                                                    + response.statusMessage())));
                            response.handler(this::received);
                        })
                .onFailure(cause -> lost(request, cause));
        // the first message, Register, opens the call
        state = new State.Connected();
        told().ifPresent(Listener::connected);
    }

    private Optional<Listener> told() {
        return Optional.ofNullable(listener);
    }

    private void lost(GrpcClientRequest<ToLedger, FromLedger> request, Throwable cause) {
        if (request.equals(stream)) {
            stream = null;
            lost(cause);
        }
    }

    private void lost(Throwable cause) {
        if (closed) {
            return;
        }
        var reason = cause.getMessage() == null ? cause.toString() : cause.getMessage();
        boolean was = state instanceof State.Connected;
        state = new State.Disconnected(reason);
        if (was) {
            LOG.atWarn()
                    .addKeyValue("operator", channel.address())
                    .addKeyValue("error", reason)
                    .log("no connection to the ledger; slices are spent");
        }
        told().ifPresent(l -> l.disconnected(reason));
        channel.redial(attempt++, this::dial);
    }

    private void received(FromLedger message) {
        if (attempt > 0) {
            attempt = 0;
            channel.reached();
        }
        var to = holder;
        if (to == null) {
            return; // nothing was said yet, so nothing can be for us
        }
        Optional<LedgerEffect> effect;
        try {
            effect = LedgerMessages.effect(message, to);
        } catch (IllegalArgumentException e) {
            LOG.atError()
                    .addKeyValue("error", e.getMessage())
                    .log("a message of the ledger was dropped");
            return;
        }
        effect.ifPresent(e -> told().ifPresent(l -> l.effect(e)));
    }
}
