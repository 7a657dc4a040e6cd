package dev.tollgate.dialects.translate;

import static dev.tollgate.dialects.translate.Wire.outbound;
import static dev.tollgate.dialects.translate.Wire.request;
import static dev.tollgate.dialects.translate.Wire.stream;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.dialects.AnswerStream.End;
import dev.tollgate.dialects.Bridge.Outbound;
import dev.tollgate.dialects.Dialect;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a request says arrives, or is refused by its name: nothing is read as if it were absent. */
class CarriedWholeTest {
    private static final Dialect CHAT = Dialect.OPENAI_CHAT;
    private static final Dialect RESPONSES = Dialect.OPENAI_RESPONSES;
    private static final Dialect MESSAGES = Dialect.ANTHROPIC;
    private static final Dialect GEMINI = Dialect.GEMINI;

    private static final String GRAMMAR_TOOL =
            """
            {'model':'m','messages':[{'role':'user','content':'x'}],'tools':[{'type':'custom','custom':{
             'name':'sh','format':{'type':'grammar','grammar':{'syntax':'lark','definition':'start: X'}}}}]}""";

    @Test
    void aGrammarIsEnforcedWhereTheProviderCan() {
        assertThat(request(CHAT, RESPONSES, GRAMMAR_TOOL).path("tools").path(0))
                .hasToString(
                        "{\"type\":\"custom\",\"name\":\"sh\",\"format\":{\"type\":\"grammar\","
                                + "\"syntax\":\"lark\",\"definition\":\"start: X\"}}");
    }

    @Test
    void aGrammarIsInTheDescriptionElsewhere() {
        var tool = request(CHAT, MESSAGES, GRAMMAR_TOOL).path("tools").path(0);
        assertThat(tool.path("description").asText())
                .isEqualTo("The input must match this lark grammar:\nstart: X");
    }

    /** OpenAI refuses limits below 16; Claude Code probes its quota with 1. */
    @Test
    void aTinyLimitIsRaisedForResponsesAndToldSo() {
        var out =
                outbound(
                        MESSAGES,
                        RESPONSES,
                        "{'model':'m','max_tokens':1,'messages':[{'role':'user','content':'quota'}]}");
        assertThat(out).isInstanceOf(Outbound.Ready.class);
        var ready = (Outbound.Ready) out;
        assertThat(Wire.tree(ready.body()).path("max_output_tokens").asInt()).isEqualTo(16);
        assertThat(ready.dropped()).contains("an output limit below 16 tokens (raised to 16)");
    }

    @Test
    void aFoundPageKeepsItsTitleWithinTheResultOfATool() {
        var history =
                """
                {'model':'m','max_tokens':9,'messages':[{'role':'user','content':'x'},
                 {'role':'assistant','content':[{'type':'tool_use','id':'t1','name':'f','input':{}}]},
                 {'role':'user','content':[{'type':'tool_result','tool_use_id':'t1','content':[
                  {'type':'search_result','source':'https://a','title':'T','content':[{'type':'text','text':'w'}]}]}]}]}""";
        for (var provider : new Dialect[] {CHAT, RESPONSES, GEMINI}) {
            assertThat(request(MESSAGES, provider, history).toString())
                    .as(provider.wireName())
                    .contains("T (https://a):");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "OPENAI_CHAT | temperature | {'model':'m','temperature':'hot','messages':[{'role':'user','content':'x'}]}",
                "OPENAI_CHAT | stop | {'model':'m','stop':5,'messages':[{'role':'user','content':'x'}]}",
                "OPENAI_CHAT | response_format | {'model':'m','response_format':'json','messages':[{'role':'user','content':'x'}]}",
                "ANTHROPIC | top_p | {'model':'m','max_tokens':9,'top_p':'1','messages':[{'role':'user','content':'x'}]}",
                "ANTHROPIC | messages[0].content[0].input | {'model':'m','max_tokens':9,'messages':[{'role':'assistant','content':[{'type':'tool_use','id':'t','name':'f','input':'x'}]}]}",
                "OPENAI_RESPONSES | instructions | {'model':'m','instructions':[{'role':'developer','content':'S'}],'input':'x'}",
                "OPENAI_RESPONSES | text | {'model':'m','text':'json','input':'x'}",
                "GEMINI | generationConfig.temperature | {'contents':[{'parts':[{'text':'x'}]}],'generation_config':{'temperature':'hot'}}",
                "GEMINI | generationConfig.stopSequences | {'contents':[{'parts':[{'text':'x'}]}],'generationConfig':{'stopSequences':'a'}}"
            })
    void aFieldOfTheWrongKindIsRefusedByName(Dialect client, String field, String body) {
        for (var provider : Dialect.values()) {
            if (provider != client) {
                var out = outbound(client, provider, body);
                assertThat(out).as(provider.wireName()).isInstanceOf(Outbound.Refused.class);
                assertThat(((Outbound.Refused) out).param()).isEqualTo(field);
                assertThat(((Outbound.Refused) out).message()).startsWith(field + ": ");
            }
        }
    }

    /** vLLM's errors have no envelope. */
    @Test
    void aBareErrorWithinAStreamIsShown() {
        var seen =
                stream(
                        MESSAGES,
                        CHAT,
                        Wire.chunk("{'content':'half'}"),
                        "{'object':'error','message':'out of memory','type':'InternalServerError','code':500}");
        assertThat(seen.end()).isInstanceOf(End.Broken.class);
        assertThat(((End.Broken) seen.end()).message()).isEqualTo("out of memory");
    }
}
