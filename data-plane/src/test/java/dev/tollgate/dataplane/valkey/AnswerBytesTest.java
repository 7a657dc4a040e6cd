package dev.tollgate.dataplane.valkey;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.dataplane.cache.Answer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class AnswerBytesTest {

    private static Answer answer(byte[] body, String model) {
        return new Answer(body, "application/json", "team-a/openai", model, "", "x", 1_000, 60_000);
    }

    @Test
    void isTheSameAfterwards() {
        var answer = answer("{\"ä\":1}".getBytes(StandardCharsets.UTF_8), "modèle");
        var read = AnswerBytes.decode(AnswerBytes.encode(answer).orElseThrow()).orElseThrow();
        assertThat(read).usingRecursiveComparison().isEqualTo(answer);
    }

    @Test
    void isNotSharedIfItIsTooLarge() {
        assertThat(AnswerBytes.encode(answer(new byte[Answer.MAX_BODY_BYTES + 1], ""))).isEmpty();
        assertThat(AnswerBytes.encode(answer(new byte[1], "m".repeat(5_000)))).isEmpty();
        assertThat(AnswerBytes.encode(answer(new byte[Answer.MAX_BODY_BYTES], ""))).isPresent();
    }

    @Test
    void isNothingIfItIsCutOrOfAnotherVersion() {
        var bytes = AnswerBytes.encode(answer(new byte[0], "m")).orElseThrow();
        for (int length = 0; length < bytes.length; length++) {
            assertThat(AnswerBytes.decode(Arrays.copyOf(bytes, length))).isEmpty();
        }
        bytes[0] = 9;
        assertThat(AnswerBytes.decode(bytes)).isEmpty();
    }

    @Test
    void isAnAnswerOrNothingWhateverTheStoreHolds() {
        var random = new Random(1);
        for (int i = 0; i < 20_000; i++) {
            var bytes = AnswerBytes.encode(answer(new byte[8], "model")).orElseThrow();
            for (int changes = random.nextInt(8); changes >= 0; changes--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
            }
            assertThat(AnswerBytes.decode(bytes)).isNotNull();
        }
    }
}
