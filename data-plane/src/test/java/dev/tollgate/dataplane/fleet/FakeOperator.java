package dev.tollgate.dataplane.fleet;

import com.google.protobuf.ByteString;
import dev.tollgate.dataplane.config.LiveConfig;
import dev.tollgate.policy.push.Chunk;
import dev.tollgate.policy.push.Credentials;
import dev.tollgate.policy.push.FromOperator;
import dev.tollgate.policy.push.FromProxy;
import dev.tollgate.policy.push.Revision;
import dev.tollgate.policy.push.SnapshotHead;
import dev.tollgate.policy.snapshot.Snapshot;
import dev.tollgate.policy.snapshot.SnapshotCodec;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.grpc.common.GrpcMessageDecoder;
import io.vertx.grpc.common.GrpcMessageEncoder;
import io.vertx.grpc.common.ServiceMethod;
import io.vertx.grpc.common.ServiceName;
import io.vertx.grpc.server.GrpcServer;
import io.vertx.grpc.server.GrpcServerRequest;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/** The operator's end of {@code Config.Stream}, as a proxy sees it. It has no ledger. */
final class FakeOperator implements AutoCloseable {

    private static final ServiceMethod<FromProxy, FromOperator> CONFIG =
            ServiceMethod.server(
                    ServiceName.create("tollgate.push.v1", "Config"),
                    "Stream",
                    GrpcMessageEncoder.encoder(),
                    GrpcMessageDecoder.decoder(FromProxy.getDefaultInstance()));

    final List<FromProxy> heard = new CopyOnWriteArrayList<>();
    private final HttpServer server;
    private final Revision revision;
    private final byte[] snapshot;
    private final Map<String, String> credentials;
    private volatile boolean left;

    /** Tells every proxy that says Hello the credentials and the snapshot. */
    FakeOperator(
            Vertx vertx, int port, long epoch, Snapshot snapshot, Map<String, String> credentials)
            throws Exception {
        this.revision = Revision.newBuilder().setEpoch(epoch).setCounter(1).build();
        this.snapshot = SnapshotCodec.encode(snapshot);
        this.credentials = credentials;
        this.server =
                vertx.createHttpServer()
                        .requestHandler(GrpcServer.server(vertx).callHandler(CONFIG, this::stream))
                        .listen(port, "127.0.0.1")
                        .toCompletionStage()
                        .toCompletableFuture()
                        .get(60, TimeUnit.SECONDS);
    }

    int port() {
        return server.actualPort();
    }

    Revision revision() {
        return revision;
    }

    /** A proxy has ended its stream. */
    boolean isLeft() {
        return left;
    }

    private void stream(GrpcServerRequest<FromProxy, FromOperator> request) {
        request.exceptionHandler(gone -> left = true);
        request.endHandler(_ -> left = true);
        request.handler(
                message -> {
                    heard.add(message);
                    if (message.hasHello()) {
                        greeting().forEach(request.response()::write);
                    }
                });
    }

    private List<FromOperator> greeting() {
        var values = Credentials.newBuilder().setRevision(1);
        credentials.forEach((ref, value) -> values.putValues(ref, ByteString.copyFromUtf8(value)));
        var head =
                SnapshotHead.newBuilder()
                        .setRevision(revision)
                        .setDigest(LiveConfig.digest(snapshot))
                        .setSchemaVersion(Snapshot.SCHEMA_VERSION)
                        .setBytes(snapshot.length);
        var chunk = Chunk.newBuilder().setRevision(revision).setData(ByteString.copyFrom(snapshot));
        return List.of(
                FromOperator.newBuilder().setCredentials(values).build(),
                FromOperator.newBuilder().setSnapshot(head).build(),
                FromOperator.newBuilder().setChunk(chunk).build());
    }

    @Override
    public void close() throws Exception {
        server.close().toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }
}
