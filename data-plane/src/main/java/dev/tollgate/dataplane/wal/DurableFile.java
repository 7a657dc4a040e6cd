package dev.tollgate.dataplane.wal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/** Small files that are replaced whole and survive a crash of the machine. All calls block. */
public final class DurableFile {

    private DurableFile() {}

    /**
     * Temporary file, fsync, rename, fsync of the directory: a reader sees the old content or the
     * new one, and after the return the new one is on the disk.
     *
     * @throws IOException before the rename: nothing changed; a {@link NotSynced}: it may have
     */
    public static void replace(Path file, byte[] content) throws IOException {
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
        try {
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
            var directory = file.toAbsolutePath().getParent();
            if (directory != null) {
                syncDirectory(directory);
            }
        } catch (IOException e) {
            throw new NotSynced(e);
        }
    }

    /** The rename may be on the disk, or only in the page cache, or not done. */
    public static final class NotSynced extends IOException {
        public NotSynced(IOException cause) {
            super(cause.getMessage(), cause);
        }
    }

    /** A file that was made, renamed or deleted in it is so on the disk afterwards. */
    public static void syncDirectory(Path directory) throws IOException {
        try (var channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    /**
     * Takes the directory, which is made if absent, for this process alone until the channel is
     * closed.
     *
     * @throws IOException another process has it
     */
    public static FileChannel lock(Path directory) throws IOException {
        Files.createDirectories(directory);
        var channel =
                FileChannel.open(
                        directory.resolve("lock"),
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE);
        try {
            if (tryLock(channel) == null) {
                throw new IOException(directory + ": in use by another process");
            }
            return channel;
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    private static @Nullable Object tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            return null; // this very process has it
        }
    }
}
