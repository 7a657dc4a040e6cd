package dev.tollgate.dataplane.control;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetClientOptions;
import io.vertx.core.net.NetSocket;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.core.net.SocketAddress;
import io.vertx.grpc.client.GrpcClient;
import io.vertx.grpc.client.GrpcClientOptions;
import io.vertx.grpc.client.GrpcClientRequest;
import io.vertx.grpc.common.ServiceMethod;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One HTTP/2 connection to the operator that leads, which carries the configuration stream and the
 * ledger stream. A name may have several addresses, one for each operator; those that stand by do
 * not listen. Certificates and token are read again before each stream is opened, so that a renewed
 * file is used without a restart. Both links share it; either may open a stream at any time.
 */
public final class OperatorChannel implements AutoCloseable {

    /** A message is a chunk, an index or credentials: those of 10,000 Secrets fit. */
    static final long MAX_MESSAGE_BYTES = 8L * 1024 * 1024;

    private static final int CONNECT_MILLIS = 3_000;
    private static final long RECONNECT_MIN_MILLIS = 100;
    private static final long RECONNECT_MAX_MILLIS = 5_000;

    /** The system's resolver, or a test's. */
    @FunctionalInterface
    public interface Resolver {
        InetAddress[] resolve(String host) throws UnknownHostException;
    }

    private final Vertx vertx;
    private final OperatorAddress address;
    private final Resolver resolver;
    private final NetClient probe;
    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable Line line;
    private @Nullable InetAddress left;
    private final Set<Runnable> waiting = ConcurrentHashMap.newKeySet();

    public OperatorChannel(Vertx vertx, OperatorAddress address) {
        this(vertx, address, InetAddress::getAllByName);
    }

    public OperatorChannel(Vertx vertx, OperatorAddress address, Resolver resolver) {
        this.vertx = vertx;
        this.address = address;
        this.resolver = resolver;
        this.probe =
                vertx.createNetClient(new NetClientOptions().setConnectTimeout(CONNECT_MILLIS));
    }

    OperatorAddress address() {
        return address;
    }

    Vertx vertx() {
        return vertx;
    }

    /**
     * The connection to one operator.
     *
     * @param files that secure it; with others a new one is made
     */
    private record Line(GrpcClient client, InetAddress at, List<Buffer> files) {}

    /**
     * An open stream.
     *
     * @param leave gives up the connection that it is on, and looks elsewhere first: nobody leads
     *     there any more
     */
    record Opened<Req, Resp>(GrpcClientRequest<Req, Resp> request, Runnable leave) {}

    /** What a dial needs; read by a thread that may block. */
    private record Dial(List<Buffer> files, @Nullable String token, List<InetAddress> addresses) {}

    /** Opens a stream; fails if no operator can be reached or a security file not be read. */
    <Req, Resp> Future<Opened<Req, Resp>> open(ServiceMethod<Resp, Req> method) {
        return vertx.executeBlocking(() -> new Dial(files(), token(), addresses()), false)
                .compose(
                        dial ->
                                line(dial)
                                        .compose(
                                                on ->
                                                        on.client()
                                                                .request(server(on.at()), method)
                                                                .onFailure(_ -> leave(on))
                                                                .map(
                                                                        request ->
                                                                                opened(
                                                                                        request, on,
                                                                                        dial))));
    }

    private <Req, Resp> Opened<Req, Resp> opened(
            GrpcClientRequest<Req, Resp> request, Line on, Dial dial) {
        var token = dial.token();
        if (token != null) {
            request.headers().set("authorization", "Bearer " + token);
        }
        return new Opened<>(request, () -> leave(on));
    }

    private SocketAddress server(InetAddress at) {
        return SocketAddress.inetSocketAddress(new InetSocketAddress(at, address.port()));
    }

    /** The connection that is there, else one to the first address that takes connections. */
    private Future<Line> line(Dial dial) {
        var current = current(dial);
        return current == null
                ? reachable(dial.addresses()).map(at -> made(dial, at))
                : Future.succeededFuture(current);
    }

    /** With new files a new one to the same operator, if it is still an address of the name. */
    private @Nullable Line current(Dial dial) {
        lock.lock();
        try {
            var current = line;
            if (current == null || current.files().equals(dial.files())) {
                return current;
            }
            current.client().close(); // its streams end and are opened again with the new files
            line = null;
            return dial.addresses().contains(current.at()) ? made(dial, current.at()) : null;
        } finally {
            lock.unlock();
        }
    }

    private Line made(Dial dial, InetAddress at) {
        lock.lock();
        try {
            var other = line;
            if (other != null && other.files().equals(dial.files())) {
                return other; // the other link was quicker
            }
            if (other != null) {
                other.client().close();
            }
            var made = new Line(client(dial.files()), at, dial.files());
            line = made;
            return made;
        } finally {
            lock.unlock();
        }
    }

    /** A name with a single address needs no look. */
    private Future<InetAddress> reachable(List<InetAddress> addresses) {
        var first = addresses.getFirst();
        if (addresses.size() == 1) {
            return Future.succeededFuture(first);
        }
        return listens(first)
                .compose(
                        listens ->
                                listens
                                        ? Future.succeededFuture(first)
                                        : reachable(addresses.subList(1, addresses.size())));
    }

    private Future<Boolean> listens(InetAddress at) {
        return probe.connect(server(at)).compose(NetSocket::close).map(true).otherwise(false);
    }

    /**
     * Whether an operator listens at another address than the one that a connection is to: only one
     * that leads does.
     */
    Future<Boolean> elsewhere() {
        return vertx.executeBlocking(this::addresses, false)
                .compose(
                        addresses -> {
                            var others = new ArrayList<>(addresses);
                            lock.lock();
                            try {
                                if (line != null) {
                                    others.remove(line.at());
                                }
                            } finally {
                                lock.unlock();
                            }
                            return Future.all(others.stream().map(this::listens).toList())
                                    .map(all -> all.<Boolean>list().contains(true));
                        });
    }

    private void leave(Line from) {
        lock.lock();
        try {
            if (from.equals(line)) {
                line = null;
                left = from.at();
            }
        } finally {
            lock.unlock();
        }
        from.client().close();
    }

    /** All addresses of the name, the one that was left last; blocking. */
    private List<InetAddress> addresses() throws UnknownHostException {
        var all = new ArrayList<>(List.of(resolver.resolve(address.host())));
        lock.lock();
        try {
            if (left != null && all.remove(left)) {
                all.add(left);
            }
        } finally {
            lock.unlock();
        }
        return all;
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

    /** The security files as they are now; blocking. */
    private List<Buffer> files() throws IOException {
        return switch (address.security()) {
            case OperatorAddress.Security.None _ -> List.of();
            case OperatorAddress.Security.Mtls mtls ->
                    List.of(
                            read(mtls.directory().resolve("ca.crt")),
                            read(mtls.directory().resolve("tls.crt")),
                            read(mtls.directory().resolve("tls.key")));
            case OperatorAddress.Security.Token token -> List.of(read(token.caCertificates()));
        };
    }

    /**
     * @param files none, the authority's certificates, or these with our certificate and key
     */
    private GrpcClient client(List<Buffer> files) {
        var options =
                new HttpClientOptions()
                        .setProtocolVersion(HttpVersion.HTTP_2)
                        .setHttp2ClearTextUpgrade(false)
                        .setConnectTimeout(CONNECT_MILLIS)
                        .setHttp2KeepAliveTimeout(0);
        if (!files.isEmpty()) {
            options.setSsl(true)
                    .setUseAlpn(true)
                    .setTrustOptions(new PemTrustOptions().addCertValue(files.getFirst()));
        }
        if (files.size() > 1) {
            options.setKeyCertOptions(
                    new PemKeyCertOptions().setCertValue(files.get(1)).setKeyValue(files.get(2)));
        }
        return GrpcClient.client(
                vertx, new GrpcClientOptions().setMaxMessageSize(MAX_MESSAGE_BYTES), options);
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
            if (line != null) {
                line.client().close();
                line = null;
            }
        } finally {
            lock.unlock();
        }
        probe.close();
    }
}
