package dev.tollgate.policy.issuer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tollgate.policy.snapshot.IssuerEntry;
import java.io.IOException;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class JwksTest {

    private static List<IssuerEntry.Key> keys(String... keys) throws IOException {
        return Jwks.keys(new ObjectMapper().readTree(Jwk.set(keys)));
    }

    @Test
    void takesKeysOfBothAlgorithmsSortedById() throws IOException {
        assertThat(
                        keys(
                                Jwk.rsa("k2", 2_048, 65_537, ",\"alg\":\"RS256\",\"use\":\"sig\""),
                                Jwk.P256,
                                Jwk.rsa("k0", 8_192, 3, "")))
                .extracting(key -> key.id() + " " + key.algorithm())
                .containsExactly("k0 RS256", "k1 ES256", "k2 RS256");
        assertThat(keys(Jwk.P256)).containsExactly(Jwk.P256_KEY);
    }

    @Test
    void takesTheFirstOfTwoKeysWithOneId() throws IOException {
        assertThat(keys(Jwk.P256, Jwk.rsa("k1", 2_048, 3, ""))).containsExactly(Jwk.P256_KEY);
    }

    static List<String> useless() {
        return List.of(
                Jwk.rsa("", 2_048, 65_537, ""),
                Jwk.rsa("i".repeat(257), 2_048, 65_537, ""),
                Jwk.rsa("\\ud800", 2_048, 65_537, ""),
                Jwk.rsa("\\u0007", 2_048, 65_537, ""),
                Jwk.rsa("k", 2_047, 65_537, ""),
                Jwk.rsa("k", 8_193, 65_537, ""),
                Jwk.rsa("k", 2_048, 1, ""),
                Jwk.rsa("k", 2_048, 4, ""),
                Jwk.rsa("k", 2_048, 65_537, ",\"alg\":\"RS512\""),
                Jwk.rsa("k", 2_048, 65_537, ",\"alg\":\"HS256\""),
                Jwk.rsa("k", 2_048, 65_537, ",\"use\":\"enc\""),
                Jwk.rsa("k", 2_048, 65_537, "").replace("\"n\"", "\"m\""),
                Jwk.rsa("k", 2_048, 65_537, "").replaceFirst("\"n\":\"..", "\"n\":\"=*"),
                Jwk.P256.replace("P-256", "P-384"),
                Jwk.P256.replace("f83", "f84"),
                Jwk.p256("AA", "AA"),
                Jwk.p256("_".repeat(43), "_".repeat(43)),
                "{\"kty\":\"oct\",\"kid\":\"k\",\"k\":\"c2VjcmV0\"}",
                "{\"kty\":\"OKP\",\"kid\":\"k\",\"crv\":\"Ed25519\",\"x\":\"AA\"}",
                "{}",
                "7");
    }

    @ParameterizedTest
    @MethodSource("useless")
    void leavesOutWhatAProxyCouldNotVerifyWith(String key) throws IOException {
        assertThat(keys(key, Jwk.P256)).containsExactly(Jwk.P256_KEY);
        assertThat(keys(key)).isEmpty();
        assertThatThrownBy(() -> Jwks.someKeys(new ObjectMapper().readTree(Jwk.set(key))))
                .hasMessageContaining("no usable key");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", "{\"keys\":{}}", "{\"keys\":null}", "[]", "7"})
    void refusesWhatIsNoKeySet(String text) {
        assertThatThrownBy(() -> Jwks.keys(new ObjectMapper().readTree(text)))
                .hasMessageContaining("no list of keys");
    }

    @Test
    void refusesMoreKeysThanAnIssuerHas() {
        var many =
                IntStream.range(0, 65)
                        .mapToObj(i -> Jwk.P256.replace("k1", "k" + i))
                        .toArray(String[]::new);
        assertThatThrownBy(() -> keys(many)).hasMessageContaining("65 keys (expected: at most 64)");
    }
}
