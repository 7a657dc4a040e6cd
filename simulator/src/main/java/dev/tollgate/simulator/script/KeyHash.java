package dev.tollgate.simulator.script;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * An API key of which only the SHA-256 is kept; a script may hold the key or {@code sha256:...}.
 */
public record KeyHash(String hex) {
    private static final String PREFIX = "sha256:";

    public KeyHash {
        if (!hex.matches("[0-9a-f]{64}")) {
            throw new IllegalArgumentException("key hash: (expected: 64 hexadecimal digits)");
        }
    }

    @JsonCreator
    public static KeyHash read(String keyOrHash) {
        return keyOrHash.startsWith(PREFIX)
                ? new KeyHash(keyOrHash.substring(PREFIX.length()))
                : ofKey(keyOrHash);
    }

    public static KeyHash ofKey(String key) {
        if (key.isEmpty()) {
            throw new IllegalArgumentException("key: empty (expected: at least one character)");
        }
        try {
            var digest = MessageDigest.getInstance("SHA-256");
            return new KeyHash(
                    HexFormat.of().formatHex(digest.digest(key.getBytes(StandardCharsets.UTF_8))));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** How the key is named on the bill and in the log of requests. */
    public String label() {
        return PREFIX + hex.substring(0, 12);
    }

    @JsonValue
    public String text() {
        return PREFIX + hex;
    }

    @Override
    public String toString() {
        return label();
    }
}
