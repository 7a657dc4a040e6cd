package dev.tollgate.dialects.fuzz;

import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.Operation;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A bounded number of mutations of the seeds in every build, where a fuzzer that follows coverage
 * would take minutes. The same ones each time, unless {@code -Dfuzz.seed} says otherwise.
 */
class MutatedSeedsTest {
    private static final long SEED = Long.getLong("fuzz.seed", 20_261_121L);
    private static final int TRIES = Integer.getInteger("fuzz.tries", 100);
    private static final int MOST_STEPS = 4;

    /** What JSON and events are made of, and what decoders look for. */
    private static final List<byte[]> TOKENS =
            Stream.of(
                            "{",
                            "}",
                            "[",
                            "]",
                            ",",
                            ":",
                            "\"",
                            "\\",
                            "null",
                            "true",
                            "false",
                            "-1",
                            "1e999",
                            "9223372036854775808",
                            "0.5",
                            "\"\"",
                            "{}",
                            "[]",
                            "[null]",
                            "\\u0000",
                            "\\ud800",
                            "\ud83d\ude00",
                            "\n",
                            "\r\n",
                            "\r",
                            "\n\n",
                            "data:",
                            "data: [DONE]\n\n",
                            "event: error\n",
                            ": x\n\n",
                            "\ufeff",
                            "\"type\":",
                            "\"error\":{}",
                            "\"usage\":",
                            "\"content\":",
                            "\"tool_calls\":",
                            "\"index\":7,",
                            "\"finish_reason\":\"stop\"",
                            "\"stop_reason\":\"end_turn\"",
                            "\"finishReason\":\"STOP\"",
                            "\"model\":\"x\"",
                            "data:image/png;base64,",
                            "tg1:",
                            "dGcxO")
                    .map(each -> each.getBytes(StandardCharsets.UTF_8))
                    .toList();

    static Stream<Arguments> targets() {
        var each =
                Arrays.stream(Dialect.values())
                        .flatMap(
                                dialect ->
                                        Stream.of(
                                                target(
                                                        dialect + " request",
                                                        Seeds.requests(dialect),
                                                        bytes -> Promises.request(dialect, bytes)),
                                                target(
                                                        dialect + " answer",
                                                        Seeds.answers(dialect),
                                                        bytes -> Promises.answer(dialect, bytes)),
                                                target(
                                                        dialect + " stream",
                                                        Seeds.streams(dialect),
                                                        bytes -> Promises.stream(dialect, bytes))));
        return Stream.concat(
                each,
                Stream.of(
                        target(
                                "embedding",
                                Seeds.embeddingRequests(),
                                bytes ->
                                        Promises.otherRequest(
                                                Dialect.OPENAI_CHAT, Operation.EMBED, bytes)),
                        target(
                                "Gemini embedding",
                                Seeds.geminiEmbeddingRequests(),
                                bytes ->
                                        Promises.otherRequest(
                                                Dialect.GEMINI, Operation.EMBED, bytes)),
                        target(
                                "Gemini count",
                                Seeds.geminiCounts(),
                                bytes ->
                                        Promises.otherRequest(
                                                Dialect.GEMINI, Operation.COUNT_TOKENS, bytes)),
                        target("events", Seeds.events(), Promises::events),
                        target("array", Seeds.arrays(), Promises::arrayElements),
                        target("error", Seeds.errors(), Promises::error),
                        target("usage", Seeds.usages(), Promises::usage),
                        target("request line", Seeds.paths(), Promises::path)));
    }

    private static Arguments target(String name, List<byte[]> seeds, Consumer<byte[]> promise) {
        return Arguments.of(name, seeds, promise);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("targets")
    void everyMutationOfASeedIsReadOrRefused(
            String name, List<byte[]> seeds, Consumer<byte[]> promise) {
        for (int i = 0; i < TRIES; i++) {
            var random = new SplittableRandom(SEED + i);
            var bytes = mutated(seeds, random);
            try {
                promise.accept(bytes);
            } catch (AssertionError | RuntimeException | StackOverflowError found) {
                throw new AssertionError(
                        "%s, -Dfuzz.seed=%d, try %d: %s"
                                .formatted(
                                        name, SEED, i, new String(bytes, StandardCharsets.UTF_8)),
                        found);
            }
        }
    }

    private static byte[] mutated(List<byte[]> seeds, SplittableRandom random) {
        var bytes = seeds.get(random.nextInt(seeds.size()));
        int steps = 1 + random.nextInt(MOST_STEPS);
        for (int i = 0; i < steps; i++) {
            bytes = step(bytes, seeds, random);
        }
        return bytes;
    }

    private static byte[] step(byte[] bytes, List<byte[]> seeds, SplittableRandom random) {
        int at = random.nextInt(bytes.length + 1);
        int end = at + random.nextInt(Math.min(40, bytes.length - at) + 1);
        return switch (random.nextInt(6)) {
            case 0 -> replaced(bytes, at, end, new byte[0]);
            case 1 -> replaced(bytes, at, at, TOKENS.get(random.nextInt(TOKENS.size())));
            case 2 -> replaced(bytes, at, end, TOKENS.get(random.nextInt(TOKENS.size())));
            case 3 -> replaced(bytes, at, Math.min(at + 1, bytes.length), anyByte(random));
            case 4 -> replaced(bytes, at, at, Arrays.copyOfRange(bytes, at, end));
            default -> {
                var other = seeds.get(random.nextInt(seeds.size()));
                int from = random.nextInt(other.length + 1);
                yield replaced(
                        bytes, at, bytes.length, Arrays.copyOfRange(other, from, other.length));
            }
        };
    }

    private static byte[] anyByte(SplittableRandom random) {
        return new byte[] {(byte) random.nextInt(256)};
    }

    private static byte[] replaced(byte[] bytes, int from, int to, byte[] by) {
        var result = Arrays.copyOf(bytes, bytes.length - (to - from) + by.length);
        System.arraycopy(by, 0, result, from, by.length);
        System.arraycopy(bytes, to, result, from + by.length, bytes.length - to);
        return result;
    }
}
