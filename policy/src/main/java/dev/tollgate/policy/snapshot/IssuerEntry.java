package dev.tollgate.policy.snapshot;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An issuer of tokens that callers may prove themselves with.
 *
 * @param issuer exact value of {@code iss}
 * @param audience must be among {@code aud}
 * @param kubernetes a cluster's issuer: the subject is {@code system:serviceaccount:NS:NAME}
 * @param keys public keys, sorted by id
 */
public record IssuerEntry(String issuer, String audience, boolean kubernetes, List<Key> keys) {

    /**
     * One public key of a JWKS; members in base64url as there.
     *
     * @param algorithm {@code RS256} or {@code ES256}
     */
    public record Key(
            String id,
            String algorithm,
            @Nullable String n,
            @Nullable String e,
            @Nullable String x,
            @Nullable String y) {}

    public IssuerEntry {
        keys = List.copyOf(keys);
    }
}
