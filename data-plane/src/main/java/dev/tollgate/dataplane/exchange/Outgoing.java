package dev.tollgate.dataplane.exchange;

import dev.tollgate.dataplane.upstream.Upstream;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.policy.route.Candidate;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpClientRequest;
import org.jspecify.annotations.Nullable;

/** How a request goes out to one target: where to, in which dialect and under which head. */
final class Outgoing {

    private final LoopParts loop;
    private final Arrival.Welcome arrival;
    private final Resolution.Resolved resolved;
    private final Candidate candidate;
    private final MultiMap headers;
    private final Dialect dialect;
    private final Upstream upstream;

    /**
     * @param headers of the client
     */
    Outgoing(
            LoopParts loop,
            Arrival.Welcome arrival,
            Resolution.Resolved resolved,
            Candidate candidate,
            MultiMap headers) {
        this.loop = loop;
        this.arrival = arrival;
        this.resolved = resolved;
        this.candidate = candidate;
        this.headers = headers;
        this.dialect = Resolution.spoken(resolved.scan(), candidate.provider());
        var policy = arrival.applied().snapshot().settings().endpointPolicy();
        this.upstream = loop.upstreams().of(candidate.provider(), policy);
    }

    /** The provider's. */
    Dialect dialect() {
        return dialect;
    }

    String host() {
        return upstream.host();
    }

    int port() {
        return upstream.port();
    }

    /** Null: this proxy has no credential for the provider. */
    @Nullable String key() {
        return UpstreamHead.key(candidate.provider(), loop.live().credentials());
    }

    void send(Call call, String key, byte[] body) {
        call.start(
                upstream,
                target(),
                candidate.provider().timeouts().connectMillis(),
                body,
                made -> head(made, key));
    }

    private String target() {
        var scan = resolved.scan();
        var endpoint = resolved.endpoint();
        boolean sse = scan.dialect() != Dialect.GEMINI || arrival.ingress().sse();
        return endpoint != null
                ? upstream.target(dialect, endpoint)
                : upstream.target(
                        dialect, scan.operation(), candidate.model().name(), scan.stream(), sse);
    }

    private void head(HttpClientRequest made, String key) {
        UpstreamHead.put(
                made,
                candidate.provider(),
                candidate.apiVersion(),
                key,
                resolved.scan().stream(),
                headers);
        if (resolved.endpoint() != null) {
            UpstreamHead.passes(made, headers);
        }
    }
}
