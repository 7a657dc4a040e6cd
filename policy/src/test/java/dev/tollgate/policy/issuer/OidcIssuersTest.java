package dev.tollgate.policy.issuer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tollgate.policy.issuer.OidcIssuer.KeySource;
import dev.tollgate.policy.snapshot.IssuerEntry;
import dev.tollgate.policy.snapshot.SettingsEntry.EndpointPolicy;
import java.net.URI;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OidcIssuersTest {

    private static List<OidcIssuer> read(String yaml, EndpointPolicy policy) {
        return OidcIssuers.read(
                yaml,
                policy,
                name -> {
                    var text = Map.of("keys.json", Jwk.set(Jwk.P256)).get(name);
                    if (text == null) {
                        throw new IllegalArgumentException(name + " is missing");
                    }
                    return text;
                });
    }

    private static OidcIssuer one(String members) {
        var all = read("issuers:\n- {" + members + "}\n", EndpointPolicy.PUBLIC);
        assertThat(all).hasSize(1);
        return all.getFirst();
    }

    private static final String LEAST = "issuer: https://a.example, namespaces: [{claim: team}]";

    @Test
    void takesAnIssuerAndOneClaimWithTheUsualForAllElse() {
        var issuer = one(LEAST);
        assertThat(issuer.entry())
                .isEqualTo(
                        new IssuerEntry(
                                "https://a.example",
                                "tollgate",
                                false,
                                new IssuerEntry.Claims(
                                        "sub",
                                        List.of(
                                                new IssuerEntry.NamespaceClaim(
                                                        "team", null, List.of()))),
                                List.of()));
        assertThat(issuer.keys())
                .isEqualTo(
                        new KeySource.Discovery(
                                URI.create("https://a.example/.well-known/openid-configuration")));
        assertThat(issuer.caCertificates()).isNull();
    }

    @Test
    void keepsASlashThatEndsAnIssuersNameButNotInItsConfigurationsAddress() {
        var issuer = one(LEAST.replace("a.example", "a.example/"));
        assertThat(issuer.issuer()).isEqualTo("https://a.example/");
        assertThat(issuer.keys())
                .isEqualTo(
                        new KeySource.Discovery(
                                URI.create("https://a.example/.well-known/openid-configuration")));
    }

    @Test
    void readsPrefixesMapsAndOtherNames() {
        var entry =
                one("""
                                issuer: https://a.example, audience: gw, subjectClaim: email,
                                jwksUri: "https://keys.example/k?p=1",
                                namespaces: [{claim: groups, prefix: llm-},
                                  {claim: dept, values: {b: team-b, a: team-a}}]""")
                        .entry();
        assertThat(entry.audience()).isEqualTo("gw");
        assertThat(entry.claims())
                .isEqualTo(
                        new IssuerEntry.Claims(
                                "email",
                                List.of(
                                        new IssuerEntry.NamespaceClaim("groups", "llm-", List.of()),
                                        new IssuerEntry.NamespaceClaim(
                                                "dept",
                                                null,
                                                List.of(
                                                        new IssuerEntry.Value("a", "team-a"),
                                                        new IssuerEntry.Value("b", "team-b"))))));
    }

    @Test
    void takesKeysAsTheyAreOrFromAFile() {
        var fixed = new KeySource.Fixed(List.of(Jwk.P256_KEY));
        assertThat(one(LEAST + ", jwks: " + Jwk.set(Jwk.P256)).keys()).isEqualTo(fixed);
        assertThat(one(LEAST + ", jwksFile: keys.json").keys()).isEqualTo(fixed);
    }

    @Test
    void sortsIssuersByName() {
        var yaml =
                """
                issuers:
                - {issuer: https://b.example, namespaces: [{claim: team}]}
                - {issuer: https://a.example, namespaces: [{claim: team}]}
                """;
        assertThat(read(yaml, EndpointPolicy.PUBLIC))
                .extracting(OidcIssuer::issuer)
                .containsExactly("https://a.example", "https://b.example");
    }

    @Test
    void takesPlainHttpFromLoopbackAloneAndWithTheEndpointPolicyAnyAlone() {
        var local = "issuers: [{issuer: 'http://127.0.0.1:9', namespaces: [{claim: t}]}]";
        assertThat(read(local, EndpointPolicy.ANY)).hasSize(1);
        assertThatThrownBy(() -> read(local, EndpointPolicy.CLUSTER))
                .hasMessageContaining("expected: https");
        assertThatThrownBy(() -> read(local.replace("127.0.0.1", "a.example"), EndpointPolicy.ANY))
                .hasMessageContaining("expected: https");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "namespaces: [{claim: t}] | issuers[0].issuer: absent",
                "issuer: https://a.example | issuers[0].namespaces: is no list",
                "issuer: https://a.example, namespaces: [] | issuers[0].namespaces: is no list",
                "issuer: https://a.example, namespaces: [{prefix: x}] | namespaces[0].claim: absent",
                "issuer: https://a.example, namespaces: [{claim: t, prefix: x, values: {a: b}}] |"
                        + " namespaces[0]: has both prefix and values",
                "issuer: https://a.example, namespaces: [{claim: t, values: {}}] | is no map of",
                "issuer: https://a.example, namespaces: [{claim: t, values: {a: Team_B}}] |"
                        + " values.a: \"Team_B\" (expected: the name of a namespace)",
                "issuer: https://a.example, namespaces: [{claim: t, values: {a: 7}}] | values.a: 7",
                "issuer: http://a.example, namespaces: [{claim: t}] | expected: https",
                "issuer: ftp://a.example, namespaces: [{claim: t}] | expected: https://host/path",
                "issuer: a.example, namespaces: [{claim: t}] | expected: https://host/path",
                "issuer: 'https://u:p@a.example', namespaces: [{claim: t}] | https://host/path",
                "issuer: 'https://a.example?x=1', namespaces: [{claim: t}] | expected: no query",
                "issuer: 'https://a.example#x', namespaces: [{claim: t}] | https://host/path",
                "issuer: https://a.example, namespaces: [{claim: t}], audience: 7 | .audience: 7",
                "issuer: https://a.example, namespaces: [{claim: t}], audience: '' | .audience",
                "issuer: https://a.example, namespaces: [{claim: t}], aud: x | .aud: is unknown",
                "issuer: https://a.example, namespaces: [{claim: t, map: x}] | [0].map: is unknown",
                "issuer: https://a.example, namespaces: [{claim: t}], jwksUri: http://b.example |"
                        + " jwksUri: http://b.example (expected: https",
                "issuer: https://a.example, namespaces: [{claim: t}], jwksFile: x |x is missing",
                "issuer: https://a.example, namespaces: [{claim: t}], jwks: {keys: []} |"
                        + " jwks: has no usable key",
                "issuer: https://a.example, namespaces: [{claim: t}], jwksFile: x, jwksUri: y |"
                        + " more than one of",
                "issuer: https://a.example, namespaces: [{claim: t}], caCertificates: x |"
                        + " caCertificates: is no PEM",
            })
    void refusesWhatCannotBeMeantByItsPath(String members, String told) {
        assertThatThrownBy(() -> one(members.strip()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(told.strip())
                .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "issuers: []",
                "issuers: {}",
                "issuers: [7]",
                "issuer: x",
                "issuers: [{issuer: https://a.example, issuer: https://a.example}]",
                "issuers: [",
                "issuers: [{issuer: https://a.example, namespaces: [{claim: t}]},"
                        + " {issuer: https://a.example, namespaces: [{claim: t}]}]"
            })
    void refusesAFileThatIsNoListOfIssuers(String yaml) {
        assertThatThrownBy(() -> read(yaml, EndpointPolicy.PUBLIC))
                .isInstanceOf(IllegalArgumentException.class)
                .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
    }
}
