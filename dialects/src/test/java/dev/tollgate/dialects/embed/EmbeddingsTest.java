package dev.tollgate.dialects.embed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tollgate.dialects.Bridge;
import dev.tollgate.dialects.Bridge.AnswerRead;
import dev.tollgate.dialects.Bridge.Outbound;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.Ingress;
import dev.tollgate.dialects.Operation;
import dev.tollgate.dialects.RequestScan;
import dev.tollgate.dialects.scan.RequestScanner;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class EmbeddingsTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    private static byte[] bytes(String text) {
        return text.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    }

    private static JsonNode tree(byte[] json) {
        try {
            return JSON.readTree(json);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static JsonNode tree(String json) {
        return tree(bytes(json));
    }

    /** One embedding request on its way from client to provider and back. */
    private record Way(Dialect client, Operation operation, Dialect provider) {
        RequestScan scan(String body) {
            var model = client == Dialect.GEMINI ? "alias" : null;
            var ingress = new Ingress(client, operation, model, false, false);
            return assertInstanceOf(RequestScan.class, RequestScanner.scan(ingress, bytes(body)));
        }

        Bridge bridge() {
            var bridge = Bridge.between(client, provider, operation);
            assertNotNull(bridge);
            return bridge;
        }

        Outbound out(String body) {
            var terms =
                    new Bridge.RequestTerms(
                            "model-1", OptionalLong.empty(), OptionalLong.empty(), List.of());
            return bridge().request(scan(body), bytes(body), terms);
        }

        Outbound.Ready ready(String body) {
            return assertInstanceOf(Outbound.Ready.class, out(body));
        }

        AnswerRead back(String body, String answer, String alias) {
            var terms = new Bridge.AnswerTerms(scan(body), bytes(body), alias, true, "id", 0);
            return bridge().answer(bytes(answer), terms);
        }

        AnswerRead.Read read(String body, String answer) {
            return assertInstanceOf(AnswerRead.Read.class, back(body, answer, "alias"));
        }
    }

    private static final Way TO_GEMINI =
            new Way(Dialect.OPENAI_CHAT, Operation.EMBED, Dialect.GEMINI);
    private static final Way TO_OPENAI =
            new Way(Dialect.GEMINI, Operation.EMBED, Dialect.OPENAI_CHAT);
    private static final Way ONE_TO_OPENAI =
            new Way(Dialect.GEMINI, Operation.EMBED_ONE, Dialect.OPENAI_CHAT);

    @Test
    void anOpenAiRequestBecomesABatchOfGemini() {
        var ready =
                TO_GEMINI.ready(
                        "{'model':'alias','input':['a','b'],'dimensions':256,'user':'u',"
                                + "'encoding_format':'base64'}");
        assertEquals(
                tree(
                        "{'requests':[{'model':'models/model-1','content':{'parts':[{'text':'a'}]},"
                                + "'outputDimensionality':256},{'model':'models/model-1','content':"
                                + "{'parts':[{'text':'b'}]},'outputDimensionality':256}]}"),
                tree(ready.body()));
        assertEquals(List.of("user"), ready.dropped());
        assertEquals(
                1,
                tree(TO_GEMINI.ready("{'model':'m','input':'a'}").body()).get("requests").size());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'model':'m','input':[1,2,3]}",
                "{'model':'m','input':[[1,2],[3]]}",
                "{'model':'m','input':[]}",
                "{'model':'m','input':['a'],'dimensions':0}",
                "{'model':'m','input':['a'],'dimensions':'9'}",
                "{'model':'m','input':['a'],'encoding_format':'int8'}",
                "{'model':'m','input':['a'],'input_type':'query'}"
            })
    void whatGeminiCannotSayIsRefused(String body) {
        assertInstanceOf(Outbound.Refused.class, TO_GEMINI.out(body));
    }

    @Test
    void geminisAnswerBecomesAListOfEmbeddings() {
        var read =
                TO_GEMINI.read(
                        "{'model':'alias','input':['a','b']}",
                        "{'embeddings':[{'values':[0.25,-1]},{'values':[0.50,2]}],"
                                + "'usageMetadata':{'promptTokenCount':7}}");
        assertEquals(
                tree(
                        "{'object':'list','data':[{'object':'embedding','index':0,'embedding':"
                                + "[0.25,-1]},{'object':'embedding','index':1,'embedding':[0.50,2]}],"
                                + "'model':'alias','usage':{'prompt_tokens':7,'total_tokens':7}}"),
                tree(read.body()));
        assertEquals(7, read.usage().input());
        assertEquals(0, read.usage().output());
    }

    @Test
    void floatsComeAsBase64WhereTheClientAskedForThem() {
        var read =
                TO_GEMINI.read(
                        "{'model':'alias','input':'a','encoding_format':'base64'}",
                        "{'embeddings':[{'values':[0.25,-1]}]}");
        var base64 = tree(read.body()).at("/data/0/embedding").textValue();
        var floats =
                ByteBuffer.wrap(Base64.getDecoder().decode(base64)).order(ByteOrder.LITTLE_ENDIAN);
        assertEquals(0.25f, floats.getFloat());
        assertEquals(-1f, floats.getFloat());
        assertEquals(0, floats.remaining());
    }

    @Test
    void usageThatNobodyToldIsNoUsageForThePrice() {
        var read =
                TO_GEMINI.read(
                        "{'model':'alias','input':'four and four'}",
                        "{'embeddings':[{'values':[1]}]}");
        assertNull(read.usage());
        assertEquals(4, tree(read.body()).at("/usage/prompt_tokens").intValue());
    }

    @Test
    void theModelIsTheOneAskedForWhereNoAliasStandsForIt() {
        var back =
                TO_GEMINI.back(
                        "{'model':'model-1','input':'a'}", "{'embeddings':[{'values':[1]}]}", null);
        var read = assertInstanceOf(AnswerRead.Read.class, back);
        assertEquals("model-1", tree(read.body()).get("model").textValue());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "[]",
                "{'embeddings':[]}",
                "{'embeddings':[{'values':[1]},{'values':[2]}]}",
                "{'embeddings':[{}]}",
                "{'embeddings':[{'values':['1']}]}"
            })
    void anAnswerWithoutTheEmbeddingsAskedForIsNone(String answer) {
        assertInstanceOf(
                AnswerRead.Unreadable.class,
                TO_GEMINI.back("{'model':'m','input':'a'}", answer, null));
    }

    @Test
    void aGeminiRequestBecomesOneOfOpenAi() {
        var ready =
                ONE_TO_OPENAI.ready(
                        "{'model':'models/alias','content':{'role':'user','parts':[{'text':'a'},"
                                + "{'text':'b'}]},'task_type':'RETRIEVAL_QUERY','title':'t',"
                                + "'output_dimensionality':64}");
        assertEquals(
                tree("{'model':'model-1','input':'a\\nb','dimensions':64}"), tree(ready.body()));
        assertEquals(List.of("taskType", "title"), ready.dropped());
        assertEquals(
                tree("{'model':'model-1','input':['a','b'],'dimensions':8}"),
                tree(
                        TO_OPENAI
                                .ready(
                                        "{'requests':[{'model':'models/alias','content':{'parts':"
                                                + "[{'text':'a'}]},'outputDimensionality':8},"
                                                + "{'content':{'parts':{'text':'b'}},"
                                                + "'embedContentConfig':{'outputDimensionality':8}}]}")
                                .body()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'requests':[{'content':{'parts':[{'text':'a'}]},'outputDimensionality':8},"
                        + "{'content':{'parts':[{'text':'b'}]}}]}",
                "{'requests':[{'content':{'parts':[{'inlineData':{'mimeType':'image/png',"
                        + "'data':'AA=='}}]}}]}",
                "{'requests':[{'content':{'parts':[{'text':'a'}]},'colour':'red'}]}",
                "{'requests':[{'content':{'parts':[{'text':'a'}]},'outputDimensionality':0}]}",
                "{'requests':[{'content':{'parts':[{'text':'a'}]}}],'colour':'red'}"
            })
    void whatOpenAiCannotSayIsRefused(String body) {
        assertInstanceOf(Outbound.Refused.class, TO_OPENAI.out(body));
    }

    @Test
    void openAisAnswerBecomesGeminis() {
        var batch =
                TO_OPENAI.read(
                        "{'requests':[{'content':{'parts':[{'text':'a'}]}},{'content':{'parts':"
                                + "[{'text':'b'}]}}]}",
                        "{'object':'list','model':'model-1','data':[{'index':1,'embedding':[2.50]},"
                                + "{'index':0,'embedding':'AACAPg=='}],"
                                + "'usage':{'prompt_tokens':5,'total_tokens':5}}");
        assertEquals(
                tree(
                        "{'embeddings':[{'values':[0.25]},{'values':[2.50]}],"
                                + "'usageMetadata':{'promptTokenCount':5}}"),
                tree(batch.body()));
        assertEquals(5, batch.usage().input());
        assertEquals("model-1", batch.model());
        var one =
                ONE_TO_OPENAI.read(
                        "{'content':{'parts':[{'text':'a'}]}}", "{'data':[{'embedding':[1]}]}");
        assertEquals(tree("{'embedding':{'values':[1]}}"), tree(one.body()));
        assertNull(one.usage());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{'data':[]}",
                "{'data':[{'index':1,'embedding':[1]}]}",
                "{'data':[{'index':0,'embedding':'AAA'}]}",
                "{'data':[{'index':0}]}",
                "nonsense"
            })
    void anAnswerOfOpenAiWithoutTheEmbeddingIsNone(String answer) {
        assertInstanceOf(
                AnswerRead.Unreadable.class,
                ONE_TO_OPENAI.back("{'content':{'parts':[{'text':'a'}]}}", answer, null));
    }

    @ParameterizedTest
    @EnumSource(
            value = Dialect.class,
            names = {"OPENAI_CHAT", "GEMINI"})
    void anthropicHasNoEmbeddings(Dialect client) {
        assertNull(Bridge.between(client, Dialect.ANTHROPIC, Operation.EMBED));
    }

    @Test
    void everyInputCountsAndATokenIdIsOneToken() {
        var texts = TO_GEMINI.scan("{'model':'m','input':['ab','c','d']}");
        assertEquals(3, texts.choices());
        assertEquals(4, texts.textBytes());
        var ids = TO_GEMINI.scan("{'model':'m','input':[101234,7]}");
        assertEquals(1, ids.choices());
        assertEquals(2, ids.textBytes());
        var lists = TO_GEMINI.scan("{'model':'m','input':[[101234,7],[9]]}");
        assertEquals(2, lists.choices());
        assertEquals(3, lists.textBytes());
        assertEquals(
                2,
                TO_OPENAI
                        .scan(
                                "{'requests':[{'content':{'parts':[{'text':'a'}]}},"
                                        + "{'content':{'parts':[{'text':'b'}]}}]}")
                        .choices());
        assertTrue(Operation.EMBED_ONE.embeds() && !Operation.GENERATE.embeds());
    }

    @Test
    void mistralsServerKnowsTheLengthOfVectorsByAnotherName() {
        for (var client : List.of(Dialect.OPENAI_CHAT, Dialect.GEMINI)) {
            var body =
                    (client == Dialect.GEMINI
                                    ? "{\"content\":{\"parts\":[{\"text\":\"t\"}]},\"outputDimensionality\":256}"
                                    : "{\"model\":\"m\",\"input\":\"t\",\"dimensions\":256,\"user\":\"u\"}")
                            .getBytes(StandardCharsets.UTF_8);
            var operation = client == Dialect.GEMINI ? Operation.EMBED_ONE : Operation.EMBED;
            var model = client == Dialect.GEMINI ? "m" : null;
            var scan =
                    assertInstanceOf(
                            RequestScan.class,
                            RequestScanner.scan(
                                    new Ingress(client, operation, model, false, false), body));
            var bridge = Bridge.between(client, Dialect.OPENAI_CHAT, operation);
            var out =
                    bridge.request(
                            scan,
                            body,
                            new Bridge.RequestTerms(
                                    "m",
                                    OptionalLong.empty(),
                                    OptionalLong.empty(),
                                    List.of("output_dimension", "no_user")));
            var sent =
                    new String(
                            assertInstanceOf(Bridge.Outbound.Ready.class, out).body(),
                            StandardCharsets.UTF_8);
            assertTrue(sent.contains("\"output_dimension\":256"), sent);
            assertFalse(sent.contains("\"dimensions\"") || sent.contains("\"user\""), sent);
        }
    }
}
