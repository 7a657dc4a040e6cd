package dev.tollgate.dataplane.wal;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads a log from its newest whole checkpoint on. A torn tail, what a kill in the middle of a
 * write leaves, is cut: its length, which is stored last, is still zero. Damage is told: a record
 * whose length is there and whose checksum is wrong, or a whole record behind a gap. What was read
 * up to there counts, and proves nothing about the rest.
 *
 * @param segments indexes of all, oldest first
 * @param last where to go on writing; null: in a new one
 * @param end behind the last record in it
 * @param nextNumber of the next record
 * @param usage newest usage records, oldest first
 * @param addsUp the totals of leases are what the settlements come to, as far as these are there
 */
record LogReplay(
        LogState state,
        List<Long> segments,
        @Nullable Long last,
        int end,
        long nextNumber,
        List<byte[]> usage,
        @Nullable String damage,
        boolean addsUp) {

    static LogReplay read(LogDirectory directory, int usageKept) throws IOException {
        var files = directory.segments();
        var start = files.size() - 1;
        var broken = false;
        while (start >= 0) {
            try (var segment = directory.open(files.get(start), false)) {
                var first = segment.read(0);
                if (first != null
                        && LogCodec.decode(first.record()) instanceof LogRecord.Checkpoint) {
                    break;
                }
                broken |= segment.isBroken(0) || segment.find(0, 1, Long.MAX_VALUE) != null;
            } catch (IllegalArgumentException e) {
                throw new IOException("segment " + files.get(start) + ": " + e.getMessage(), e);
            }
            start--;
        }
        if (start < 0) {
            var damage = broken ? "no segment has a whole checkpoint" : null;
            return new LogReplay(new LogState(), files, null, 0, 1, List.of(), damage, true);
        }
        return new Reader(directory, files, start, usageKept).read();
    }

    private static final Logger LOG = LoggerFactory.getLogger(LogReplay.class);

    private static final class Reader {
        private final LogDirectory directory;
        private final List<Long> files;
        private final int start;
        private final int usageKept;
        private final LogState state = new LogState();
        private final ArrayDeque<byte[]> usage = new ArrayDeque<>();
        private long next;
        private @Nullable String damage;
        private @Nullable LogSums before;
        private long beforeNext;
        private @Nullable LogSums sums;
        private boolean addsUp = true;

        Reader(LogDirectory directory, List<Long> files, int start, int usageKept) {
            this.directory = directory;
            this.files = files;
            this.start = start;
            this.usageKept = usageKept;
        }

        /**
         * The newest segment with a checkpoint holds all that counts. The one before it is read for
         * its usage records, and to see that its settlements are in that checkpoint.
         */
        LogReplay read() throws IOException {
            if (start > 0) {
                try (var before = directory.open(files.get(start - 1), false)) {
                    for (var frame = before.read(0);
                            frame != null;
                            frame = before.read(frame.next())) {
                        earlier(frame);
                    }
                }
            }
            var end = 0;
            try (var segment = directory.open(files.get(start), false)) {
                var frame = segment.read(0);
                next = frame == null ? 1 : frame.number();
                while (frame != null && frame.number() == next) {
                    apply(frame);
                    end = frame.next();
                    next++;
                    frame = segment.read(end);
                }
                var behind = segment.find(end, next, Long.MAX_VALUE);
                if (behind == null && segment.isBroken(end)) {
                    damage =
                            "segment %d: broken at byte %d, record %d"
                                    .formatted(files.get(start), end, next);
                } else if (behind != null) {
                    damage =
                            "segment %d: broken at byte %d, record %d, but record %d behind it is whole"
                                    .formatted(files.get(start), end, next, behind.number());
                }
            }
            for (var later = start + 1; later < files.size(); later++) {
                try (var segment = directory.open(files.get(later), false)) {
                    var torn =
                            !segment.isBroken(0) && segment.find(0, next, Long.MAX_VALUE) == null;
                    if (!torn && damage == null) {
                        damage = "segment " + files.get(later) + ": its checkpoint is broken";
                    }
                }
            }
            if (sums != null && !sums.are(state.spent())) {
                violated("its settlements are not in the totals of its leases");
            }
            return new LogReplay(
                    state, files, files.get(start), end, next, List.copyOf(usage), damage, addsUp);
        }

        private void earlier(Segment.Frame frame) {
            var record = LogCodec.decode(frame.record());
            if (record instanceof LogRecord.Usage(var request, var json)) {
                keep(json);
            }
            if (before != null) {
                before.add(frame.number(), record);
            } else if (record instanceof LogRecord.Checkpoint) {
                var checkpoint = new LogState();
                checkpoint.apply(frame.number(), record);
                before = new LogSums(checkpoint);
            }
            beforeNext = frame.number() + 1;
        }

        /** A segment without its end says nothing of the next one's checkpoint. */
        private void compare(Segment.Frame checkpoint) {
            if (before != null
                    && beforeNext == checkpoint.number()
                    && !before.areIn(state.spent())) {
                violated("settlements before it are not in its checkpoint");
            }
            before = null;
            sums = new LogSums(state);
        }

        private void violated(String what) {
            addsUp = false;
            LOG.error("I12: segment {} of the log: {}", files.get(start), what);
        }

        private void apply(Segment.Frame frame) throws IOException {
            LogRecord record;
            try {
                record = LogCodec.decode(frame.record());
            } catch (IllegalArgumentException e) {
                throw new IOException(
                        "segment "
                                + files.get(start)
                                + ": record "
                                + frame.number()
                                + ": "
                                + e.getMessage(),
                        e);
            }
            state.apply(frame.number(), record);
            if (sums == null) {
                compare(frame);
            } else {
                sums.add(frame.number(), record);
            }
            if (record instanceof LogRecord.Usage(var request, var json)) {
                keep(json);
            }
        }

        private void keep(byte[] json) {
            if (usageKept == 0) {
                return;
            }
            if (usage.size() == usageKept) {
                usage.removeFirst();
            }
            usage.addLast(json);
        }
    }
}
