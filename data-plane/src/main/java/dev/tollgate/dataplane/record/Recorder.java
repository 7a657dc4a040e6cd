package dev.tollgate.dataplane.record;

import dev.tollgate.dataplane.wal.UsageLog;
import org.jspecify.annotations.Nullable;

/**
 * Writes each request's record to the usage log, which loses nothing, as a line for people and
 * collectors, and as a log record over OTLP. One per event loop: not thread-safe; never blocks.
 */
public final class Recorder {

    private final RecordJson json = new RecordJson();
    private final UsageLog log;
    private final @Nullable RecordLines lines;
    private final @Nullable OtlpRecords otlp;

    /**
     * @param lines null: no lines
     * @param otlp null: no collector
     */
    public Recorder(UsageLog log, @Nullable RecordLines lines, @Nullable OtlpRecords otlp) {
        this.log = log;
        this.lines = lines;
        this.otlp = otlp;
    }

    public void write(UsageRecord record) {
        var bytes = json.write(record);
        log.append(record.requestId(), bytes);
        if (lines != null) {
            lines.add(bytes);
        }
        if (otlp != null) {
            otlp.add(record, bytes);
        }
    }
}
