package dev.tollgate.dataplane.wal;

import java.lang.foreign.MemorySegment;

/** The bytes of one file of the log, and the disk behind them. */
interface SegmentFile extends AutoCloseable {

    /** The whole file; the same at every call. */
    MemorySegment memory();

    /**
     * The bytes from {@code from} to {@code to} are on the disk afterwards. Blocks.
     *
     * @throws java.io.UncheckedIOException the disk has failed
     */
    void force(long from, long to);

    /** The bytes are not used any more. */
    @Override
    void close();
}
