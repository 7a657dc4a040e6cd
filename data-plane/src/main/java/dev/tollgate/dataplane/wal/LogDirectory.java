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

    @Override
    void close() throws IOException;
}
