package dev.tollgate.policy.issuer;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tollgate.policy.snapshot.IssuerEntry;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The keys of a JSON Web Key Set (RFC 7517) that tokens may be verified with: RS256 with 2,048 to
 * 8,192 bits, and ES256. All others are left out, as are keys without an id of printable ASCII and
 * any that a proxy could not use: it would refuse the whole snapshot for one of them.
 */
public final class Jwks {

    private static final int MIN_RSA_BITS = 2_048;
    private static final int MAX_RSA_BITS = 8_192;
    private static final int MAX_EXPONENT_BITS = 64;
    private static final int MAX_ID_LENGTH = 256;
    private static final int MAX_KEYS = 64;

    // the curve P-256 (NIST SP 800-186): y^2 = x^3 - 3x + b modulo p
    private static final BigInteger P =
            new BigInteger("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff", 16);
    private static final BigInteger B =
            new BigInteger("5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b", 16);

    private Jwks() {}

    /**
     * As {@link #keys}, of a set that must have one.
     *
     * @throws IllegalArgumentException if there is none, too
     */
    public static List<IssuerEntry.Key> someKeys(JsonNode jwks) {
        var keys = keys(jwks);
        if (keys.isEmpty()) {
            throw new IllegalArgumentException(
                    "no usable key (expected: keys with a kid, RS256 of "
                            + MIN_RSA_BITS
                            + " bits or ES256)");
        }
        return keys;
    }

    /**
     * Sorted by id; of two with the same id the first. Empty if none is of use: an issuer that
     * takes its keys back says it so.
     *
     * @throws IllegalArgumentException if it is no key set, or has more than {@value #MAX_KEYS}
     */
    public static List<IssuerEntry.Key> keys(JsonNode jwks) {
        if (!jwks.path("keys").isArray()) {
            throw new IllegalArgumentException("no list of keys (expected: a JSON Web Key Set)");
        }
        var keys = new ArrayList<IssuerEntry.Key>();
        var ids = new HashSet<String>();
        for (var node : jwks.path("keys")) {
            var key = key(node);
            if (key != null && ids.add(key.id())) {
                keys.add(key);
            }
        }
        if (keys.size() > MAX_KEYS) {
            throw new IllegalArgumentException(
                    keys.size() + " keys (expected: at most " + MAX_KEYS + ")");
        }
        keys.sort(Comparator.comparing(IssuerEntry.Key::id));
        return List.copyOf(keys);
    }

    private static IssuerEntry.@Nullable Key key(JsonNode key) {
        var id = key.path("kid").asText("");
        if (id.isEmpty()
                || id.length() > MAX_ID_LENGTH
                || id.chars().anyMatch(c -> c < ' ' || c > '~')
                || !key.path("use").asText("sig").equals("sig")) {
            return null;
        }
        var made =
                switch (key.path("kty").asText("")) {
                    case "RSA" -> rsa(id, key);
                    case "EC" -> p256(id, key);
                    default -> null;
                };
        return made != null && key.path("alg").asText(made.algorithm()).equals(made.algorithm())
                ? made
                : null;
    }

    private static IssuerEntry.@Nullable Key rsa(String id, JsonNode key) {
        var n = number(key, "n");
        var e = number(key, "e");
        if (n == null
                || e == null
                || n.bitLength() < MIN_RSA_BITS
                || n.bitLength() > MAX_RSA_BITS
                || e.bitLength() < 2
                || e.bitLength() > MAX_EXPONENT_BITS
                || !e.testBit(0)) {
            return null;
        }
        return new IssuerEntry.Key(
                id, "RS256", key.path("n").asText(), key.path("e").asText(), null, null);
    }

    private static IssuerEntry.@Nullable Key p256(String id, JsonNode key) {
        var x = number(key, "x");
        var y = number(key, "y");
        if (!key.path("crv").asText("").equals("P-256") || x == null || y == null) {
            return null;
        }
        var right = x.pow(3).subtract(x.multiply(BigInteger.valueOf(3))).add(B).mod(P);
        boolean onCurve =
                x.compareTo(P) < 0 && y.compareTo(P) < 0 && y.multiply(y).mod(P).equals(right);
        return onCurve
                ? new IssuerEntry.Key(
                        id, "ES256", null, null, key.path("x").asText(), key.path("y").asText())
                : null;
    }

    private static @Nullable BigInteger number(JsonNode key, String member) {
        var text = key.path(member).asText("");
        if (text.isEmpty() || text.length() > MAX_RSA_BITS / 4) {
            return null;
        }
        try {
            return new BigInteger(1, Base64.getUrlDecoder().decode(text));
        } catch (IllegalArgumentException e) {
            return null;
        }
    }
}
