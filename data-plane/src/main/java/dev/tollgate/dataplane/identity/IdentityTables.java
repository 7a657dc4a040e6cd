package dev.tollgate.dataplane.identity;

import dev.tollgate.policy.route.Caller;
import dev.tollgate.policy.snapshot.ClientKeyEntry;
import dev.tollgate.policy.snapshot.IssuerEntry;
import dev.tollgate.policy.snapshot.Snapshot;
import java.math.BigInteger;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.security.spec.RSAPublicKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a snapshot says about callers, ready for look-up: client keys by digest, issuers by name
 * with their public keys by id. Immutable.
 */
public final class IdentityTables {

    private static final int MIN_RSA_BITS = 2048;

    /** Told of each entry that cannot be used. */
    @FunctionalInterface
    public interface Problems {
        void add(String path, String message);
    }

    /** One issuer with keys that can verify. */
    record Issuer(IssuerEntry entry, Map<String, Key> keys) {}

    /** A public key and the one algorithm it may be used with. */
    record Key(String algorithm, PublicKey publicKey) {}

    private record StoredKey(byte[] digest, Identified.Known caller) {}

    private final Map<Long, List<StoredKey>> clientKeys;
    private final Map<String, Issuer> issuers;
    private final Set<String> namespaces;
    private final List<IssuerEntry> issuerEntries;

    private IdentityTables(
            Map<Long, List<StoredKey>> clientKeys, Map<String, Issuer> issuers, Snapshot snapshot) {
        this.clientKeys = clientKeys;
        this.issuers = issuers;
        this.namespaces = Set.copyOf(snapshot.settings().namespaces());
        this.issuerEntries = snapshot.issuers();
    }

    public static IdentityTables of(Snapshot snapshot, Problems problems) {
        var keys = new HashMap<Long, List<StoredKey>>();
        for (var entry : snapshot.clientKeys()) {
            var stored = stored(entry, problems);
            if (stored != null) {
                keys.merge(prefix(stored.digest()), List.of(stored), IdentityTables::concatenated);
            }
        }
        var issuers = new HashMap<String, Issuer>();
        for (var entry : snapshot.issuers()) {
            issuers.put(entry.issuer(), new Issuer(entry, keysOf(entry, problems)));
        }
        return new IdentityTables(Map.copyOf(keys), Map.copyOf(issuers), snapshot);
    }

    /** The owner of the client key with this digest; compared in constant time. */
    Identified.@Nullable Known byDigest(byte[] sha256) {
        Identified.Known found = null;
        for (var stored : clientKeys.getOrDefault(prefix(sha256), List.of())) {
            if (MessageDigest.isEqual(stored.digest(), sha256)) {
                found = stored.caller();
            }
        }
        return found;
    }

    @Nullable Issuer issuer(String name) {
        return issuers.get(name);
    }

    boolean knowsNamespace(String namespace) {
        return namespaces.contains(namespace);
    }

    /**
     * Whether this name of one issuer's user is also the name of a user of an issuer whose own name
     * goes on: {@code https://a} has a user {@code b/c} where {@code https://a/b} has {@code c}.
     */
    boolean isUserOfLonger(IssuerEntry issuer, String user) {
        return issuerEntries.stream()
                .filter(other -> !other.kubernetes())
                .filter(other -> other.issuer().length() > issuer.issuer().length())
                .anyMatch(other -> user.startsWith(other.user("")));
    }

    /** Whether tokens that the other tables verified would stand for the same callers here. */
    boolean sameIssuersAs(IdentityTables other) {
        return issuerEntries.equals(other.issuerEntries)
                && (namespaces.equals(other.namespaces)
                        || issuerEntries.stream().allMatch(IssuerEntry::kubernetes));
    }

    private static @Nullable StoredKey stored(ClientKeyEntry entry, Problems problems) {
        byte[] digest;
        try {
            digest = HexFormat.of().parseHex(entry.sha256());
        } catch (IllegalArgumentException e) {
            digest = new byte[0];
        }
        if (digest.length != 32) {
            problems.add("clientKeys", entry.caller() + ": sha256 (expected: 64 hex digits)");
            return null;
        }
        return new StoredKey(
                digest, new Identified.Known(Caller.clientKey(entry.namespace(), entry.caller())));
    }

    private static Map<String, Key> keysOf(IssuerEntry entry, Problems problems) {
        var keys = new HashMap<String, Key>();
        for (var key : entry.keys()) {
            try {
                keys.put(key.id(), new Key(key.algorithm(), publicKey(key)));
            } catch (GeneralSecurityException | IllegalArgumentException e) {
                problems.add(
                        "issuers", entry.issuer() + ": key " + key.id() + ": " + e.getMessage());
            }
        }
        return Map.copyOf(keys);
    }

    private static PublicKey publicKey(IssuerEntry.Key key) throws GeneralSecurityException {
        return switch (key.algorithm()) {
            case "RS256" -> rsa(key);
            case "ES256" -> p256(key);
            default ->
                    throw new IllegalArgumentException(
                            "algorithm: " + key.algorithm() + " (expected: RS256 or ES256)");
        };
    }

    private static PublicKey rsa(IssuerEntry.Key key) throws GeneralSecurityException {
        var made =
                (RSAPublicKey)
                        KeyFactory.getInstance("RSA")
                                .generatePublic(
                                        new RSAPublicKeySpec(
                                                number(key.n(), "n"), number(key.e(), "e")));
        if (made.getModulus().bitLength() < MIN_RSA_BITS) {
            throw new IllegalArgumentException(
                    "modulus: "
                            + made.getModulus().bitLength()
                            + " bits (expected: >= "
                            + MIN_RSA_BITS
                            + ")");
        }
        return made;
    }

    private static PublicKey p256(IssuerEntry.Key key) throws GeneralSecurityException {
        var parameters = AlgorithmParameters.getInstance("EC");
        parameters.init(new ECGenParameterSpec("secp256r1"));
        return KeyFactory.getInstance("EC")
                .generatePublic(
                        new ECPublicKeySpec(
                                new ECPoint(number(key.x(), "x"), number(key.y(), "y")),
                                parameters.getParameterSpec(ECParameterSpec.class)));
    }

    private static BigInteger number(@Nullable String base64Url, String member) {
        if (base64Url == null) {
            throw new IllegalArgumentException(member + ": absent (expected: base64url)");
        }
        return new BigInteger(1, Base64.getUrlDecoder().decode(base64Url));
    }

    private static Long prefix(byte[] digest) {
        long value = 0;
        for (int i = 0; i < Long.BYTES; i++) {
            value = value << 8 | (digest[i] & 0xff);
        }
        return value;
    }

    private static List<StoredKey> concatenated(List<StoredKey> a, List<StoredKey> b) {
        var all = new ArrayList<>(a);
        all.addAll(b);
        return List.copyOf(all);
    }
}
