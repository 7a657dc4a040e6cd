package dev.tollgate.dataplane.wal;

import dev.tollgate.policy.budget.HolderId;
import java.io.IOException;
import java.util.List;

/**
 * The place of one log: whose it is, and its segments, which are named by their index. It is held
 * by one process at a time. All calls block.
 */
interface LogDirectory extends AutoCloseable {

    /** The log's id and the boot epoch of this start, which is on the disk already. */
    HolderId holder();

    /** Which start of the kernel this is; empty: the system does not tell. */
    String kernelBoot() throws IOException;

    /** The indexes of all segments, ascending. */
    List<Long> segments() throws IOException;

    /** A new segment, all zeros; nothing is left behind if the disk is full. */
    Segment create(long index, int bytes) throws IOException;

    Segment open(long index, boolean writable) throws IOException;

    /** Does nothing if there is no such segment. */
    void delete(long index) throws IOException;

    /** Keeps segments as evidence for a person; those of an earlier time make room. */
    void setAside(List<Long> segments) throws IOException;

    /** A segment that was made or deleted is so on the disk afterwards. */
    void sync() throws IOException;

    /**
     * A segment could not be forced: what is written may go from the page cache and not be on the
     * disk, so that a later start on the same kernel may read less. Holds until {@link #trust}.
     *
     * @throws IOException it may not hold once the page cache has let go of it
     */
    void distrust() throws IOException;

    /** What is read from here on was written by this start, or nothing depends on it. */
    void trust() throws IOException;

    /** False too where it cannot be told. */
    boolean isTrusted();

    @Override
    void close() throws IOException;
}
