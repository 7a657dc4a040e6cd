package dev.tollgate.dialects.translate;

import static dev.tollgate.dialects.translate.Wire.CHAT_END;
import static dev.tollgate.dialects.translate.Wire.answer;
import static dev.tollgate.dialects.translate.Wire.call;
import static dev.tollgate.dialects.translate.Wire.chunk;
import static dev.tollgate.dialects.translate.Wire.events;
import static dev.tollgate.dialects.translate.Wire.ofType;
import static dev.tollgate.dialects.translate.Wire.request;
import static dev.tollgate.dialects.translate.Wire.stream;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.dialects.Dialect;
import java.util.ArrayList;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What real clients stumbled over that the types of the official Java SDKs let pass. */
class RealClientsTest {

    private static final Dialect CHAT = Dialect.OPENAI_CHAT;
    private static final Dialect RESPONSES = Dialect.OPENAI_RESPONSES;
    private static final Dialect MESSAGES = Dialect.ANTHROPIC;
    private static final Dialect GEMINI = Dialect.GEMINI;

    private static final Map<Dialect, String> HELLO =
            Map.of(
                    CHAT,
                    "{'id':'c','model':'m','choices':[{'index':0,'message':{'role':'assistant','content':'Hi'},'finish_reason':'stop'}]}",
                    RESPONSES,
                    "{'id':'r','model':'m','status':'completed','output':[{'type':'message','id':'i','role':'assistant','status':'completed','content':[{'type':'output_text','text':'Hi','annotations':[]}]}]}",
                    GEMINI,
                    "{'responseId':'g','modelVersion':'m','candidates':[{'index':0,'content':{'role':'model','parts':[{'text':'Hi'}]},'finishReason':'STOP'}]}");

    /** Vercel's AI SDK takes no null there, strict types no absence. */
    @ParameterizedTest
    @EnumSource(
            value = Dialect.class,
            names = {"OPENAI_CHAT", "OPENAI_RESPONSES", "GEMINI"})
    void aTextBlockHasAListOfCitations(Dialect provider) {
        var plain = answer(MESSAGES, provider, HELLO.get(provider));
        assertThat(plain.at("/content/0/text").asText()).isEqualTo("Hi");
        assertThat(plain.at("/content/0/citations").isArray()).isTrue();
    }

    @Test
    void aTextBlockOfAStreamHasAListOfCitations() {
        var streamed = stream(MESSAGES, CHAT, chunk("{'content':'Hi'}"), CHAT_END);
        var start = ofType(streamed, "content_block_start").getFirst();
        assertThat(start.at("/content_block/type").asText()).isEqualTo("text");
        assertThat(start.at("/content_block/citations").isArray()).isTrue();
    }

    /** LangChain takes each change of the output index for a new item. */
    @Test
    void interleavedCallsBecomeItemsOneAfterAnother() {
        var seen =
                stream(
                        RESPONSES,
                        CHAT,
                        call(0, "call_1", "f", ""),
                        call(1, "call_2", "g", ""),
                        chunk("{'tool_calls':[{'index':1,'function':{'arguments':'{\\'b\\':'}}]}"),
                        chunk("{'tool_calls':[{'index':0,'function':{'arguments':'{\\'a\\':'}}]}"),
                        chunk("{'tool_calls':[{'index':1,'function':{'arguments':'2}'}}]}"),
                        chunk("{'tool_calls':[{'index':0,'function':{'arguments':'1}'}}]}"),
                        CHAT_END);
        var outputs = new ArrayList<Integer>();
        var arguments = new StringBuilder[] {new StringBuilder(), new StringBuilder()};
        for (var event : events(seen)) {
            if (event.has("output_index")) {
                int output = event.path("output_index").asInt();
                outputs.add(output);
                if (event.path("type").asText().equals("response.function_call_arguments.delta")) {
                    arguments[output].append(event.path("delta").asText());
                }
            }
        }
        assertThat(outputs).isSorted().contains(0, 1);
        assertThat(arguments[0]).hasToString("{\"a\":1}");
        assertThat(arguments[1]).hasToString("{\"b\":2}");
    }

    /** The Python SDK of Google writes base64url; no other provider reads it. */
    @ParameterizedTest
    @CsvSource({"_-8=, /+8=", "_-8, /+8=", "AAAA, AAAA"})
    void bytesOfGeminiClientsBecomeStandardBase64(String sent, String expected) {
        var body =
                request(
                        GEMINI,
                        MESSAGES,
                        "{'contents':[{'role':'user','parts':[{'inlineData':{'mimeType':'image/png','data':'"
                                + sent
                                + "'}}]}]}");
        assertThat(body.at("/messages/0/content/0/source/data").asText()).isEqualTo(expected);
    }
}
