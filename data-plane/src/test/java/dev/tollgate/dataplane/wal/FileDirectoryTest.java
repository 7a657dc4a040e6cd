package dev.tollgate.dataplane.wal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileDirectoryTest {

    @TempDir Path directory;

    @Test
    void thatItCouldNotBeSyncedIsForcedToTheDisk() throws IOException {
        var log = directory.resolve("log");
        var dump = directory.resolve("forced.jfr");
        try (var files = FileDirectory.open(log);
                var recording = new Recording()) {
            recording.enable("jdk.FileForce").withoutThreshold();
            recording.start();
            files.distrust();
            recording.stop();
            recording.dump(dump);
            assertThat(files.isTrusted()).isFalse();
        }
        assertThat(RecordingFile.readAllEvents(dump))
                .filteredOn(event -> event.getEventType().getName().equals("jdk.FileForce"))
                .extracting(event -> event.getString("path"))
                .containsSubsequence(log.resolve("unsynced").toString(), log.toString());
    }

    @Test
    void itIsNotTrustedWhereNobodyCanTell() throws IOException {
        var log = directory.resolve("log");
        try (var files = FileDirectory.open(log)) {
            assertThat(files.isTrusted()).isTrue();
            Files.move(log, directory.resolve("elsewhere"));
            Files.createSymbolicLink(log, log); // leads nowhere, and has no end
            assertThat(files.isTrusted()).isFalse();
        }
    }
}
