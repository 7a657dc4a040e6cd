package dev.tollgate.dialects.translate;

import static dev.tollgate.dialects.translate.Wire.CHAT_END;
import static dev.tollgate.dialects.translate.Wire.MESSAGE_START;
import static dev.tollgate.dialects.translate.Wire.answer;
import static dev.tollgate.dialects.translate.Wire.block;
import static dev.tollgate.dialects.translate.Wire.bridge;
import static dev.tollgate.dialects.translate.Wire.call;
import static dev.tollgate.dialects.translate.Wire.chunk;
import static dev.tollgate.dialects.translate.Wire.events;
import static dev.tollgate.dialects.translate.Wire.json;
import static dev.tollgate.dialects.translate.Wire.message;
import static dev.tollgate.dialects.translate.Wire.ofType;
import static dev.tollgate.dialects.translate.Wire.outbound;
import static dev.tollgate.dialects.translate.Wire.request;
import static dev.tollgate.dialects.translate.Wire.stream;
import static dev.tollgate.dialects.translate.Wire.toolBlock;
import static dev.tollgate.dialects.translate.Wire.tree;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.dialects.AnswerStream.End;
import dev.tollgate.dialects.Bridge.Outbound;
import dev.tollgate.dialects.Dialect;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Defects that other gateways had, each with the number of its report. */
class PeersDefectsTest {

    private static final Dialect CHAT = Dialect.OPENAI_CHAT;
    private static final Dialect RESPONSES = Dialect.OPENAI_RESPONSES;
    private static final Dialect MESSAGES = Dialect.ANTHROPIC;
    private static final Dialect GEMINI = Dialect.GEMINI;

    /** litellm#12666, litellm#16194, litellm#11558. */
    @Test
    void callsAreCountedOverTheWholeStreamAndTheChoiceIsAlwaysTheFirst() {
        var seen =
                stream(
                        CHAT,
                        MESSAGES,
                        message(
                                block(
                                        0,
                                        "{'type':'text','text':''}",
                                        "{'type':'text_delta','text':'hi'}"),
                                toolBlock(1, "toolu_1", "f"),
                                toolBlock(2, "toolu_2", "g")));
        var indices = new ArrayList<Integer>();
        for (var event : events(seen)) {
            for (var choice : event.path("choices")) {
                assertThat(choice.path("index").asInt()).isZero();
                for (var call : choice.path("delta").path("tool_calls")) {
                    if (call.has("id")) {
                        indices.add(call.path("index").asInt());
                    }
                }
            }
        }
        assertThat(indices).containsExactly(0, 1);
        assertThat(seen.text()).contains("\"finish_reason\":\"tool_calls\"");
    }

    /** hermes#57939: calls of one name in one Gemini chunk are two calls with ids of their own. */
    @Test
    void parallelGeminiCallsOfOneNameStayApart() {
        var call = "{'functionCall':{'name':'f','args':{'a':1}}}";
        var seen =
                stream(
                        CHAT,
                        GEMINI,
                        "{'candidates':[{'content':{'parts':[" + call + "," + call + "]}}]}",
                        "{'candidates':[{'content':{'parts':[]},'finishReason':'STOP'}]}");
        var ids = new ArrayList<String>();
        for (var event : events(seen)) {
            for (var each : event.path("choices").path(0).path("delta").path("tool_calls")) {
                if (each.has("id")) {
                    ids.add(each.path("index").asInt() + each.path("id").asText());
                }
            }
        }
        assertThat(ids).hasSize(2).doesNotHaveDuplicates();
        assertThat(seen.text()).contains("\"finish_reason\":\"tool_calls\"");
    }

    /** litellm#34692: no empty text block before a call; new-api#5482: indices have no gap. */
    @Test
    void aStreamOfCallsAloneHasNoTextBlockAndContiguousIndices() {
        var seen =
                stream(
                        MESSAGES,
                        CHAT,
                        chunk("{'role':'assistant','content':''}"),
                        call(0, "call_1", "f", "{}"),
                        call(3, "call_2", "g", "{}"),
                        CHAT_END);
        var starts = ofType(seen, "content_block_start");
        assertThat(starts)
                .extracting(event -> event.path("content_block").path("type").asText())
                .containsExactly("tool_use", "tool_use");
        assertThat(starts).extracting(event -> event.path("index").asInt()).containsExactly(0, 1);
        assertThat(seen.text()).contains("\"stop_reason\":\"tool_use\"");
    }

    /** 4.3: of interleaved parallel calls one block is open at a time, and nothing is lost. */
    @Test
    void interleavedCallsBecomeBlocksOneAfterAnother() {
        var seen =
                stream(
                        MESSAGES,
                        CHAT,
                        call(0, "call_1", "f", ""),
                        call(1, "call_2", "g", ""),
                        chunk("{'tool_calls':[{'index':1,'function':{'arguments':'{\\'b\\':'}}]}"),
                        chunk("{'tool_calls':[{'index':0,'function':{'arguments':'{\\'a\\':'}}]}"),
                        chunk("{'tool_calls':[{'index':1,'function':{'arguments':'2}'}}]}"),
                        chunk("{'tool_calls':[{'index':0,'function':{'arguments':'1}'}}]}"),
                        CHAT_END);
        int open = -1;
        var arguments = new StringBuilder[] {new StringBuilder(), new StringBuilder()};
        for (var event : events(seen)) {
            switch (event.path("type").asText()) {
                case "content_block_start" -> {
                    assertThat(open).isEqualTo(-1);
                    open = event.path("index").asInt();
                }
                case "content_block_delta" -> {
                    assertThat(event.path("index").asInt()).isEqualTo(open);
                    arguments[open].append(event.path("delta").path("partial_json").asText());
                }
                case "content_block_stop" -> open = -1;
                default -> {}
            }
        }
        assertThat(arguments[0]).hasToString("{\"a\":1}");
        assertThat(arguments[1]).hasToString("{\"b\":2}");
    }

    /** ollama#17101. */
    @Test
    void textBeforeThoughtsIsTwoBlocks() {
        var body =
                "{'model':'m','max_tokens':9,'thinking':{'type':'enabled','budget_tokens':2048},"
                        + "'messages':[{'role':'user','content':'Hello'}]}";
        var events =
                "data: "
                        + chunk("{'content':'a'}")
                        + "\n\ndata: "
                        + chunk("{'reasoning_content':'t'}")
                        + "\n\ndata: "
                        + CHAT_END
                        + "\n\n";
        var seen =
                Exchanges.stream(
                        bridge(MESSAGES, CHAT),
                        Exchanges.answerTerms(MESSAGES, json(body)),
                        json(events),
                        11);
        assertThat(ofType(seen, "content_block_start"))
                .extracting(event -> event.path("content_block").path("type").asText())
                .containsExactly("text", "thinking");
    }

    /** bifrost#4556. */
    @ParameterizedTest
    @EnumSource(
            value = Dialect.class,
            names = {"OPENAI_CHAT", "OPENAI_RESPONSES", "GEMINI"})
    void aSecondMessageStartStartsNothing(Dialect client) {
        var text = block(0, "{'type':'text','text':''}", "{'type':'text_delta','text':'hi'}");
        var once = stream(client, MESSAGES, message(text));
        var twice = stream(client, MESSAGES, message(MESSAGE_START, text));
        assertThat(twice.text()).isEqualTo(once.text());
    }

    /** litellm#30115: deltas of a Responses stream whose item was never announced. */
    @ParameterizedTest
    @EnumSource(
            value = Dialect.class,
            names = {"OPENAI_CHAT", "ANTHROPIC", "GEMINI"})
    void aResponsesStreamNeedsNoAnnouncedItem(Dialect client) {
        var seen =
                stream(
                        client,
                        RESPONSES,
                        "{'type':'response.created','response':{'id':'r','model':'m'}}",
                        "{'type':'response.output_text.delta','output_index':0,'delta':'hello'}",
                        "{'type':'response.output_item.done','output_index':1,'item':{'type':"
                                + "'function_call','call_id':'c1','name':'f','arguments':'{}'}}",
                        "{'type':'response.completed','response':{'id':'r','status':'completed'}}");
        assertThat(seen.end()).isInstanceOf(End.Complete.class);
        assertThat(seen.text()).contains("hello").contains("\"f\"");
    }

    /** litellm#30115, the other half: a call that stands in the final response alone. */
    @Test
    void aCallOfTheFinalResponseAloneIsNotLostAndOthersAreNotDoubled() {
        var seen =
                stream(
                        CHAT,
                        RESPONSES,
                        "{'type':'response.created','response':{'id':'r','model':'m'}}",
                        "{'type':'response.output_text.delta','output_index':0,'delta':'hello'}",
                        "{'type':'response.output_item.added','output_index':1,'item':{'type':"
                                + "'function_call','call_id':'c1','name':'f','arguments':''}}",
                        "{'type':'response.output_item.done','output_index':1,'item':{'type':"
                                + "'function_call','call_id':'c1','name':'f','arguments':'{}'}}",
                        "{'type':'response.completed','response':{'id':'r','status':'completed','output':["
                                + "{'type':'message','content':[{'type':'output_text','text':'hello'}]},"
                                + "{'type':'function_call','call_id':'c1','name':'f','arguments':'{}'},"
                                + "{'type':'function_call','call_id':'c2','name':'g','arguments':'{}'}]}}");
        var ids = new ArrayList<String>();
        for (var event : events(seen)) {
            for (var call : event.path("choices").path(0).path("delta").path("tool_calls")) {
                if (call.has("id")) {
                    ids.add(call.path("id").asText());
                }
            }
        }
        assertThat(ids).containsExactly("c1", "c2");
        assertThat(seen.text()).containsOnlyOnce("hello");
    }

    /** A thinking budget in LiteLLM's spelling reaches Claude, and is not merely "think". */
    @Test
    void aThinkingBudgetOfAChatClientIsKept() {
        var sent =
                request(
                        CHAT,
                        MESSAGES,
                        "{'model':'m','messages':[{'role':'user','content':'x'}],"
                                + "'thinking':{'type':'enabled','budget_tokens':2500}}");
        assertThat(sent.path("thinking").path("budget_tokens").asLong()).isEqualTo(2_500);
    }

    /** litellm#29254, CLIProxyAPI#1407. */
    @Test
    void unknownEventsChangeNothing() {
        var text = block(0, "{'type':'text','text':''}", "{'type':'text_delta','text':'hi'}");
        var plain = stream(CHAT, MESSAGES, message(text));
        var noisy =
                stream(
                        CHAT,
                        MESSAGES,
                        message(
                                ": a comment",
                                "{'type':'ping'}",
                                "{'type':'never_heard_of','index':0}",
                                text,
                                "event: keepalive"));
        assertThat(noisy.text()).isEqualTo(plain.text());
    }

    /**
     * suna#4821, CLIProxyAPI#4860: an end without a finish reason is no success, in any dialect.
     */
    @ParameterizedTest
    @EnumSource(
            value = Dialect.class,
            names = {"OPENAI_RESPONSES", "ANTHROPIC", "GEMINI"})
    void aCutStreamIsBrokenAndSaysSo(Dialect client) {
        var seen = stream(client, CHAT, chunk("{'content':'half'}"), "[DONE]");
        assertThat(seen.end()).isInstanceOf(End.Broken.class);
        assertThat(seen.text())
                .contains("error")
                .doesNotContain("message_stop")
                .doesNotContain("response.completed")
                .doesNotContain("finishReason");
    }

    /** litellm#4562. */
    @Test
    void anErrorWithinAStreamIsNoCleanStop() {
        var seen =
                stream(
                        MESSAGES,
                        CHAT,
                        chunk("{'content':'half'}"),
                        "{'error':{'message':'overloaded','code':'server_error'}}",
                        CHAT_END,
                        "[DONE]");
        assertThat(seen.end()).isInstanceOf(End.Broken.class);
        assertThat(seen.text()).contains("event: error").doesNotContain("message_stop");
    }

    /** litellm#30471: an event with a huge signature is not cut. */
    @Test
    void aHugeEventIsReadWhole() {
        var signature = "A".repeat(2_000_000);
        var events =
                "data: {'candidates':[{'content':{'parts':[{'functionCall':{'name':'f','args':{}},"
                        + "'thoughtSignature':'"
                        + signature
                        + "'}]},'finishReason':'STOP'}]}\n\n";
        var seen =
                Exchanges.stream(
                        bridge(CHAT, GEMINI),
                        Exchanges.answerTerms(CHAT, Exchanges.hello(CHAT)),
                        json(events),
                        1_000);
        assertThat(seen.end()).isInstanceOf(End.Complete.class);
        assertThat(seen.text()).contains(signature);
    }

    /** litellm#23712. */
    @Test
    void anImageOfAToolReachesAChatModel() {
        var sent =
                request(
                        MESSAGES,
                        CHAT,
                        """
                        {'model':'m','max_tokens':9,'messages':[
                         {'role':'user','content':'look'},
                         {'role':'assistant','content':[{'type':'tool_use','id':'t1','name':'f','input':{}}]},
                         {'role':'user','content':[{'type':'tool_result','tool_use_id':'t1','content':[
                          {'type':'text','text':'here'},
                          {'type':'image','source':{'type':'base64','media_type':'image/png','data':'QUJD'}}]}]}]}""");
        var messages = sent.path("messages");
        assertThat(messages.path(2).path("role").asText()).isEqualTo("tool");
        assertThat(messages.path(2).path("content").asText()).startsWith("here");
        assertThat(messages.path(3).path("role").asText()).isEqualTo("user");
        assertThat(messages.path(3).toString()).contains("data:image/png;base64,QUJD");
    }

    /** litellm#21584. */
    @Test
    void aGeminiToolWithoutParametersHasASchemaOfTypeObject() {
        var sent =
                request(
                        GEMINI,
                        MESSAGES,
                        """
                        {'contents':[{'parts':[{'text':'hi'}]}],'tools':[{'functionDeclarations':[
                         {'name':'f'},
                         {'name':'g','parameters':{'properties':{'n':{'type':'INTEGER','maxItems':'3'}}}},
                         {'name':'h','parameters':{'type':'OBJECT','properties':{'n':{'type':'STRING','maxLength':'many'}}}}]}]}""");
        for (var tool : sent.path("tools")) {
            assertThat(tool.path("input_schema").path("type").asText()).isEqualTo("object");
        }
        var first = sent.path("tools").path(1).path("input_schema").path("properties").path("n");
        assertThat(first.toString()).isEqualTo("{\"type\":\"integer\",\"maxItems\":3}");
        assertThat(sent.path("tools").path(2).toString()).contains("\"maxLength\":\"many\"");
    }

    /** litellm#38223: what a tool found is text to Gemini, so a $ref in it is nothing to follow. */
    @Test
    void aReferenceInTheResultOfAToolIsText() {
        var sent =
                request(
                        CHAT,
                        GEMINI,
                        """
                        {'model':'m','messages':[{'role':'user','content':'go'},
                         {'role':'assistant','tool_calls':[{'id':'c1','type':'function','function':{'name':'f','arguments':''}}]},
                         {'role':'tool','tool_call_id':'c1','content':'{\\'$ref\\':\\'#/x\\'}'}]}""");
        var response = sent.path("contents").path(2).path("parts").path(0).path("functionResponse");
        assertThat(response.path("name").asText()).isEqualTo("f");
        assertThat(response.path("response").path("output").asText())
                .isEqualTo("{\"$ref\":\"#/x\"}");
        var call = sent.path("contents").path(1).path("parts").path(0).path("functionCall");
        assertThat(call.path("args").toString()).isEqualTo("{}");
    }

    /** GoModel#964: a thought without a signature gets none made up. */
    @Test
    void aThoughtWithoutSignatureGetsNone() {
        var body =
                "{'model':'m','max_tokens':9000,'thinking':{'type':'enabled','budget_tokens':2048},"
                        + "'messages':[{'role':'user','content':'Hello'}]}";
        var events =
                "data: " + chunk("{'reasoning_content':'t'}") + "\n\ndata: " + CHAT_END + "\n\n";
        var seen =
                Exchanges.stream(
                        bridge(MESSAGES, CHAT),
                        Exchanges.answerTerms(MESSAGES, json(body)),
                        json(events),
                        9);
        assertThat(seen.text())
                .contains("\"signature\":\"\"")
                .contains("thinking_delta")
                .doesNotContain("signature_delta");
    }

    /** CLIProxyAPI#570: Google's word for an unchecked signature never reaches Claude or OpenAI. */
    @ParameterizedTest
    @EnumSource(
            value = Dialect.class,
            names = {"OPENAI_CHAT", "OPENAI_RESPONSES", "ANTHROPIC"})
    void signaturesOfAnotherIssuerAreLeftOut(Dialect provider) {
        var sent =
                request(
                        GEMINI,
                        provider,
                        """
                        {'contents':[{'role':'user','parts':[{'text':'go'}]},
                         {'role':'model','parts':[{'text':'why','thought':true,'thoughtSignature':'c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I='},
                          {'functionCall':{'name':'f','args':{}},'thoughtSignature':'c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I='}]},
                         {'role':'user','parts':[{'functionResponse':{'name':'f','response':{'output':'x'}}}]}]}""");
        assertThat(sent.toString())
                .doesNotContain("c2tpcF90")
                .doesNotContain("skip_thought_signature_validator");
    }

    /** Envoy AI Gateway: a temperature above 1 is clamped and told; max_tokens is never 0. */
    @Test
    void aHotRequestReachesClaudeWithALimit() {
        var out =
                outbound(
                        CHAT,
                        MESSAGES,
                        "{'model':'m','temperature':1.7,'messages':[{'role':'user','content':'x'}]}");
        assertThat(out).isInstanceOf(Outbound.Ready.class);
        var ready = (Outbound.Ready) out;
        var sent = tree(ready.body());
        assertThat(sent.path("temperature").asDouble()).isEqualTo(1);
        assertThat(sent.path("max_tokens").asLong()).isEqualTo(64_000);
        assertThat(ready.dropped()).contains("temperature above 1 (clamped to 1)");
    }

    /** bifrost#7348: allowed tools and the wish for serial calls arrive, or are told. */
    @Test
    void allowedToolsAndSerialCallsReachEveryProvider() {
        var request =
                """
                {'model':'m','parallel_tool_calls':false,'messages':[{'role':'user','content':'x'}],
                 'tools':[{'type':'function','function':{'name':'f'}},{'type':'function','function':{'name':'g'}}],
                 'tool_choice':{'type':'allowed_tools','allowed_tools':{'mode':'required','tools':[
                  {'type':'function','function':{'name':'g'}}]}}}""";
        var claude = request(CHAT, MESSAGES, request);
        assertThat(claude.path("tools").toString()).contains("\"g\"").doesNotContain("\"f\"");
        assertThat(claude.path("tool_choice").toString())
                .isEqualTo("{\"type\":\"any\",\"disable_parallel_tool_use\":true}");
        var gemini = outbound(CHAT, GEMINI, request);
        assertThat(gemini).isInstanceOf(Outbound.Ready.class);
        assertThat(tree(((Outbound.Ready) gemini).body()).path("toolConfig").toString())
                .contains("\"mode\":\"ANY\"")
                .contains("\"allowedFunctionNames\":[\"g\"]");
        assertThat(((Outbound.Ready) gemini).dropped()).contains("parallel_tool_calls");
        var responses = request(CHAT, RESPONSES, request);
        assertThat(responses.path("parallel_tool_calls").asBoolean(true)).isFalse();
        assertThat(responses.path("tool_choice").toString()).contains("allowed_tools", "\"g\"");
    }

    /** 3.2: all parallel results in one user turn, results first; the ids still meet. */
    @Test
    void parallelResultsAreOneTurnWithResultsFirst() {
        var sent =
                request(
                        CHAT,
                        MESSAGES,
                        """
                        {'model':'m','messages':[{'role':'user','content':'go'},
                         {'role':'assistant','content':null,'tool_calls':[
                          {'id':'call.1','type':'function','function':{'name':'f','arguments':'{}'}},
                          {'id':'call.2','type':'function','function':{'name':'g','arguments':'{}'}}]},
                         {'role':'tool','tool_call_id':'call.1','content':'one'},
                         {'role':'tool','tool_call_id':'call.2','content':'two'},
                         {'role':'user','content':'and now?'}]}""");
        var messages = sent.path("messages");
        assertThat(messages).hasSize(3);
        var last = messages.path(2).path("content");
        assertThat(last)
                .extracting(block -> block.path("type").asText())
                .containsExactly("tool_result", "tool_result", "text");
        for (int i = 0; i < 2; i++) {
            var id = last.path(i).path("tool_use_id").asText();
            assertThat(id).matches("[a-zA-Z0-9_-]+");
            assertThat(messages.path(1).path("content").path(i).path("id").asText()).isEqualTo(id);
        }
    }

    /** litellm#11364, #26919: what Anthropic cached is part of the input that others report. */
    @Test
    void cachedTokensAreWithinTheInputOfAChatAnswer() {
        var seen =
                answer(
                        CHAT,
                        MESSAGES,
                        """
                        {'id':'msg_1','type':'message','role':'assistant','model':'c','stop_reason':'end_turn',
                         'content':[{'type':'text','text':'hi'}],'usage':{'input_tokens':10,
                         'cache_read_input_tokens':100,'cache_creation_input_tokens':1000,'output_tokens':5}}""");
        var usage = seen.path("usage");
        assertThat(usage.path("prompt_tokens").asLong()).isEqualTo(1_110);
        assertThat(usage.path("prompt_tokens_details").path("cached_tokens").asLong())
                .isEqualTo(100);
        assertThat(usage.path("total_tokens").asLong()).isEqualTo(1_115);
    }

    /** 6.2: Anthropic's usage is cumulative and is set, not added. */
    @Test
    void usageOfAMessagesStreamIsSetNotAdded() {
        var seen =
                stream(
                        CHAT,
                        MESSAGES,
                        MESSAGE_START,
                        "{'type':'message_delta','delta':{'stop_reason':'end_turn'},"
                                + "'usage':{'input_tokens':30,'output_tokens':5}}",
                        "{'type':'message_stop'}");
        assertThat(seen.stream().usage()).isNotNull();
        assertThat(seen.stream().usage().input()).isEqualTo(30);
        assertThat(seen.stream().usage().output()).isEqualTo(5);
    }

    /** 15: several answers are refused by name, and so is what is never carried elsewhere. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "'n':2",
                "'modalities':['text','audio']",
                "'web_search_options':{}",
                "'never_heard_of':1"
            })
    void whatCannotBeCarriedIsRefusedByName(String member) {
        // Gemini has several candidates
        var providers =
                member.startsWith("'n'")
                        ? List.of(MESSAGES, RESPONSES)
                        : List.of(MESSAGES, GEMINI, RESPONSES);
        for (var provider : providers) {
            var out =
                    outbound(
                            CHAT,
                            provider,
                            "{'model':'m','messages':[{'role':'user','content':'x'}],"
                                    + member
                                    + "}");
            assertThat(out).as(provider.wireName()).isInstanceOf(Outbound.Refused.class);
            var field = member.substring(1, member.indexOf('\'', 1));
            assertThat(((Outbound.Refused) out).message()).startsWith(field);
        }
    }

    /** docs/dialects.md: white space to stop on. */
    @Test
    void aStopOnWhiteSpaceIsRefused() {
        var stop =
                outbound(
                        CHAT,
                        MESSAGES,
                        "{'model':'m','stop':' ','messages':[{'role':'user','content':'x'}]}");
        assertThat(stop).isInstanceOf(Outbound.Refused.class);
    }
}
