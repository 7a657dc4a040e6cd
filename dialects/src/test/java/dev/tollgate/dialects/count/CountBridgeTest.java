package dev.tollgate.dialects.count;

import static org.junit.jupiter.api.Assertions.assertEquals;
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
import dev.tollgate.dialects.Scanned;
import dev.tollgate.dialects.scan.RequestScanner;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CountBridgeTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    private static final String MESSAGES =
            "{'model':'alias','system':'Be brief','messages':[{'role':'user','content':'Hi'}],"
                    + "'tools':[{'name':'t','description':'d','input_schema':{'type':'object'}}]}";

    private static final String CONTENTS =
            "{'generateContentRequest':{'model':'models/alias','contents':[{'role':'user','parts':"
                    + "[{'text':'Hi'}]}],'systemInstruction':{'parts':[{'text':'Be brief'}]},"
                    + "'generationConfig':{'stopSequences':['x'],'temperature':2,"
                    + "'maxOutputTokens':7}}}";

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

    private static RequestScan scan(Dialect client, String body) {
        var model = client == Dialect.GEMINI ? "alias" : null;
        var ingress = new Ingress(client, Operation.COUNT_TOKENS, model, false, false);
        return assertInstanceOf(RequestScan.class, RequestScanner.scan(ingress, bytes(body)));
    }

    private static Bridge bridge(Dialect client, Dialect provider) {
        var bridge = Bridge.between(client, provider, Operation.COUNT_TOKENS);
        assertNotNull(bridge);
        return bridge;
    }

    private static Outbound out(Dialect client, Dialect provider, String body, String... quirks) {
        var terms =
                new Bridge.RequestTerms(
                        "model-1", OptionalLong.empty(), OptionalLong.empty(), List.of(quirks));
        return bridge(client, provider).request(scan(client, body), bytes(body), terms);
    }

    private static JsonNode sent(Dialect client, Dialect provider, String body, String... quirks) {
        return tree(
                assertInstanceOf(Outbound.Ready.class, out(client, provider, body, quirks)).body());
    }

    @Test
    void anAnthropicCountIsAskedOfGemini() {
        var sent = sent(Dialect.ANTHROPIC, Dialect.GEMINI, MESSAGES).get("generateContentRequest");
        assertEquals("models/model-1", sent.get("model").textValue());
        assertEquals("Hi", sent.at("/contents/0/parts/0/text").textValue());
        assertEquals("Be brief", sent.at("/systemInstruction/parts/0/text").textValue());
        assertEquals("t", sent.at("/tools/0/functionDeclarations/0/name").textValue());
    }

    @Test
    void anAnthropicCountIsAskedOfOpenAisOwnCounter() {
        var sent =
                sent(Dialect.ANTHROPIC, Dialect.OPENAI_CHAT, MESSAGES, CountBridge.QUIRK_COUNTER);
        assertEquals("model-1", sent.get("model").textValue());
        assertTrue(sent.get("input").toString().contains("Hi"));
        assertTrue(sent.toString().contains("Be brief"));
        assertEquals("t", sent.at("/tools/0/name").textValue());
        for (var field : List.of("store", "stream", "max_output_tokens", "include", "user")) {
            assertNull(sent.get(field), field);
        }
    }

    @Test
    void aGeminiCountIsAskedOfAnthropic() {
        var sent = sent(Dialect.GEMINI, Dialect.ANTHROPIC, CONTENTS);
        assertEquals("model-1", sent.get("model").textValue());
        assertEquals("user", sent.at("/messages/0/role").textValue());
        assertTrue(sent.get("system").toString().contains("Be brief"));
        for (var field : List.of("max_tokens", "stream", "temperature", "stop_sequences")) {
            assertNull(sent.get(field), field);
        }
    }

    @Test
    void whatOnlyGeneratingNeedsIsNoReasonToRefuseACount() {
        var sent = sent(Dialect.GEMINI, Dialect.OPENAI_CHAT, CONTENTS, CountBridge.QUIRK_COUNTER);
        assertTrue(sent.get("input").toString().contains("Hi"));
        sent(Dialect.GEMINI, Dialect.ANTHROPIC, "{'contents':[{'parts':[{'text':'Hi'}]}]}");
    }

    @ParameterizedTest
    @CsvSource({
        "ANTHROPIC,GEMINI,totalTokens,input_tokens",
        "ANTHROPIC,OPENAI_CHAT,input_tokens,input_tokens",
        "GEMINI,ANTHROPIC,input_tokens,totalTokens",
        "GEMINI,OPENAI_CHAT,input_tokens,totalTokens"
    })
    void theCountComesInTheClientsOwnShape(
            Dialect client, Dialect provider, String said, String told) {
        var body = client == Dialect.GEMINI ? CONTENTS : MESSAGES;
        var terms = new Bridge.AnswerTerms(scan(client, body), bytes(body), null, true, "id", 0);
        var bridge = bridge(client, provider);
        var read =
                assertInstanceOf(
                        AnswerRead.Read.class,
                        bridge.answer(bytes("{'" + said + "':42,'object':'x'}"), terms));
        assertEquals(tree(bytes("{'" + told + "':42}")), tree(read.body()));
        assertNull(read.usage(), "counting is no usage");
        assertInstanceOf(AnswerRead.Unreadable.class, bridge.answer(bytes("{'other':42}"), terms));
    }

    @Test
    void aServerWithoutACounterIsNotAsked() {
        var answered =
                assertInstanceOf(
                        Outbound.Answered.class,
                        out(Dialect.ANTHROPIC, Dialect.OPENAI_CHAT, MESSAGES));
        assertEquals(List.of("input_tokens"), answered.estimated());
        var scan = scan(Dialect.ANTHROPIC, MESSAGES);
        assertEquals(
                (scan.textBytes() + 3) / 4 + 4L * scan.messages(),
                tree(answered.body()).get("input_tokens").longValue());
        var gemini =
                assertInstanceOf(
                        Outbound.Answered.class,
                        out(Dialect.GEMINI, Dialect.OPENAI_CHAT, CONTENTS));
        assertTrue(tree(gemini.body()).get("totalTokens").longValue() > 4);
    }

    @Test
    void whatIsNotInTheBodyIsNotEstimated() {
        var refused =
                assertInstanceOf(
                        Outbound.Refused.class,
                        out(
                                Dialect.GEMINI,
                                Dialect.OPENAI_CHAT,
                                "{'contents':[{'parts':[{'fileData':{'fileUri':'gs://x'}}]}]}"));
        assertTrue(refused.message().contains("fileData"), refused.message());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '"',
            value = {
                "ANTHROPIC; {'model':'m','messages':[]}",
                "ANTHROPIC; {'model':'m','messages':[{'role':'robot','content':'hi'}]}",
                "ANTHROPIC; {'model':'m','messages':[{'role':'user','content':7}]}",
                "ANTHROPIC; {'model':'m','messages':[{'role':'user'}]}",
                "ANTHROPIC; {'model':'m','messages':[{'role':'user','content':'x'}],'tools':7}",
                "ANTHROPIC; {'model':'m','messages':[{'role':'user','content':[{'type':'song'}]}]}",
                "GEMINI; {'contents':[]}",
                "GEMINI; {}",
                "GEMINI; {'contents':[{'role':'robot','parts':[{'text':'x'}]}]}",
                "GEMINI; {'contents':[{'parts':[{'text':7}]}]}"
            })
    void whatACallWouldBeRefusedForIsNotEstimated(Dialect client, String body) {
        var ingress =
                new Ingress(
                        client,
                        Operation.COUNT_TOKENS,
                        client == Dialect.GEMINI ? "alias" : null,
                        false,
                        false);
        assertTrue(
                RequestScanner.scan(ingress, bytes(body)) instanceof Scanned.Malformed
                        || out(client, Dialect.OPENAI_CHAT, body) instanceof Outbound.Refused);
    }

    @Test
    void whatTheProviderCannotBeSentIsRefusedAsForAnAnswer() {
        assertInstanceOf(
                Outbound.Refused.class,
                out(
                        Dialect.GEMINI,
                        Dialect.ANTHROPIC,
                        "{'contents':[{'parts':[{'inlineData':{'mimeType':'audio/mpeg',"
                                + "'data':'AAAA'}}]}]}"));
    }
}
