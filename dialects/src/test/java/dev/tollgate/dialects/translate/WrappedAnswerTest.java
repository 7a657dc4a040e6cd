package dev.tollgate.dialects.translate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.dialects.AnswerStream.End;
import dev.tollgate.dialects.Bridge.AnswerRead;
import dev.tollgate.dialects.Dialect;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Lists and words as answers, which only Gemini's schemas know, come from every provider. */
class WrappedAnswerTest {
    private static final String LIST =
            "{'contents':[{'parts':[{'text':'x'}]}],'generationConfig':{'responseMimeType':'application/json',"
                    + "'responseSchema':{'type':'ARRAY','items':{'type':'OBJECT','properties':{'a':{'type':'STRING'}}}}}}";

    private static final String WORD =
            "{'contents':[{'parts':[{'text':'x'}]}],'generation_config':{'response_mime_type':'text/x.enum',"
                    + "'response_schema':{'type':'STRING','enum':['yes','no']}}}";

    private static Exchanges.Streamed streamed(
            Dialect provider, String request, int chunk, String... events) {
        var wire = new StringBuilder();
        for (var event : events) {
            wire.append("data: ").append(event).append("\n\n");
        }
        return Exchanges.stream(
                Wire.bridge(Dialect.GEMINI, provider),
                Exchanges.answerTerms(Dialect.GEMINI, Wire.json(request)),
                Wire.json(wire.toString()),
                chunk);
    }

    private static String text(Dialect provider, String request, String answer) {
        var read =
                Wire.bridge(Dialect.GEMINI, provider)
                        .answer(
                                Wire.json(answer),
                                Exchanges.answerTerms(Dialect.GEMINI, Wire.json(request)));
        assertThat(read).isInstanceOf(AnswerRead.Read.class);
        return SdkReader.answer(Dialect.GEMINI, ((AnswerRead.Read) read).body()).text();
    }

    private static String chat(String content) {
        return "{'choices':[{'finish_reason':'stop','message':{'role':'assistant','content':'"
                + content.replace("'", "\\'")
                + "'}}]}";
    }

    @ParameterizedTest
    @EnumSource(
            value = Dialect.class,
            names = {"OPENAI_CHAT", "OPENAI_RESPONSES", "ANTHROPIC"})
    void theSchemaIsThatOfAnObjectsOnlyMember(Dialect provider) {
        var sent = Wire.request(Dialect.GEMINI, provider, LIST);
        SdkReader.request(provider, Exchanges.bytes(sent));
        assertThat(sent.toString())
                .contains("\"properties\":{\"value\":{\"type\":\"array\"")
                .contains("\"required\":[\"value\"]")
                .contains("\"additionalProperties\":false");
    }

    @Test
    void sharedSchemasStayWhereTheyAreReferredTo() {
        var sent =
                Wire.request(
                        Dialect.GEMINI,
                        Dialect.OPENAI_CHAT,
                        "{'contents':[{'parts':[{'text':'x'}]}],'generationConfig':{'responseMimeType':'application/json',"
                                + "'responseJsonSchema':{'type':'array','items':{'$ref':'#/$defs/A'},'$defs':{'A':{'type':'string'}}}}}");
        var schema = sent.path("response_format").path("json_schema").path("schema");
        assertThat(schema.path("$defs").has("A")).isTrue();
        assertThat(schema.path("properties").path("value").has("$defs")).isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{#value#: [{#a#:#}#}]}    | [{#a#:#}#}]",
                "{ #value# :[] }           | []",
                "[1]                       | [1]",
                "{#other#:1}               | {#other#:1}",
                "{#value#:[1,              | [1,"
            })
    void theAnswerIsTakenOutOfTheObject(String said, String seen) {
        var content = said.replace("#", "\\\"");
        var answer = chat(content);
        var text = seen.replace('#', '"');
        assertThat(text(Dialect.OPENAI_CHAT, LIST, answer)).isEqualTo(text);
        for (int chunk : new int[] {1, 7, 1000}) {
            var pieces = new String[said.length() + 1];
            for (int i = 0; i < said.length(); i++) {
                var piece = said.substring(i, i + 1).replace("#", "\\\"");
                pieces[i] = Wire.chunk("{'content':'" + piece + "'}");
            }
            pieces[said.length()] = Wire.CHAT_END;
            var streamed = streamed(Dialect.OPENAI_CHAT, LIST, chunk, pieces);
            assertThat(streamed.end()).isInstanceOf(End.Complete.class);
            assertThat(SdkReader.stream(Dialect.GEMINI, streamed.bytes()).text()).isEqualTo(text);
        }
    }

    @Test
    void aWordComesWithoutItsQuotes() {
        var object = "{\\\"value\\\":\\\"yes\\\"}";
        assertThat(text(Dialect.OPENAI_CHAT, WORD, chat(object))).isEqualTo("yes");
        var streamed =
                streamed(
                        Dialect.OPENAI_CHAT,
                        WORD,
                        5,
                        Wire.chunk("{'content':'" + object + "'}"),
                        Wire.CHAT_END);
        assertThat(SdkReader.stream(Dialect.GEMINI, streamed.bytes()).text()).isEqualTo("yes");
    }

    /** Behind words that the model says first, and by the tool that stands for the answer. */
    @Test
    void theArgumentsOfTheToolThatStandsForTheAnswerAreUnwrappedToo() {
        var streamed =
                streamed(
                        Dialect.ANTHROPIC,
                        LIST,
                        9,
                        Wire.message(
                                Wire.block(
                                        0,
                                        "{'type':'tool_use','id':'t','name':'tollgate_json_answer','input':{}}",
                                        "{'type':'input_json_delta','partial_json':'{\\'value\\':[{\\'a\\':\\'b\\'}]}'}"
                                                .replace("\\'", "\\\""))));
        var seen = SdkReader.stream(Dialect.GEMINI, streamed.bytes());
        assertThat(seen.text()).isEqualTo("[{\"a\":\"b\"}]");
        assertThat(seen.calls()).isEmpty();
    }
}
