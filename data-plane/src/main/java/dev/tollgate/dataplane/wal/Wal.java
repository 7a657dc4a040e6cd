package dev.tollgate.dataplane.wal;

import dev.tollgate.policy.budget.HolderId;
import dev.tollgate.policy.budget.LeaseTotals;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The write-ahead log of one proxy, which is its usage log too. A record counts once it is in the
 * mapped page: it survives kill -9 without a system call; the disk has it at most {@code syncEvery}
 * later. Any thread may append; the lock is held for a copy of the bytes and a step of {@link
 * LogState}, never over a system call but for the change of segments.
 *
 * <p>Every segment begins with a checkpoint of all that the records before it add up to, so older
 * segments are kept for their usage records alone and the log never fills up with leases that stay
 * open for a month. It is full only if the disk is: then the rest of the segment is kept for
 * settlements and {@link #append} refuses intents. A failed fsync stops all intents, for good, and
 * is not tried again: the kernel takes pages that it could not write for clean, and may forget
 * them. Then only an orderly end proves what the log holds. A page that the disk cannot give or
 * take (SIGBUS, an {@link InternalError} in Java) counts as one, whoever meets it.
 */
public final class Wal implements UsageLog, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Wal.class);

    /** How much of a last segment only records that end something may use. */
    private static final int RESERVE_PART = 16;

    /**
     * What the log held when it was opened.
     *
     * @param proven the totals of earlier starts are final: nothing can have been lost, and they
     *     are what the settlements come to
     * @param interrupted requests that need a usage record yet
     * @param damage null: none
     */
    public record Recovered(
            boolean proven,
            int settledAtHold,
            List<Interrupted> interrupted,
            @Nullable String damage) {
        public Recovered {
            interrupted = List.copyOf(interrupted);
        }
    }

    private final WalSettings settings;
    private final LogDirectory directory;
    private final ReentrantLock lock = new ReentrantLock();
    private final ThreadLocal<LogCodec> codecs = ThreadLocal.withInitial(LogCodec::new);
    private final WalWorkers workers;

    // guarded by lock
    private final LogState state;
    private Segment current;
    private @Nullable Segment next;
    private final ArrayDeque<Segment> retired = new ArrayDeque<>();
    private final ArrayDeque<Long> old = new ArrayDeque<>();
    private final ArrayDeque<byte[]> usage;
    private long nextNumber;
    private long dropped;
    private boolean allocating;

    /**
     * A record counts in memory and is not in the log: what follows from it may not be there either
     * until the next checkpoint has both.
     */
    private boolean behind;

    private boolean released;

    private final ReentrantLock syncLock = new ReentrantLock();
    private final Recovered recovered;
    private final boolean addsUp;

    /** A segment cannot be deleted, and that was told; guarded by syncLock. */
    private boolean stuck;

    private volatile boolean dirty;
    private volatile boolean closed;
    private volatile @Nullable String failure;

    private Wal(WalSettings settings, LogDirectory directory, WalWorkers workers, LogReplay replay)
            throws IOException {
        this.settings = settings;
        this.directory = directory;
        this.workers = workers;
        var foreign = directory.holder().bootEpoch() <= replay.state().epoch();
        var damage = foreign ? "the file of its holder is lost" : replay.damage();
        this.state = foreign ? new LogState() : replay.state();
        this.nextNumber = replay.nextNumber();
        this.usage = new ArrayDeque<>(replay.usage());
        this.addsUp = replay.addsUp();
        var last = replay.last();
        var lastIndex = replay.segments().isEmpty() ? 0 : replay.segments().getLast();
        if (damage != null) {
            directory.setAside(replay.segments());
        }
        if (damage != null || last == null) {
            this.current = directory.create(lastIndex + 1, settings.segmentBytes());
            checkpoint(current);
        } else {
            this.current = directory.open(last, true);
            current.truncate(replay.end());
            for (var index : replay.segments()) {
                if (index < current.index) {
                    old.add(index);
                } else if (index > current.index) {
                    directory.delete(index); // made in advance, or its checkpoint is torn
                }
            }
        }
        if (current.free() < current.capacity() / 2) {
            next = directory.create(current.index + 1, settings.segmentBytes());
        }
        directory.sync();
        this.recovered = recover(damage);
        makeRoom();
        syncNow();
        if (failure == null) {
            directory.trust();
        }
        workers.start(this);
    }

    /**
     * Opens or makes the log, reads it, settles what a dead process left open at its hold, and
     * closes its leases if that is proven. Blocks.
     *
     * @throws IOException another process has the directory, or it cannot be written
     */
    public static Wal open(WalSettings settings) throws IOException {
        return open(
                settings,
                FileDirectory.open(settings.directory()),
                new WalThreads(settings.syncEvery()));
    }

    /** On any disk, with any threads. */
    static Wal open(WalSettings settings, LogDirectory directory, WalWorkers workers)
            throws IOException {
        try {
            var replay = LogReplay.read(directory, settings.usageKept());
            return new Wal(settings, directory, workers, replay);
        } catch (IOException | RuntimeException e) {
            directory.close();
            throw e;
        }
    }

    public HolderId holder() {
        return directory.holder();
    }

    public Recovered recovered() {
        return recovered;
    }

    /**
     * Writes a record.
     *
     * @return its number; 0: the log is full or broken, or {@link LogState#takes} it not. Then an
     *     Intent, Acquire, Grant or Return has not happened, nor a Close of a lease that is in use;
     *     any other record counts in memory, and is counted as dropped: a replay then charges the
     *     hold
     */
    public long append(LogRecord record) {
        var codec = codecs.get();
        var bytes = codec.encode(record);
        var opens = record instanceof LogRecord.Intent || record instanceof LogRecord.Acquire;
        var yields = opens || record instanceof LogRecord.Usage;
        lock.lock();
        try {
            if (!state.takes(record)) {
                return 0;
            }
            var written = write(bytes, codec.length(), opens, yields);
            if (!written) {
                dropped++;
                if (opens
                        || record instanceof LogRecord.Grant
                        || record instanceof LogRecord.Return) {
                    return 0;
                }
                behind |= !(record instanceof LogRecord.Usage);
            }
            var number = written ? nextNumber - 1 : 0;
            state.apply(number, record);
            return number;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public boolean append(String requestId, byte[] usageRecord) {
        var number = append(new LogRecord.Usage(requestId, usageRecord));
        lock.lock();
        try {
            if (settings.usageKept() > 0) {
                if (usage.size() >= settings.usageKept()) {
                    usage.removeFirst();
                }
                usage.addLast(usageRecord);
            }
        } finally {
            lock.unlock();
        }
        return number != 0;
    }

    @Override
    public List<Interrupted> interrupted() {
        return recovered.interrupted();
    }

    @Override
    public List<byte[]> recent(int most) {
        lock.lock();
        try {
            var list = new ArrayList<>(usage);
            return List.copyOf(list.subList(Math.max(0, list.size() - most), list.size()));
        } finally {
            lock.unlock();
        }
    }

    /** Reads all usage records of a log, oldest first, whether a process has it open or not. */
    public static void readUsage(Path directory, Consumer<byte[]> consumer) throws IOException {
        for (var file : FileDirectory.segments(directory)) {
            try (var segment = FileDirectory.open(file, false)) {
                var frame = segment.read(0);
                while (frame != null) {
                    if (LogCodec.decode(frame.record())
                            instanceof LogRecord.Usage(var request, var json)) {
                        consumer.accept(json);
                    }
                    frame = segment.read(frame.next());
                }
            } catch (NoSuchFileException e) {
                LOG.debug("{} made room while it was read", file);
            }
        }
    }

    /** What the ledger is told: every lease that it has not acknowledged as closed. */
    public List<LeaseTotals> totals() {
        lock.lock();
        try {
            return state.totals();
        } finally {
            lock.unlock();
        }
    }

    /** The present lease of an account is closed, and the ledger has not acknowledged that. */
    public boolean isClosed(String account) {
        lock.lock();
        try {
            return state.isClosed(account);
        } finally {
            lock.unlock();
        }
    }

    /** The totals of one lease; null: there is none. */
    public @Nullable LeaseTotals totals(String account, long epoch) {
        lock.lock();
        try {
            return state.totals(account, epoch);
        } finally {
            lock.unlock();
        }
    }

    /** Number of the last Acquire of this start's lease of the account; 0: none. */
    public long lastRequest(String account) {
        lock.lock();
        try {
            return state.lastRequest(account);
        } finally {
            lock.unlock();
        }
    }

    public int openIntents() {
        lock.lock();
        try {
            return state.openIntents();
        } finally {
            lock.unlock();
        }
    }

    public long dropped() {
        lock.lock();
        try {
            return dropped;
        } finally {
            lock.unlock();
        }
    }

    /** How often what was read of the log did not add up (I12). */
    public long mistold() {
        return addsUp ? 0 : 1;
    }

    /** Attempts of the log that a Budget was charged less of than they cost (I8). */
    public long undercharged() {
        lock.lock();
        try {
            return state.undercharged();
        } finally {
            lock.unlock();
        }
    }

    /** Whether a full segment would be followed at once by one that is made already. */
    boolean nextReady() {
        lock.lock();
        try {
            return next != null;
        } finally {
            lock.unlock();
        }
    }

    /** Null while intents are taken, else why not. */
    public @Nullable String failure() {
        return failure;
    }

    /** Makes all that was appended before durable. Blocks. */
    public void sync() {
        syncNow();
    }

    /** Marks an orderly end, makes everything durable and gives the directory free. Blocks. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        append(new LogRecord.Stop(holder().bootEpoch()));
        closed = true;
        workers.stop();
        syncNow();
        lock.lock();
        try {
            released = true;
            failure = "closed";
            current.close();
            if (next != null) {
                next.close();
                next = null;
            }
        } finally {
            lock.unlock();
        }
        try {
            directory.close();
        } catch (IOException e) {
            LOG.warn("closing the log: {}", e.getMessage());
        }
    }

    /** So that what was written is there, synced or not. Where nobody tells it is not known. */
    private boolean isSameKernel(String kernelBoot) {
        return !kernelBoot.isEmpty() && state.kernelBoot().equals(kernelBoot);
    }

    /** Settles what the last process left open, and closes its leases if nothing can be lost. */
    private Recovered recover(@Nullable String damage) throws IOException {
        var kernelBoot = directory.kernelBoot();
        var proven =
                damage == null
                        && addsUp
                        && (state.epoch() == 0
                                || state.stopped()
                                || isSameKernel(kernelBoot) && directory.isTrusted());
        var settlements = state.settlementsAtHold();
        for (var settlement : settlements) {
            append(settlement);
        }
        if (proven) {
            for (var lease : state.totals()) {
                if (lease.bootEpoch() == state.epoch() && !lease.closed()) {
                    append(new LogRecord.Close(lease.account().toString(), lease.bootEpoch()));
                }
            }
        }
        append(new LogRecord.Boot(holder().bootEpoch(), kernelBoot));
        if (damage != null) {
            LOG.error(
                    "the log is damaged: {}; its leases stay charged, its files are kept aside",
                    damage);
        }
        return new Recovered(proven, settlements.size(), state.interrupted(), damage);
    }

    /**
     * @param yields leaves the reserve to records that end something
     */
    private boolean write(byte[] record, int length, boolean opens, boolean yields) {
        try {
            return put(record, length, opens, yields);
        } catch (InternalError e) {
            if (failure == null) {
                failed(e);
                besideTheLog(this::distrust);
            }
            return false;
        }
    }

    private boolean put(byte[] record, int length, boolean opens, boolean yields) {
        if (released || opens && failure != null) {
            return false;
        }
        var frame = Segment.frameBytes(length);
        var reserve = next == null && yields ? current.capacity() / RESERVE_PART : 0;
        if (behind || current.free() < frame + reserve) {
            if (next == null) {
                allocateNext();
                return false;
            }
            if (!rotate() || current.free() < frame) {
                return false;
            }
        }
        current.append(nextNumber, record, length);
        nextNumber++;
        if (!dirty) {
            dirty = true;
            workers.appended();
        }
        return true;
    }

    private boolean rotate() {
        var segment = next;
        if (segment == null || !checkpoint(segment)) {
            return false;
        }
        retired.add(current);
        current = segment;
        next = null;
        behind = false;
        allocateNext();
        return true;
    }

    /** False: the state does not fit. What requests owe a record gives way to money. */
    private boolean checkpoint(Segment segment) {
        var codec = new LogCodec();
        var record = codec.encode(new LogRecord.Checkpoint(state.snapshot()));
        if (Segment.frameBytes(codec.length()) > segment.capacity() / 2) {
            LOG.error("{} requests without a usage record are forgotten", state.running());
            state.forgetRunning();
            record = codec.encode(new LogRecord.Checkpoint(state.snapshot()));
        }
        if (Segment.frameBytes(codec.length()) > segment.capacity() / 2) {
            return false;
        }
        segment.append(nextNumber, record, codec.length());
        nextNumber++;
        return true;
    }

    /** Whether something waits for a sync. */
    boolean dirty() {
        return dirty;
    }

    /** Makes the next segment if there is none: the disk may have been full. */
    void makeRoom() {
        lock.lock();
        try {
            allocateNext();
        } finally {
            lock.unlock();
        }
    }

    /** Makes the next segment beside the log; the lock is held. */
    private void allocateNext() {
        if (allocating || next != null || closed || failure != null) {
            return;
        }
        var index = current.index + 1;
        allocating = besideTheLog(() -> allocate(index));
    }

    /** False: the log is being closed. */
    private boolean besideTheLog(Runnable task) {
        try {
            workers.execute(task);
            return true;
        } catch (RejectedExecutionException e) {
            return false;
        }
    }

    private void allocate(long index) {
        Segment made = null;
        try {
            made = directory.create(index, settings.segmentBytes());
            directory.sync();
        } catch (IOException e) {
            LOG.error("no room for the next segment of the log: {}", e.getMessage());
        }
        lock.lock();
        try {
            next = made;
            allocating = false;
        } finally {
            lock.unlock();
        }
    }

    private void syncNow() {
        syncLock.lock();
        try {
            var full = new ArrayList<Segment>();
            Segment segment;
            int end;
            lock.lock();
            try {
                if (released || failure != null) {
                    return;
                }
                dirty = false;
                full.addAll(retired);
                retired.clear();
                segment = current;
                end = segment.end();
            } finally {
                lock.unlock();
            }
            for (var done : full) {
                done.sync(done.end());
            }
            segment.sync(end);
            for (var done : full) {
                done.close();
            }
            deleteOldest(full);
        } catch (UncheckedIOException | InternalError e) {
            failed(e);
            distrust();
        } finally {
            syncLock.unlock();
        }
    }

    /** The log's own thread was told of it after a sync. */
    void broke(InternalError cause) {
        if (failure == null) {
            failed(cause);
            distrust();
        }
    }

    private void failed(Throwable cause) {
        failure = "fsync of the log failed: " + cause.getMessage();
        LOG.error("{}: no request that a hard budget covers is admitted", failure);
    }

    private void distrust() {
        try {
            directory.distrust();
        } catch (IOException e) {
            LOG.error("a start after a kill may take the log for whole: {}", e.getMessage());
        }
    }

    /**
     * The checkpoint of the current segment is on the disk: older ones may go. One that cannot be
     * deleted takes room and nothing else, and is tried again after each sync.
     */
    private void deleteOldest(List<Segment> full) {
        var excess = new ArrayList<Long>();
        lock.lock();
        try {
            for (var done : full) {
                old.add(done.index);
            }
            while (!old.isEmpty()
                    && (old.size() + 2L) * settings.segmentBytes() > settings.totalBytes()) {
                excess.add(old.removeFirst());
            }
        } finally {
            lock.unlock();
        }
        if (excess.isEmpty()) {
            return;
        }
        var left = new ArrayList<Long>();
        for (var index : excess) {
            try {
                directory.delete(index);
            } catch (IOException e) {
                left.add(index);
                if (!stuck) {
                    stuck = true;
                    LOG.error("segment {} of the log cannot be deleted: {}", index, e.getMessage());
                }
            }
        }
        stuck = !left.isEmpty();
        lock.lock();
        try {
            left.reversed().forEach(old::addFirst);
        } finally {
            lock.unlock();
        }
    }
}
