package dev.tollgate.operator.trust;

import dev.tollgate.operator.kube.CoreCaches;
import dev.tollgate.operator.push.ControlSecurity.PemIdentity;
import dev.tollgate.operator.trust.Certificates.Pair;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The operator's own certificate authority (api.md, S30): kept in Secret {@code tollgate-ca}, one
 * year; the next one is made, and trusted by both sides, 30 days before it takes over. Leaves last
 * 7 days and are renewed daily: the server's in memory, the fleet's in Secret {@code
 * tollgate-proxy-tls} with entries {@code tls.crt}, {@code tls.key}, {@code ca.crt}. Blocking.
 */
public final class ControlAuthority {

    static final String CA_SECRET = "tollgate-ca";
    static final String FLEET_SECRET = "tollgate-proxy-tls";

    private static final Duration CA_LIFE = Duration.ofDays(365);
    private static final Duration NEXT_CA_BEFORE = Duration.ofDays(60);
    private static final Duration TAKE_OVER_BEFORE = Duration.ofDays(30);
    private static final Duration LEAF_LIFE = Duration.ofDays(7);
    private static final Duration LEAF_RENEWED_BEFORE = Duration.ofDays(6);
    private static final int CONFLICT = 409;
    private static final int ATTEMPTS = 10;

    private final KubernetesClient client;
    private final String namespace;
    private final List<String> serverNames;
    private final Clock clock;

    /** The authority that signs and, when its end is near, the one after it. */
    record Authorities(Pair current, @Nullable Pair next) {
        List<String> trusted() {
            var list = new ArrayList<String>();
            list.add(current.certificate());
            if (next != null) {
                list.add(next.certificate());
            }
            return list;
        }
    }

    /**
     * @param serverNames DNS names and addresses that proxies dial
     */
    public ControlAuthority(
            KubernetesClient client, String namespace, List<String> serverNames, Clock clock) {
        this.client = client;
        this.namespace = namespace;
        this.serverNames = List.copyOf(serverNames);
        this.clock = clock;
    }

    /**
     * Makes or renews what is missing or near its end, in the cluster too; to be called at the
     * start and each day.
     */
    public PemIdentity renew() {
        var authorities = authorities();
        fleet(authorities);
        var server =
                Certificates.leaf(
                        authorities.current(),
                        "tollgate-operator",
                        Certificates.Use.SERVER,
                        serverNames,
                        clock.instant(),
                        LEAF_LIFE);
        return new PemIdentity(server.certificate(), server.key(), authorities.trusted());
    }

    private Authorities authorities() {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            var secret = secret(CA_SECRET);
            var stored = read(secret);
            var wanted = due(stored, clock.instant());
            if (wanted.equals(stored) || write(CA_SECRET, secret, entries(wanted), "Opaque")) {
                return wanted;
            }
        }
        throw new IllegalStateException(
                CA_SECRET + ": changed by others " + ATTEMPTS + " times in a row");
    }

    /** What should be by now; the one before stays trusted, as the next, until its end. */
    static Authorities due(@Nullable Authorities stored, Instant now) {
        if (stored == null || !stored.current().until().isAfter(now)) {
            return new Authorities(made(now), null);
        }
        var current = stored.current();
        var next = stored.next();
        if (next != null && !next.until().isAfter(now)) {
            next = null;
        }
        if (next == null && current.until().minus(NEXT_CA_BEFORE).isBefore(now)) {
            next = made(now);
        }
        if (next != null && current.until().minus(TAKE_OVER_BEFORE).isBefore(now)) {
            return new Authorities(next, current);
        }
        return new Authorities(current, next);
    }

    private static Pair made(Instant now) {
        return Certificates.authority("tollgate control " + now.getEpochSecond(), now, CA_LIFE);
    }

    private static @Nullable Authorities read(@Nullable Secret secret) {
        var current = pair(secret, "tls.crt", "tls.key");
        return current == null
                ? null
                : new Authorities(current, pair(secret, "next.crt", "next.key"));
    }

    private static TreeMap<String, String> entries(Authorities authorities) {
        var entries = new TreeMap<String, String>();
        entries.put("tls.crt", authorities.current().certificate());
        entries.put("tls.key", authorities.current().key());
        var next = authorities.next();
        if (next != null) {
            entries.put("next.crt", next.certificate());
            entries.put("next.key", next.key());
        }
        return entries;
    }

    private void fleet(Authorities authorities) {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            var secret = secret(FLEET_SECRET);
            var bundle = String.join("", authorities.trusted());
            if (sound(secret, authorities, bundle)) {
                return;
            }
            var leaf =
                    Certificates.leaf(
                            authorities.current(),
                            "tollgate-proxy",
                            Certificates.Use.CLIENT,
                            List.of(),
                            clock.instant(),
                            LEAF_LIFE);
            var entries = new TreeMap<String, String>();
            entries.put("tls.crt", leaf.certificate());
            entries.put("tls.key", leaf.key());
            entries.put("ca.crt", bundle);
            if (write(FLEET_SECRET, secret, entries, "kubernetes.io/tls")) {
                return;
            }
        }
        throw new IllegalStateException(
                FLEET_SECRET + ": changed by others " + ATTEMPTS + " times in a row");
    }

    private boolean sound(@Nullable Secret secret, Authorities authorities, String bundle) {
        var leaf = pair(secret, "tls.crt", "tls.key");
        if (leaf == null || !bundle.equals(entry(secret, "ca.crt"))) {
            return false;
        }
        var x509 = leaf.x509();
        return leaf.until().isAfter(clock.instant().plus(LEAF_RENEWED_BEFORE))
                && x509.getIssuerX500Principal()
                        .equals(authorities.current().x509().getSubjectX500Principal());
    }

    private @Nullable Secret secret(String name) {
        return client.secrets().inNamespace(namespace).withName(name).get();
    }

    private static @Nullable Pair pair(@Nullable Secret secret, String certificate, String key) {
        var pem = entry(secret, certificate);
        var privateKey = entry(secret, key);
        if (pem == null || privateKey == null) {
            return null;
        }
        try {
            Certificates.read(pem);
            return new Pair(pem, privateKey);
        } catch (IllegalArgumentException e) {
            return null; // made anew
        }
    }

    private static @Nullable String entry(@Nullable Secret secret, String name) {
        var text = secret == null || secret.getData() == null ? null : secret.getData().get(name);
        return text == null
                ? null
                : new String(Base64.getDecoder().decode(text), StandardCharsets.US_ASCII);
    }

    /** False if somebody else wrote first. */
    private boolean write(
            String name, @Nullable Secret before, TreeMap<String, String> entries, String type) {
        var secret =
                new SecretBuilder()
                        .withNewMetadata()
                        .withName(name)
                        .withNamespace(namespace)
                        .addToLabels("app.kubernetes.io/part-of", "tollgate")
                        .addToLabels(CoreCaches.INTERNAL, "true")
                        .withResourceVersion(
                                before == null ? null : before.getMetadata().getResourceVersion())
                        .endMetadata()
                        .withType(before == null ? type : before.getType());
        entries.forEach(
                (entry, text) ->
                        secret.addToData(
                                entry,
                                Base64.getEncoder()
                                        .encodeToString(text.getBytes(StandardCharsets.US_ASCII))));
        try {
            var operation = client.secrets().resource(secret.build());
            if (before == null) {
                operation.create();
            } else {
                operation.update();
            }
            return true;
        } catch (KubernetesClientException e) {
            if (e.getCode() == CONFLICT) {
                return false;
            }
            throw e;
        }
    }
}
