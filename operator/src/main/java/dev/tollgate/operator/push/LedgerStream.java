package dev.tollgate.operator.push;

import dev.tollgate.policy.push.FromLedger;
import dev.tollgate.policy.push.ToLedger;
import io.vertx.core.Context;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.server.GrpcServerRequest;
import io.vertx.grpc.server.GrpcServerResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The operator's end of one {@code Ledger.Stream}. A proxy that reads nothing while messages for it
 * pile up loses its stream: when it comes back it says everything again. Confined to the server's
 * event loop.
 */
final class LedgerStream {

    /** A Register of the most leases that it may name is answered with as many messages. */
    static final int MAX_UNSENT_MESSAGES = 200_000;

    private static final Logger LOG = LoggerFactory.getLogger(LedgerStream.class);

    private final ControlSecurity.Peer peer;
    private final GrpcServerResponse<ToLedger, FromLedger> response;
    private final LedgerEndpoint.Session session;
    private int unsent;
    private boolean gone;

    private LedgerStream(
            ControlSecurity.Peer peer,
            GrpcServerResponse<ToLedger, FromLedger> response,
            LedgerEndpoint ledger,
            Context context) {
        this.peer = peer;
        this.response = response;
        this.session = ledger.open(message -> context.runOnContext(_ -> send(message)));
    }

    static void serve(
            GrpcServerRequest<ToLedger, FromLedger> request,
            ControlSecurity.Peer peer,
            LedgerEndpoint ledger,
            Context context) {
        var response = request.response();
        response.writeHead();
        var stream = new LedgerStream(peer, response, ledger, context);
        request.handler(stream::received);
        request.endHandler(_ -> stream.end(GrpcStatus.OK, ""));
        request.exceptionHandler(_ -> stream.lost());
        response.exceptionHandler(_ -> stream.lost());
        request.resume();
    }

    private void received(ToLedger message) {
        if (gone) {
            return;
        }
        if (message.hasRegister()
                && peer.podUid() != null
                && !peer.podUid().equals(message.getRegister().getProxy())) {
            LOG.atWarn()
                    .addKeyValue("proxy", message.getRegister().getProxy())
                    .log("a ledger stream was refused: not the pod that the token was issued to");
            end(GrpcStatus.PERMISSION_DENIED, "Register.proxy: not the pod of the token");
            return;
        }
        session.received(message);
    }

    private void send(FromLedger message) {
        if (gone) {
            return;
        }
        if (unsent >= MAX_UNSENT_MESSAGES) {
            LOG.atWarn().log("a proxy does not read its ledger stream, which is closed");
            end(GrpcStatus.RESOURCE_EXHAUSTED, "the stream is not read");
            return;
        }
        unsent++;
        response.write(message).onComplete(_ -> unsent--);
    }

    private void end(GrpcStatus status, String message) {
        if (!gone) {
            lost();
            response.status(status).statusMessage(message).end();
        }
    }

    private void lost() {
        if (!gone) {
            gone = true;
            session.closed();
        }
    }
}
