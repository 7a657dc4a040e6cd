package dev.tollgate.operator;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.jspecify.annotations.Nullable;

/** The highest epoch that was claimed, in a file, should the Secret that holds it be lost. */
final class EpochFile {

    private final @Nullable Path file;

    EpochFile(@Nullable Path directory) {
        this.file = directory == null ? null : directory.resolve("epoch");
    }

    /** 0: none. */
    long read() throws StartRefusal {
        if (file == null || !Files.exists(file)) {
            return 0;
        }
        try {
            return Long.parseLong(Files.readString(file).strip());
        } catch (IOException | NumberFormatException e) {
            throw new StartRefusal(
                    StartRefusal.USAGE, "--data: " + file + " is no epoch (expected: a number)");
        }
    }

    void write(long epoch) throws StartRefusal {
        if (file == null) {
            return;
        }
        try {
            Files.createDirectories(file.getParent());
            var temporary = file.resolveSibling("epoch.tmp");
            Files.writeString(temporary, Long.toString(epoch));
            Files.move(
                    temporary,
                    file,
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new StartRefusal(StartRefusal.USAGE, "--data: " + file + " cannot be written");
        }
    }
}
