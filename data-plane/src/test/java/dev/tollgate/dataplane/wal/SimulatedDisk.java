package dev.tollgate.dataplane.wal;

import dev.tollgate.policy.budget.HolderId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;

/**
 * A log directory in memory. What is written is in the page cache and survives a kill; what is
 * forced is on the disk; of the rest a power loss leaves any pages and a part of one. The disk may
 * be full, or fail at a force: pages that it should have written count as clean then, and are gone
 * once the page cache lets go of them. One thread.
 */
public final class SimulatedDisk {

    private static final int SEGMENT_BYTES = WalSettings.SEGMENT_BYTES_MIN;
    private static final int PAGE = 4096;
    private static final long SYNC_NANOS = 10_000_000;
    private static final long SYNC_SLOW_NANOS = 200_000_000;
    private static final long ALLOCATE_NANOS = 50_000_000;
    private static final long SECOND = 1_000_000_000L;

    /** Runs a task of the process that has the log open, later. */
    public interface Later {
        void run(long delayNanos, Runnable task);
    }

    /** One record as it was written; its start is the boot epoch. */
    public record Written(long epoch, long number, LogRecord record) {}

    private static final class Image {
        final MemorySegment cache;
        final MemorySegment disk;

        /** What pages held when they could not be written. */
        final TreeMap<Long, byte[]> forsaken = new TreeMap<>();

        boolean named;
        boolean deleted;

        Image(MemorySegment cache, MemorySegment disk) {
            this.cache = cache;
            this.disk = disk;
        }

        MemorySegment cached(long page) {
            return cache.asSlice(page, PAGE);
        }

        void force(long from, long to, boolean fails) {
            for (var page = from & -PAGE; page < to; page += PAGE) {
                if (fails) {
                    if (cached(page).mismatch(disk.asSlice(page, PAGE)) >= 0) {
                        forsaken.put(page, cached(page).toArray(ValueLayout.JAVA_BYTE));
                    }
                } else if (!isForsaken(page)) {
                    disk.asSlice(page, PAGE).copyFrom(cached(page));
                    forsaken.remove(page);
                }
            }
        }

        private boolean isForsaken(long page) {
            var then = forsaken.get(page);
            return then != null && cached(page).mismatch(MemorySegment.ofArray(then)) < 0;
        }

        void evict() {
            for (var page : List.copyOf(forsaken.keySet())) {
                if (isForsaken(page)) {
                    cached(page).copyFrom(disk.asSlice(page, PAGE));
                }
            }
            forsaken.clear();
        }
    }

    private final String logId;
    private final Arena arena;
    private final RandomGenerator random;
    private final TreeMap<Long, Image> images = new TreeMap<>();
    private final List<Written> harvested = new ArrayList<>();
    private long harvestEpoch;
    private long bootEpoch;
    private int kernel = 1;
    private boolean full;
    private boolean failing;
    private boolean keeping;
    private boolean faulting;
    private boolean distrusted;

    /**
     * @param arena of the run; freed with it
     */
    public SimulatedDisk(String logId, Arena arena, RandomGenerator random) {
        this.logId = logId;
        this.arena = arena;
        this.random = random;
    }

    public void full(boolean isFull) {
        full = isFull;
    }

    public void failing(boolean isFailing) {
        failing = isFailing;
    }

    /** Pages can be neither read nor written: what Java makes of a SIGBUS. */
    void faulting(boolean isFaulting) {
        faulting = isFaulting;
    }

    /** Nothing can be deleted. */
    void keeping(boolean isKeeping) {
        keeping = isKeeping;
    }

    long segments() {
        return images.values().stream().filter(image -> !image.deleted).count();
    }

    /** Whether all that was forced since the last whole start is on the disk. */
    public boolean isTrusted() {
        return !distrusted;
    }

    /**
     * The process starts.
     *
     * @throws IOException the disk is full
     */
    public Wal open(Later later) throws IOException {
        bootEpoch++;
        var settings =
                new WalSettings(
                        Path.of("simulated"),
                        SEGMENT_BYTES,
                        4L * SEGMENT_BYTES,
                        Duration.ofNanos(SYNC_NANOS),
                        0);
        return Wal.open(
                settings, new Directory(new HolderId(logId, bootEpoch)), new Workers(later));
    }

    /** The process was killed, perhaps in the middle of a frame, whose length comes last. */
    public void killed() {
        if (random.nextBoolean()) {
            images.values().forEach(Image::evict);
        }
        for (var image : images.descendingMap().values()) {
            var end = end(image);
            if (image.deleted || end == 0) {
                continue;
            }
            var length = random.nextInt(4, 40);
            for (var at = end + 4; at < end + length && at < image.cache.byteSize(); at++) {
                image.cache.set(ValueLayout.JAVA_BYTE, at, (byte) random.nextInt());
            }
            return;
        }
    }

    /** The machine lost its power, and has started again. */
    public void powerLost() {
        kernel++;
        var share = random.nextInt(3);
        var gone = new ArrayList<Long>();
        images.forEach(
                (index, image) -> {
                    image.forsaken.clear();
                    if (!image.named && random.nextBoolean()
                            || image.deleted && random.nextBoolean()) {
                        gone.add(index);
                        return;
                    }
                    image.deleted = false;
                    lose(image, share);
                });
        gone.forEach(images::remove);
    }

    private void lose(Image image, int share) {
        for (var at = 0L; at < image.cache.byteSize(); at += PAGE) {
            var cached = image.cache.asSlice(at, PAGE);
            var durable = image.disk.asSlice(at, PAGE);
            if (cached.mismatch(durable) < 0) {
                continue;
            }
            var fate = random.nextInt(8);
            if (share == 2 || share == 1 && fate > 3) {
                durable.copyFrom(cached);
            } else if (fate == 0) {
                var part = random.nextInt(1, PAGE / 512) * 512L;
                durable.asSlice(0, part).copyFrom(cached.asSlice(0, part));
            }
            cached.copyFrom(durable);
        }
    }

    /** Everything that was ever written and is readable, oldest first. */
    public List<Written> records() {
        var all = new ArrayList<>(harvested);
        var epoch = harvestEpoch;
        for (var image : images.values()) {
            if (!image.deleted) {
                epoch = read(image, epoch, all);
            }
        }
        return all;
    }

    private static long read(Image image, long epoch, List<Written> all) {
        var segment = new Segment(0, file(image));
        for (var frame = segment.read(0); frame != null; frame = segment.read(frame.next())) {
            var record = LogCodec.decode(frame.record());
            if (record instanceof LogRecord.Boot boot) {
                epoch = boot.epoch();
            }
            all.add(new Written(epoch, frame.number(), record));
        }
        return epoch;
    }

    private static long end(Image image) {
        var segment = new Segment(0, file(image));
        var end = 0;
        for (var frame = segment.read(0); frame != null; frame = segment.read(end)) {
            end = frame.next();
        }
        return end;
    }

    private static SegmentFile file(Image image) {
        return file(image, () -> false);
    }

    private static SegmentFile file(Image image, BooleanSupplier failing) {
        return new SegmentFile() {
            @Override
            public MemorySegment memory() {
                return image.cache;
            }

            @Override
            public void force(long from, long to) {
                var fails = failing.getAsBoolean();
                image.force(from, to, fails);
                if (fails) {
                    throw new UncheckedIOException(new IOException("EIO"));
                }
            }

            @Override
            public void close() {
                // the arena frees it
            }
        };
    }

    private final class Directory implements LogDirectory {
        private final HolderId holder;

        Directory(HolderId holder) {
            this.holder = holder;
        }

        @Override
        public HolderId holder() {
            return holder;
        }

        @Override
        public String kernelBoot() {
            return "kernel-" + kernel;
        }

        @Override
        public List<Long> segments() {
            return images.keySet().stream().filter(i -> !images.get(i).deleted).toList();
        }

        @Override
        public Segment create(long index, int bytes) throws IOException {
            if (full) {
                throw new IOException("no space left on device");
            }
            var image = new Image(arena.allocate(bytes, 8), arena.allocate(bytes, 8));
            images.put(index, image);
            return segment(index, image);
        }

        @Override
        public Segment open(long index, boolean writable) {
            return segment(index, images.get(index));
        }

        private Segment segment(long index, Image image) {
            return new Segment(
                    index,
                    file(
                            image,
                            () -> {
                                if (faulting) {
                                    throw new InternalError("a fault in a mapped page");
                                }
                                return failing;
                            }));
        }

        @Override
        public void delete(long index) throws IOException {
            if (keeping) {
                throw new IOException("EPERM");
            }
            var image = images.get(index);
            if (image != null && !image.deleted) {
                harvestEpoch = read(image, harvestEpoch, harvested);
                image.deleted = true;
            }
        }

        @Override
        public void setAside(List<Long> segments) {
            segments.forEach(images::remove);
        }

        @Override
        public void sync() {
            images.values().removeIf(image -> image.deleted);
            images.values().forEach(image -> image.named = true);
        }

        @Override
        public void distrust() {
            distrusted = true;
        }

        @Override
        public void trust() {
            distrusted = false;
        }

        @Override
        public boolean isTrusted() {
            return !distrusted;
        }

        @Override
        public void close() {
            // a killed process does not either
        }
    }

    private final class Workers implements WalWorkers {
        private final Later later;
        private final List<Runnable> waiting = new ArrayList<>();
        private Wal log;
        private boolean syncing;
        private boolean stopped;

        Workers(Later later) {
            this.later = later;
        }

        @Override
        public void start(Wal log) {
            this.log = log;
            if (log.dirty()) {
                appended();
            }
            later.run(SECOND, this::retry);
        }

        private void retry() {
            if (!stopped) {
                log.makeRoom();
                later.run(SECOND, this::retry);
            }
        }

        @Override
        public void appended() {
            if (!syncing && log != null) {
                syncing = true;
                var delay = random.nextInt(50) == 0 ? SYNC_SLOW_NANOS : SYNC_NANOS;
                later.run(
                        delay,
                        () -> {
                            syncing = false;
                            log.sync();
                        });
            }
        }

        @Override
        public void execute(Runnable task) {
            waiting.add(task);
            later.run(random.nextLong(ALLOCATE_NANOS), this::next);
        }

        private void next() {
            if (!waiting.isEmpty()) {
                waiting.removeFirst().run();
            }
        }

        @Override
        public void stop() {
            stopped = true;
            while (!waiting.isEmpty()) {
                next();
            }
        }
    }
}
