package dev.tollgate.dialects.translate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.codec.Loss;
import dev.tollgate.dialects.conversation.Trait;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import org.junit.jupiter.api.Test;

class DialectsPageTest {

    /** On a difference the actual text is left in {@code target/dialects.md}. */
    @Test
    void thePageSaysWhatTheCodeDoes() throws IOException {
        var actual = DialectsPage.text();
        var page = Path.of("../docs/dialects.md");
        var written = Files.exists(page) ? Files.readString(page) : "";
        if (!actual.equals(written)) {
            Files.createDirectories(Path.of("target"));
            Files.writeString(Path.of("target/dialects.md"), actual);
        }
        assertThat(written).isEqualTo(actual);
    }

    @Test
    void everyTraitCanBeAskedForAndEveryLossIsNamed() {
        var asked = EnumSet.noneOf(Trait.class);
        for (var client : Dialect.values()) {
            asked.addAll(DialectsPage.asked(client));
        }
        assertThat(asked).containsExactly(Trait.values());
        for (var loss : Loss.values()) {
            assertThat(DialectsPage.text()).contains(loss.words());
        }
    }
}
