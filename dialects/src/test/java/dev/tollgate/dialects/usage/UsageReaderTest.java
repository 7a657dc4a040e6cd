package dev.tollgate.dialects.usage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tollgate.dialects.Corpus;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.Figures;
import dev.tollgate.dialects.Usage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class UsageReaderTest {

    @Test
    void foldsReasoningInWhereTheTotalSaysThatItIsMissing() {
        assertEquals(
                usage(12, 0, 0, 0, 291, 290),
                read(
                        Dialect.OPENAI_CHAT,
                        """
                        {"prompt_tokens":12,"completion_tokens":1,"total_tokens":303,
                         "completion_tokens_details":{"reasoning_tokens":290}}"""));
    }

    @Test
    void countsTheThinkingThatGeminisCompatibleEndpointLeavesOut() {
        assertEquals(
                usage(35, 0, 0, 0, 74, 0),
                read(
                        Dialect.OPENAI_CHAT,
                        "{\"prompt_tokens\":35,\"completion_tokens\":12,\"total_tokens\":109}"));
    }

    @Test
    void keepsReasoningWithinOutputWhereTheTotalAgrees() {
        assertEquals(
                usage(1941, 0, 0, 0, 583, 380),
                read(
                        Dialect.OPENAI_RESPONSES,
                        """
                        {"input_tokens":1941,"output_tokens":583,"total_tokens":2524,
                         "output_tokens_details":{"reasoning_tokens":380}}"""));
    }

    @Test
    void readsDeepSeeksCacheHits() {
        assertEquals(
                usage(563, 512, 0, 0, 116, 0),
                read(
                        Dialect.OPENAI_CHAT,
                        """
                        {"prompt_tokens":563,"completion_tokens":116,"total_tokens":679,
                         "prompt_cache_hit_tokens":512,"prompt_cache_miss_tokens":51}"""));
    }

    @Test
    void addsAnthropicsCacheToItsInputAndTellsLifetimesApart() {
        assertEquals(
                usage(160, 100, 20, 30, 7, 3),
                read(
                        Dialect.ANTHROPIC,
                        """
                        {"input_tokens":10,"cache_read_input_tokens":100,
                         "cache_creation_input_tokens":50,
                         "cache_creation":{"ephemeral_5m_input_tokens":20,
                                           "ephemeral_1h_input_tokens":30},
                         "output_tokens":7,"output_tokens_details":{"thinking_tokens":3}}"""));
    }

    @Test
    void cacheWritesWithoutALifetimeAreOfTheShorterOne() {
        assertEquals(
                usage(60, 0, 50, 0, 7, 0),
                read(
                        Dialect.ANTHROPIC,
                        """
                        {"input_tokens":10,"cache_creation_input_tokens":50,"output_tokens":7}"""));
    }

    @Test
    void addsAnthropicsCallsThatItsTotalsLeaveOut() {
        assertEquals(
                usage(4908, 0, 0, 0, 143, 0),
                read(
                        Dialect.ANTHROPIC,
                        """
                        {"input_tokens":2390,"output_tokens":121,"iterations":[
                          {"type":"message","input_tokens":1128,"output_tokens":110},
                          {"type":"advisor_message","input_tokens":2518,"output_tokens":22},
                          {"type":"message","input_tokens":1262,"output_tokens":11}]}"""));
    }

    @Test
    void addsGeminisThoughtsAndToolPrompts() {
        assertEquals(
                usage(136, 5, 0, 0, 414, 213),
                read(
                        Dialect.GEMINI,
                        """
                        {"promptTokenCount":17,"toolUsePromptTokenCount":119,
                         "cachedContentTokenCount":5,"candidatesTokenCount":201,
                         "thoughtsTokenCount":213,"totalTokenCount":550}"""));
    }

    /** Whoever charges for them judges them, and must see them for that. */
    @Test
    void negativeFiguresAreKeptAsTheyCame() {
        assertEquals(
                usage(-1, 0, 0, 0, 2, 0),
                read(Dialect.OPENAI_CHAT, "{\"prompt_tokens\":-1,\"completion_tokens\":2}"));
    }

    @Test
    void whatIsNoUsageObjectHasNoUsage() {
        for (var dialect : Dialect.values()) {
            assertNull(read(dialect, "{}"));
            assertNull(read(dialect, "[1]"));
        }
    }

    @Test
    void agreesWithThePublishedReadingOfRecordedUsage() throws IOException {
        var all =
                Corpus.JSON.readTree(
                        Corpus.folder().resolve("usages/genai-prices-usages.json").toFile());
        var differences = new ArrayList<String>();
        int added = 0;
        for (var one : all) {
            var body = one.path("body");
            var usage =
                    body.has("usageMetadata")
                            ? body.path("usageMetadata")
                            : body.has("meta") ? body.path("meta") : body.path("usage");
            if (!usage.isObject()) {
                continue;
            }
            var dialect = dialect(usage);
            var expected = expected(one.path("extracted"), dialect);
            var read = UsageReader.read(dialect, usage);
            if (agrees(read, expected)) {
                continue;
            }
            if (isMoreByDesign(usage, dialect)) {
                added++;
            } else {
                differences.add(usage + " is " + read + ", expected " + expected);
            }
        }
        assertEquals(List.of(), differences);
        assertEquals(813, all.size());
        assertEquals(7, added, "objects counted higher");
    }

    /** Billed tokens that the published reading leaves out and ours counts. */
    private static boolean isMoreByDesign(JsonNode usage, Dialect dialect) {
        return usage.has("iterations")
                || dialect == Dialect.OPENAI_CHAT
                        && usage.path("total_tokens").asLong()
                                > usage.path("prompt_tokens").asLong()
                                        + usage.path("completion_tokens").asLong();
    }

    private static Dialect dialect(JsonNode usage) {
        if (usage.has("promptTokenCount") || usage.has("totalTokenCount")) {
            return Dialect.GEMINI;
        }
        if (usage.has("prompt_tokens")) {
            return Dialect.OPENAI_CHAT;
        }
        return usage.has("input_tokens_details") || usage.has("total_tokens")
                ? Dialect.OPENAI_RESPONSES
                : Dialect.ANTHROPIC;
    }

    /** The reading by the provider whose own dialect this is. */
    private static JsonNode expected(JsonNode extracted, Dialect dialect) {
        var best = extracted.path(0).path("usage");
        int rank = 0;
        for (var one : extracted) {
            for (var by : one.path("extractors")) {
                var name = by.path("provider_id").asText() + "/" + by.path("api_flavor").asText();
                int weight =
                        switch (name) {
                            case "openai/chat" -> dialect == Dialect.OPENAI_CHAT ? 2 : 0;
                            case "openai/responses" -> dialect == Dialect.OPENAI_RESPONSES ? 2 : 0;
                            case "anthropic/default" -> dialect == Dialect.ANTHROPIC ? 2 : 0;
                            case "cohere/default" -> 1;
                            default -> 0;
                        };
                if (weight > rank) {
                    rank = weight;
                    best = one.path("usage");
                }
            }
        }
        return best;
    }

    private static boolean agrees(@Nullable Usage read, JsonNode expected) {
        return read != null
                && read.input() == expected.path("input_tokens").asLong()
                && read.output() == expected.path("output_tokens").asLong()
                && read.cacheRead() == expected.path("cache_read_tokens").asLong()
                && read.cacheWrite5m() + read.cacheWrite1h()
                        == expected.path("cache_write_tokens").asLong()
                && read.reasoning() == expected.path("output_reasoning_tokens").asLong()
                && read.inputAudio() == expected.path("input_audio_tokens").asLong()
                && Figures.plausible(read);
    }

    private static @Nullable Usage read(Dialect dialect, String json) {
        try {
            return UsageReader.read(dialect, Corpus.JSON.readTree(json));
        } catch (IOException e) {
            throw new IllegalArgumentException(json, e);
        }
    }

    private static Usage usage(
            long input, long read, long write5m, long write1h, long output, long reasoning) {
        return new Usage(input, read, write5m, write1h, output, reasoning, 0, 0, 0);
    }
}
