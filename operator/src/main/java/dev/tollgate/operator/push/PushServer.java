package dev.tollgate.operator.push;

import dev.tollgate.crds.resource.Bytes;
import dev.tollgate.operator.api.ApiFailure;
import dev.tollgate.policy.canary.CanaryCount;
import dev.tollgate.policy.drill.DrillCount;
import dev.tollgate.policy.drill.DrillOrder;
import dev.tollgate.policy.push.FromLedger;
import dev.tollgate.policy.push.FromOperator;
import dev.tollgate.policy.push.FromProxy;
import dev.tollgate.policy.push.RateReport;
import dev.tollgate.policy.push.RateStore;
import dev.tollgate.policy.push.ToLedger;
import dev.tollgate.policy.share.Amounts;
import dev.tollgate.policy.share.LimitKey;
import dev.tollgate.policy.snapshot.RevisionNumber;
import dev.tollgate.policy.violation.Violation;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.core.net.ServerSSLOptions;
import io.vertx.grpc.common.GrpcMessageDecoder;
import io.vertx.grpc.common.GrpcMessageEncoder;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.common.ServiceMethod;
import io.vertx.grpc.common.ServiceName;
import io.vertx.grpc.server.GrpcServer;
import io.vertx.grpc.server.GrpcServerOptions;
import io.vertx.grpc.server.GrpcServerRequest;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The gRPC server that proxies dial: {@code Config.Stream} and {@code Ledger.Stream} on one HTTP/2
 * port. It carries out what {@link FleetRules} decide. All state is confined to one event loop;
 * {@link #publish} and {@link #credentials} may be called from any thread. Values of credentials
 * are never logged.
 */
public final class PushServer {

    /** A message is a chunk, or credentials: those of 10,000 Secrets fit. */
    static final long MAX_MESSAGE_BYTES = 8L * 1024 * 1024;

    static final long HEARTBEAT_MILLIS = 5_000;
    private static final long TICK_MILLIS = 250;

    /** Of proxies, and of those that replace one or have not said Hello. */
    private static final int MAX_STREAMS = 2 * FleetRules.MAX_PROXIES;

    private static final Duration HELLO_WITHIN = Duration.ofSeconds(10);

    private static final Logger LOG = LoggerFactory.getLogger(PushServer.class);

    private static final ServiceMethod<FromProxy, FromOperator> CONFIG =
            ServiceMethod.server(
                    ServiceName.create("tollgate.push.v1", "Config"),
                    "Stream",
                    GrpcMessageEncoder.encoder(),
                    GrpcMessageDecoder.decoder(FromProxy.getDefaultInstance()));
    private static final ServiceMethod<ToLedger, FromLedger> LEDGER =
            ServiceMethod.server(
                    ServiceName.create("tollgate.push.v1", "Ledger"),
                    "Stream",
                    GrpcMessageEncoder.encoder(),
                    GrpcMessageDecoder.decoder(ToLedger.getDefaultInstance()));

    private final Context context;
    private final ControlSecurity security;
    private final FleetListener listener;
    private final LedgerEndpoint ledger;
    private final Clock clock;
    private final HttpServer server;
    private final ConfigStream.Host host =
            new ConfigStream.Host() {
                @Override
                public void happened(FleetEvent event) {
                    on(event);
                }

                @Override
                public void counted(String proxy, List<CanaryCount> counts) {
                    listener.counted(proxy, counts);
                }

                @Override
                public void drilled(String proxy, List<DrillCount> counts) {
                    listener.drilled(proxy, counts);
                }

                @Override
                public void violated(String proxy, List<Violation> violations) {
                    listener.violated(proxy, violations);
                }

                @Override
                public void rates(long connection, String proxy, RateReport report) {
                    if (streams.containsKey(connection)) {
                        division.reported(proxy, report);
                    }
                }

                @Override
                public void outrun(long theirs) {
                    if (theirs > epoch) {
                        listener.outrun(theirs);
                    }
                }
            };
    private final LimitDivision division;
    private final Map<Long, ConfigStream> streams = new HashMap<>();
    private final AtomicLong connections = new AtomicLong();
    private final AtomicLong nacks = new AtomicLong();
    private volatile Fleet fleet;
    private volatile boolean doubted;
    private Map<String, Bytes> credentials = Map.of();
    private List<DrillOrder> drills = List.of();
    private long epoch;

    private PushServer(
            Vertx vertx,
            ControlSecurity security,
            Fleet initial,
            long epoch,
            FleetListener listener,
            LedgerEndpoint ledger,
            Clock clock) {
        this.context = vertx.getOrCreateContext();
        this.security = security;
        this.fleet = initial;
        this.epoch = epoch;
        this.listener = listener;
        this.ledger = ledger;
        this.clock = clock;
        this.division = new LimitDivision(clock.instant());
        var grpc =
                GrpcServer.server(
                        vertx, new GrpcServerOptions().setMaxMessageSize(MAX_MESSAGE_BYTES));
        grpc.callHandler(CONFIG, this::config);
        grpc.callHandler(LEDGER, this::ledger);
        this.server = vertx.createHttpServer(options(security)).requestHandler(grpc);
    }

    /**
     * Listens.
     *
     * @param initial the fleet as it was remembered
     * @param epoch of the releases that will be published
     * @return fails if the port cannot be had
     */
    public static Future<PushServer> start(
            Vertx vertx,
            String host,
            int port,
            ControlSecurity security,
            Fleet initial,
            long epoch,
            FleetListener listener,
            LedgerEndpoint ledger,
            Clock clock) {
        var started = Promise.<PushServer>promise();
        vertx.getOrCreateContext()
                .runOnContext(
                        _ -> {
                            var push =
                                    new PushServer(
                                            vertx, security, initial, epoch, listener, ledger,
                                            clock);
                            vertx.setPeriodic(TICK_MILLIS, _ -> push.tick());
                            vertx.setPeriodic(HEARTBEAT_MILLIS, _ -> push.heartbeat());
                            push.server.listen(port, host).map(push).onComplete(started);
                        });
        return started.future();
    }

    private static HttpServerOptions options(ControlSecurity security) {
        var options = new HttpServerOptions().setIdleTimeout(0);
        return switch (security) {
            case ControlSecurity.None _ -> options.setHttp2ClearTextEnabled(true);
            case ControlSecurity.Mtls mtls ->
                    tls(options, mtls.identity())
                            .setClientAuth(ClientAuth.REQUIRED)
                            .setTrustOptions(trust(mtls.identity()));
            case ControlSecurity.Token token -> tls(options, token.identity());
        };
    }

    private static HttpServerOptions tls(
            HttpServerOptions options, ControlSecurity.PemIdentity identity) {
        return options.setSsl(true)
                .setUseAlpn(true)
                .setHttp2ClearTextEnabled(false)
                .setKeyCertOptions(keys(identity));
    }

    private static PemKeyCertOptions keys(ControlSecurity.PemIdentity identity) {
        return new PemKeyCertOptions()
                .setCertValue(Buffer.buffer(identity.certificates()))
                .setKeyValue(Buffer.buffer(identity.key()));
    }

    private static PemTrustOptions trust(ControlSecurity.PemIdentity identity) {
        var trust = new PemTrustOptions();
        identity.authorities().forEach(pem -> trust.addCertValue(Buffer.buffer(pem)));
        return trust;
    }

    /** New handshakes use this identity; streams that are open go on. */
    public Future<Boolean> identity(ControlSecurity.PemIdentity identity) {
        var options = sslOptions(identity);
        return options == null ? Future.succeededFuture(false) : server.updateSSLOptions(options);
    }

    private @Nullable ServerSSLOptions sslOptions(ControlSecurity.PemIdentity identity) {
        var options = new ServerSSLOptions().setKeyCertOptions(keys(identity));
        options.setUseAlpn(true).setApplicationLayerProtocols(List.of("h2", "http/1.1"));
        return switch (security) {
            case ControlSecurity.None _ -> null;
            case ControlSecurity.Mtls _ -> {
                options.setTrustOptions(trust(identity));
                yield options.setClientAuth(ClientAuth.REQUIRED);
            }
            case ControlSecurity.Token _ -> options;
        };
    }

    public int port() {
        return server.actualPort();
    }

    /** The fleet right now; from any thread. */
    public Fleet fleet() {
        return fleet;
    }

    /** NACKs since the start. */
    public long nacks() {
        return nacks.get();
    }

    /** Pushes a release; the newest replaces what still waits. */
    public void publish(Release release) {
        context.runOnContext(
                _ -> {
                    epoch = Math.max(epoch, release.revision().epoch());
                    on(new FleetEvent.Published(release));
                });
    }

    /** Pushes credentials, before any release that is published later. */
    public void credentials(long revision, Map<String, Bytes> values) {
        var copy = Map.copyOf(values);
        context.runOnContext(
                _ -> {
                    credentials = copy;
                    on(new FleetEvent.CredentialsChanged(revision));
                });
    }

    /** Tells every proxy at once which drills run; with each heartbeat it is told again. */
    public void drills(List<DrillOrder> orders) {
        var copy = List.copyOf(orders);
        context.runOnContext(
                _ -> {
                    drills = copy;
                    heartbeat();
                });
    }

    /** The limits of providers and teams, which proxies share; from any thread. */
    public void limits(Map<LimitKey, Amounts> limits) {
        context.runOnContext(_ -> division.limits(limits));
    }

    /** Proxies whose pods do not exist any more; from any thread. */
    public void gone(Set<String> proxies) {
        context.runOnContext(_ -> division.gone(proxies));
    }

    /** Where each proxy counts what it uses of limits. */
    public Map<String, RateStore> rateStores() {
        return division.stores();
    }

    /** Whether another operator may lead, so that proxies look for it; from any thread. */
    public void doubted(boolean may) {
        doubted = may;
    }

    public Future<Void> close() {
        return server.close();
    }

    private void heartbeat() {
        var beat = beat();
        streams.values().forEach(s -> s.send(beat));
    }

    private FromOperator beat() {
        var newest = fleet.newest();
        var revision = newest == null ? new RevisionNumber(epoch, 0) : newest.revision();
        var now = clock.instant();
        return Messages.heartbeat(revision, fleet.live(now).size(), drills, doubted, now);
    }

    private void tick() {
        on(new FleetEvent.Tick());
        division.tick(
                fleet,
                clock.instant(),
                (connection, told) -> with(connection, stream -> stream.send(told)));
        var late = clock.instant().minus(HELLO_WITHIN);
        for (var stream : List.copyOf(streams.values())) {
            if (stream.silentSince(late)) {
                streams.remove(stream.connection());
                stream.close();
            }
        }
    }

    private void on(FleetEvent event) {
        Instant now = clock.instant();
        var step = FleetRules.apply(fleet, event, now);
        fleet = step.fleet();
        step.commands().forEach(this::carryOut);
        if (event instanceof FleetEvent.Connected hello) {
            division.connected(hello.proxy());
            with(hello.connection(), stream -> stream.send(beat()));
        }
    }

    private void carryOut(FleetCommand command) {
        switch (command) {
            case FleetCommand.SendCredentials send ->
                    with(
                            send.connection(),
                            s -> s.send(Messages.credentials(fleet.credentials(), credentials)));
            case FleetCommand.SendSnapshot send ->
                    with(send.connection(), s -> s.send(send.release(), send.held()));
            case FleetCommand.Disconnect disconnect -> {
                LOG.atWarn()
                        .addKeyValue("reason", disconnect.reason())
                        .log("config stream closed by the operator");
                with(disconnect.connection(), ConfigStream::close);
                streams.remove(disconnect.connection());
            }
            case FleetCommand.Settled settled -> listener.settled(fleet, settled.release());
            case FleetCommand.Refused refused -> {
                nacks.incrementAndGet();
                for (var refusal : refused.refusals()) {
                    LOG.atError()
                            .addKeyValue("proxy", refused.proxy())
                            .addKeyValue("snapshot", refused.release().revision())
                            .addKeyValue("object", refusal.object())
                            .addKeyValue("error", refusal.text())
                            .log("a proxy refused a snapshot");
                }
                listener.refused(refused.release(), refused.refusals());
            }
            case FleetCommand.Changed _ -> listener.changed(fleet);
        }
    }

    private void with(long connection, Consumer<ConfigStream> action) {
        var stream = streams.get(connection);
        if (stream != null) {
            action.accept(stream);
        }
    }

    private Future<ControlSecurity.Peer> peer(GrpcServerRequest<?, ?> request) {
        var tokens =
                switch (security) {
                    case ControlSecurity.None _ -> null;
                    case ControlSecurity.Mtls mtls -> mtls.tokens();
                    case ControlSecurity.Token token -> token.tokens();
                };
        return tokens == null
                ? Future.succeededFuture(new ControlSecurity.Peer(null))
                : tokens.check(request.headers());
    }

    private void config(GrpcServerRequest<FromProxy, FromOperator> request) {
        request.pause();
        peer(request)
                .onSuccess(peer -> config(request, peer))
                .onFailure(cause -> refuse(request, cause));
    }

    private void config(
            GrpcServerRequest<FromProxy, FromOperator> request, ControlSecurity.Peer peer) {
        if (streams.size() >= MAX_STREAMS) {
            request.response()
                    .status(GrpcStatus.RESOURCE_EXHAUSTED)
                    .statusMessage("more than " + MAX_STREAMS + " config streams")
                    .end();
            return;
        }
        var number = connections.incrementAndGet();
        var stream = new ConfigStream(number, peer, request.response(), host, clock.instant());
        streams.put(number, stream);
        request.response().writeHead();
        request.handler(stream::received);
        request.endHandler(
                _ -> {
                    streams.remove(number);
                    stream.left();
                });
        request.exceptionHandler(_ -> gone(number, stream));
        request.response().exceptionHandler(_ -> gone(number, stream));
        request.resume();
    }

    private void gone(long number, ConfigStream stream) {
        streams.remove(number);
        stream.lost();
    }

    private void ledger(GrpcServerRequest<ToLedger, FromLedger> request) {
        request.pause();
        peer(request)
                .onSuccess(peer -> LedgerStream.serve(request, peer, ledger, context))
                .onFailure(cause -> refuse(request, cause));
    }

    private static void refuse(GrpcServerRequest<?, ?> request, Throwable cause) {
        LOG.atWarn()
                .addKeyValue("error", ApiFailure.text(cause))
                .log("a control stream was refused");
        request.response()
                .status(GrpcStatus.UNAUTHENTICATED)
                .statusMessage("not a proxy of this fleet")
                .end();
    }
}
