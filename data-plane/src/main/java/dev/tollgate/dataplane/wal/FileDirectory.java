package dev.tollgate.dataplane.wal;

import dev.tollgate.policy.budget.HolderId;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;

/**
 * A directory of mapped files: locked against a second process, with the log's id, which is random
 * and made with it, and the boot epoch, which is one more at every start and on the disk before
 * anything else happens.
 */
final class FileDirectory implements LogDirectory {

    private static final String HOLDER = "holder";
    private static final String PREFIX = "wal-";
    private static final String SUFFIX = ".seg";
    private static final String DAMAGED = ".damaged";
    private static final String UNSYNCED = "unsynced";
    private static final Path KERNEL_BOOT = Path.of("/proc/sys/kernel/random/boot_id");
    private static final int LOG_ID_BYTES = 16;

    private final Path path;
    private final FileChannel lock;
    private final HolderId holder;

    private FileDirectory(Path path, FileChannel lock, HolderId holder) {
        this.path = path;
        this.lock = lock;
        this.holder = holder;
    }

    /**
     * @throws IOException another process has it, or it cannot be written
     */
    static FileDirectory open(Path path) throws IOException {
        var lock = DurableFile.lock(path);
        try {
            return new FileDirectory(path, lock, nextHolder(path));
        } catch (IOException | RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    /** The segments of a log, oldest first, whether a process has it open or not. */
    static List<Path> segments(Path directory) throws IOException {
        try (var list = Files.list(directory)) {
            return list.filter(file -> index(file) >= 0)
                    .sorted(Comparator.comparingLong(FileDirectory::index))
                    .toList();
        }
    }

    static Segment open(Path file, boolean writable) throws IOException {
        return new Segment(index(file), MappedFile.open(file, writable));
    }

    /** -1: the file is no segment. */
    private static long index(Path file) {
        var name = file.getFileName().toString();
        if (!name.startsWith(PREFIX) || !name.endsWith(SUFFIX)) {
            return -1;
        }
        try {
            return Long.parseLong(name.substring(PREFIX.length(), name.length() - SUFFIX.length()));
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    private Path file(long index) {
        return path.resolve("%s%016d%s".formatted(PREFIX, index, SUFFIX));
    }

    @Override
    public HolderId holder() {
        return holder;
    }

    @Override
    public String kernelBoot() throws IOException {
        return Files.exists(KERNEL_BOOT) ? Files.readString(KERNEL_BOOT).strip() : "";
    }

    @Override
    public List<Long> segments() throws IOException {
        return segments(path).stream().map(FileDirectory::index).toList();
    }

    @Override
    public Segment create(long index, int bytes) throws IOException {
        return new Segment(index, MappedFile.create(file(index), bytes));
    }

    @Override
    public Segment open(long index, boolean writable) throws IOException {
        return open(file(index), writable);
    }

    @Override
    public void delete(long index) throws IOException {
        Files.deleteIfExists(file(index));
    }

    @Override
    public void setAside(List<Long> segments) throws IOException {
        try (var files = Files.list(path)) {
            for (var file : files.filter(f -> f.toString().endsWith(DAMAGED)).toList()) {
                Files.delete(file);
            }
        }
        for (var index : segments) {
            var file = file(index);
            Files.move(file, file.resolveSibling(file.getFileName() + DAMAGED));
        }
    }

    @Override
    public void sync() throws IOException {
        DurableFile.syncDirectory(path);
    }

    @Override
    public void distrust() throws IOException {
        try (var mark =
                FileChannel.open(
                        path.resolve(UNSYNCED),
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE)) {
            mark.force(true);
        } finally {
            sync(); // the disk has failed: what it still takes of the two it has
        }
    }

    @Override
    public void trust() throws IOException {
        Files.deleteIfExists(path.resolve(UNSYNCED));
    }

    @Override
    public boolean isTrusted() {
        return Files.notExists(path.resolve(UNSYNCED), LinkOption.NOFOLLOW_LINKS);
    }

    private static HolderId nextHolder(Path path) throws IOException {
        var file = path.resolve(HOLDER);
        HolderId next;
        if (Files.exists(file)) {
            var last = HolderId.parse(Files.readString(file).strip());
            next = new HolderId(last.logId(), last.bootEpoch() + 1);
        } else {
            var id = new byte[LOG_ID_BYTES];
            new SecureRandom().nextBytes(id);
            next = new HolderId(HexFormat.of().formatHex(id), 1);
        }
        DurableFile.replace(file, (next + "\n").getBytes(StandardCharsets.UTF_8));
        return next;
    }

    @Override
    public void close() throws IOException {
        lock.close();
    }
}
