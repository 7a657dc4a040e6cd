package dev.tollgate.dataplane.identity;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A token in compact form, taken apart and not yet believed. Only the members that decide are kept:
 * {@code jku}, {@code x5u}, {@code jwk} and all others are skipped. A duplicate member, a second
 * value, padding or a critical extension makes it unreadable. Claims that an issuer's settings name
 * are read from the payload when they are asked for.
 */
record Jwt(
        String algorithm,
        String keyId,
        String issuer,
        String subject,
        List<String> audience,
        long expiresAt,
        long notBefore,
        byte[] payload,
        byte[] signed,
        byte[] signature) {

    /** Longer ones are not looked at. */
    static final int MAX_LENGTH = 8 * 1024;

    private static final int MAX_AUDIENCES = 32;
    private static final JsonFactory STRICT =
            JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

    /** Whether a credential looks like a token rather than like a key. */
    static boolean looksLikeOne(String credential) {
        int first = credential.indexOf('.');
        int second = credential.indexOf('.', first + 1);
        return first > 0
                && second > first
                && credential.indexOf('.', second + 1) < 0
                && credential.startsWith("ey");
    }

    /** Null if it cannot be read. */
    static @Nullable Jwt read(String token) {
        if (token.length() > MAX_LENGTH) {
            return null;
        }
        int first = token.indexOf('.');
        int second = token.indexOf('.', first + 1);
        if (first <= 0 || second <= first + 1 || second == token.length() - 1) {
            return null;
        }
        try {
            var header = new Members(decode(token.substring(0, first)));
            var claims = decode(token.substring(first + 1, second));
            var payload = new Members(claims);
            if (header.critical
                    || header.algorithm == null
                    || header.keyId == null
                    || payload.issuer == null
                    || payload.subject == null
                    || payload.expiresAt == null) {
                return null;
            }
            return new Jwt(
                    header.algorithm,
                    header.keyId,
                    payload.issuer,
                    payload.subject,
                    List.copyOf(payload.audience),
                    payload.expiresAt,
                    payload.notBefore,
                    claims,
                    token.substring(0, second).getBytes(StandardCharsets.US_ASCII),
                    decode(token.substring(second + 1)));
        } catch (IOException | IllegalArgumentException | ArithmeticException e) {
            return null;
        }
    }

    /**
     * The strings of these claims, each one or a list; what is no string is passed over. At most as
     * many as fit into {@link #MAX_LENGTH}. None of them if one holds bytes that are no text.
     */
    Map<String, List<String>> claims(Set<String> names) {
        var found = new HashMap<String, List<String>>();
        try (var parser = STRICT.createParser(payload)) {
            parser.nextToken();
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                var name = parser.currentName();
                parser.nextToken();
                if (names.contains(name)) {
                    found.put(name, strings(parser));
                } else {
                    parser.skipChildren();
                }
            }
        } catch (IOException e) {
            return Map.of();
        }
        return found;
    }

    private static List<String> strings(JsonParser parser) throws IOException {
        var strings = new ArrayList<String>();
        if (parser.currentToken() == JsonToken.VALUE_STRING) {
            strings.add(parser.getText());
        } else if (parser.currentToken() == JsonToken.START_ARRAY) {
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                if (parser.currentToken() == JsonToken.VALUE_STRING) {
                    strings.add(parser.getText());
                } else {
                    parser.skipChildren();
                }
            }
        } else {
            parser.skipChildren();
        }
        return strings;
    }

    private static byte[] decode(String part) {
        if (part.indexOf('=') >= 0) {
            throw new IllegalArgumentException("padding");
        }
        return Base64.getUrlDecoder().decode(part);
    }

    /** Reads one JSON object with a flat scan. */
    private static final class Members {
        private @Nullable String algorithm;
        private @Nullable String keyId;
        private boolean critical;
        private @Nullable String issuer;
        private @Nullable String subject;
        private final List<String> audience = new ArrayList<>();
        private @Nullable Long expiresAt;
        private long notBefore;

        Members(byte[] json) throws IOException {
            try (var parser = STRICT.createParser(json)) {
                if (parser.nextToken() != JsonToken.START_OBJECT) {
                    throw new IOException("no object");
                }
                while (parser.nextToken() != JsonToken.END_OBJECT) {
                    var name = parser.currentName();
                    parser.nextToken();
                    take(name, parser);
                }
                if (parser.nextToken() != null) {
                    throw new IOException("more than one value");
                }
            }
        }

        private void take(String name, JsonParser parser) throws IOException {
            switch (name) {
                case "alg" -> algorithm = text(parser);
                case "kid" -> keyId = text(parser);
                case "crit" -> {
                    critical = true;
                    parser.skipChildren();
                }
                case "iss" -> issuer = text(parser);
                case "sub" -> subject = text(parser);
                case "aud" -> audiences(parser);
                case "exp" -> expiresAt = seconds(parser);
                case "nbf" -> notBefore = seconds(parser);
                default -> parser.skipChildren();
            }
        }

        private void audiences(JsonParser parser) throws IOException {
            if (parser.currentToken() != JsonToken.START_ARRAY) {
                audience.add(text(parser));
                return;
            }
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                if (audience.size() == MAX_AUDIENCES) {
                    throw new IOException("too many audiences");
                }
                audience.add(text(parser));
            }
        }

        private static String text(JsonParser parser) throws IOException {
            if (parser.currentToken() != JsonToken.VALUE_STRING) {
                throw new IOException("no string");
            }
            return parser.getText();
        }

        private static long seconds(JsonParser parser) throws IOException {
            if (!parser.currentToken().isNumeric() || parser.getTextLength() > 20) {
                throw new IOException("no number");
            }
            return new BigDecimal(parser.getText()).longValue();
        }
    }
}
