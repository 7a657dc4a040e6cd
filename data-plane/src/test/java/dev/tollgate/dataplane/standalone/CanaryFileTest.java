package dev.tollgate.dataplane.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.policy.canary.CanaryState;
import dev.tollgate.policy.canary.CanaryState.Phase;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CanaryFileTest {

    @TempDir Path folder;
    private Path path;
    private CanaryFile file;

    @BeforeEach
    void file() {
        path = folder.resolve("canaries.json");
        file = new CanaryFile(path);
    }

    @Test
    void keepsStatesOverARestart() {
        var since = Instant.parse("2026-11-01T10:00:00.250Z");
        var states =
                Map.of(
                        "team-a/chat/default",
                        new CanaryState("next", 2, Phase.WAITING, since, "print", "5 \"%\""),
                        "team-b/chat/default",
                        new CanaryState("new", 1, Phase.ROLLED_BACK, since, "other", ""));
        file.store(states);
        assertThat(new CanaryFile(path).load()).isEqualTo(states);
        file.store(Map.of());
        assertThat(file.load()).isEmpty();
    }

    @Test
    void holdsNothingBeforeTheFirstCanary() {
        assertThat(file.load()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{\"a/b/c\":{\"target\":\"t\",",
                "{\"a/b/c\":{\"target\":\"t\",\"step\":1,\"phase\":\"LATER\",\"since\":\"2026-11-01T10:00:00Z\"}}",
                "{\"a/b/c\":{\"target\":\"t\",\"step\":1,\"phase\":\"PAUSED\",\"since\":\"yesterday\"}}"
            })
    void isLostWhenItCannotBeRead(String text) throws Exception {
        Files.writeString(path, text);
        assertThat(file.load()).isEmpty();
    }
}
