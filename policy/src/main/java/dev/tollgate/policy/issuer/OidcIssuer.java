package dev.tollgate.policy.issuer;

import dev.tollgate.policy.snapshot.IssuerEntry;
import java.net.URI;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An external issuer that the platform trusts, as {@link OidcIssuers} are written.
 *
 * @param entry what proxies are told of it, without keys
 * @param caCertificates PEM of those that vouch for the servers of its keys; null: the system's
 */
public record OidcIssuer(IssuerEntry entry, KeySource keys, @Nullable String caCertificates) {

    /** Where its keys are. */
    public sealed interface KeySource {
        /** Where its {@code /.well-known/openid-configuration} says. */
        record Discovery(URI configuration) implements KeySource {}

        record Jwks(URI uri) implements KeySource {}

        /** Written down: never read again. */
        record Fixed(List<IssuerEntry.Key> keys) implements KeySource {
            public Fixed {
                keys = List.copyOf(keys);
            }
        }
    }

    public String issuer() {
        return entry.issuer();
    }
}
