package dev.tollgate.operator.trust;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tollgate.operator.api.ApiFailure;
import dev.tollgate.policy.snapshot.IssuerEntry;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
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

    /** Shorter keys are left out: a proxy would refuse the whole snapshot for one of them. */
    private static final int MIN_RSA_BITS = 2_048;

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
        var keys = new ArrayList<IssuerEntry.Key>();
        for (var key : jwks.path("keys")) {
            key(key).ifPresent(keys::add);
        }
        if (keys.isEmpty()) {
            throw new IllegalArgumentException(
                    "jwks has no RS256 key of " + MIN_RSA_BITS + " bits and no ES256 key");
        }
        keys.sort(Comparator.comparing(IssuerEntry.Key::id));
        return new IssuerEntry(name, AUDIENCE, true, keys);
    }

    private static Optional<IssuerEntry.Key> key(JsonNode key) {
        var id = key.path("kid").asText("");
        var algorithm =
                switch (key.path("kty").asText("")) {
                    case "RSA" -> "RS256";
                    case "EC" -> key.path("crv").asText("").equals("P-256") ? "ES256" : "";
                    default -> "";
                };
        var said = key.path("alg").asText(algorithm);
        if (id.isEmpty()
                || algorithm.isEmpty()
                || !said.equals(algorithm)
                || !key.path("use").asText("sig").equals("sig")
                || algorithm.equals("RS256") && rsaBits(text(key, "n")) < MIN_RSA_BITS) {
            return Optional.empty();
        }
        return Optional.of(
                algorithm.equals("RS256")
                        ? new IssuerEntry.Key(
                                id, algorithm, text(key, "n"), text(key, "e"), null, null)
                        : new IssuerEntry.Key(
                                id, algorithm, null, null, text(key, "x"), text(key, "y")));
    }

    private static int rsaBits(String modulus) {
        return new BigInteger(1, Base64.getUrlDecoder().decode(modulus)).bitLength();
    }

    private static String text(JsonNode key, String member) {
        var value = key.path(member).asText("");
        if (value.isEmpty()) {
            throw new IllegalArgumentException("jwks: a key has no " + member);
        }
        return value;
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
