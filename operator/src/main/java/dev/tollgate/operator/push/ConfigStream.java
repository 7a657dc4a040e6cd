package dev.tollgate.operator.push;

import dev.tollgate.policy.push.FromOperator;
import dev.tollgate.policy.push.FromProxy;
import dev.tollgate.policy.push.Hello;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.server.GrpcServerResponse;
import java.util.Iterator;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The operator's end of one {@code Config.Stream}: messages in become fleet events, snapshots go
 * out chunk by chunk, each when the one before was taken. Confined to the server's event loop.
 */
final class ConfigStream {

    private static final Logger LOG = LoggerFactory.getLogger(ConfigStream.class);

    private final long connection;
    private final ControlSecurity.Peer peer;
    private final GrpcServerResponse<FromProxy, FromOperator> response;
    private final Consumer<FleetEvent> events;
    private LongConsumer outrun = _ -> {};
    private LongSupplier epoch = () -> Long.MAX_VALUE;
    private String proxy = "";
    private boolean gone;

    ConfigStream(
            long connection,
            ControlSecurity.Peer peer,
            GrpcServerResponse<FromProxy, FromOperator> response,
            Consumer<FleetEvent> events) {
        this.connection = connection;
        this.peer = peer;
        this.response = response;
        this.events = events;
    }

    /** Whom to tell when a proxy has seen an epoch above ours. */
    void outrun(LongConsumer told, LongSupplier ours) {
        outrun = told;
        epoch = ours;
    }

    void received(FromProxy message) {
        if (proxy.isEmpty() && message.getMessageCase() != FromProxy.MessageCase.HELLO) {
            fail("the first message must be Hello");
            return;
        }
        switch (message.getMessageCase()) {
            case HELLO -> hello(message.getHello());
            case ACK ->
                    events.accept(
                            new FleetEvent.Acked(
                                    proxy,
                                    connection,
                                    Messages.revision(message.getAck().getRevision())));
            case NACK ->
                    events.accept(
                            new FleetEvent.Nacked(
                                    proxy,
                                    connection,
                                    Messages.revision(message.getNack().getRevision()),
                                    Messages.refusals(message.getNack().getErrorsList())));
            case HEARTBEAT ->
                    events.accept(
                            new FleetEvent.Heard(
                                    proxy, connection, Messages.health(message.getHeartbeat())));
            case MESSAGE_NOT_SET -> {} // of a newer proxy
        }
    }

    private void hello(Hello hello) {
        if (hello.getProxy().isEmpty() || hello.getProxy().length() > 253) {
            fail("Hello.proxy: a name of 1 to 253 characters is expected");
            return;
        }
        if (peer.podUid() != null && !peer.podUid().equals(hello.getProxy())) {
            fail("Hello.proxy: not the pod that the token was issued to");
            return;
        }
        proxy = hello.getProxy();
        var applied = Messages.revision(hello.getApplied());
        LOG.atInfo()
                .addKeyValue("proxy", proxy)
                .addKeyValue("version", hello.getVersion())
                .addKeyValue("snapshot", applied)
                .log("proxy connected");
        if (applied.epoch() > epoch.getAsLong()) {
            outrun.accept(applied.epoch());
        }
        events.accept(
                new FleetEvent.Connected(
                        proxy,
                        connection,
                        hello.getSchemaMin(),
                        hello.getSchemaMax(),
                        applied,
                        hello.getDigest()));
    }

    void send(FromOperator message) {
        if (!gone) {
            response.write(message);
        }
    }

    void send(Release release, boolean held) {
        next(Messages.snapshot(release, held).iterator());
    }

    private void next(Iterator<FromOperator> messages) {
        if (!gone && messages.hasNext()) {
            response.write(messages.next()).onSuccess(_ -> next(messages));
        }
    }

    /** The proxy ended the stream in order. */
    void left() {
        if (!gone) {
            gone = true;
            events.accept(new FleetEvent.Left(proxy, connection));
            response.end();
        }
    }

    /** The connection broke. */
    void lost() {
        if (!gone) {
            gone = true;
            events.accept(new FleetEvent.Lost(proxy, connection));
        }
    }

    void close() {
        if (!gone) {
            lost();
            response.status(GrpcStatus.ABORTED).end();
        }
    }

    private void fail(String message) {
        LOG.atWarn()
                .addKeyValue("proxy", proxy)
                .addKeyValue("error", message)
                .log("stream refused");
        lost();
        response.status(GrpcStatus.INVALID_ARGUMENT).statusMessage(message).end();
    }
}
