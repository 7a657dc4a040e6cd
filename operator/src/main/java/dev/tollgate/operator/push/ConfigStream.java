package dev.tollgate.operator.push;

import dev.tollgate.policy.canary.CanaryCount;
import dev.tollgate.policy.drill.DrillCount;
import dev.tollgate.policy.push.FromOperator;
import dev.tollgate.policy.push.FromProxy;
import dev.tollgate.policy.push.Hello;
import dev.tollgate.policy.push.RateReport;
import dev.tollgate.policy.violation.Violation;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.server.GrpcServerResponse;
import java.time.Instant;
import java.util.Iterator;
import java.util.List;
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
    private final Host host;
    private final Instant opened;
    private String proxy = "";
    private boolean gone;

    /** The server that the stream belongs to. */
    interface Host {
        void happened(FleetEvent event);

        /** A heartbeat told of canaries, or that there is nothing to tell. */
        void counted(String proxy, List<CanaryCount> counts);

        /** A heartbeat told of drills. */
        void drilled(String proxy, List<DrillCount> counts);

        /** A heartbeat told of calls that were billed above their bound. */
        void violated(String proxy, List<Violation> violations);

        /** A proxy said what it uses of limits. */
        void rates(long connection, String proxy, RateReport report);

        /** A proxy has served under this epoch. */
        void outrun(long epoch);
    }

    ConfigStream(
            long connection,
            ControlSecurity.Peer peer,
            GrpcServerResponse<FromProxy, FromOperator> response,
            Host host,
            Instant opened) {
        this.connection = connection;
        this.peer = peer;
        this.response = response;
        this.host = host;
        this.opened = opened;
    }

    long connection() {
        return connection;
    }

    /** Whether it was opened before this time and has not said Hello. */
    boolean silentSince(Instant time) {
        return proxy.isEmpty() && opened.isBefore(time);
    }

    void received(FromProxy message) {
        if (proxy.isEmpty() && message.getMessageCase() != FromProxy.MessageCase.HELLO) {
            fail("the first message must be Hello");
            return;
        }
        switch (message.getMessageCase()) {
            case HELLO -> hello(message.getHello());
            case ACK ->
                    host.happened(
                            new FleetEvent.Acked(
                                    proxy,
                                    connection,
                                    Messages.revision(message.getAck().getRevision())));
            case NACK ->
                    host.happened(
                            new FleetEvent.Nacked(
                                    proxy,
                                    connection,
                                    Messages.revision(message.getNack().getRevision()),
                                    Messages.refusals(message.getNack().getErrorsList())));
            case HEARTBEAT -> {
                host.outrun(message.getHeartbeat().getApplied().getEpoch());
                host.happened(
                        new FleetEvent.Heard(
                                proxy, connection, Messages.health(message.getHeartbeat())));
                host.counted(proxy, Messages.canaries(message.getHeartbeat()));
                if (message.getHeartbeat().getDrillsCount() > 0) {
                    host.drilled(proxy, Messages.drills(message.getHeartbeat()));
                }
                if (message.getHeartbeat().getViolationsCount() > 0) {
                    host.violated(proxy, Messages.violations(message.getHeartbeat()));
                }
            }
            case RATES -> host.rates(connection, proxy, message.getRates());
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
        host.outrun(applied.epoch());
        host.happened(
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
            host.happened(new FleetEvent.Left(proxy, connection));
            response.end();
        }
    }

    /** The connection broke. */
    void lost() {
        if (!gone) {
            gone = true;
            host.happened(new FleetEvent.Lost(proxy, connection));
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
