package dev.tollgate.dialects.sse;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One event, as a view of bytes that is valid during the call that hands it over. {@link #array},
 * {@link #from} and {@link #length} are its data (lines joined by a line feed); the {@code raw}
 * accessors are all bytes of the block with its comments and its blank line, which is what a proxy
 * passes on.
 */
public final class SseEvent {
    private final @Nullable String event;
    private final byte[] array;
    private final int from;
    private final int length;
    private final byte[] rawArray;
    private final int rawFrom;
    private final int rawLength;

    SseEvent(
            @Nullable String event,
            byte[] array,
            int from,
            int length,
            byte[] rawArray,
            int rawFrom,
            int rawLength) {
        this.event = event;
        this.array = array;
        this.from = from;
        this.length = length;
        this.rawArray = rawArray;
        this.rawFrom = rawFrom;
        this.rawLength = rawLength;
    }

    /** The value of the {@code event} field, null if there was none. */
    public @Nullable String event() {
        return event;
    }

    /** Whether the block had a data line; without one it is a comment or a blank keep-alive. */
    public boolean hasData() {
        return length >= 0;
    }

    /** The array that holds the data; valid during the call, never to be written to. */
    public byte[] array() {
        return array;
    }

    /** Where the data starts in {@link #array}. */
    public int from() {
        return from;
    }

    /** Bytes of data, 0 if there is none. */
    public int length() {
        return Math.max(length, 0);
    }

    /** A copy of the data, to be kept. */
    public byte[] data() {
        return Arrays.copyOfRange(array, from, from + length());
    }

    /** The data as text. */
    public String text() {
        return new String(array, from, length(), StandardCharsets.UTF_8);
    }

    /**
     * Whether the data is exactly this ASCII text, such as {@code [DONE]}; nothing is allocated.
     */
    public boolean dataIs(String ascii) {
        if (length != ascii.length()) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if (array[from + i] != ascii.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    /** The array that holds the whole block; valid during the call. */
    public byte[] rawArray() {
        return rawArray;
    }

    /** Where the block starts in {@link #rawArray}. */
    public int rawFrom() {
        return rawFrom;
    }

    /** Bytes of the block, its blank line included. */
    public int rawLength() {
        return rawLength;
    }

    /** Whether the block lies in this very array, and not in a buffer of the splitter. */
    @SuppressWarnings("ReferenceEquality") // which array it is, is the question
    public boolean liesIn(byte @Nullable [] bytes) {
        return rawArray == bytes;
    }

    /** Whether the data lies within the block as it is, and was not joined of several lines. */
    @SuppressWarnings("ReferenceEquality") // which array it is, is the question
    public boolean isOneLine() {
        return array == rawArray;
    }
}
