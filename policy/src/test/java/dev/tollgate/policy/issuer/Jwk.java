package dev.tollgate.policy.issuer;

import dev.tollgate.policy.snapshot.IssuerEntry;
import java.math.BigInteger;
import java.util.Base64;

/** Keys as issuers publish them. */
final class Jwk {

    private static final String X = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
    private static final String Y = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";

    /** The key of RFC 7515, A.3.1. */
    static final String P256 = p256(X, Y);

    static final IssuerEntry.Key P256_KEY = new IssuerEntry.Key("k1", "ES256", null, null, X, Y);

    private Jwk() {}

    static String p256(String x, String y) {
        return "{\"kty\":\"EC\",\"kid\":\"k1\",\"crv\":\"P-256\",\"x\":\"%s\",\"y\":\"%s\"}"
                .formatted(x, y);
    }

    static String rsa(String id, int bits, int exponent, String more) {
        return "{\"kty\":\"RSA\",\"kid\":\"%s\",\"n\":\"%s\",\"e\":\"%s\"%s}"
                .formatted(
                        id,
                        text(BigInteger.ONE.shiftLeft(bits - 1).add(BigInteger.ONE)),
                        text(BigInteger.valueOf(exponent)),
                        more);
    }

    static String set(String... keys) {
        return "{\"keys\":[" + String.join(",", keys) + "]}";
    }

    private static String text(BigInteger number) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(number.toByteArray());
    }
}
