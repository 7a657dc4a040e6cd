package dev.tollgate.dataplane.identity;

import dev.tollgate.policy.route.Caller;
import dev.tollgate.policy.snapshot.IssuerEntry;
import io.vertx.core.MultiMap;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.Signature;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Finds out who calls (api.md, section 6). Client keys are looked up by their SHA-256; tokens of
 * ServiceAccounts and of external issuers (RS256, ES256) are verified offline against the
 * snapshot's issuers and remembered by their hash until they expire. Everything is decided from
 * local state: no look-up leaves the process.
 *
 * <p>One per event loop: not thread-safe. {@link #authenticate} never blocks.
 */
public final class Authenticator {

    private static final String KEY_PREFIX = "tg-";
    private static final String SUBJECT_PREFIX = "system:serviceaccount:";
    private static final long SKEW_SECONDS = 30;
    private static final int MAX_REMEMBERED = 4_096;

    private static final String NO_CREDENTIAL =
            "no credential: send a Tollgate client key or a ServiceAccount token as"
                    + " 'Authorization: Bearer ...', 'x-api-key' or 'x-goog-api-key'";
    private static final String BAD_KEY =
            "the key is not a known Tollgate client key: ask the owner of the namespace for one";
    private static final String BAD_TOKEN =
            "the token is not valid here: send an unexpired ServiceAccount token with audience"
                    + " 'tollgate'";

    private record Digest(byte[] bytes) {
        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Digest d && Arrays.equals(bytes, d.bytes);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(bytes);
        }
    }

    private record Remembered(Identified.Known caller, long notBefore, long expiresAt) {}

    private final @Nullable String anonymousNamespace;
    private final MessageDigest sha256;
    private final LinkedHashMap<Digest, Remembered> remembered =
            new LinkedHashMap<>(64, 0.75f, true) {
                @Override
                protected boolean removeEldestEntry(Map.Entry<Digest, Remembered> eldest) {
                    return size() > MAX_REMEMBERED;
                }
            };
    private @Nullable IdentityTables rememberedFor;

    /**
     * @param anonymousNamespace who pays for callers that show no key of ours, null: they are
     *     refused
     */
    public Authenticator(@Nullable String anonymousNamespace) {
        this.anonymousNamespace = anonymousNamespace;
        try {
            this.sha256 = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("SHA-256 is missing from this Java", e);
        }
    }

    /**
     * The first credential that verifies decides. With an anonymous namespace, a credential that is
     * neither a client key nor a token by its form counts as none, because SDKs insist on one.
     */
    public Identified authenticate(
            MultiMap headers, @Nullable String query, IdentityTables tables, Instant now) {
        forgetIfIssuersChanged(tables);
        Identified refusal = null;
        for (var credential : Presented.in(headers, query)) {
            var identified = identify(credential, tables, now.getEpochSecond());
            if (identified instanceof Identified.Known) {
                return identified;
            }
            if (refusal == null && identified != null) {
                refusal = identified;
            }
        }
        if (refusal != null) {
            return refusal;
        }
        return anonymousNamespace == null
                ? new Identified.Unknown(NO_CREDENTIAL)
                : new Identified.Known(Caller.anonymous(anonymousNamespace));
    }

    private @Nullable Identified identify(
            String credential, IdentityTables tables, long nowSeconds) {
        if (Jwt.looksLikeOne(credential)) {
            return token(credential, tables, nowSeconds);
        }
        if (anonymousNamespace != null && !credential.startsWith(KEY_PREFIX)) {
            return null;
        }
        var known = tables.byDigest(digest(credential));
        return known == null ? new Identified.Unknown(BAD_KEY) : known;
    }

    private Identified token(String credential, IdentityTables tables, long nowSeconds) {
        if (credential.length() > Jwt.MAX_LENGTH) {
            return new Identified.Unknown(BAD_TOKEN);
        }
        var digest = new Digest(digest(credential));
        var before = remembered.get(digest);
        if (before != null) {
            if (before.notBefore() - SKEW_SECONDS <= nowSeconds
                    && nowSeconds < before.expiresAt() + SKEW_SECONDS) {
                return inKnownNamespace(before.caller(), tables);
            }
            remembered.remove(digest);
        }
        var jwt = Jwt.read(credential);
        if (jwt == null) {
            return new Identified.Unknown(BAD_TOKEN);
        }
        var identified = verified(jwt, tables, nowSeconds);
        if (identified instanceof Identified.Known known) {
            remembered.put(digest, new Remembered(known, jwt.notBefore(), jwt.expiresAt()));
            return inKnownNamespace(known, tables);
        }
        return identified;
    }

    private static Identified verified(Jwt jwt, IdentityTables tables, long nowSeconds) {
        var issuer = tables.issuer(jwt.issuer());
        if (issuer == null) {
            return new Identified.Unknown(BAD_TOKEN + ": its issuer is not trusted");
        }
        var key = issuer.keys().get(jwt.keyId());
        var entry = issuer.entry();
        var bad = badToken(entry);
        if (key == null || !key.algorithm().equals(jwt.algorithm()) || !signatureHolds(jwt, key)) {
            return new Identified.Unknown(
                    issuer.keys().isEmpty()
                            ? bad + ": the keys of its issuer are not known here yet"
                            : bad + ": it is not signed by its issuer");
        }
        if (!jwt.audience().contains(entry.audience())) {
            return new Identified.Unknown(otherAudience(entry));
        }
        if (nowSeconds >= jwt.expiresAt() + SKEW_SECONDS) {
            return new Identified.Unknown(bad + ": it has expired");
        }
        if (jwt.notBefore() - SKEW_SECONDS > nowSeconds) {
            return new Identified.Unknown(bad + ": it is not valid yet");
        }
        return entry.kubernetes()
                ? serviceAccount(jwt.subject())
                : ExternalUser.identified(
                        jwt,
                        entry,
                        tables::knowsNamespace,
                        user -> tables.isUserOfLonger(entry, user));
    }

    private static String badToken(IssuerEntry issuer) {
        return issuer.kubernetes()
                ? BAD_TOKEN
                : "the token is not valid here: send an unexpired one of "
                        + issuer.issuer()
                        + " with audience '"
                        + issuer.audience()
                        + "'";
    }

    private static String otherAudience(IssuerEntry issuer) {
        return "the token is for another audience and must not be sent here "
                + (issuer.kubernetes()
                        ? "(a token for the API server would give the gateway your rights): mount a"
                                + " projected ServiceAccount token with audience '"
                        : "(whoever it is for trusts it): ask its issuer for one with audience '")
                + issuer.audience()
                + "'";
    }

    private static Identified serviceAccount(String subject) {
        if (subject.startsWith(SUBJECT_PREFIX)) {
            var rest = subject.substring(SUBJECT_PREFIX.length());
            int colon = rest.indexOf(':');
            if (colon > 0 && colon < rest.length() - 1 && rest.indexOf(':', colon + 1) < 0) {
                var namespace = rest.substring(0, colon);
                return new Identified.Known(
                        Caller.serviceAccount(namespace, rest.substring(colon + 1)));
            }
        }
        return new Identified.Unknown(BAD_TOKEN + ": it is not a ServiceAccount's");
    }

    private static Identified inKnownNamespace(Identified.Known known, IdentityTables tables) {
        return tables.knowsNamespace(known.caller().namespace())
                ? known
                : new Identified.Unknown(BAD_TOKEN + ": its namespace does not exist");
    }

    private static boolean signatureHolds(Jwt jwt, IdentityTables.Key key) {
        try {
            var signature =
                    Signature.getInstance(
                            key.algorithm().equals("RS256")
                                    ? "SHA256withRSA"
                                    : "SHA256withECDSAinP1363Format");
            signature.initVerify(key.publicKey());
            signature.update(jwt.signed());
            return signature.verify(jwt.signature());
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    private void forgetIfIssuersChanged(IdentityTables tables) {
        var before = rememberedFor;
        if (before == tables) {
            return;
        }
        if (before != null && !before.sameIssuersAs(tables)) {
            remembered.clear();
        }
        rememberedFor = tables;
    }

    private byte[] digest(String credential) {
        return sha256.digest(credential.getBytes(StandardCharsets.UTF_8));
    }
}
