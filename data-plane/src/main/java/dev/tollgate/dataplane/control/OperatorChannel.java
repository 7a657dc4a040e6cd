package dev.tollgate.dataplane.control;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.core.net.SocketAddress;
import io.vertx.grpc.client.GrpcClient;
import io.vertx.grpc.client.GrpcClientOptions;
import io.vertx.grpc.client.GrpcClientRequest;
import io.vertx.grpc.common.ServiceMethod;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One HTTP/2 connection to the operator, which carries the configuration stream and the ledger
 * stream. Certificates and token are read again before each stream is opened, so that a renewed
 * file is used without a restart. Both links share it; either may open a stream at any time.
 */
public final class OperatorChannel implements AutoCloseable {

    /** A message is a chunk, an index or credentials: those of 10,000 Secrets fit. */
    static final long MAX_MESSAGE_BYTES = 8L * 1024 * 1024;

    private static final int CONNECT_MILLIS = 3_000;
    private static final long RECONNECT_MIN_MILLIS = 100;
    private static final long RECONNECT_MAX_MILLIS = 5_000;

    private final Vertx vertx;
    private final OperatorAddress address;
    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable GrpcClient client;
    private List<Buffer> clientFiles = List.of();
    private final Set<Runnable> waiting = ConcurrentHashMap.newKeySet();

    public OperatorChannel(Vertx vertx, OperatorAddress address) {
        this.vertx = vertx;
        this.address = address;
    }

    OperatorAddress address() {
        return address;
    }

    Vertx vertx() {
        return vertx;
    }

    /** Opens a stream; fails if the operator cannot be reached or a security file not be read. */
    <Req, Resp> Future<GrpcClientRequest<Req, Resp>> open(ServiceMethod<Resp, Req> method) {
        return vertx.executeBlocking(() -> new Dial(client(), token()), false)
                .compose(
                        dial ->
                                dial.client()
                                        .request(
                                                SocketAddress.inetSocketAddress(
                                                        address.port(), address.host()),
                                                method)
                                        .map(request -> authorize(request, dial.token())));
    }

    private record Dial(GrpcClient client, @Nullable String token) {}

    private static <Req, Resp> GrpcClientRequest<Req, Resp> authorize(
            GrpcClientRequest<Req, Resp> request, @Nullable String token) {
        if (token != null) {
            request.headers().set("authorization", "Bearer " + token);
        }
        return request;
    }

    private @Nullable String token() throws IOException {
        var file =
                switch (address.security()) {
                    case OperatorAddress.Security.None _ -> null;
                    case OperatorAddress.Security.Mtls mtls -> mtls.token();
                    case OperatorAddress.Security.Token token -> token.token();
                };
        return file == null ? null : Files.readString(file).strip();
    }

    /** The client for the files as they are now; blocking. */
    private GrpcClient client() throws IOException {
        var options =
                new HttpClientOptions()
                        .setProtocolVersion(HttpVersion.HTTP_2)
                        .setHttp2ClearTextUpgrade(false)
                        .setConnectTimeout(CONNECT_MILLIS)
                        .setHttp2KeepAliveTimeout(0);
        var files =
                switch (address.security()) {
                    case OperatorAddress.Security.None _ -> List.<Buffer>of();
                    case OperatorAddress.Security.Mtls mtls -> {
                        var read =
                                List.of(
                                        read(mtls.directory().resolve("ca.crt")),
                                        read(mtls.directory().resolve("tls.crt")),
                                        read(mtls.directory().resolve("tls.key")));
                        options.setKeyCertOptions(
                                new PemKeyCertOptions()
                                        .setCertValue(read.get(1))
                                        .setKeyValue(read.get(2)));
                        yield read;
                    }
                    case OperatorAddress.Security.Token token ->
                            List.of(read(token.caCertificates()));
                };
        if (!files.isEmpty()) {
            options.setSsl(true)
                    .setUseAlpn(true)
                    .setTrustOptions(new PemTrustOptions().addCertValue(files.getFirst()));
        }
        lock.lock();
        try {
            var current = client;
            if (current != null && files.equals(clientFiles)) {
                return current;
            }
            if (current != null) {
                current.close(); // its streams end and are opened again with the new files
            }
            var made =
                    GrpcClient.client(
                            vertx,
                            new GrpcClientOptions().setMaxMessageSize(MAX_MESSAGE_BYTES),
                            options);
            client = made;
            clientFiles = files;
            return made;
        } finally {
            lock.unlock();
        }
    }

    private static Buffer read(Path file) throws IOException {
        return Buffer.buffer(Files.readAllBytes(file));
    }

    /** Dials again after a while, or as soon as the other link has reached the operator. */
    void redial(int attempt, Runnable dial) {
        var once =
                new Runnable() {
                    @Override
                    public void run() {
                        if (waiting.remove(this)) {
                            dial.run();
                        }
                    }
                };
        waiting.add(once);
        vertx.setTimer(reconnectMillis(attempt), _ -> once.run());
    }

    /** The operator speaks: whoever waits to dial need not wait any longer. */
    void reached() {
        waiting.forEach(Runnable::run);
    }

    /** Delay before the n-th attempt in a row, from 0: random, 0.1 s to 5 s. */
    static long reconnectMillis(int attempt) {
        long bound = Math.min(RECONNECT_MAX_MILLIS, RECONNECT_MIN_MILLIS << Math.min(attempt, 6));
        return ThreadLocalRandom.current().nextLong(RECONNECT_MIN_MILLIS, bound + 1);
    }

    @Override
    public void close() {
        lock.lock();
        try {
            if (client != null) {
                client.close();
                client = null;
            }
        } finally {
            lock.unlock();
        }
    }
}
