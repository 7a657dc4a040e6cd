package dev.tollgate.dataplane.provider;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ProvidersPageTest {

    /** On a difference the actual text is left in {@code target/providers.md}. */
    @Test
    void thePageSaysWhatTheCodeDoes() throws IOException {
        var actual = ProvidersPage.text();
        var page = Path.of("../docs/providers.md");
        var written = Files.exists(page) ? Files.readString(page) : "";
        if (!actual.equals(written)) {
            Files.createDirectories(Path.of("target"));
            Files.writeString(Path.of("target/providers.md"), actual);
        }
        assertThat(written).isEqualTo(actual);
    }
}
