package dev.tollgate.dialects.translate;

import static dev.tollgate.dialects.translate.Wire.answerTo;
import static dev.tollgate.dialects.translate.Wire.events;
import static dev.tollgate.dialects.translate.Wire.outbound;
import static dev.tollgate.dialects.translate.Wire.request;
import static dev.tollgate.dialects.translate.Wire.streamTo;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.openai.helpers.ChatCompletionAccumulator;
import com.openai.models.chat.completions.ChatCompletionChunk;
import dev.tollgate.dialects.AnswerStream.End;
import dev.tollgate.dialects.Bridge;
import dev.tollgate.dialects.Bridge.Outbound;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.Ingress;
import dev.tollgate.dialects.Operation;
import dev.tollgate.dialects.RequestScan;
import dev.tollgate.dialects.scan.RequestScanner;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Several answers to one request: where both dialects have them, and nowhere else. */
class ChoicesTest {
    private static final Dialect CHAT = Dialect.OPENAI_CHAT;
    private static final Dialect GEMINI = Dialect.GEMINI;

    private static final String CHAT_ASKS =
            "{'model':'m','n':2,'messages':[{'role':'user','content':'q'}],'tools':[{'type':"
                    + "'function','function':{'name':'f','parameters':{'type':'object'}}}]}";
    private static final String GEMINI_ASKS =
            "{'contents':[{'parts':[{'text':'q'}]}],'generationConfig':{'candidateCount':2}}";

    private static String asks(Dialect client) {
        return client == GEMINI ? GEMINI_ASKS : CHAT_ASKS;
    }

    @Test
    void areAskedForByNumber() {
        assertThat(request(CHAT, GEMINI, CHAT_ASKS).at("/generationConfig/candidateCount").asInt())
                .isEqualTo(2);
        var chat = request(GEMINI, CHAT, GEMINI_ASKS);
        assertThat(chat.path("n").asInt()).isEqualTo(2);
        SdkReader.request(CHAT, Exchanges.bytes(chat));
    }

    @Test
    void oneIsNotAskedForByNumber() {
        var one = GEMINI_ASKS.replace(":2", ":1");
        assertThat(request(GEMINI, CHAT, one).has("n")).isFalse();
        assertThat(request(CHAT, GEMINI, CHAT_ASKS.replace("'n':2", "'n':1")).toString())
                .doesNotContain("candidateCount");
    }

    @ParameterizedTest
    @CsvSource({
        "OPENAI_CHAT,ANTHROPIC,n",
        "OPENAI_CHAT,OPENAI_RESPONSES,n",
        "GEMINI,ANTHROPIC,generationConfig.candidateCount",
        "GEMINI,OPENAI_RESPONSES,generationConfig.candidateCount"
    })
    void areRefusedWhereTheDialectHasOne(Dialect client, Dialect provider, String field) {
        var out = outbound(client, provider, asks(client));
        assertThat(out).isInstanceOf(Outbound.Refused.class);
        assertThat(((Outbound.Refused) out).param()).isEqualTo(field);
    }

    @ParameterizedTest
    @CsvSource({"one_choice", "no_choices"})
    void areRefusedByServersThatGiveOne(String deviation) {
        var bridge = Bridge.between(GEMINI, CHAT, Operation.GENERATE);
        assertThat(bridge).isNotNull();
        var body = Wire.json(GEMINI_ASKS);
        var terms =
                new Bridge.RequestTerms(
                        "m", OptionalLong.empty(), OptionalLong.empty(), List.of(deviation));
        var out = bridge.request(Exchanges.scan(GEMINI, body, false), body, terms);
        assertThat(out).isInstanceOf(Outbound.Refused.class);
    }

    @ParameterizedTest
    @EnumSource(
            value = Dialect.class,
            names = {"OPENAI_CHAT", "GEMINI"})
    void areCountedByTheScan(Dialect client) {
        var ingress =
                new Ingress(
                        client, Operation.GENERATE, client == GEMINI ? "m" : null, false, false);
        var scan = RequestScanner.scan(ingress, Wire.json(asks(client)));
        assertThat(scan).isInstanceOf(RequestScan.class);
        assertThat(((RequestScan) scan).choices()).isEqualTo(2);
    }

    /** The first calls a tool, the second met the limit; the third was not asked for. */
    private static final String CANDIDATES =
            "{'candidates':["
                    + "{'index':1,'content':{'parts':[{'text':'long'}]},'finishReason':'MAX_TOKENS'},"
                    + "{'content':{'parts':[{'functionCall':{'name':'f','args':{'a':1}}}]},'finishReason':'STOP'},"
                    + "{'index':2,'content':{'parts':[{'text':'third'}]},'finishReason':'STOP'}],"
                    + "'usageMetadata':{'promptTokenCount':3,'candidatesTokenCount':9,'totalTokenCount':12}}";

    @Test
    void ofGeminiAreChoicesInOrder() {
        var body = answerTo(CHAT, CHAT_ASKS, GEMINI, CANDIDATES);
        SdkReader.answer(CHAT, Exchanges.bytes(body));
        var choices = body.path("choices");
        assertThat(choices).hasSize(2);
        assertThat(choices.at("/0/index").asInt()).isZero();
        assertThat(choices.at("/0/finish_reason").asText()).isEqualTo("tool_calls");
        assertThat(choices.at("/0/message/tool_calls/0/function/arguments").asText())
                .isEqualTo("{\"a\":1}");
        assertThat(choices.at("/1/index").asInt()).isEqualTo(1);
        assertThat(choices.at("/1/finish_reason").asText()).isEqualTo("length");
        assertThat(choices.at("/1/message/content").asText()).isEqualTo("long");
        assertThat(body.at("/usage/completion_tokens").asInt()).isEqualTo(9);
    }

    private static final String CHOICES =
            "{'id':'c','model':'m','choices':["
                    + "{'index':0,'finish_reason':'stop','message':{'role':'assistant','content':'short'}},"
                    + "{'index':1,'finish_reason':'tool_calls','message':{'role':'assistant','content':null,"
                    + "'tool_calls':[{'id':'i','type':'function','function':{'name':'f','arguments':'{}'}}]}}],"
                    + "'usage':{'prompt_tokens':3,'completion_tokens':9,'total_tokens':12}}";

    @Test
    void ofChatAreCandidates() {
        var body = answerTo(GEMINI, GEMINI_ASKS, CHAT, CHOICES);
        SdkReader.answer(GEMINI, Exchanges.bytes(body));
        var candidates = body.path("candidates");
        assertThat(candidates).hasSize(2);
        assertThat(candidates.at("/0/content/parts/0/text").asText()).isEqualTo("short");
        assertThat(candidates.at("/1/index").asInt()).isEqualTo(1);
        assertThat(candidates.at("/1/content/parts/0/functionCall/name").asText()).isEqualTo("f");
    }

    @Test
    void thatNobodyAskedForAreLeftOut() {
        var body = answerTo(Dialect.ANTHROPIC, hello(Dialect.ANTHROPIC), CHAT, CHOICES);
        assertThat(body.path("content")).hasSize(1);
        var gemini = answerTo(GEMINI, hello(GEMINI), CHAT, CHOICES);
        assertThat(gemini.path("candidates")).hasSize(1);
    }

    private static String hello(Dialect client) {
        return new String(Exchanges.hello(client), java.nio.charset.StandardCharsets.UTF_8);
    }

    private static final String[] CANDIDATE_CHUNKS = {
        "{'candidates':[{'index':0,'content':{'parts':[{'text':'a'}]}},{'index':1,'content':{'parts':[{'text':'x'}]}}]}",
        "{'candidates':[{'index':1,'content':{'parts':[{'functionCall':{'name':'f','args':{'a':1}}}]},'finishReason':'STOP'}]}",
        "{'candidates':[{'index':2,'content':{'parts':[{'text':'third'}]}}]}",
        "{'candidates':[{'index':0,'content':{'parts':[{'text':'b'}]},'finishReason':'MAX_TOKENS'}],"
                + "'usageMetadata':{'promptTokenCount':3,'candidatesTokenCount':9,'totalTokenCount':12}}"
    };

    @Test
    void ofAGeminiStreamAreAccumulatedByTheSdk() throws java.io.IOException {
        var seen = streamTo(CHAT, CHAT_ASKS, GEMINI, CANDIDATE_CHUNKS);
        assertThat(seen.end()).isInstanceOf(End.Complete.class);
        var accumulator = ChatCompletionAccumulator.create();
        for (var event : SdkReader.events(seen.bytes())) {
            if (!event.equals("[DONE]")) {
                var chunk =
                        com.openai.core.ObjectMappers.jsonMapper()
                                .readValue(event, ChatCompletionChunk.class);
                StrictTypes.check(chunk);
                accumulator.accumulate(chunk);
            }
        }
        var whole = accumulator.chatCompletion();
        StrictTypes.check(whole);
        assertThat(whole.choices()).hasSize(2);
        var first = whole.choices().get(0);
        assertThat(first.message().content()).contains("ab");
        assertThat(first.finishReason().asString()).isEqualTo("length");
        var second = whole.choices().get(1);
        assertThat(second.message().content()).contains("x");
        assertThat(second.finishReason().asString()).isEqualTo("tool_calls");
        var call = second.message().toolCalls().orElseThrow().getFirst().asFunction();
        assertThat(call.function().arguments()).isEqualTo("{\"a\":1}");
        assertThat(seen.stream().visibleOutputBytes()).isEqualTo("abxf{\"a\":1}".length());
    }

    private static final String[] CHOICE_CHUNKS = {
        chunk(0, "{'role':'assistant','content':'a'}"),
        chunk(1, "{'role':'assistant','content':'x'}"),
        chunk(
                1,
                "{'tool_calls':[{'index':0,'id':'i','type':'function','function':{'name':'f','arguments':''}}]}"),
        chunk(0, "{'content':'b'}"),
        chunk(1, "{'tool_calls':[{'index':0,'function':{'arguments':'{}'}}]}"),
        "{'id':'c','model':'m','choices':[{'index':0,'delta':{},'finish_reason':'length'}]}",
        "{'id':'c','model':'m','choices':[{'index':1,'delta':{},'finish_reason':'tool_calls'}]}",
        "{'id':'c','model':'m','choices':[],'usage':{'prompt_tokens':3,'completion_tokens':9,'total_tokens':12}}",
        "[DONE]"
    };

    private static String chunk(int index, String delta) {
        return "{'id':'c','model':'m','choices':[{'index':%d,'delta':%s}]}".formatted(index, delta);
    }

    @Test
    void ofAChatStreamAreCandidatesOfWhichEachEndsInTheLastChunk() {
        var seen = streamTo(GEMINI, GEMINI_ASKS, CHAT, CHOICE_CHUNKS);
        assertThat(seen.end()).isInstanceOf(End.Complete.class);
        var said = List.of(new ArrayList<String>(), new ArrayList<String>());
        for (var event : events(seen)) {
            com.google.genai.types.GenerateContentResponse.fromJson(event.toString());
            for (var candidate : event.path("candidates")) {
                for (var part : candidate.at("/content/parts")) {
                    said.get(candidate.path("index").asInt()).add(said(part));
                }
            }
        }
        assertThat(said.get(0)).containsExactly("a", "b", "");
        assertThat(said.get(1)).containsExactly("x", "f{}", "");
        var last = events(seen).getLast();
        assertThat(last.at("/candidates/0/finishReason").asText()).isEqualTo("MAX_TOKENS");
        assertThat(last.at("/candidates/1/finishReason").asText()).isEqualTo("STOP");
        assertThat(last.at("/usageMetadata/candidatesTokenCount").asInt()).isEqualTo(9);
        assertThat(seen.stream().finished(2)).isTrue();
        assertThat(seen.stream().finished(3)).isFalse();
    }

    @Test
    void usageThatComesWithOneOfThemIsNotFinal() {
        var with = CHOICE_CHUNKS.clone();
        var usage = ",'usage':{'prompt_tokens':3,'completion_tokens':9,'total_tokens':12}}";
        with[6] = with[6].replaceFirst("}$", usage);
        with[7] = "{'id':'c','model':'m','choices':[]}";
        var seen = streamTo(GEMINI, GEMINI_ASKS, CHAT, with);
        assertThat(seen.stream().usage()).isNotNull();
        assertThat(seen.stream().finished(2)).isFalse();
    }

    private static String said(JsonNode part) {
        var call = part.path("functionCall");
        return call.isObject()
                ? call.path("name").asText() + call.path("args")
                : part.path("text").asText();
    }

    @Test
    void ofAStreamInWhichOneDoesNotFinishAreNoCleanStop() {
        var cut = CHOICE_CHUNKS.clone();
        cut[6] = "{'id':'c','model':'m','choices':[]}";
        var seen = streamTo(GEMINI, GEMINI_ASKS, CHAT, cut);
        assertThat(seen.end()).isInstanceOf(End.Broken.class);
        assertThat(seen.text()).contains("error").doesNotContain("finishReason");
        assertThat(seen.stream().finished(2)).isFalse();
        var unasked = streamTo(GEMINI, hello(GEMINI), CHAT, cut);
        assertThat(unasked.end()).isInstanceOf(End.Complete.class);
        assertThat(unasked.text()).doesNotContain("\"index\":1");
    }

    @Test
    void ofWhichOneFailedAreAFailure() {
        var failed = CHOICE_CHUNKS.clone();
        failed[6] = failed[6].replace("tool_calls", "error");
        var seen = streamTo(GEMINI, GEMINI_ASKS, CHAT, failed);
        assertThat(seen.end()).isInstanceOf(End.Broken.class);
        assertThat(seen.stream().toldError()).as("the other one goes on").isFalse();
        var one = "{'error':{'message':'overloaded','code':503}}";
        assertThat(streamTo(GEMINI, hello(GEMINI), CHAT, one).stream().toldError()).isTrue();
    }
}
