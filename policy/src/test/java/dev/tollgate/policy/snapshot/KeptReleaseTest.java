package dev.tollgate.policy.snapshot;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class KeptReleaseTest {

    private static KeptRelease release(String revision, int bytes) {
        var noise = new byte[bytes];
        new Random(7).nextBytes(noise);
        return new KeptRelease(
                revision,
                noise,
                Map.of("a/openai/api-key", "hush".getBytes(UTF_8)),
                "{}".getBytes(UTF_8));
    }

    @Test
    void givesBackWhatItWasMadeFrom() {
        for (int bytes : new int[] {0, 1, 100_000, 1_500_000}) {
            var release = release("7.3", bytes);
            var parts = release.encode().orElseThrow();
            var back = KeptRelease.decode(parts).orElseThrow();
            assertThat(back.revision()).isEqualTo("7.3");
            assertThat(back.snapshot()).isEqualTo(release.snapshot());
            assertThat(back.credentials().get("a/openai/api-key")).asString().isEqualTo("hush");
            assertThat(parts).allMatch(p -> p.length <= KeptRelease.MAX_PART_BYTES);
        }
    }

    @Test
    void ignoresPartsThatALargerDocumentLeftBehind() {
        var parts = new ArrayList<>(release("7.4", 10).encode().orElseThrow());
        parts.add(release("7.3", 1_500_000).encode().orElseThrow().get(1));
        assertThat(KeptRelease.decode(parts).orElseThrow().revision()).isEqualTo("7.4");
    }

    @Test
    void refusesPartsOfTwoDocuments() {
        var older = release("7.3", 1_500_000).encode().orElseThrow();
        var newer = release("7.4", 1_500_001).encode().orElseThrow();
        assertThat(KeptRelease.decode(List.of(newer.getFirst(), older.getLast()))).isEmpty();
        assertThat(KeptRelease.decode(List.of(newer.getFirst()))).isEmpty();
        assertThat(KeptRelease.decode(List.of())).isEmpty();
        assertThat(KeptRelease.decode(List.of("tollgate-lkg-1 1 00\nx".getBytes(UTF_8)))).isEmpty();
    }

    @Test
    void saysWhenItDoesNotFit() {
        assertThat(release("7.3", 4_000_000).encode()).isEmpty();
    }

    @Test
    void printsNoSecret() {
        assertThat(release("7.3", 1).toString()).doesNotContain("hush").contains("redacted");
    }
}
