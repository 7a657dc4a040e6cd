package dev.tollgate.dataplane.identity;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.policy.issuer.TestKey;
import dev.tollgate.policy.route.Caller;
import dev.tollgate.policy.snapshot.IssuerEntry;
import dev.tollgate.policy.snapshot.SettingsEntry;
import dev.tollgate.policy.snapshot.Snapshot;
import io.vertx.core.MultiMap;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tokens of external issuers and of a cluster, good ones and all kinds of bad ones. */
class AuthenticatorTest {

    private static final String ISSUER = "https://login.example.com";
    private static final String CLUSTER = "https://kubernetes.default.svc";
    private static final Instant NOW = Instant.parse("2026-11-22T10:00:00Z");
    private static final TestKey RSA = TestKey.rs256("rsa");
    private static final TestKey EC = TestKey.es256("ec");
    private static final TestKey STRANGE = TestKey.rs256("rsa");

    private final Authenticator authenticator = new Authenticator(null);

    private static IssuerEntry external(
            String name, String subject, IssuerEntry.NamespaceClaim... claims) {
        return new IssuerEntry(
                name,
                "tollgate",
                false,
                new IssuerEntry.Claims(subject, List.of(claims)),
                List.of(EC.entry(), RSA.entry()));
    }

    private static IssuerEntry.NamespaceClaim named(String claim) {
        return new IssuerEntry.NamespaceClaim(claim, null, List.of());
    }

    private static IssuerEntry.NamespaceClaim prefixed(String claim, String prefix) {
        return new IssuerEntry.NamespaceClaim(claim, prefix, List.of());
    }

    private static IssuerEntry.NamespaceClaim mapped(String claim, String value, String namespace) {
        return new IssuerEntry.NamespaceClaim(
                claim, null, List.of(new IssuerEntry.Value(value, namespace)));
    }

    private static final IssuerEntry USUAL = external(ISSUER, "sub", named("team"));

    private static IdentityTables tables(List<String> namespaces, IssuerEntry... issuers) {
        var snapshot =
                new Snapshot(
                        Snapshot.SCHEMA_VERSION,
                        "platform",
                        new SettingsEntry(
                                SettingsEntry.EndpointPolicy.PUBLIC,
                                SettingsEntry.Unbudgeted.ALLOW,
                                namespaces),
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of(issuers));
        return IdentityTables.of(
                snapshot,
                (path, message) -> {
                    throw new AssertionError(path + ": " + message);
                });
    }

    private static IdentityTables tables(IssuerEntry... issuers) {
        return tables(List.of("platform", "team-a", "team-b"), issuers);
    }

    private Identified ask(String token, IdentityTables tables, Instant now) {
        return authenticator.authenticate(
                MultiMap.caseInsensitiveMultiMap().add("authorization", "Bearer " + token),
                null,
                tables,
                now);
    }

    private Identified ask(String token, IssuerEntry... issuers) {
        return ask(token, tables(issuers), NOW);
    }

    private static Map<String, Object> claims(Map<String, ?> more) {
        var claims = new HashMap<String, Object>();
        claims.put("iss", ISSUER);
        claims.put("sub", "ann");
        claims.put("aud", List.of("other", "tollgate"));
        claims.put("exp", NOW.getEpochSecond() + 60);
        claims.put("team", "team-a");
        claims.putAll(more);
        return claims;
    }

    private static String token(Map<String, ?> more) {
        return RSA.token(Map.of(), claims(more));
    }

    private static void assertAnn(Identified identified, String namespace) {
        assertThat(identified)
                .isEqualTo(
                        new Identified.Known(
                                new Caller(
                                        namespace, "oidc:" + ISSUER + "/ann", Caller.Kind.OIDC)));
    }

    private static void assertNobody(Identified identified, String told) {
        assertThat(identified).isInstanceOf(Identified.Unknown.class);
        assertThat(((Identified.Unknown) identified).message()).contains(told);
    }

    @Test
    void knowsAUserByATokenOfEitherAlgorithm() {
        assertAnn(ask(token(Map.of()), USUAL), "team-a");
        assertAnn(ask(EC.token(Map.of(), claims(Map.of())), USUAL), "team-a");
        assertAnn(ask(token(Map.of("aud", "tollgate", "team", "team-b")), USUAL), "team-b");
    }

    @Test
    void ignoresKeysThatATokenBringsAlong() {
        var header =
                Map.of(
                        "jku", "https://evil.example/keys",
                        "x5u", "https://evil.example/cert",
                        "jwk", STRANGE.jwk());
        assertNobody(ask(STRANGE.token(header, claims(Map.of())), USUAL), "not signed by");
        assertAnn(ask(RSA.token(header, claims(Map.of())), USUAL), "team-a");
    }

    @ParameterizedTest
    @CsvSource({
        "iss, https://login.example.com/, its issuer is not trusted",
        "iss, https://evil.example, its issuer is not trusted",
        "iss, https://LOGIN.example.com, its issuer is not trusted",
        "aud, https://kubernetes.default.svc, for another audience",
        "aud, Tollgate, for another audience",
        "aud, tollgate2, for another audience",
        "team, team-c, names no namespace",
        "team, Team-a, names no namespace",
        "team, '', names no namespace",
        "team, ../team-a, names no namespace",
        "sub, '', names no user",
        "sub, 'a\u0000b', names no user",
        "sub, 'a\nb', names no user"
    })
    void refusesATokenWithAWrongClaim(String claim, String value, String told) {
        assertNobody(ask(token(Map.of(claim, value)), USUAL), told);
    }

    @ParameterizedTest
    @ValueSource(strings = {"iss", "sub", "aud", "exp", "team"})
    void refusesATokenWithoutAClaim(String claim) {
        var claims = claims(Map.of());
        claims.remove(claim);
        assertNobody(ask(RSA.token(Map.of(), claims), USUAL), "");
    }

    @ParameterizedTest
    @ValueSource(strings = {"iss", "sub", "aud", "exp", "nbf", "team"})
    void refusesAClaimOfAnotherKind(String claim) {
        assertNobody(ask(token(Map.of(claim, Map.of("a", 1))), USUAL), "");
        assertNobody(ask(token(Map.of(claim, true)), USUAL), "");
    }

    @Test
    void forgivesClocksHalfAMinute() {
        long now = NOW.getEpochSecond();
        assertAnn(ask(token(Map.of("exp", now - 29)), USUAL), "team-a");
        assertNobody(ask(token(Map.of("exp", now - 30)), USUAL), "it has expired");
        assertAnn(ask(token(Map.of("nbf", now + 30)), USUAL), "team-a");
        assertNobody(ask(token(Map.of("nbf", now + 31)), USUAL), "not valid yet");
    }

    @Test
    void forgetsATokenWhenItExpires() {
        var tables = tables(USUAL);
        var token = token(Map.of());
        assertAnn(ask(token, tables, NOW), "team-a");
        assertAnn(ask(token, tables, NOW.plus(Duration.ofSeconds(89))), "team-a");
        assertNobody(ask(token, tables, NOW.plus(Duration.ofSeconds(90))), "it has expired");
    }

    @Test
    void refusesATokenThatNobodySigned() throws Exception {
        var none =
                TestKey.part(Map.of("alg", "none", "kid", "rsa"))
                        + "."
                        + TestKey.part(claims(Map.of()));
        assertNobody(ask(none + ".", USUAL), "not valid here");
        assertNobody(ask(none + ".AA", USUAL), "not signed by its issuer");
    }

    /** The public key, which anybody has, as the secret of an HMAC. */
    @Test
    void refusesATokenThatIsSignedWithThePublicKey() throws GeneralSecurityException, Exception {
        var signed =
                TestKey.part(Map.of("alg", "HS256", "kid", "rsa"))
                        + "."
                        + TestKey.part(claims(Map.of()));
        var mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(RSA.pair().getPublic().getEncoded(), "HmacSHA256"));
        var signature = mac.doFinal(signed.getBytes(StandardCharsets.US_ASCII));
        var token =
                signed + "." + Base64.getUrlEncoder().withoutPadding().encodeToString(signature);
        assertNobody(ask(token, USUAL), "not signed by its issuer");
    }

    @Test
    void refusesWhatIsSignedByAnyOtherKey() {
        var claims = claims(Map.of());
        assertNobody(ask(STRANGE.token(Map.of(), claims), USUAL), "not signed by");
        assertNobody(ask(RSA.token(Map.of("kid", "ec"), claims), USUAL), "not signed by");
        assertNobody(ask(RSA.token(Map.of("kid", "gone"), claims), USUAL), "not signed by");
        assertNobody(ask(RSA.token(Map.of("kid", "../rsa"), claims), USUAL), "not signed by");
        assertNobody(ask(RSA.token(Map.of("alg", "RS512"), claims), USUAL), "not signed by");
        assertNobody(ask(EC.token(Map.of("alg", "RS256"), claims), USUAL), "not signed by");
        assertNobody(ask(RSA.token(Map.of("crit", List.of("x")), claims), USUAL), "");
        var token = token(Map.of());
        var other = token(Map.of("team", "team-b"));
        var mixed =
                token.substring(0, token.indexOf('.'))
                        + other.substring(other.indexOf('.'), other.lastIndexOf('.'))
                        + token.substring(token.lastIndexOf('.'));
        assertNobody(ask(mixed, USUAL), "not signed by");
    }

    @Test
    void tellsATokenOfAnIssuerWhoseKeysAreNotKnown() {
        assertNobody(
                ask(token(Map.of()), USUAL.with(List.of())),
                "the keys of its issuer are not known here yet");
    }

    @Test
    void namesTheIssuerAndTheAudienceThatItExpects() {
        var identified = ask(token(Map.of("aud", "web")), USUAL);
        assertNobody(identified, "audience 'tollgate'");
        assertNobody(ask(token(Map.of("exp", 1)), USUAL), "of " + ISSUER);
        assertThat(((Identified.Unknown) identified).message()).doesNotContain("ServiceAccount");
    }

    @Test
    void readsThePrefixTheMapAndListsOfAClaim() {
        assertAnn(
                ask(
                        token(Map.of("groups", List.of("staff", "llm-team-b", "llm-gone"))),
                        external(ISSUER, "sub", prefixed("groups", "llm-"))),
                "team-b");
        assertAnn(
                ask(
                        token(Map.of("dept", List.of("Search", 7, Map.of("a", List.of(1))))),
                        external(ISSUER, "sub", mapped("dept", "Search", "team-b"))),
                "team-b");
        assertNobody(
                ask(
                        token(Map.of("dept", "team-b")),
                        external(ISSUER, "sub", mapped("dept", "Search", "team-b"))),
                "names no namespace that could pay (looked for in: dept)");
        assertNobody(
                ask(
                        token(Map.of("dept", "Search")),
                        external(ISSUER, "sub", mapped("dept", "Search", "team-c"))),
                "names no namespace");
    }

    @Test
    void takesTheFirstClaimThatNamesANamespace() {
        var issuer = external(ISSUER, "sub", prefixed("groups", "llm-"), named("team"));
        assertAnn(ask(token(Map.of()), issuer), "team-a");
        assertAnn(ask(token(Map.of("groups", List.of("llm-team-b"))), issuer), "team-b");
        assertAnn(ask(token(Map.of("groups", List.of("llm-team-c"))), issuer), "team-a");
    }

    @Test
    void refusesATokenForWhichSeveralNamespacesCouldPay() {
        var issuer = external(ISSUER, "sub", named("groups"));
        assertNobody(
                ask(token(Map.of("groups", List.of("team-b", "team-a"))), issuer),
                "'groups' names several namespaces (team-a, team-b)");
        assertAnn(ask(token(Map.of("groups", List.of("team-b", "team-b"))), issuer), "team-b");
    }

    @Test
    void knowsAUserByAnotherClaim() {
        var issuer = external(ISSUER, "email", named("team"));
        assertThat(ask(token(Map.of("email", "ann@example.com")), issuer))
                .isEqualTo(
                        new Identified.Known(
                                Caller.user("team-a", "oidc:" + ISSUER + "/ann@example.com")));
        assertNobody(ask(token(Map.of()), issuer), "'email' names no user");
        assertNobody(ask(token(Map.of("email", List.of("a@b", "c@d"))), issuer), "names no user");
        assertNobody(ask(token(Map.of("email", "x".repeat(256))), issuer), "names no user");
    }

    @Test
    void refusesAUserWhoseNameIsThatOfALongerIssuersUser() {
        var longer = external(ISSUER + "/realm", "sub", named("team"));
        assertNobody(ask(token(Map.of("sub", "realm/ann")), USUAL, longer), "names no user");
        assertThat(ask(token(Map.of("iss", ISSUER + "/realm")), USUAL, longer))
                .isEqualTo(
                        new Identified.Known(
                                Caller.user("team-a", "oidc:" + ISSUER + "/realm/ann")));
        assertThat(ask(token(Map.of("sub", "realm/ann")), USUAL))
                .isInstanceOf(Identified.Known.class);
    }

    @Test
    void judgesATokenAnewWhenIssuersOrNamespacesAreOthers() {
        var token = token(Map.of("team", List.of("team-a", "team-c")));
        var few = List.of("team-a", "team-b");
        assertAnn(ask(token, tables(few, USUAL), NOW), "team-a");
        assertNobody(
                ask(token, tables(List.of("team-a", "team-c"), USUAL), NOW), "several namespaces");
        assertAnn(ask(token, tables(few, USUAL), NOW), "team-a");
        assertNobody(ask(token, tables(List.of("team-b"), USUAL), NOW), "names no namespace");
        assertAnn(ask(token, tables(few, USUAL), NOW), "team-a");
        assertNobody(
                ask(token, tables(few, USUAL.with(List.of(EC.entry()))), NOW), "not signed by");
        assertNobody(ask(token, tables(few), NOW), "its issuer is not trusted");
    }

    @Test
    void neverTakesAnExternalUserForAServiceAccount() {
        var cluster = IssuerEntry.ofCluster(CLUSTER, "tollgate", List.of(RSA.entry()));
        var subject = "system:serviceaccount:team-b:bot";
        assertThat(ask(token(Map.of("sub", subject)), USUAL, cluster))
                .isEqualTo(
                        new Identified.Known(
                                Caller.user("team-a", "oidc:" + ISSUER + "/" + subject)));
        assertThat(ask(token(Map.of("iss", CLUSTER, "sub", subject)), USUAL, cluster))
                .isEqualTo(new Identified.Known(Caller.serviceAccount("team-b", "bot")));
        assertNobody(
                ask(token(Map.of("iss", CLUSTER)), USUAL, cluster), "it is not a ServiceAccount's");
        assertNobody(
                ask(token(Map.of("iss", CLUSTER, "sub", subject, "aud", CLUSTER)), USUAL, cluster),
                "a token for the API server would give the gateway your rights");
    }
}
