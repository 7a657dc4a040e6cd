package dev.tollgate.policy.snapshot;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An issuer of tokens that callers may prove themselves with.
 *
 * @param issuer exact value of {@code iss}
 * @param audience must be among {@code aud}
 * @param kubernetes a cluster's issuer: the subject is {@code system:serviceaccount:NS:NAME}
 * @param claims who calls and who pays, of an external issuer; null of a cluster's
 * @param keys public keys, sorted by id; empty: none could be had yet
 */
public record IssuerEntry(
        String issuer,
        String audience,
        boolean kubernetes,
        @Nullable Claims claims,
        List<Key> keys) {

    /**
     * How the claims of a token are read.
     *
     * @param subject the claim that tells users apart
     * @param namespaces in this order: the first one that names a namespace decides who pays
     */
    public record Claims(String subject, List<NamespaceClaim> namespaces) {
        public Claims {
            namespaces = List.copyOf(namespaces);
        }
    }

    /**
     * A claim, one string or several, that names a namespace.
     *
     * @param prefix what values begin with that count, the name of the namespace follows; null: the
     *     whole value is the name. Null if there are {@code values}
     * @param values the only ones that count; empty: as {@code prefix} says
     */
    public record NamespaceClaim(String claim, @Nullable String prefix, List<Value> values) {
        public NamespaceClaim {
            values = List.copyOf(values);
        }
    }

    /** The value of a claim that stands for a namespace. */
    public record Value(String value, String namespace) {}

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
        if (kubernetes && claims != null) {
            throw new IllegalArgumentException("claims: present (expected: of external issuers)");
        }
        keys = List.copyOf(keys);
    }

    /** A cluster's issuer. */
    public static IssuerEntry ofCluster(String issuer, String audience, List<Key> keys) {
        return new IssuerEntry(issuer, audience, true, null, keys);
    }

    /** The same with other keys. */
    public IssuerEntry with(List<Key> others) {
        return new IssuerEntry(issuer, audience, kubernetes, claims, others);
    }

    /** A user of this issuer, as usage records and Budgets name him. */
    public String user(String subject) {
        return "oidc:" + issuer + "/" + subject;
    }
}
