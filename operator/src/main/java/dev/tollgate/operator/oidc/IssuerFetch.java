package dev.tollgate.operator.oidc;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tollgate.policy.issuer.Jwks;
import dev.tollgate.policy.issuer.OidcIssuer;
import dev.tollgate.policy.issuer.OidcIssuer.KeySource;
import dev.tollgate.policy.issuer.OidcIssuers;
import dev.tollgate.policy.snapshot.IssuerEntry;
import dev.tollgate.policy.snapshot.SettingsEntry.EndpointPolicy;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * Gets the keys of one issuer, by discovery (OpenID Connect Discovery 1.0, section 4) or from where
 * the platform says. Redirects are not followed, bodies have at most {@link #MAX_BODY_BYTES}, and a
 * document takes at most {@link #WITHIN}. All calls block.
 */
final class IssuerFetch implements AutoCloseable {

    static final int MAX_BODY_BYTES = 256 * 1024;
    static final Duration WITHIN = Duration.ofSeconds(5);

    private static final ObjectMapper JSON = new ObjectMapper();

    private final OidcIssuer issuer;
    private final EndpointPolicy policy;
    private final HttpClient http;

    IssuerFetch(OidcIssuer issuer, EndpointPolicy policy) {
        this.issuer = issuer;
        this.policy = policy;
        var builder =
                HttpClient.newBuilder()
                        .version(HttpClient.Version.HTTP_1_1)
                        .followRedirects(HttpClient.Redirect.NEVER)
                        .connectTimeout(WITHIN);
        var trust = trust(issuer.caCertificates());
        http = (trust == null ? builder : builder.sslContext(trust)).build();
    }

    /**
     * Its keys now.
     *
     * @throws IOException in one line: why they cannot be had
     */
    List<IssuerEntry.Key> keys() throws IOException, InterruptedException {
        return switch (issuer.keys()) {
            case KeySource.Fixed(var keys) -> keys;
            case KeySource.Jwks(var uri) -> jwks(uri);
            case KeySource.Discovery(var configuration) -> jwks(discovered(configuration));
        };
    }

    private URI discovered(URI configuration) throws IOException, InterruptedException {
        var document = get(configuration);
        if (!document.path("issuer").asText("").equals(issuer.issuer())) {
            throw new IOException(configuration + " is of another issuer");
        }
        try {
            return OidcIssuers.url(document.path("jwks_uri").asText(""), policy, "jwks_uri");
        } catch (IllegalArgumentException e) {
            throw new IOException(configuration + ": " + e.getMessage(), e);
        }
    }

    private List<IssuerEntry.Key> jwks(URI uri) throws IOException, InterruptedException {
        try {
            return Jwks.keys(get(uri));
        } catch (IllegalArgumentException e) {
            throw new IOException(uri + " has " + e.getMessage(), e);
        }
    }

    private JsonNode get(URI uri) throws IOException, InterruptedException {
        var request =
                HttpRequest.newBuilder(uri)
                        .timeout(WITHIN)
                        .header("accept", "application/json")
                        .build();
        var body =
                HttpResponse.BodyHandlers.limiting(
                        HttpResponse.BodyHandlers.ofByteArray(), MAX_BODY_BYTES);
        var answer = http.sendAsync(request, body);
        try {
            // the timeout of a request does not bound its body
            var response = answer.get(WITHIN.toMillis(), TimeUnit.MILLISECONDS);
            if (response.statusCode() != 200) {
                throw new IOException(uri + " answers " + response.statusCode());
            }
            return JSON.readTree(response.body());
        } catch (TimeoutException e) {
            throw new IOException(uri + " does not answer within " + WITHIN.toSeconds() + " s", e);
        } catch (ExecutionException e) {
            throw new IOException(uri + " cannot be read: " + rootOf(e), e);
        } catch (com.fasterxml.jackson.core.JacksonException e) {
            throw new IOException(uri + " is no JSON", e);
        } finally {
            answer.cancel(true);
        }
    }

    private static String rootOf(Throwable failure) {
        var root = failure;
        for (var cause = root.getCause(); cause != null; cause = cause.getCause()) {
            root = cause;
        }
        return root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage();
    }

    /** Null: the system's authorities. */
    private static @Nullable SSLContext trust(@Nullable String pem) {
        if (pem == null) {
            return null;
        }
        try {
            var store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            var bytes = new ByteArrayInputStream(pem.getBytes(StandardCharsets.US_ASCII));
            for (var each : CertificateFactory.getInstance("X.509").generateCertificates(bytes)) {
                store.setCertificateEntry("ca-" + store.size(), each);
            }
            var factory =
                    TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init(store);
            var context = SSLContext.getInstance("TLS");
            context.init(null, factory.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException("certificates that were read once are unreadable", e);
        }
    }

    @Override
    public void close() {
        http.shutdownNow();
    }
}
