package dev.tollgate.dialects.sse;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Server-sent events as the HTML standard's event stream format defines them: lines end in CR, LF
 * or CRLF, a blank line ends the event, {@code :} starts a comment, several {@code data} lines are
 * joined by a line feed, one byte order mark may lead. It works on bytes, so a character that a
 * read cuts in two needs no care. Other than the standard, {@link #finish} hands over an event
 * whose blank line is missing, since providers leave it out after their last event.
 */
public final class SseParser implements EventSplitter {
    private static final int KEEP_CARRY_BYTES = 64 * 1024;
    private static final byte[] DATA = {'d', 'a', 't', 'a'};
    private static final byte[] EVENT = {'e', 'v', 'e', 'n', 't'};
    private static final byte[] NONE = {};

    private final int maxEventBytes;
    private final boolean commentsToo;

    /** The block that reads have cut, from its first byte. */
    private byte[] carry = NONE;

    private int carryLength;

    // Of the block at hand; all offsets count from its first byte.
    private int scanned;
    private int lineStart;
    private @Nullable String event;
    private int dataFrom = -1;
    private int dataTo;
    private byte @Nullable [] joined;
    private int joinedLength;

    private boolean skipLineFeed;
    private boolean atStreamStart = true;
    private boolean failed;

    /** A parser that hands over events with data alone. */
    public SseParser(int maxEventBytes) {
        this(maxEventBytes, false);
    }

    /**
     * @param commentsToo whether blocks without data (comments, keep-alives) are handed over too,
     *     so that the raw bytes of all blocks are the whole stream
     */
    public SseParser(int maxEventBytes, boolean commentsToo) {
        this.maxEventBytes = maxEventBytes;
        this.commentsToo = commentsToo;
    }

    @Override
    public boolean feed(byte[] bytes, int offset, int length, Consumer<SseEvent> sink) {
        int at = offset;
        int end = offset + length;
        while (!failed && at < end && carryLength > 0) {
            int lineEnd = lineEnd(bytes, at, end);
            append(bytes, at, lineEnd);
            at = lineEnd;
            if (!failed && scan(carry, 0, carryLength, sink) >= 0) {
                clearCarry();
            }
        }
        while (!failed && at < end) {
            int next = scan(bytes, at, end, sink);
            if (next < 0) {
                append(bytes, at, end);
                at = end;
            } else {
                at = next;
            }
        }
        return !failed;
    }

    @Override
    public boolean finish(Consumer<SseEvent> sink) {
        if (failed) {
            return false;
        }
        if (carryLength > lineStart) {
            line(carry, 0, lineStart, carryLength);
        }
        if (carryLength > 0) {
            dispatch(carry, 0, carryLength, sink);
            clearCarry();
        }
        return !failed;
    }

    /** Just behind the first line end in the range, or the range's end. */
    private static int lineEnd(byte[] bytes, int from, int to) {
        for (int i = from; i < to; i++) {
            if (bytes[i] == '\n' || bytes[i] == '\r') {
                return i + 1;
            }
        }
        return to;
    }

    /**
     * Reads on in the block that starts at {@code base}.
     *
     * @return where the next block starts, or -1 if this one goes on behind {@code limit}
     */
    private int scan(byte[] a, int base, int limit, Consumer<SseEvent> sink) {
        int i = base + scanned;
        while (i < limit) {
            byte b = a[i];
            if (b != '\n' && b != '\r') {
                i++;
                continue;
            }
            if (skipLineFeed && b == '\n' && i == base + lineStart) {
                skipLineFeed = false;
                i++;
                lineStart = i - base;
                continue;
            }
            int lineEnd = i;
            i++;
            skipLineFeed = b == '\r' && i == limit;
            if (b == '\r' && i < limit && a[i] == '\n') {
                i++;
            }
            boolean blank = lineEnd == base + lineStart;
            if (blank) {
                dispatch(a, base, i, sink);
                return i;
            }
            line(a, base, lineStart, lineEnd - base);
            lineStart = i - base;
        }
        scanned = i - base;
        return -1;
    }

    private void line(byte[] a, int base, int from, int to) {
        int start = base + from;
        int end = base + to;
        if (atStreamStart) {
            atStreamStart = false;
            if (end - start >= 3
                    && a[start] == (byte) 0xEF
                    && a[start + 1] == (byte) 0xBB
                    && a[start + 2] == (byte) 0xBF) {
                start += 3;
            }
        }
        int value = value(a, start, end, DATA);
        if (value >= 0) {
            data(a, base, value, end);
            return;
        }
        value = value(a, start, end, EVENT);
        if (value >= 0) {
            event = name(a, value, end);
        }
    }

    /** Where the value of this field starts, or -1 if the line is of another field. */
    private static int value(byte[] a, int start, int end, byte[] field) {
        int colon = start + field.length;
        if (end < colon || !Arrays.equals(a, start, colon, field, 0, field.length)) {
            return -1;
        }
        if (end == colon) {
            return end;
        }
        if (a[colon] != ':') {
            return -1;
        }
        return end > colon + 1 && a[colon + 1] == ' ' ? colon + 2 : colon + 1;
    }

    private static String name(byte[] a, int from, int to) {
        return new String(a, from, to - from, StandardCharsets.UTF_8);
    }

    private void data(byte[] a, int base, int from, int to) {
        if (dataFrom < 0) {
            dataFrom = from - base;
            dataTo = to - base;
            return;
        }
        byte[] into = joined;
        if (into == null) {
            joinedLength = dataTo - dataFrom;
            into = Arrays.copyOfRange(a, base + dataFrom, base + dataFrom + 2 * joinedLength + 64);
        }
        int needed = joinedLength + 1 + to - from;
        if (needed > into.length) {
            into = Arrays.copyOf(into, 2 * needed);
        }
        into[joinedLength] = '\n';
        System.arraycopy(a, from, into, joinedLength + 1, to - from);
        joinedLength = needed;
        joined = into;
    }

    private void dispatch(byte[] a, int base, int end, Consumer<SseEvent> sink) {
        String name = event;
        byte[] lines = joined;
        int from = dataFrom;
        int to = dataTo;
        int lineLength = joinedLength;
        scanned = 0;
        lineStart = 0;
        event = null;
        dataFrom = -1;
        joined = null;
        if (end - base > maxEventBytes) {
            failed = true;
            return;
        }
        if (lines != null) {
            sink.accept(new SseEvent(name, lines, 0, lineLength, a, base, end - base));
        } else if (from >= 0) {
            sink.accept(new SseEvent(name, a, base + from, to - from, a, base, end - base));
        } else if (commentsToo) {
            sink.accept(new SseEvent(name, a, base, -1, a, base, end - base));
        }
    }

    private void append(byte[] bytes, int from, int to) {
        int needed = carryLength + to - from;
        if (needed > maxEventBytes) {
            failed = true;
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

    private void clearCarry() {
        carryLength = 0;
        if (carry.length > KEEP_CARRY_BYTES) {
            carry = NONE;
        }
    }
}
