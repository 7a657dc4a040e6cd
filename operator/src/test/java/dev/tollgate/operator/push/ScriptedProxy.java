package dev.tollgate.operator.push;

import com.google.protobuf.ByteString;
import dev.tollgate.policy.push.Ack;
import dev.tollgate.policy.push.Credentials;
import dev.tollgate.policy.push.Drill;
import dev.tollgate.policy.push.FromOperator;
import dev.tollgate.policy.push.FromProxy;
import dev.tollgate.policy.push.Hello;
import dev.tollgate.policy.push.Nack;
import dev.tollgate.policy.push.NackError;
import dev.tollgate.policy.push.ProxyHeartbeat;
import dev.tollgate.policy.push.Revision;
import dev.tollgate.policy.push.SnapshotHead;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.net.SocketAddress;
import io.vertx.grpc.client.GrpcClient;
import io.vertx.grpc.client.GrpcClientOptions;
import io.vertx.grpc.client.GrpcClientRequest;
import io.vertx.grpc.common.GrpcMessageDecoder;
import io.vertx.grpc.common.GrpcMessageEncoder;
import io.vertx.grpc.common.ServiceMethod;
import io.vertx.grpc.common.ServiceName;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A proxy that answers a snapshot only when the test says so, and as it says. */
public final class ScriptedProxy implements AutoCloseable {

    private static final ServiceMethod<FromOperator, FromProxy> CONFIG =
            ServiceMethod.client(
                    ServiceName.create("tollgate.push.v1", "Config"),
                    "Stream",
                    GrpcMessageEncoder.encoder(),
                    GrpcMessageDecoder.decoder(FromOperator.getDefaultInstance()));

    private final GrpcClient client;
    private final GrpcClientRequest<FromProxy, FromOperator> stream;
    private final ConcurrentLinkedQueue<SnapshotHead> offers = new ConcurrentLinkedQueue<>();
    private final Map<String, ByteString> texts = new ConcurrentHashMap<>();
    private final Set<String> answered = ConcurrentHashMap.newKeySet();
    private final AtomicInteger credentialMessages = new AtomicInteger();
    private volatile Credentials credentials = Credentials.getDefaultInstance();
    private volatile @Nullable SnapshotHead newest;
    private volatile List<Drill> drills = List.of();
    private volatile boolean ended;

    public ScriptedProxy(Vertx vertx, int port, HttpClientOptions options, String name)
            throws Exception {
        client = GrpcClient.client(vertx, new GrpcClientOptions(), options);
        stream =
                client.request(SocketAddress.inetSocketAddress(port, "127.0.0.1"), CONFIG)
                        .toCompletionStage()
                        .toCompletableFuture()
                        .get(60, TimeUnit.SECONDS);
        stream.exceptionHandler(_ -> ended = true);
        stream.response()
                .onSuccess(
                        response -> {
                            response.handler(this::received);
                            response.endHandler(_ -> ended = true);
                            response.exceptionHandler(_ -> ended = true);
                        })
                .onFailure(_ -> ended = true);
        stream.write(
                FromProxy.newBuilder()
                        .setHello(
                                Hello.newBuilder()
                                        .setProxy(name)
                                        .setVersion("scripted")
                                        .setSchemaMin(1)
                                        .setSchemaMax(1))
                        .build());
        vertx.setPeriodic(1_000, _ -> heartbeat());
    }

    private void heartbeat() {
        if (!ended) {
            stream.write(FromProxy.newBuilder().setHeartbeat(ProxyHeartbeat.newBuilder()).build());
        }
    }

    private void received(FromOperator message) {
        switch (message.getMessageCase()) {
            case SNAPSHOT -> {
                newest = message.getSnapshot();
                offers.add(message.getSnapshot());
            }
            case CHUNK ->
                    texts.merge(
                            offers.stream()
                                    .filter(
                                            h ->
                                                    h.getRevision()
                                                            .equals(
                                                                    message.getChunk()
                                                                            .getRevision()))
                                    .findFirst()
                                    .orElseThrow()
                                    .getDigest(),
                            message.getChunk().getData(),
                            ByteString::concat);
            case CREDENTIALS -> {
                credentials = message.getCredentials();
                credentialMessages.incrementAndGet();
            }
            case HEARTBEAT -> drills = message.getHeartbeat().getDrillsList();
            case MESSAGE_NOT_SET -> {}
        }
    }

    private static String key(Revision revision) {
        return revision.getEpoch() + "." + revision.getCounter();
    }

    /** Whether the snapshot that was offered last is here and holds the text. */
    public boolean offered(String text) {
        var head = newest;
        return head != null && complete(head) && text(head).contains(text);
    }

    /**
     * As {@link #offered}; an offer without the text is acknowledged, so that the next one comes.
     */
    public boolean offeredNow(String text) {
        var head = newest;
        if (offered(text)) {
            return true;
        }
        if (head != null && complete(head) && answered.add(key(head.getRevision()))) {
            ack();
        }
        return false;
    }

    private boolean complete(SnapshotHead head) {
        return !text(head).isEmpty() && text(head).length() >= head.getBytes();
    }

    private String text(SnapshotHead head) {
        return texts.getOrDefault(head.getDigest(), ByteString.EMPTY).toStringUtf8();
    }

    public int offers() {
        return offers.size();
    }

    public String credential(String reference) {
        var value = credentials.getValuesMap().get(reference);
        return value == null ? "none" : value.toStringUtf8();
    }

    /** Providers that are to fail on purpose, by the last heartbeat. */
    public List<String> drills() {
        return drills.stream().map(Drill::getProvider).toList();
    }

    public int credentialMessages() {
        return credentialMessages.get();
    }

    public boolean ended() {
        return ended;
    }

    private Revision revision() {
        var head = newest;
        if (head == null) {
            throw new AssertionError("nothing was offered");
        }
        answered.add(key(head.getRevision()));
        return head.getRevision();
    }

    public void ack() {
        stream.write(
                FromProxy.newBuilder()
                        .setAck(
                                Ack.newBuilder()
                                        .setRevision(revision())
                                        .setCredentialsRevision(credentials.getRevision()))
                        .build());
    }

    /** Refuses what was offered last for one object; an empty kind: as a whole. */
    public void nack(String kind, String namespace, String name, String path, String message) {
        stream.write(
                FromProxy.newBuilder()
                        .setNack(
                                Nack.newBuilder()
                                        .setRevision(revision())
                                        .addErrors(
                                                NackError.newBuilder()
                                                        .setKind(kind)
                                                        .setNamespace(namespace)
                                                        .setName(name)
                                                        .setPath(path)
                                                        .setMessage(message)))
                        .build());
    }

    @Override
    public void close() {
        ended = true;
        client.close();
    }
}
