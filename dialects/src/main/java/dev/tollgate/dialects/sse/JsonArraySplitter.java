package dev.tollgate.dialects.sse;

import java.util.Arrays;
import java.util.function.Consumer;

/**
 * Gemini's stream without {@code alt=sse}: one JSON array whose elements arrive over time. Each
 * element is handed over as an event without a name; its raw bytes are all since the element before
 * it, brackets, commas and spaces included. What closes the array is handed over without data if
 * asked for. A lone object in place of the array (an error) is handed over as one event. Only
 * brackets and strings are followed here; whether an element is valid JSON is for its reader to
 * say.
 */
public final class JsonArraySplitter implements EventSplitter {
    private enum State {
        BEFORE_ARRAY,
        BEFORE_FIRST,
        IN_ELEMENT,
        AFTER_ELEMENT,
        BEFORE_NEXT,
        CLOSED,
        FAILED
    }

    private static final byte[] NONE = {};

    private final int maxElementBytes;
    private final boolean closingToo;
    private State state = State.BEFORE_ARRAY;
    private boolean lone;
    private int depth;
    private boolean inString;
    private boolean escaped;

    /** What reads have cut, from the end of the element before. */
    private byte[] carry = NONE;

    private int carryLength;

    /** Bytes between the block's start and its element's brace; counts on over reads. */
    private int brace;

    public JsonArraySplitter(int maxElementBytes) {
        this(maxElementBytes, false);
    }

    /**
     * @param closingToo whether the array's closing bracket is handed over too, as a block without
     *     data, so that the raw bytes of all blocks are the whole stream up to it
     */
    public JsonArraySplitter(int maxElementBytes, boolean closingToo) {
        this.maxElementBytes = maxElementBytes;
        this.closingToo = closingToo;
    }

    @Override
    public boolean feed(byte[] bytes, int offset, int length, Consumer<SseEvent> sink) {
        int i = offset;
        int end = offset + length;
        int start = offset;
        while (i < end && state != State.FAILED) {
            if (state == State.IN_ELEMENT) {
                i = within(bytes, i, end);
                if (depth == 0) {
                    block(bytes, start, i, true, sink);
                    start = i;
                }
                continue;
            }
            boolean wasClosed = state == State.CLOSED;
            between(bytes[i]);
            if (state == State.IN_ELEMENT) {
                brace = carryLength + i - start;
                depth = 1;
            }
            i++;
            if (state == State.CLOSED && !wasClosed) {
                block(bytes, start, i, false, sink);
                start = i;
            }
        }
        if (state != State.FAILED && state != State.CLOSED) {
            append(bytes, start, end);
        }
        return state != State.FAILED;
    }

    @Override
    public boolean finish(Consumer<SseEvent> sink) {
        return state == State.CLOSED;
    }

    private void between(byte b) {
        if (b == ' ' || b == '\n' || b == '\r' || b == '\t') {
            return;
        }
        state =
                switch (state) {
                    case BEFORE_ARRAY -> {
                        lone = b == '{';
                        yield b == '['
                                ? State.BEFORE_FIRST
                                : lone ? State.IN_ELEMENT : State.FAILED;
                    }
                    case BEFORE_FIRST ->
                            b == '{' ? State.IN_ELEMENT : b == ']' ? State.CLOSED : State.FAILED;
                    case AFTER_ELEMENT ->
                            b == ',' ? State.BEFORE_NEXT : b == ']' ? State.CLOSED : State.FAILED;
                    case BEFORE_NEXT -> b == '{' ? State.IN_ELEMENT : State.FAILED;
                    case IN_ELEMENT, CLOSED, FAILED -> State.FAILED;
                };
    }

    /** Reads on in an element; stops behind its last brace, or at the end of what is here. */
    private int within(byte[] a, int from, int end) {
        for (int i = from; i < end; i++) {
            byte b = a[i];
            if (inString) {
                if (escaped) {
                    escaped = false;
                } else if (b == '\\') {
                    escaped = true;
                } else if (b == '"') {
                    inString = false;
                }
            } else if (b == '"') {
                inString = true;
            } else if (b == '{' || b == '[') {
                depth++;
            } else if ((b == '}' || b == ']') && --depth == 0) {
                return i + 1;
            }
        }
        return end;
    }

    /** Hands over the block that ends here. */
    private void block(byte[] bytes, int start, int end, boolean element, Consumer<SseEvent> sink) {
        byte[] a = bytes;
        int from = start;
        int length = end - start;
        if (carryLength > 0) {
            append(bytes, start, end);
            a = carry;
            from = 0;
            length = carryLength;
            carryLength = 0;
        }
        if (state == State.FAILED || length > maxElementBytes) {
            state = State.FAILED;
            return;
        }
        if (element) {
            state = lone ? State.CLOSED : State.AFTER_ELEMENT;
            sink.accept(new SseEvent(null, a, from + brace, length - brace, a, from, length));
        } else if (closingToo) {
            sink.accept(new SseEvent(null, a, from, -1, a, from, length));
        }
    }

    private void append(byte[] bytes, int from, int to) {
        int needed = carryLength + to - from;
        if (needed > maxElementBytes) {
            state = State.FAILED;
            carry = NONE;
            carryLength = 0;
            return;
        }
        if (needed > carry.length) {
            carry = Arrays.copyOf(carry, Math.max(2 * needed, 1024));
        }
        System.arraycopy(bytes, from, carry, carryLength, to - from);
        carryLength = needed;
    }
}
