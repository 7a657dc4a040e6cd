package dev.tollgate.cli;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HexFormat;

/** A client key: {@code tg-} and 256 random bits in base64url. */
record ClientKey(String value) {

    private static final int BYTES = 32;

    static ClientKey random() {
        var bytes = new byte[BYTES];
        new SecureRandom().nextBytes(bytes);
        return new ClientKey("tg-" + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes));
    }

    /** As a Secret labelled {@code client-key} holds it: {@code sha256:} and hex. */
    String hash() {
        try {
            var digest =
                    MessageDigest.getInstance("SHA-256")
                            .digest(value.getBytes(StandardCharsets.UTF_8));
            return "sha256:" + HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("SHA-256 is missing from this Java", e);
        }
    }
}
