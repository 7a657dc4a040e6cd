package dev.tollgate.dataplane.wal;

import dev.tollgate.policy.budget.HolderId;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HexFormat;

/**
 * The log's directory: locked against a second process, with the log's id, which is random and made
 * with it, and the boot epoch, which is one more at every start and on the disk before anything
 * else happens.
 */
final class LogDirectory implements AutoCloseable {

    private static final String HOLDER = "holder";
    private static final int LOG_ID_BYTES = 16;

    private final Path path;
    private final FileChannel lock;
    private final HolderId holder;

    private LogDirectory(Path path, FileChannel lock, HolderId holder) {
        this.path = path;
        this.lock = lock;
        this.holder = holder;
    }

    /**
     * @throws IOException another process has it, or it cannot be written
     */
    static LogDirectory open(Path path) throws IOException {
        var lock = DurableFile.lock(path);
        try {
            return new LogDirectory(path, lock, nextHolder(path));
        } catch (IOException | RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    HolderId holder() {
        return holder;
    }

    /** A file that was made, renamed or deleted is so on the disk afterwards. */
    void sync() throws IOException {
        DurableFile.syncDirectory(path);
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
