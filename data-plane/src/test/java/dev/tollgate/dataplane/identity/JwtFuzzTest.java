package dev.tollgate.dataplane.identity;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A token that nobody has checked yet is taken apart or refused, never an exception. An ordinary
 * build runs the seeds alone; CONTRIBUTING.md says how to fuzz for real.
 */
class JwtFuzzTest {
    static Stream<byte[]> tokens() {
        return Stream.of(
                token(
                        "{'alg':'RS256','kid':'k1'}",
                        "{'iss':'i','sub':'s','aud':['a','b'],'exp':1763740000,'nbf':1763730000}",
                        "c2ln"),
                token(
                        "{'alg':'ES256','kid':'k','crit':['b64'],'jwk':{'kty':'RSA'}}",
                        "{'iss':'i','sub':'s','aud':'a','exp':1e9}",
                        "c2ln"),
                token(
                        "{'alg':'none','alg':'RS256','kid':'k'}",
                        "{'iss':1,'exp':9999999999999999999}",
                        ""),
                token("[]", "{'aud':[[]],'exp':null}", "*"),
                "ey..".getBytes(StandardCharsets.US_ASCII),
                "ey=.ey=.=".getBytes(StandardCharsets.US_ASCII));
    }

    @MethodSource("tokens")
    @FuzzTest(maxDuration = "2m")
    void anyTokenIsReadOrRefused(byte[] bytes) {
        read(new String(bytes, StandardCharsets.UTF_8));
    }

    /**
     * The three parts before they are encoded, a line each: deeper than what base64 lets through.
     */
    @MethodSource("plainTokens")
    @FuzzTest(maxDuration = "2m")
    void anyHeaderAndPayloadIsReadOrRefused(byte[] bytes) {
        var lines = new String(bytes, StandardCharsets.UTF_8).split("\n", 3);
        read(
                encoded(lines[0])
                        + "."
                        + encoded(lines.length > 1 ? lines[1] : "")
                        + "."
                        + encoded(lines.length > 2 ? lines[2] : ""));
    }

    static Stream<byte[]> plainTokens() {
        return Stream.of(
                        "{'alg':'RS256','kid':'k1'}\n{'iss':'i','sub':'s','aud':['a','b'],'exp':1763740000,'nbf':1763730000}\nsig",
                        "{'alg':'ES256','kid':'k','crit':['b64'],'jwk':{'kty':'RSA'}}\n{'iss':'i','sub':'s','aud':'a','exp':1e9}\nsig",
                        "{'alg':'RS256','kid':'k'}\n{'iss':'i','sub':'s','exp':1e-99999999999,'x':{'y':[1,2]}}\ns",
                        "{'alg':'RS256','kid':'k'}\n{'iss':'i','sub':'s','exp':1,'groups':['a',[{}],7,'b'],'x':'\\uD800'}\ns",
                        "{'alg':'RS256','kid':'k'}{}\n[{'iss':'i'\ns")
                .map(each -> each.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    }

    private static void read(String token) {
        Jwt.looksLikeOne(token);
        var jwt = Jwt.read(token);
        if (jwt != null) {
            assertThat(token.length()).isLessThanOrEqualTo(Jwt.MAX_LENGTH);
            assertThat(jwt.algorithm()).isNotNull();
            assertThat(jwt.keyId()).isNotNull();
            assertThat(jwt.issuer()).isNotNull();
            assertThat(jwt.subject()).isNotNull();
            assertThat(jwt.claims(Set.of("sub", "groups", "x")).keySet())
                    .isSubsetOf("sub", "groups", "x");
            assertThat(token.getBytes(StandardCharsets.US_ASCII)).startsWith(jwt.signed());
        }
    }

    private static byte[] token(String header, String payload, String signature) {
        return (encoded(header.replace('\'', '"'))
                        + "."
                        + encoded(payload.replace('\'', '"'))
                        + "."
                        + signature)
                .getBytes(StandardCharsets.US_ASCII);
    }

    private static String encoded(String part) {
        return Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString(part.getBytes(StandardCharsets.UTF_8));
    }
}
