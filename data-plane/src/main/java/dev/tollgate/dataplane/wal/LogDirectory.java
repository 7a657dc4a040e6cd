package dev.tollgate.dataplane.wal;

import dev.tollgate.policy.budget.HolderId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * The log's directory: locked against a second process, with the log's id, which is random and made
 * with it, and the boot epoch, which is one more at every start and on the disk before anything
 * else happens.
 */
final class LogDirectory implements AutoCloseable {

    private static final String HOLDER = "holder";
    private static final int LOG_ID_BYTES = 16;

    private final Path path;
    private final FileChannel lockChannel;
    private final FileLock lock;
    private final HolderId holder;

    private LogDirectory(Path path, FileChannel lockChannel, FileLock lock, HolderId holder) {
        this.path = path;
        this.lockChannel = lockChannel;
        this.lock = lock;
        this.holder = holder;
    }

    /**
     * @throws IOException another process has it, or it cannot be written
     */
    static LogDirectory open(Path path) throws IOException {
        Files.createDirectories(path);
        var channel =
                FileChannel.open(
                        path.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            var lock = tryLock(channel);
            if (lock == null) {
                throw new IOException(path + ": in use by another process");
            }
            return new LogDirectory(path, channel, lock, nextHolder(path));
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    HolderId holder() {
        return holder;
    }

    /** A file that was made, renamed or deleted is so on the disk afterwards. */
    void sync() throws IOException {
        sync(path);
    }

    static void sync(Path directory) throws IOException {
        try (var channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    /** Replaces a small file whole: temporary file, fsync, rename, fsync of the directory. */
    static void replace(Path file, byte[] content) throws IOException {
        var directory = file.toAbsolutePath().getParent();
        var temporary = file.resolveSibling(file.getFileName() + ".tmp");
        try (var channel =
                FileChannel.open(
                        temporary,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.TRUNCATE_EXISTING)) {
            var bytes = ByteBuffer.wrap(content);
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
        if (directory != null) {
            sync(directory);
        }
    }

    private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            return null; // this very process has it
        }
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
        replace(file, (next + "\n").getBytes(StandardCharsets.UTF_8));
        return next;
    }

    @Override
    public void close() throws IOException {
        lock.release();
        lockChannel.close();
    }
}
