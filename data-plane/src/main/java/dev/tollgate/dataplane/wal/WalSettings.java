package dev.tollgate.dataplane.wal;

import java.nio.file.Path;
import java.time.Duration;

/**
 * @param directory of this process alone; made if absent
 * @param segmentBytes of one file
 * @param totalBytes of all files: beyond it the oldest are deleted, once nothing in them is needed
 *     for recovery
 * @param syncEvery the log is at most this far behind on disk
 * @param usageKept newest usage records kept in memory
 */
public record WalSettings(
        Path directory, int segmentBytes, long totalBytes, Duration syncEvery, int usageKept) {

    static final int SEGMENT_BYTES_MIN = 64 * 1024;

    public WalSettings {
        if (segmentBytes < SEGMENT_BYTES_MIN) {
            throw new IllegalArgumentException(
                    "segmentBytes: " + segmentBytes + " (expected: >= " + SEGMENT_BYTES_MIN + ")");
        }
        if (totalBytes < 4L * segmentBytes) {
            throw new IllegalArgumentException(
                    "totalBytes: " + totalBytes + " (expected: >= 4 segments)");
        }
        if (usageKept < 0 || syncEvery.isNegative()) {
            throw new IllegalArgumentException(
                    "usageKept " + usageKept + ", syncEvery " + syncEvery + " (expected: >= 0)");
        }
    }

    /**
     * 16 MiB a segment, 1 GiB in all, 10 ms behind, 1,000 usage records in memory. What is written
     * of the two mapped segments counts as memory of the process: larger ones would double it.
     */
    public static WalSettings in(Path directory) {
        return new WalSettings(directory, 16 * 1024 * 1024, 1L << 30, Duration.ofMillis(10), 1_000);
    }

    public WalSettings withSegmentBytes(int bytes, long total) {
        return new WalSettings(directory, bytes, total, syncEvery, usageKept);
    }
}
