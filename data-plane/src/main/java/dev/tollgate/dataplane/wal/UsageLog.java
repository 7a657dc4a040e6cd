package dev.tollgate.dataplane.wal;

import java.util.List;

/** Where usage records go: one JSON object per request, as bytes. Any thread; never blocks. */
public interface UsageLog {

    /**
     * The request is over.
     *
     * @return false: the log is full or broken, and the record was dropped and counted
     */
    boolean append(String requestId, byte[] usageRecord);

    /** Requests of an earlier process that still need a record; the same until the end. */
    List<Interrupted> interrupted();

    /** The newest records, oldest first, also those of before a restart. */
    List<byte[]> recent(int most);
}
