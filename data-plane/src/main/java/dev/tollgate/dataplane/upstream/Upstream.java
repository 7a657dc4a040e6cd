package dev.tollgate.dataplane.upstream;

import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.Operation;
import dev.tollgate.policy.snapshot.AddressRule;
import dev.tollgate.policy.snapshot.ProviderEntry;
import dev.tollgate.policy.snapshot.SettingsEntry.EndpointPolicy;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.core.net.SocketAddress;
import io.vertx.core.tracing.TracingPolicy;
import java.net.InetAddress;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One provider as one event loop sees it: a pool of keep-alive connections, each opened to an
 * address that {@link AddressRule} allowed, with the provider's name as SNI and in the certificate
 * check. Redirects are never followed, nothing is decompressed, proxy variables are ignored.
 */
public final class Upstream {

    /** Headers of an answer larger than this break the connection. */
    private static final int MAX_HEADER_BYTES = 64 * 1024;

    private static final int MAX_INITIAL_LINE_BYTES = 4 * 1024;
    private static final int WAIT_QUEUE = 100;
    private static final long WAIT_MILLIS = 1_000;
    private static final int KEEP_ALIVE_SECONDS = 30;

    /** The address is one that the endpoint policy refuses. */
    public static final class EndpointRefused extends RuntimeException {
        private static final long serialVersionUID = 1L;

        EndpointRefused(String message) {
            super(message, null, false, false);
        }
    }

    /** All connections were in use for too long, or too many wait for one already. */
    public static final class NoFreeConnection extends RuntimeException {
        private static final long serialVersionUID = 1L;

        NoFreeConnection() {
            super("no free connection", null, false, false);
        }
    }

    /** Someone who waits for a connection; the timer ends the wait. */
    private record Waiter(Promise<Void> turn, long timer) {}

    private final Vertx vertx;
    private final Addresses addresses;
    private final ProviderUrl url;
    private final @Nullable InetAddress literal;
    private final HttpClient client;
    private final Transport transport;
    private final ArrayDeque<Waiter> waiting = new ArrayDeque<>();
    private int inUse;
    private int turn;

    /** What decides about connections; a provider whose transport changed gets a new pool. */
    record Transport(
            String url,
            boolean inCluster,
            @Nullable String caCertificates,
            EndpointPolicy policy,
            int poolSize) {
        static Transport of(ProviderEntry provider, EndpointPolicy policy, int poolSize) {
            return new Transport(
                    provider.url(),
                    provider.inCluster(),
                    provider.caCertificates(),
                    policy,
                    poolSize);
        }
    }

    Upstream(Vertx vertx, Addresses addresses, Transport transport) {
        this.vertx = vertx;
        this.addresses = addresses;
        this.transport = transport;
        this.url = ProviderUrl.parse(transport.url());
        this.literal = AddressRule.literal(url.host());
        this.client = vertx.createHttpClient(options(), pool());
    }

    private HttpClientOptions options() {
        var options =
                new HttpClientOptions()
                        .setProtocolVersion(HttpVersion.HTTP_1_1)
                        .setKeepAlive(true)
                        .setKeepAliveTimeout(KEEP_ALIVE_SECONDS)
                        .setPipelining(false)
                        .setDecompressionSupported(false)
                        .setMaxHeaderSize(MAX_HEADER_BYTES)
                        .setMaxInitialLineLength(MAX_INITIAL_LINE_BYTES)
                        .setTcpNoDelay(true)
                        .setTcpKeepAlive(true)
                        .setTracingPolicy(TracingPolicy.IGNORE)
                        .setSsl(url.tls());
        if (url.tls()) {
            options.setVerifyHost(true).setForceSni(literal == null);
            var certificates = transport.caCertificates();
            if (certificates != null) {
                options.setTrustOptions(
                        new PemTrustOptions().addCertValue(Buffer.buffer(certificates)));
            }
        }
        return options;
    }

    private PoolOptions pool() {
        return new PoolOptions()
                .setHttp1MaxSize(transport.poolSize())
                .setMaxWaitQueueSize(WAIT_QUEUE);
    }

    Transport transport() {
        return transport;
    }

    /** Host as written in the provider's url: {@code server.address}. */
    public String host() {
        return url.host();
    }

    public int port() {
        return url.port();
    }

    /** The request target of a call; see {@link ProviderUrl#target}. */
    public String target(
            Dialect dialect, Operation operation, String model, boolean stream, boolean sse) {
        return url.target(dialect, operation, model, stream, sse);
    }

    /** The request target of the list of models. */
    public String models(Dialect dialect) {
        return url.models(dialect);
    }

    /** The request target of an endpoint that passes as it is. */
    public String target(Dialect dialect, String endpoint) {
        return url.target(dialect, endpoint);
    }

    /**
     * A POST request on a connection from the pool, or a new one. Whoever gets it calls {@link
     * #release} once when the call is over. Fails with {@link NoFreeConnection} after a second in
     * which none got free, with {@link EndpointRefused}, with UnknownHostException, or with what
     * connecting failed with.
     */
    public Future<HttpClientRequest> request(String target, long connectMillis) {
        if (inUse < transport.poolSize()) {
            inUse++;
            return releasing(resolve(target, connectMillis));
        }
        if (waiting.size() >= WAIT_QUEUE) {
            return Future.failedFuture(new NoFreeConnection());
        }
        var turn = Promise.<Void>promise();
        long timer = vertx.setTimer(WAIT_MILLIS, id -> giveUp(id));
        waiting.add(new Waiter(turn, timer));
        return turn.future().compose(v -> releasing(resolve(target, connectMillis)));
    }

    private void giveUp(long timer) {
        var late = waiting.stream().filter(waiter -> waiter.timer() == timer).findFirst();
        if (late.isPresent() && waiting.remove(late.get())) {
            late.get().turn().fail(new NoFreeConnection());
        }
    }

    /** The call is over: the next who waits has its turn. */
    public void release() {
        var next = waiting.poll();
        if (next == null) {
            inUse--;
            return;
        }
        vertx.cancelTimer(next.timer());
        next.turn().complete();
    }

    private Future<HttpClientRequest> releasing(Future<HttpClientRequest> request) {
        return request.onFailure(failure -> release());
    }

    private Future<HttpClientRequest> resolve(String target, long connectMillis) {
        if (!url.tls() && !AddressRule.allowsPlain(transport.policy(), transport.inCluster())) {
            return Future.failedFuture(
                    new EndpointRefused("plain http is not allowed by the endpoint policy"));
        }
        if (literal != null) {
            return connect(List.of(literal), target, connectMillis);
        }
        var fresh = addresses.fresh(url.host(), System.nanoTime());
        return fresh != null
                ? connect(fresh, target, connectMillis)
                : addresses
                        .lookUp(url.host())
                        .compose(found -> connect(found, target, connectMillis));
    }

    private Future<HttpClientRequest> connect(
            List<InetAddress> candidates, String target, long connectMillis) {
        var address = choose(candidates);
        if (address == null) {
            return Future.failedFuture(
                    new EndpointRefused(
                            "the provider's name resolves to no address that the endpoint policy"
                                    + " allows"));
        }
        var options =
                new RequestOptions()
                        .setMethod(HttpMethod.POST)
                        .setServer(
                                SocketAddress.inetSocketAddress(
                                        url.port(), address.getHostAddress()))
                        .setHost(url.host())
                        .setPort(url.port())
                        .setSsl(url.tls())
                        .setURI(target)
                        .setFollowRedirects(false)
                        .setConnectTimeout(connectMillis);
        return client.request(options)
                .onFailure(
                        failure -> {
                            turn++;
                            addresses.distrust(url.host());
                        });
    }

    private @Nullable InetAddress choose(List<InetAddress> candidates) {
        for (int i = 0; i < candidates.size(); i++) {
            var candidate = candidates.get(Math.floorMod(turn + i, candidates.size()));
            if (AddressRule.allows(transport.policy(), transport.inCluster(), candidate)) {
                return candidate;
            }
        }
        return null;
    }

    /** Running calls end, then the connections; what lasts longer is cut. */
    Future<Void> retire(long graceMillis) {
        return client.shutdown(graceMillis, TimeUnit.MILLISECONDS);
    }

    Vertx vertx() {
        return vertx;
    }
}
