package dev.tollgate.dataplane.control;

import dev.tollgate.dataplane.config.Applied;
import dev.tollgate.dataplane.config.Credentials;
import dev.tollgate.dataplane.config.LastKnownGood;
import dev.tollgate.dataplane.config.LiveConfig;
import dev.tollgate.policy.push.Ack;
import dev.tollgate.policy.push.FromOperator;
import dev.tollgate.policy.push.FromProxy;
import dev.tollgate.policy.push.Hello;
import dev.tollgate.policy.push.Nack;
import dev.tollgate.policy.push.NackError;
import dev.tollgate.policy.push.ProxyHeartbeat;
import dev.tollgate.policy.push.Revision;
import dev.tollgate.policy.push.SnapshotHead;
import dev.tollgate.policy.snapshot.RevisionNumber;
import dev.tollgate.policy.snapshot.Snapshot;
import dev.tollgate.policy.snapshot.SnapshotCodec;
import dev.tollgate.policy.snapshot.SnapshotError;
import io.vertx.core.Context;
import io.vertx.grpc.client.GrpcClientRequest;
import io.vertx.grpc.common.GrpcMessageDecoder;
import io.vertx.grpc.common.GrpcMessageEncoder;
import io.vertx.grpc.common.ServiceMethod;
import io.vertx.grpc.common.ServiceName;
import java.io.IOException;
import java.net.UnknownHostException;
import java.util.HashMap;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The proxy's end of {@code Config.Stream}. It dials, says what it serves, takes credentials and
 * snapshots, applies them to {@link LiveConfig}, keeps them in {@link LastKnownGood}, then answers
 * with ACK or NACK. With the operator away the proxy goes on with what it has.
 *
 * <pre>
 *   Disconnected --dial--> Connected --stream lost, or silent for 15 s--> Disconnected
 *        ^                                                                    |
 *        +------------------------- 0.1 s to 5 s, random ---------------------+
 * </pre>
 *
 * The connection is given up with the stream, and other addresses of the operator's name are tried
 * first: another operator may lead.
 *
 * <p>A snapshot whose epoch is lower than one seen is refused: its sender is not the leader any
 * more. Stream handling is confined to one event loop; applying and writing files happen one after
 * the other on a thread of their own.
 */
public final class OperatorLink implements AutoCloseable {

    /** Whether the operator is there. */
    public sealed interface State {
        record Connected() implements State {}

        record Disconnected(String reason) implements State {}
    }

    private static final long HEARTBEAT_MILLIS = 5_000;
    private static final long TELL_MILLIS = 50;
    private static final long SILENT_NANOS = 15_000_000_000L;

    /** Who listens elsewhere need not lead either: moves are this far apart at least. */
    private static final long MOVE_NANOS = 30_000_000_000L;

    private static final Logger LOG = LoggerFactory.getLogger(OperatorLink.class);

    private static final ServiceMethod<FromOperator, FromProxy> CONFIG =
            ServiceMethod.client(
                    ServiceName.create("tollgate.push.v1", "Config"),
                    "Stream",
                    GrpcMessageEncoder.encoder(),
                    GrpcMessageDecoder.decoder(FromOperator.getDefaultInstance()));

    private final OperatorChannel channel;
    private final ProxyIdentity identity;
    private final LiveConfig live;
    private final LastKnownGood files;
    private final TargetFiguresSource figures;
    private final DrillOrders drills;
    private final RateReports rates;
    private final Context context;
    private final ExecutorService applier =
            Executors.newSingleThreadExecutor(Thread.ofVirtual().name("config-", 0).factory());

    private volatile State state = new State.Disconnected("not dialled yet");
    private volatile boolean closed;
    private final AtomicBoolean telling = new AtomicBoolean();
    // confined to the context
    private @Nullable GrpcClientRequest<FromProxy, FromOperator> stream;
    private Runnable leave = () -> {};
    private @Nullable SnapshotAssembly assembly;
    private long heardNanos;
    private long movedNanos = System.nanoTime() - MOVE_NANOS;
    private int attempt;
    // confined to the applier
    private long credentialsRevision;
    // written by the applier
    private volatile RevisionNumber seen;

    private OperatorLink(
            OperatorChannel channel,
            ProxyIdentity identity,
            LiveConfig live,
            LastKnownGood files,
            TargetFiguresSource figures,
            DrillOrders drills,
            RateExchange rates) {
        this.channel = channel;
        this.identity = identity;
        this.live = live;
        this.files = files;
        this.figures = figures;
        this.drills = drills;
        this.rates = new RateReports(rates);
        this.context = channel.vertx().getOrCreateContext();
        var applied = live.applied();
        this.seen =
                applied == null ? RevisionNumber.NONE : RevisionNumber.parse(applied.revision());
    }

    /**
     * Begins to dial; what was loaded from the last-known-good files is in {@code live} by then.
     */
    public static OperatorLink start(
            OperatorChannel channel,
            ProxyIdentity identity,
            LiveConfig live,
            LastKnownGood files,
            TargetFiguresSource figures,
            DrillOrders drills,
            RateExchange rates) {
        var link = new OperatorLink(channel, identity, live, files, figures, drills, rates);
        link.context.runOnContext(
                _ -> {
                    link.dial();
                    channel.vertx().setPeriodic(HEARTBEAT_MILLIS, link::heartbeat);
                    channel.vertx().setPeriodic(RateReports.REPORT_MILLIS, link::report);
                });
        return link;
    }

    public State state() {
        return state;
    }

    /** Tells the figures soon, and not with the next heartbeat; once of all that ask meanwhile. */
    public void tell() {
        if (telling.compareAndSet(false, true)) {
            context.runOnContext(_ -> channel.vertx().setTimer(TELL_MILLIS, _ -> told()));
        }
    }

    private void told() {
        telling.set(false);
        var open = stream;
        if (open != null && !open.writeQueueFull()) {
            beat();
        }
    }

    /** Ends the stream in order, so that the operator does not wait for this proxy any more. */
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
        applier.shutdown();
    }

    private void dial() {
        if (closed) {
            return;
        }
        channel.open(CONFIG).onSuccess(this::opened).onFailure(this::lost);
    }

    private void opened(OperatorChannel.Opened<FromProxy, FromOperator> opened) {
        var request = opened.request();
        if (closed) {
            request.cancel();
            return;
        }
        stream = request;
        leave = opened.leave();
        assembly = null;
        heardNanos = System.nanoTime();
        request.exceptionHandler(cause -> lost(request, cause));
        request.write(FromProxy.newBuilder().setHello(hello()).build());
        request.write(rates.opened());
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
                            response.handler(message -> received(request, message));
                        })
                .onFailure(cause -> lost(request, cause));
    }

    private Hello hello() {
        var hello =
                Hello.newBuilder()
                        .setProxy(identity.name())
                        .setFleet(identity.fleet())
                        .setVersion(identity.version())
                        .setSchemaMin(Snapshot.SCHEMA_VERSION)
                        .setSchemaMax(Snapshot.SCHEMA_VERSION);
        Applied applied = live.applied();
        if (applied != null) {
            hello.setApplied(message(RevisionNumber.parse(applied.revision())))
                    .setDigest(applied.digest());
        }
        return hello.build();
    }

    private void lost(GrpcClientRequest<FromProxy, FromOperator> request, Throwable cause) {
        if (same(stream, request)) {
            stream = null;
            leave.run();
            lost(cause);
        }
    }

    private void lost(Throwable cause) {
        if (closed) {
            return;
        }
        var reason = reason(cause);
        if (!(state instanceof State.Disconnected before) || !before.reason().equals(reason)) {
            LOG.atWarn()
                    .addKeyValue("operator", channel.address())
                    .addKeyValue("error", reason)
                    .log("no connection to the operator; serving with what there is");
        }
        state = new State.Disconnected(reason);
        channel.redial(attempt++, () -> context.runOnContext(_ -> dial()));
    }

    /** One wording for one kind of failure, so that a long outage is one line in the log. */
    private static String reason(Throwable cause) {
        if (cause instanceof UnknownHostException) {
            return "the name cannot be resolved";
        }
        return cause.getMessage() == null ? cause.toString() : cause.getMessage();
    }

    private void heartbeat(long timer) {
        if (closed) {
            channel.vertx().cancelTimer(timer);
            return;
        }
        var open = stream;
        if (open == null) {
            return;
        }
        if (System.nanoTime() - heardNanos > SILENT_NANOS) {
            open.cancel();
            lost(open, new IOException("the operator was silent for 15 s"));
            return;
        }
        beat();
    }

    private void beat() {
        var open = stream;
        if (open == null) {
            return;
        }
        var applied = live.applied();
        var message =
                ProxyHeartbeat.newBuilder()
                        .addAllFigures(figures.figures())
                        .addAllCanaries(figures.canaries())
                        .addAllDrills(figures.drills())
                        .addAllViolations(figures.violations());
        if (applied != null) {
            message.setApplied(message(RevisionNumber.parse(applied.revision())));
        }
        open.write(FromProxy.newBuilder().setHeartbeat(message).build());
    }

    private void report(long timer) {
        if (closed) {
            channel.vertx().cancelTimer(timer);
            return;
        }
        var open = stream;
        if (open != null && !open.writeQueueFull()) {
            open.write(rates.report());
        }
    }

    private void received(GrpcClientRequest<FromProxy, FromOperator> from, FromOperator message) {
        heardNanos = System.nanoTime();
        if (!(state instanceof State.Connected)) {
            state = new State.Connected();
            attempt = 0;
            LOG.atInfo().addKeyValue("operator", channel.address()).log("operator connected");
            channel.reached();
        }
        switch (message.getMessageCase()) {
            case SNAPSHOT -> announced(from, message.getSnapshot());
            case CHUNK -> {
                var current = assembly;
                if (current == null) {
                    return; // of a snapshot that was refused
                }
                if (!current.add(message.getChunk())) {
                    nack(from, current.head(), "a chunk does not belong to its head");
                    assembly = null;
                    return;
                }
                complete(from, current);
            }
            case CREDENTIALS -> {
                var pushed = message.getCredentials();
                var values = new HashMap<String, byte[]>();
                pushed.getValuesMap().forEach((ref, value) -> values.put(ref, value.toByteArray()));
                var credentials = Credentials.of(values);
                applier.execute(() -> replace(credentials, pushed.getRevision()));
            }
            case HEARTBEAT -> {
                if (message.getHeartbeat().getDoubted()) {
                    lookElsewhere(from);
                }
                int proxies = message.getHeartbeat().getLiveProxies();
                if (proxies > 0) {
                    live.proxies(proxies);
                }
                drills.ordered(message.getHeartbeat().getDrillsList());
            }
            case RATES -> {
                if (same(stream, from)) { // else it is not known what the sender still counts on
                    from.write(rates.told(message.getRates()));
                }
            }
            case MESSAGE_NOT_SET -> {}
        }
    }

    /** The operator does not know whether it still leads: if another one does, we go there. */
    private void lookElsewhere(GrpcClientRequest<FromProxy, FromOperator> from) {
        if (System.nanoTime() - movedNanos < MOVE_NANOS) {
            return;
        }
        channel.elsewhere()
                .onSuccess(
                        found ->
                                context.runOnContext(
                                        _ -> {
                                            if (found && same(stream, from)) {
                                                movedNanos = System.nanoTime();
                                                from.cancel();
                                                lost(from, new IOException("another one leads"));
                                            }
                                        }));
    }

    private void announced(GrpcClientRequest<FromProxy, FromOperator> from, SnapshotHead head) {
        assembly = null;
        if (head.getRevision().getEpoch() < seen.epoch()) {
            nack(
                    from,
                    head,
                    "epoch: "
                            + head.getRevision().getEpoch()
                            + " (expected: >= "
                            + seen.epoch()
                            + ", which a later operator has used)");
        } else if (head.getBytes() > SnapshotAssembly.MAX_SNAPSHOT_BYTES) {
            nack(
                    from,
                    head,
                    "bytes: "
                            + head.getBytes()
                            + " (expected: <= "
                            + SnapshotAssembly.MAX_SNAPSHOT_BYTES
                            + ")");
        } else if (head.getBytes() == 0) {
            applier.execute(() -> rename(from, head));
        } else {
            assembly = new SnapshotAssembly(head);
        }
    }

    private void complete(
            GrpcClientRequest<FromProxy, FromOperator> from, SnapshotAssembly current) {
        var bytes = current.complete();
        if (bytes != null) {
            assembly = null;
            applier.execute(() -> apply(from, current.head(), bytes));
        }
    }

    // from here on the applier's thread

    private void replace(Credentials credentials, long revision) {
        live.credentials(credentials);
        credentialsRevision = revision;
        try {
            files.storeCredentials(credentials);
        } catch (IOException e) {
            LOG.atError().setCause(e).log("credentials not kept: a restart would miss them");
        }
    }

    private void rename(GrpcClientRequest<FromProxy, FromOperator> from, SnapshotHead head) {
        var revision = revision(head);
        if (!live.rename(head.getDigest(), revision.toString())) {
            nack(
                    from,
                    head,
                    "digest: " + head.getDigest() + " (expected: the one that Hello told)");
            return;
        }
        persistAndAck(from, head);
    }

    private void apply(
            GrpcClientRequest<FromProxy, FromOperator> from, SnapshotHead head, byte[] bytes) {
        if (!SnapshotCodec.digest(bytes).equals(head.getDigest())) {
            nack(from, head, "digest: the bytes do not have it");
            return;
        }
        List<SnapshotError> errors;
        try {
            errors = live.apply(bytes, revision(head).toString());
        } catch (RuntimeException | LinkageError e) {
            LOG.atError().setCause(e).log("a snapshot could not be taken");
            nack(from, head, "the proxy failed on it: " + e);
            return;
        }
        if (errors.isEmpty()) {
            persistAndAck(from, head);
            return;
        }
        LOG.atError()
                .addKeyValue("snapshot", revision(head))
                .addKeyValue("error", errors.getFirst())
                .log("snapshot refused; serving with the one before");
        var nack = Nack.newBuilder().setRevision(head.getRevision());
        errors.stream().limit(64).forEach(e -> nack.addErrors(error(e)));
        send(from, FromProxy.newBuilder().setNack(nack).build());
    }

    private void persistAndAck(GrpcClientRequest<FromProxy, FromOperator> from, SnapshotHead head) {
        var applied = live.applied();
        if (applied == null) {
            throw new IllegalStateException("nothing is applied after a snapshot was taken");
        }
        seen = revision(head);
        try {
            files.store(applied.bytes(), applied.revision(), live.credentials());
        } catch (IOException e) {
            LOG.atError().setCause(e).log("snapshot not kept: a restart would begin without it");
        }
        LOG.atInfo().addKeyValue("snapshot", applied.revision()).log("snapshot serves");
        send(
                from,
                FromProxy.newBuilder()
                        .setAck(
                                Ack.newBuilder()
                                        .setRevision(head.getRevision())
                                        .setCredentialsRevision(credentialsRevision))
                        .build());
    }

    private void nack(
            GrpcClientRequest<FromProxy, FromOperator> to, SnapshotHead head, String message) {
        LOG.atError()
                .addKeyValue("snapshot", revision(head))
                .addKeyValue("error", message)
                .log("snapshot refused; serving with the one before");
        send(
                to,
                FromProxy.newBuilder()
                        .setNack(
                                Nack.newBuilder()
                                        .setRevision(head.getRevision())
                                        .addErrors(NackError.newBuilder().setMessage(message)))
                        .build());
    }

    private void send(GrpcClientRequest<FromProxy, FromOperator> to, FromProxy message) {
        context.runOnContext(
                _ -> {
                    if (same(stream, to)) {
                        to.write(message);
                    }
                });
    }

    private static boolean same(@Nullable Object one, Object other) {
        return other.equals(one);
    }

    private static NackError error(SnapshotError error) {
        return NackError.newBuilder()
                .setKind(error.kind())
                .setNamespace(error.namespace())
                .setName(error.name())
                .setPath(error.path())
                .setMessage(error.message())
                .build();
    }

    private static RevisionNumber revision(SnapshotHead head) {
        return new RevisionNumber(head.getRevision().getEpoch(), head.getRevision().getCounter());
    }

    private static Revision message(RevisionNumber number) {
        return Revision.newBuilder().setEpoch(number.epoch()).setCounter(number.counter()).build();
    }
}
