package dev.tollgate.operator.trust;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tollgate.operator.api.ApiFailure;
import dev.tollgate.policy.issuer.Jwks;
import dev.tollgate.policy.snapshot.IssuerEntry;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The keys that the cluster signs ServiceAccount tokens with (api.md, T10), read again every 5
 * minutes, or 5 s after a failure, which leaves the keys that are known. Keys of algorithms other
 * than RS256 and ES256 are left out.
 */
public final class ClusterKeys implements AutoCloseable {

    /** What a token must be for, to be taken by a proxy. */
    public static final String AUDIENCE = "tollgate";

    private static final Duration AGAIN = Duration.ofMinutes(5);
    private static final Duration AGAIN_AFTER_FAILURE = Duration.ofSeconds(5);

    private static final Logger LOG = LoggerFactory.getLogger(ClusterKeys.class);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final KubernetesClient client;
    private final Runnable changed;
    private final ScheduledExecutorService thread =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofVirtual().name("cluster-keys").factory());
    private volatile List<IssuerEntry> issuers = List.of();
    private @Nullable String failure;

    /**
     * @param changed told when the keys are others
     */
    public ClusterKeys(KubernetesClient client, Runnable changed) {
        this.client = client;
        this.changed = changed;
    }

    /** Reads once, blocking, then in the background. */
    public void start() {
        read();
    }

    /** Empty while none could be read yet. */
    public List<IssuerEntry> issuers() {
        return issuers;
    }

    private void read() {
        Duration next = AGAIN;
        try {
            var found = issuer(get("/.well-known/openid-configuration"), get("/openid/v1/jwks"));
            failure = null;
            if (!issuers.equals(List.of(found))) {
                issuers = List.of(found);
                changed.run();
            }
        } catch (IOException | KubernetesClientException | IllegalArgumentException e) {
            next = AGAIN_AFTER_FAILURE;
            if (!ApiFailure.text(e).equals(failure)) {
                failure = ApiFailure.text(e);
                LOG.atWarn()
                        .addKeyValue("error", failure)
                        .log("the cluster's token keys cannot be read; those that are known stay");
            }
        }
        if (!thread.isShutdown()) {
            thread.schedule(this::read, next.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    private JsonNode get(String path) throws IOException {
        var text = client.raw(path);
        if (text == null) {
            throw new IOException(path + " does not exist");
        }
        return JSON.readTree(text);
    }

    static IssuerEntry issuer(JsonNode configuration, JsonNode jwks) {
        var name = configuration.path("issuer").asText("");
        if (name.isEmpty()) {
            throw new IllegalArgumentException("openid-configuration has no issuer");
        }
        return IssuerEntry.ofCluster(name, AUDIENCE, Jwks.someKeys(jwks));
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
