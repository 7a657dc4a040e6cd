package dev.tollgate.dataplane.wal;

import java.util.List;

/** Where usage records go: one JSON object per request, as bytes. Any thread; never blocks. */
public interface UsageLog {

    /** False: the log is full or broken, and the record was dropped and counted. */
    boolean append(byte[] usageRecord);

    /** The newest records, oldest first, also those of before a restart. */
    List<byte[]> recent(int most);
}
