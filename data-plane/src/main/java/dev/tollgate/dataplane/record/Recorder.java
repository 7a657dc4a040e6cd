package dev.tollgate.dataplane.record;

import dev.tollgate.dataplane.wal.UsageLog;
import org.jspecify.annotations.Nullable;

/**
 * Writes each request's record to the usage log, which loses nothing, and as a line for people and
 * collectors. One per event loop: not thread-safe; never blocks.
 */
public final class Recorder {

    private final RecordJson json = new RecordJson();
    private final UsageLog log;
    private final @Nullable RecordLines lines;

    public Recorder(UsageLog log, @Nullable RecordLines lines) {
        this.log = log;
        this.lines = lines;
    }

    public void write(UsageRecord record) {
        var bytes = json.write(record);
        log.append(record.requestId(), bytes);
        if (lines != null) {
            lines.add(bytes);
        }
    }
}
