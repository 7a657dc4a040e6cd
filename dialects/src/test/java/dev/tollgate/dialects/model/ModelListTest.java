package dev.tollgate.dialects.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.tollgate.dialects.Corpus;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.Operation;
import dev.tollgate.dialects.model.ModelList.Model;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ModelListTest {
    private static final Model MODEL =
            new Model(
                    "fast",
                    Instant.ofEpochSecond(1_700_000_000),
                    "team-a",
                    Set.of(Operation.GENERATE, Operation.COUNT_TOKENS),
                    OptionalLong.of(1000),
                    OptionalLong.empty());

    @Test
    void listsInTheShapeOfEachDialect() throws IOException {
        same(
                "{\"object\":\"list\",\"data\":[{\"id\":\"fast\",\"object\":\"model\",\"created\":1700000000,\"owned_by\":\"team-a\"}]}",
                ModelList.list(Dialect.OPENAI_CHAT, List.of(MODEL)));
        same(
                "{\"data\":[{\"type\":\"model\",\"id\":\"fast\",\"display_name\":\"fast\",\"created_at\":\"2023-11-14T22:13:20Z\",\"lifecycle\":\"active\",\"max_input_tokens\":1000}],\"first_id\":\"fast\",\"has_more\":false,\"last_id\":\"fast\"}",
                ModelList.list(Dialect.ANTHROPIC, List.of(MODEL)));
        same(
                "{\"models\":[{\"name\":\"models/fast\",\"baseModelId\":\"fast\",\"version\":\"1\",\"displayName\":\"fast\",\"inputTokenLimit\":1000,\"supportedGenerationMethods\":[\"generateContent\",\"countTokens\"]}]}",
                ModelList.list(Dialect.GEMINI, List.of(MODEL)));
    }

    @Test
    void listsNothingWithoutFailing() throws IOException {
        same(
                "{\"data\":[],\"first_id\":null,\"has_more\":false,\"last_id\":null}",
                ModelList.list(Dialect.ANTHROPIC, List.of()));
    }

    @Test
    void tellsAGeminiClientWhatAModelMayBeAskedFor() throws IOException {
        var model =
                new Model(
                        "vectors",
                        Instant.EPOCH,
                        "team-a",
                        Set.of(Operation.EMBED, Operation.EMBED_ONE),
                        OptionalLong.empty(),
                        OptionalLong.empty());
        same(
                "{\"name\":\"models/vectors\",\"baseModelId\":\"vectors\",\"version\":\"1\",\"displayName\":\"vectors\",\"supportedGenerationMethods\":[\"batchEmbedContents\",\"embedContent\"]}",
                ModelList.one(Dialect.GEMINI, model));
    }

    @Test
    void showsOne() throws IOException {
        same(
                "{\"id\":\"fast\",\"object\":\"model\",\"created\":1700000000,\"owned_by\":\"team-a\"}",
                ModelList.one(Dialect.OPENAI_CHAT, MODEL));
    }

    private static void same(String expected, byte[] actual) throws IOException {
        assertEquals(Corpus.JSON.readTree(expected), Corpus.JSON.readTree(actual));
    }
}
