package dev.tollgate.dialects.translate;

import static dev.tollgate.dialects.translate.Wire.CHAT_END;
import static dev.tollgate.dialects.translate.Wire.answer;
import static dev.tollgate.dialects.translate.Wire.events;
import static dev.tollgate.dialects.translate.Wire.json;
import static dev.tollgate.dialects.translate.Wire.outbound;
import static dev.tollgate.dialects.translate.Wire.request;
import static dev.tollgate.dialects.translate.Wire.stream;
import static dev.tollgate.dialects.translate.Wire.tree;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.dialects.Bridge.AnswerRead;
import dev.tollgate.dialects.Bridge.Outbound;
import dev.tollgate.dialects.Dialect;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests in shapes that the official types allow and few clients send. */
class RequestShapesTest {
    private static final Dialect CHAT = Dialect.OPENAI_CHAT;
    private static final Dialect RESPONSES = Dialect.OPENAI_RESPONSES;
    private static final Dialect MESSAGES = Dialect.ANTHROPIC;
    private static final Dialect GEMINI = Dialect.GEMINI;

    private static final String FUNCTIONS =
            "{'model':'m','messages':[{'role':'user','content':'q'},"
                    + "{'role':'assistant','content':null,'function_call':{'name':'f','arguments':'{\\'a\\':1}'}},"
                    + "{'role':'function','name':'f','content':'r'}],"
                    + "'functions':[{'name':'f','parameters':{'type':'object','properties':{'a':{'type':'integer'}}}}],"
                    + "'function_call':{'name':'f'}}";

    @Test
    void toolsByTheirOldNameReachAProviderAsTools() {
        var body = request(CHAT, MESSAGES, FUNCTIONS.replace("\\'", "\\\""));
        assertThat(body.path("tools").path(0).path("name").asText()).isEqualTo("f");
        assertThat(body.path("tool_choice").path("name").asText()).isEqualTo("f");
        var use = body.path("messages").path(1).path("content").path(0);
        assertThat(use.path("input").path("a").asInt()).isEqualTo(1);
        assertThat(body.path("messages").path(2).path("content").path(0).path("tool_use_id"))
                .isEqualTo(use.path("id"));
    }

    @Test
    void aClientWithToolsByTheirOldNameReadsTheOldAnswer() {
        var terms = Exchanges.answerTerms(CHAT, json(FUNCTIONS.replace("\\'", "")));
        var read =
                Wire.bridge(CHAT, MESSAGES)
                        .answer(
                                json(
                                        "{'id':'msg_1','model':'c','stop_reason':'tool_use','content':["
                                                + "{'type':'tool_use','id':'t','name':'f','input':{'a':2}}]}"),
                                terms);
        var choice = tree(((AnswerRead.Read) read).body()).path("choices").path(0);
        assertThat(choice.path("finish_reason").asText()).isEqualTo("function_call");
        assertThat(choice.path("message").path("function_call"))
                .hasToString("{\"name\":\"f\",\"arguments\":\"{\\\"a\\\":2}\"}");
        assertThat(choice.path("message").has("tool_calls")).isFalse();
    }

    @Test
    void aCallByItsOldNameInAnAnswerIsACall() {
        var whole =
                answer(
                        MESSAGES,
                        CHAT,
                        "{'choices':[{'finish_reason':'function_call','message':{'role':'assistant',"
                                + "'content':null,'function_call':{'name':'f','arguments':'{}'}}}]}");
        assertThat(whole.path("content").path(0).path("name").asText()).isEqualTo("f");
        assertThat(whole.path("stop_reason").asText()).isEqualTo("tool_use");
        var seen =
                stream(
                        MESSAGES,
                        CHAT,
                        Wire.chunk("{'function_call':{'name':'f','arguments':''}}"),
                        Wire.chunk("{'function_call':{'arguments':'{}'}}"),
                        CHAT_END.replace("stop", "function_call"));
        assertThat(Wire.ofType(seen, "content_block_start"))
                .extracting(each -> each.path("content_block").path("name").asText())
                .containsExactly("f");
    }

    @Test
    void aFreeTextCallOfAChatStreamIsNotLost() {
        var seen =
                stream(
                        MESSAGES,
                        CHAT,
                        Wire.chunk(
                                "{'tool_calls':[{'index':0,'id':'c1','type':'custom','custom':{'name':'p','input':'a'}}]}"),
                        Wire.chunk("{'tool_calls':[{'index':0,'custom':{'input':'b'}}]}"),
                        CHAT_END);
        assertThat(seen.text()).contains("\"name\":\"p\"").contains("{\\\"input\\\":\\\"ab\\\"}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'type':'custom','custom':{'name':'p','description':'d','format':{'type':'grammar',"
                        + "'grammar':{'syntax':'lark','definition':'start: X'}}}}",
                "{'type':'custom','name':'p','description':'d','format':{'type':'grammar',"
                        + "'syntax':'lark','definition':'start: X'}}"
            })
    void theGrammarOfAFreeTextToolIsInItsDescription(String tool) {
        var body =
                request(
                        CHAT,
                        MESSAGES,
                        "{'model':'m','messages':[{'role':'user','content':'q'}],'tools':["
                                + tool
                                + "]}");
        assertThat(body.path("tools").path(0).path("description").asText())
                .isEqualTo("d\nThe input must match this lark grammar:\nstart: X");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'type':'function','name':'f','parameters':{'type':'object','properties':{'a':{}}}}",
                "{'name':'f','input_schema':{'type':'object','properties':{'a':{}}}}"
            })
    void flatToolsOfEditorsAreTools(String tool) {
        var body =
                request(
                        CHAT,
                        MESSAGES,
                        "{'model':'m','messages':[{'role':'user','content':'q'}],'tools':["
                                + tool
                                + "]}");
        assertThat(body.path("tools").path(0).path("input_schema").path("properties").has("a"))
                .isTrue();
    }

    @Test
    void soundInADataUrlAndABarePdfAreWhatTheySay() {
        var body =
                request(
                        CHAT,
                        GEMINI,
                        "{'model':'m','messages':[{'role':'user','content':[{'type':'input_audio','input_audio':"
                                + "{'data':'data:audio/mpeg;base64,QUJD','format':'mp3'}},{'type':'file','file':"
                                + "{'filename':'a.pdf','file_data':'JVBERi0xLjQ='}}]}]}");
        var parts = body.path("contents").path(0).path("parts");
        assertThat(parts.path(0).path("inlineData"))
                .hasToString("{\"mimeType\":\"audio/mpeg\",\"data\":\"QUJD\"}");
        assertThat(parts.path(1).path("inlineData").path("mimeType").asText())
                .isEqualTo("application/pdf");
    }

    @Test
    void toolsThatAnItemAddsAreTools() {
        var body =
                request(
                        RESPONSES,
                        MESSAGES,
                        "{'model':'m','input':[{'role':'user','content':'q'},{'type':'additional_tools',"
                                + "'role':'developer','tools':[{'type':'function','name':'late','parameters':{'type':'object'}}]},"
                                + "{'type':'configuration_update','reasoning':{'effort':'low'}}]}");
        assertThat(body.path("tools").path(0).path("name").asText()).isEqualTo("late");
        assertThat(body.path("thinking").path("budget_tokens").asInt()).isEqualTo(1024);
    }

    @ParameterizedTest
    @ValueSource(strings = {"{'id':'msg_1'}", "{'type':'item_reference','id':'msg_1'}"})
    void anItemThatIsOnlyNamedIsRefused(String item) {
        var out = outbound(RESPONSES, MESSAGES, "{'model':'m','input':[" + item + "]}");
        assertThat(out).isInstanceOf(Outbound.Refused.class);
        assertThat(((Outbound.Refused) out).message()).contains("item_reference");
    }

    @Test
    void aCacheBreakpointOfResponsesReachesClaude() {
        var body =
                request(
                        RESPONSES,
                        MESSAGES,
                        "{'model':'m','input':[{'role':'user','content':[{'type':'input_text','text':'q',"
                                + "'prompt_cache_breakpoint':{'mode':'explicit'}}]}]}");
        assertThat(body.path("messages").path(0).path("content").path(0).path("cache_control"))
                .hasToString("{\"type\":\"ephemeral\"}");
    }

    @ParameterizedTest
    @EnumSource(
            value = Dialect.class,
            names = {"OPENAI_CHAT", "OPENAI_RESPONSES", "GEMINI"})
    void toolsThatClaudeKnowsByHeartAreFunctionsToOthers(Dialect provider) {
        var body =
                request(
                        MESSAGES,
                        provider,
                        "{'model':'m','max_tokens':9,'messages':[{'role':'user','content':'q'}],'tools':["
                                + "{'type':'bash_20250124','name':'bash'},"
                                + "{'type':'text_editor_20250728','name':'str_replace_based_edit_tool'},"
                                + "{'type':'memory_20250818','name':'memory'}]}");
        SdkReader.request(provider, Exchanges.bytes(body));
        assertThat(body.toString())
                .contains("\"bash\"", "\"str_replace_based_edit_tool\"", "\"memory\"")
                .contains("[\"view\",\"create\",\"str_replace\",\"insert\",\"delete\",\"rename\"]");
    }

    @Test
    void theContextOfADocumentIsText() {
        var body =
                request(
                        MESSAGES,
                        CHAT,
                        "{'model':'m','max_tokens':9,'messages':[{'role':'user','content':[{'type':'document',"
                                + "'title':'Bill','context':'of May','source':{'type':'text','media_type':'text/plain','data':'1 EUR'}}]}]}");
        assertThat(body.path("messages").path(0).path("content"))
                .extracting(each -> each.path("text").asText())
                .containsExactly("Bill: of May", "Bill:\n1 EUR");
    }

    @Test
    void aGeminiSchemaInSnakeCaseIsAJsonSchema() {
        var body =
                request(
                        GEMINI,
                        CHAT,
                        "{'contents':[{'parts':[{'text':'q'},{},{'thought':true}]}],'tools':[{'function_declarations':[{'name':'f',"
                                + "'parameters':{'type':'OBJECT','properties':{'any_of':{'type':'STRING','min_length':'2','nullable':true},"
                                + "'x':{'any_of':[{'type':'INTEGER'}]}},'additional_properties':false}}]}]}");
        assertThat(body.path("tools").path(0).path("function").path("parameters"))
                .hasToString(
                        "{\"type\":\"object\",\"properties\":{\"any_of\":{\"type\":[\"string\",\"null\"],"
                                + "\"minLength\":2},\"x\":{\"anyOf\":[{\"type\":\"integer\"}]}},"
                                + "\"additionalProperties\":false}");
    }

    @Test
    void anAnswerThatEndedWithAnErrorIsNone() {
        var read =
                Wire.bridge(MESSAGES, CHAT)
                        .answer(
                                json(
                                        "{'choices':[{'finish_reason':'error','error':{'message':'boom'},"
                                                + "'message':{'role':'assistant','content':'a'}}]}"),
                                Exchanges.answerTerms(MESSAGES, Exchanges.hello(MESSAGES)));
        assertThat(read)
                .isEqualTo(
                        new AnswerRead.Unreadable(
                                "the provider's answer ended with an error: boom"));
    }

    @Test
    void whatASpokenAnswerSaysIsText() {
        var whole =
                answer(
                        MESSAGES,
                        CHAT,
                        "{'choices':[{'finish_reason':'stop','message':{'role':'assistant','content':null,"
                                + "'audio':{'id':'a','data':'QUJD','transcript':'spoken'}}}]}");
        assertThat(whole.path("content").path(0).path("text").asText()).isEqualTo("spoken");
    }

    @Test
    void callsOfAStreamForTheOldNameAreOne() {
        var seen =
                Exchanges.stream(
                        Wire.bridge(CHAT, MESSAGES),
                        Exchanges.answerTerms(CHAT, json(FUNCTIONS.replace("\\'", ""))),
                        json(
                                "data: "
                                        + String.join(
                                                "\n\ndata: ",
                                                Wire.message(Wire.toolBlock(0, "t1", "f")))
                                        + "\n\n"),
                        11);
        var names = new StringBuilder();
        for (var event : events(seen)) {
            names.append(
                    event.path("choices")
                            .path(0)
                            .path("delta")
                            .path("function_call")
                            .path("name")
                            .asText());
        }
        assertThat(names).hasToString("f");
        assertThat(seen.text()).contains("\"finish_reason\":\"function_call\"");
    }

    /** A part must not get lost on the way: what no other dialect has is refused. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'role':'user','parts':[{'fileData':{'mimeType':'audio/mpeg','fileUri':'https://h/a.mp3'}}]}",
                "{'role':'user','parts':[{'text':'q'}]},{'role':'model','parts':[{'inlineData':{'mimeType':'image/png','data':'QUJD'}}]}"
            })
    void soundByUrlAndMediaOfTheModelAreRefused(String contents) {
        for (var provider : new Dialect[] {CHAT, RESPONSES, MESSAGES}) {
            var out = outbound(GEMINI, provider, "{'contents':[" + contents + "]}");
            assertThat(out).isInstanceOf(Outbound.Refused.class);
        }
    }

    @Test
    void aToolOfFreeFormArgumentsKeepsItsSchemaTowardsGemini() {
        var tools =
                "{'model':'m','messages':[{'role':'user','content':'q'}],'tools':["
                        + "{'type':'function','function':{'name':'f','parameters':{'type':'object',"
                        + "'additionalProperties':{'type':'string'}}}},"
                        + "{'type':'function','function':{'name':'g','parameters':{'type':'object','properties':{},"
                        + "'required':[],'additionalProperties':false}}}]}";
        var functions =
                request(CHAT, GEMINI, tools).path("tools").path(0).path("functionDeclarations");
        assertThat(functions.path(0).has("parametersJsonSchema")).isTrue();
        assertThat(functions.path(1).has("parametersJsonSchema")).isFalse();
    }

    @Test
    void aSchemaIsOptionalAndMayComeWithJsonMode() {
        var head = "{'model':'m','messages':[{'role':'user','content':'json'}],'response_format':";
        var bare =
                request(CHAT, GEMINI, head + "{'type':'json_schema','json_schema':{'name':'n'}}}");
        assertThat(bare.path("generationConfig").path("responseMimeType").asText())
                .isEqualTo("application/json");
        var mode =
                request(
                        CHAT,
                        GEMINI,
                        head
                                + "{'type':'json_object','schema':{'type':'object','properties':{}}}}");
        assertThat(mode.path("generationConfig").has("responseJsonSchema")).isTrue();
        var wrong =
                outbound(
                        CHAT,
                        GEMINI,
                        head + "{'type':'json_schema','json_schema':{'schema':'s'}}}");
        assertThat(wrong).isInstanceOf(Outbound.Refused.class);
    }

    @Test
    void thinkingInTheWordsOfOtherServersIsThinking() {
        var head = "{'model':'m','max_tokens':9000,'messages':[{'role':'user','content':'q'}],";
        var budget = request(CHAT, MESSAGES, head + "'thinking_budget':3000}");
        assertThat(budget.path("thinking").path("budget_tokens").asInt()).isEqualTo(3000);
        var off = request(CHAT, MESSAGES, head + "'enable_thinking':false}");
        assertThat(off.has("thinking")).isFalse();
    }

    /** Mistral sends sound as a bare string. */
    @Test
    void soundWithoutAFormatIsToldByItsFirstBytes() {
        var body =
                request(
                        CHAT,
                        GEMINI,
                        "{'model':'m','messages':[{'role':'user','content':[{'type':'input_audio','input_audio':'UklGRiQA'},"
                                + "{'type':'input_audio','input_audio':'SUQzBAAA'}]}]}");
        assertThat(body.path("contents").path(0).path("parts"))
                .extracting(each -> each.path("inlineData").path("mimeType").asText())
                .containsExactly("audio/wav", "audio/mpeg");
    }
}
