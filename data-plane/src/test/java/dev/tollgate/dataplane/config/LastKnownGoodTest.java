package dev.tollgate.dataplane.config;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LastKnownGoodTest {

    @TempDir Path directory;
    private LastKnownGood files;
    private final ArrayList<String> skipped = new ArrayList<>();

    @BeforeEach
    void open() {
        files = new LastKnownGood(directory);
    }

    private void store(String snapshot, String revision) throws IOException {
        files.store(snapshot.getBytes(UTF_8), revision, credentials("secret-" + revision));
    }

    private static Credentials credentials(String value) {
        return Credentials.of(Map.of("a/b/c", value.getBytes(UTF_8)));
    }

    private String loaded() {
        return files.load(skipped::add)
                .map(s -> s.revision() + " " + new String(s.snapshot(), UTF_8))
                .orElse("nothing");
    }

    @Test
    void answersNothingForAnEmptyDirectory() {
        assertThat(loaded()).isEqualTo("nothing");
    }

    @Test
    void answersWhatWasStoredLast() throws IOException {
        store("one", "1.1");
        store("two", "1.2");
        assertThat(loaded()).isEqualTo("1.2 two");
        var stored = files.load(skipped::add).orElseThrow();
        assertThat(stored.credentials().sameAs(credentials("secret-1.2"))).isTrue();
        assertThat(skipped).isEmpty();
    }

    @Test
    void fallsBackToThePreviousPairWhenTheSnapshotIsCorrupt() throws IOException {
        store("one", "1.1");
        store("two", "1.2");
        Files.writeString(directory.resolve("snapshot.json"), "tw");
        assertThat(loaded()).isEqualTo("1.1 one");
        assertThat(skipped).anyMatch(s -> s.contains("digest differs"));
    }

    @Test
    void survivesACrashBetweenSnapshotAndMeta() throws IOException {
        store("one", "1.1");
        var meta = Files.readAllBytes(directory.resolve("meta.json"));
        store("two", "1.2");
        Files.write(directory.resolve("meta.json"), meta);
        assertThat(loaded()).isEqualTo("1.1 one");
    }

    @Test
    void skipsASnapshotThatIsCorruptAndHasNoPredecessor() throws IOException {
        store("one", "1.1");
        Files.writeString(directory.resolve("snapshot.json"), "x");
        assertThat(loaded()).isEqualTo("nothing");
    }

    @Test
    void neverKeepsACorruptPairAsPrevious() throws IOException {
        store("one", "1.1");
        store("two", "1.2");
        Files.writeString(directory.resolve("snapshot.json"), "x");
        store("three", "1.3");
        Files.writeString(directory.resolve("snapshot.json"), "y");
        assertThat(loaded()).isEqualTo("1.1 one");
    }

    @Test
    void writesFilesThatOnlyTheOwnerReads() throws IOException {
        store("one", "1.1");
        assertThat(Files.getPosixFilePermissions(directory.resolve("credentials.json")))
                .isEqualTo(Set.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE));
    }

    @Test
    void printsNoSecret() {
        assertThat(credentials("hush").toString()).isEqualTo("[redacted]");
    }
}
