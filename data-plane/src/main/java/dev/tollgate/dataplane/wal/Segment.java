package dev.tollgate.dataplane.wal;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * One file of the log, in memory as a whole. A frame is: length of the body, its CRC32C, the body
 * (the record's number, then the record), padding to four bytes. The length is stored last: a frame
 * is there whole or not at all when the process is killed.
 */
final class Segment implements AutoCloseable {

    private static final int FRAME_HEAD = 8;
    private static final int NUMBER = 8;
    private static final int BLOCK = 1 << 20;
    private static final int PAGE = 4096;
    private static final int PAGES_AHEAD = 64;
    private static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final VarHandle LENGTH = INT.varHandle();

    final long index;
    private final SegmentFile file;
    private final MemorySegment memory;
    private final CRC32C crc = new CRC32C();
    private int end;
    private int syncedTo;

    Segment(long index, SegmentFile file) {
        this.index = index;
        this.file = file;
        this.memory = file.memory();
    }

    int capacity() {
        return (int) memory.byteSize();
    }

    /** What a record of this length takes. */
    static int frameBytes(int recordBytes) {
        return (FRAME_HEAD + NUMBER + recordBytes + 3) & ~3;
    }

    int free() {
        return capacity() - end;
    }

    int end() {
        return end;
    }

    /** Appends one record; the caller has checked {@link #free} and holds the log's lock. */
    void append(long number, byte[] record, int recordBytes) {
        var body = NUMBER + recordBytes;
        memory.set(LONG, end + FRAME_HEAD, number);
        MemorySegment.copy(
                record, 0, memory, ValueLayout.JAVA_BYTE, end + FRAME_HEAD + NUMBER, recordBytes);
        memory.set(INT, end + 4L, crc(end + FRAME_HEAD, body));
        LENGTH.setRelease(memory, (long) end, body);
        end += frameBytes(recordBytes);
    }

    /** What {@link #read} found. */
    record Frame(long number, ByteBuffer record, int next) {}

    /** The frame at an offset; null: none, or a damaged one. */
    @Nullable Frame read(int offset) {
        if (offset + FRAME_HEAD + NUMBER > capacity()) {
            return null;
        }
        var body = memory.get(INT, offset);
        if (body <= NUMBER || body > capacity() - offset - FRAME_HEAD) {
            return null;
        }
        if (memory.get(INT, offset + 4L) != crc(offset + FRAME_HEAD, body)) {
            return null;
        }
        var number = memory.get(LONG, offset + FRAME_HEAD);
        var record =
                memory.asSlice(offset + FRAME_HEAD + NUMBER, body - NUMBER)
                        .asByteBuffer()
                        .asReadOnlyBuffer();
        return new Frame(number, record, offset + frameBytes(body - NUMBER));
    }

    /** A frame was begun here and is not whole, although its length, which comes last, is there. */
    boolean isBroken(int offset) {
        return offset + FRAME_HEAD + NUMBER <= capacity()
                && memory.get(INT, offset) != 0
                && read(offset) == null;
    }

    /** A whole frame of a number in the range that begins at or behind an offset; null: none. */
    @Nullable Frame find(int offset, long fromNumber, long toNumber) {
        if (isZeroFrom(offset)) {
            return null;
        }
        for (var at = offset; at + FRAME_HEAD + NUMBER <= capacity(); at += 4) {
            var body = memory.get(INT, at);
            if (body > NUMBER && body <= capacity() - at - FRAME_HEAD) {
                var number = memory.get(LONG, at + FRAME_HEAD);
                if (number >= fromNumber && number < toNumber) {
                    var frame = read(at);
                    if (frame != null) {
                        return frame;
                    }
                }
            }
        }
        return null;
    }

    boolean isZeroFrom(int offset) {
        var zeros = new byte[Math.min(BLOCK, capacity())];
        var zero = MemorySegment.ofArray(zeros);
        for (var at = (long) offset; at < capacity(); at += zeros.length) {
            var length = Math.min(zeros.length, capacity() - at);
            if (memory.asSlice(at, length).mismatch(zero.asSlice(0, length)) >= 0) {
                return false;
            }
        }
        return true;
    }

    /** Goes on writing at an offset; what is behind it, a torn frame, becomes zeros. */
    void truncate(int offset) {
        memory.asSlice(offset).fill((byte) 0);
        end = offset;
        syncedTo = 0;
    }

    /**
     * Everything up to {@code to} is on the disk afterwards. Only the log's own thread calls it.
     */
    void sync(int to) {
        if (to > syncedTo) {
            var from = syncedTo & -PAGE;
            file.force(from, to);
            syncedTo = to;
            prepare(to, to - from);
        }
    }

    /**
     * Takes the page faults of what is appended next, as much as was appended last: a sync makes
     * the last page read-only, and the next request that writes there would wait for the file
     * system. What another thread writes meanwhile stays.
     */
    private void prepare(int from, int bytes) {
        var pages = Math.min(bytes / PAGE + 2, PAGES_AHEAD);
        for (var at = from & -PAGE; pages > 0 && at < capacity(); at += PAGE) {
            LENGTH.getAndBitwiseOr(memory, (long) at, 0);
            pages--;
        }
    }

    private int crc(long offset, int length) {
        crc.reset();
        crc.update(memory.asSlice(offset, length).asByteBuffer());
        return (int) crc.getValue();
    }

    @Override
    public void close() {
        file.close();
    }
}
