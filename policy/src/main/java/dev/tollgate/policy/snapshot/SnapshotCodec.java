package dev.tollgate.policy.snapshot;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/**
 * The canonical bytes of a snapshot (RFC 8785 without floats and nulls), which are pushed, kept as
 * last-known-good and compared by digest. Equal snapshots give equal bytes. Members that this
 * version does not know are ignored, so a proxy one version behind can read what it understands.
 */
public final class SnapshotCodec {

    /** Deepest nesting that is read; a snapshot has 7 levels. */
    private static final int MAX_DEPTH = 32;

    private static final JsonFactory JSON =
            JsonFactory.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .streamReadConstraints(
                            StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH).build())
                    .build();

    private SnapshotCodec() {}

    public static byte[] encode(Snapshot snapshot) {
        return CanonicalJson.write(RecordTree.toTree(snapshot));
    }

    public static Decoded decode(byte[] bytes) {
        try (var parser = JSON.createParser(bytes)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                return unreadable("no JSON object");
            }
            var tree = object(parser);
            if (parser.nextToken() != null) {
                return unreadable("text behind the end of the object");
            }
            var reader = new RecordTree();
            var snapshot = reader.fromTree(tree, Snapshot.class);
            return snapshot == null
                    ? new Decoded.Unreadable(reader.problems())
                    : new Decoded.Readable(snapshot);
        } catch (IOException e) {
            return unreadable("no JSON: " + e.getMessage());
        }
    }

    /** Lower-case hex of the SHA-256 of the bytes. */
    public static String digest(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("SHA-256 (expected: in every Java)", e);
        }
    }

    private static Decoded unreadable(String message) {
        return new Decoded.Unreadable(List.of(new Decoded.Problem("", message)));
    }

    private static Map<String, Object> object(JsonParser parser) throws IOException {
        var members = new HashMap<String, Object>();
        for (var name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
            var token = parser.nextToken();
            if (token != JsonToken.VALUE_NULL) {
                members.put(name, value(parser, token));
            }
        }
        return members;
    }

    private static List<Object> array(JsonParser parser) throws IOException {
        var elements = new ArrayList<>();
        for (var token = parser.nextToken();
                token != JsonToken.END_ARRAY;
                token = parser.nextToken()) {
            elements.add(value(parser, token));
        }
        return elements;
    }

    /** A number that is no {@code long} stays its text, which no component of a record takes. */
    private static Object value(JsonParser parser, JsonToken token) throws IOException {
        return switch (token) {
            case START_OBJECT -> object(parser);
            case START_ARRAY -> array(parser);
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_NUMBER_INT ->
                    parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER
                            ? new StringBuilder(parser.getText())
                            : (Object) parser.getLongValue();
            case VALUE_NUMBER_FLOAT -> new StringBuilder(parser.getText());
            case VALUE_STRING -> parser.getText();
            case NOT_AVAILABLE,
                    END_OBJECT,
                    END_ARRAY,
                    FIELD_NAME,
                    VALUE_EMBEDDED_OBJECT,
                    VALUE_NULL ->
                    throw new IOException("unexpected " + token);
        };
    }
}
