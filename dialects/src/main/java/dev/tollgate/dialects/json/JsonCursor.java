package dev.tollgate.dialects.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.base.ParserBase;
import dev.tollgate.dialects.RequestScan.Span;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Walks JSON bytes value by value and says where each stands. Reading a value leaves the cursor on
 * its last token, so that {@link #nextMember} and {@link #nextElement} go on behind it. Strings
 * that are only counted are never decoded. Not thread-safe.
 */
public class JsonCursor implements AutoCloseable {
    /** Levels of nesting that are read at most. */
    public static final int MAX_DEPTH = 100;

    private static final int SMALL_DIGITS = 6;

    private static final int MAX_NAME_LENGTH = 256;

    private static final JsonFactory FACTORY =
            JsonFactory.builder()
                    .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                    .streamReadConstraints(
                            StreamReadConstraints.builder()
                                    .maxNestingDepth(MAX_DEPTH)
                                    .maxStringLength(Integer.MAX_VALUE)
                                    .build())
                    .build();

    private final byte[] body;
    private final int base;
    private final int limit;
    private final ParserBase parser;

    /** Stands before the first token; all offsets count from the array's start. */
    public JsonCursor(byte[] body) throws IOException {
        this(body, 0, body.length);
    }

    /** Reads a part of an array; all offsets count from the array's start. */
    public JsonCursor(byte[] array, int from, int length) throws IOException {
        this.body = array;
        this.base = from;
        this.limit = from + length;
        this.parser = (ParserBase) FACTORY.createParser(array, from, length);
    }

    @Override
    public void close() throws IOException {
        parser.close();
    }

    public final JsonToken token() {
        return parser.currentToken();
    }

    /** Goes to the next token; null at the end. */
    public final @Nullable JsonToken next() throws IOException {
        return parser.nextToken();
    }

    /** From an object's brace or a member's value to the next member's value; false at the end. */
    public final boolean nextMember() throws IOException {
        if (parser.nextToken() == JsonToken.END_OBJECT) {
            return false;
        }
        parser.nextToken();
        return true;
    }

    /** From an object's brace or a member's value to the next member's name; false at the end. */
    public final boolean nextName() throws IOException {
        return parser.nextToken() != JsonToken.END_OBJECT;
    }

    /** The offset of the opening quote of the name that the cursor is on. */
    public final int nameStart() {
        return base + (int) parser.currentTokenLocation().getByteOffset();
    }

    /** From an array's bracket or an element to the next element; false at the array's end. */
    public final boolean nextElement() throws IOException {
        return parser.nextToken() != JsonToken.END_ARRAY;
    }

    /** The name of the member whose value the cursor is on. */
    public final String name() throws IOException {
        return parser.currentName();
    }

    public final boolean isNull() {
        return token() == JsonToken.VALUE_NULL;
    }

    public final boolean isString() {
        return token() == JsonToken.VALUE_STRING;
    }

    public final boolean isObject() {
        return token() == JsonToken.START_OBJECT;
    }

    public final boolean isArray() {
        return token() == JsonToken.START_ARRAY;
    }

    /** The offset of the current token's first byte. */
    public final int start() {
        return base + (int) parser.getTokenCharacterOffset() - 1;
    }

    /** Passes over the value and says where it stands. */
    public final Span span() throws IOException {
        int from = start();
        return new Span(from, end());
    }

    /** Passes over the value; the offset just behind it. */
    private int end() throws IOException {
        if (token().isStructStart()) {
            parser.skipChildren();
            return start() + 1;
        }
        int start = start();
        return switch (token()) {
            case VALUE_STRING -> closingQuote(start) + 1;
            case VALUE_TRUE, VALUE_NULL -> start + 4;
            case VALUE_FALSE -> start + 5;
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> start + parser.getTextLength();
            case START_OBJECT,
                    END_OBJECT,
                    START_ARRAY,
                    END_ARRAY,
                    FIELD_NAME,
                    VALUE_EMBEDDED_OBJECT,
                    NOT_AVAILABLE ->
                    throw new IllegalStateException("token: " + token() + " (expected: a value)");
        };
    }

    public final void skip() throws IOException {
        parser.skipChildren();
    }

    /** Passes over the value; its bytes as they stand. */
    public final long rawBytes() throws IOException {
        int from = start();
        return end() - (long) from;
    }

    /**
     * Passes over the value; the UTF-8 bytes of what it says: a string's once its escapes are
     * resolved, a number's digits, and of anything with structure all bytes as they stand.
     */
    public final long textBytes() throws IOException {
        return isString() ? stringBytes() : rawBytes();
    }

    private int closingQuote(int openingQuote) {
        int i = openingQuote + 1;
        while (i < limit && body[i] != '"') {
            i += body[i] == '\\' ? 2 : 1;
        }
        return Math.min(i, limit);
    }

    /** UTF-8 bytes of the string once its escapes are resolved. */
    public final long stringBytes() {
        long bytes = 0;
        int i = start() + 1;
        while (i < limit && body[i] != '"') {
            if (body[i] != '\\') {
                bytes++;
                i++;
            } else if (i + 5 < limit && body[i + 1] == 'u') {
                int unit = unit(i + 2);
                boolean pair = Character.isHighSurrogate((char) unit) && isLowSurrogate(i + 6);
                // A surrogate alone becomes U+FFFD, which is 3 bytes too.
                bytes += pair ? 4 : unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3;
                i += pair ? 12 : 6;
            } else {
                bytes++;
                i += 2;
            }
        }
        return bytes;
    }

    private boolean isLowSurrogate(int at) {
        return at + 5 < limit
                && body[at] == '\\'
                && body[at + 1] == 'u'
                && Character.isLowSurrogate((char) unit(at + 2));
    }

    private int unit(int at) {
        int unit = 0;
        for (int i = at; i < at + 4; i++) {
            unit = unit << 4 | Math.max(Character.digit(body[i], 16), 0);
        }
        return unit;
    }

    /**
     * Whether the current string starts with this ASCII text, in any case, escapes not resolved.
     */
    public final boolean stringStartsWith(String ascii) {
        int at = start() + 1;
        for (int i = 0; i < ascii.length(); i++) {
            if (at + i >= limit || Character.toLowerCase(body[at + i] & 0xFF) != ascii.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    /** The bytes that the current string of base64, or data URL with base64, stands for. */
    public final long decodedBase64Bytes() {
        int start = start() + 1;
        int end = closingQuote(start - 1);
        int from = start;
        for (int i = start; i < Math.min(end, start + 200); i++) {
            if (body[i] == ',') {
                from = i + 1;
                break;
            }
        }
        return (end - from + 3L) / 4 * 3;
    }

    /** Passes over a value; a short string's text, null for any other value. */
    public final @Nullable String word() throws IOException {
        parser.skipChildren();
        if (isString() && closingQuote(start()) - start() <= MAX_NAME_LENGTH) {
            return parser.getText();
        }
        return null;
    }

    /** Passes over a value; a whole number of few digits, and for any other value the one given. */
    public final int smallNumber(int other) throws IOException {
        parser.skipChildren();
        return token() == JsonToken.VALUE_NUMBER_INT && parser.getTextLength() <= SMALL_DIGITS
                ? parser.getIntValue()
                : other;
    }

    /** The string that the cursor is on, decoded. */
    public final String text() throws IOException {
        return parser.getText();
    }

    /** How many characters the number has that the cursor is on. */
    protected final int numberLength() throws IOException {
        return parser.getTextLength();
    }

    /** The whole number that the cursor is on. */
    protected final long number() throws IOException {
        return parser.getLongValue();
    }
}
