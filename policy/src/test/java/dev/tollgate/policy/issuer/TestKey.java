package dev.tollgate.policy.issuer;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tollgate.policy.snapshot.IssuerEntry;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/** A key that a test signs tokens with. */
public record TestKey(String id, String algorithm, KeyPair pair) {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();

    public static TestKey rs256(String id) {
        try {
            var generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(2_048);
            return new TestKey(id, "RS256", generator.generateKeyPair());
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    public static TestKey es256(String id) {
        try {
            var generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            return new TestKey(id, "ES256", generator.generateKeyPair());
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    /** As snapshots have it. */
    public IssuerEntry.Key entry() {
        return switch (pair.getPublic()) {
            case RSAPublicKey rsa ->
                    new IssuerEntry.Key(
                            id,
                            algorithm,
                            text(rsa.getModulus(), 256),
                            text(rsa.getPublicExponent(), 3),
                            null,
                            null);
            case ECPublicKey ec ->
                    new IssuerEntry.Key(
                            id,
                            algorithm,
                            null,
                            null,
                            text(ec.getW().getAffineX(), 32),
                            text(ec.getW().getAffineY(), 32));
            default -> throw new AssertionError(pair.getPublic());
        };
    }

    /** As a JWKS has it. */
    public Map<String, String> jwk() {
        var entry = entry();
        var jwk = new LinkedHashMap<>(Map.of("kid", id, "alg", algorithm, "use", "sig"));
        if (entry.n() != null) {
            jwk.putAll(Map.of("kty", "RSA", "n", entry.n(), "e", entry.e()));
        } else {
            jwk.putAll(Map.of("kty", "EC", "crv", "P-256", "x", entry.x(), "y", entry.y()));
        }
        return jwk;
    }

    /** A signed token, with this key's algorithm and id unless the header says others. */
    public String token(Map<String, ?> header, Map<String, ?> claims) {
        try {
            var full = new HashMap<String, Object>(Map.of("alg", algorithm, "kid", id));
            full.putAll(header);
            var signed = part(full) + "." + part(claims);
            var signature =
                    Signature.getInstance(
                            algorithm.equals("RS256")
                                    ? "SHA256withRSA"
                                    : "SHA256withECDSAinP1363Format");
            signature.initSign(pair.getPrivate());
            signature.update(signed.getBytes(StandardCharsets.US_ASCII));
            return signed + "." + BASE64.encodeToString(signature.sign());
        } catch (GeneralSecurityException | JsonProcessingException e) {
            throw new AssertionError(e);
        }
    }

    public static String part(Map<String, ?> members) throws JsonProcessingException {
        return BASE64.encodeToString(JSON.writeValueAsBytes(members));
    }

    private static String text(BigInteger number, int length) {
        var bytes = number.toByteArray();
        var fixed = new byte[length];
        int copied = Math.min(length, bytes.length);
        System.arraycopy(
                Arrays.copyOfRange(bytes, bytes.length - copied, bytes.length),
                0,
                fixed,
                length - copied,
                copied);
        return BASE64.encodeToString(fixed);
    }
}
