package dev.tollgate.dialects.history;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.AnswerStream;
import dev.tollgate.dialects.Bridge;
import dev.tollgate.dialects.Bridge.AnswerRead;
import dev.tollgate.dialects.Bridge.Outbound;
import dev.tollgate.dialects.Corpus;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.Ingress;
import dev.tollgate.dialects.Operation;
import dev.tollgate.dialects.RequestScan;
import dev.tollgate.dialects.Samples;
import dev.tollgate.dialects.Turns;
import dev.tollgate.dialects.count.CountBridge;
import dev.tollgate.dialects.scan.RequestScanner;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * One turn is answered by one provider, the next by another: each gets back what it signed itself,
 * and nothing that another did.
 */
class MixedRoutingTest {
    private static final Dialect ANTHROPIC = Dialect.ANTHROPIC;
    private static final Dialect GEMINI = Dialect.GEMINI;
    private static final Dialect CHAT = Dialect.OPENAI_CHAT;
    private static final Dialect RESPONSES = Dialect.OPENAI_RESPONSES;

    /** A signed thought, a call and a text with a source, of each provider. */
    private static String answer(Dialect provider) {
        return switch (provider) {
            case ANTHROPIC ->
                    "{'id':'msg_1','model':'m','role':'assistant','stop_reason':'tool_use','content':[{'type':'thinking','thinking':'I think.','signature':'OWN-A'},"
                            + "{'type':'redacted_thinking','data':'HIDDEN-A'},"
                            + "{'type':'text','text':'Hi'},"
                            + "{'type':'tool_use','id':'toolu_1','name':'f','input':{}}],"
                            + "'usage':{'input_tokens':1,'output_tokens':1}}";
            case GEMINI ->
                    "{'modelVersion':'m','candidates':[{'finishReason':'STOP','content':{'role':'model','parts':[{'text':'I think.','thought':true,'thoughtSignature':'OWN-T'},{'text':'Hi'},"
                            + "{'functionCall':{'id':'fc1','name':'f','args':{}},'thoughtSignature':'OWN-G'}]},"
                            + "'groundingMetadata':{'groundingChunks':[{'web':{'uri':'https://a','title':'A'}}],"
                            + "'groundingSupports':[{'segment':{'partIndex':1,'startIndex':0,'endIndex':2},"
                            + "'groundingChunkIndices':[0]}]}}]}";
            case OPENAI_CHAT ->
                    "{'id':'gen-1','model':'m','choices':[{'finish_reason':'tool_calls','message':{'role':'assistant','content':'Hi','reasoning':'I think.','reasoning_details':[{'type':'reasoning.text','text':'I think.','signature':'OWN-R','index':0},"
                            + "{'type':'reasoning.encrypted','data':'HIDDEN-R','index':1}],"
                            + "'tool_calls':[{'id':'call_1','type':'function','function':{'name':'f','arguments':'{}'}}]}}]}";
            case OPENAI_RESPONSES ->
                    "{'id':'resp_1','model':'m','status':'completed','output':[{'type':'reasoning','id':'rs_1','summary':[{'type':'summary_text','text':'I think.'}],'encrypted_content':'OWN-O'},"
                            + "{'type':'message','id':'msg_1','role':'assistant','content':[{'type':'output_text','text':'Hi',"
                            + "'annotations':[{'type':'url_citation','start_index':0,'end_index':2,'title':'A','url':'https://a'}]}]},"
                            + "{'type':'function_call','id':'fc_1','call_id':'call_1','name':'f','arguments':'{}'}]}";
        };
    }

    private static String asks(Dialect client) {
        return switch (client) {
            case ANTHROPIC ->
                    "{'model':'m','max_tokens':9000,'thinking':{'type':'enabled','budget_tokens':1024},"
                            + "'tools':[{'name':'f','input_schema':{'type':'object'}}],"
                            + "'messages':[{'role':'user','content':'q'}]}";
            case GEMINI ->
                    "{'contents':[{'role':'user','parts':[{'text':'q'}]}],"
                            + "'tools':[{'functionDeclarations':[{'name':'f'}]}],"
                            + "'generationConfig':{'thinkingConfig':{'includeThoughts':true}}}";
            case OPENAI_RESPONSES ->
                    "{'model':'m','input':[{'role':'user','content':'q'}],'store':false,"
                            + "'tools':[{'type':'function','name':'f','parameters':{'type':'object'}}],"
                            + "'include':['reasoning.encrypted_content']}";
            case OPENAI_CHAT ->
                    "{'model':'m','messages':[{'role':'user','content':'q'}],"
                            + "'tools':[{'type':'function','function':{'name':'f'}}]}";
        };
    }

    private static byte[] bytes(String json) {
        return json.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    }

    private static JsonNode tree(byte[] json) {
        try {
            return Corpus.JSON.readTree(json);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static RequestScan scan(Dialect client, byte[] body) {
        var model = client == GEMINI ? "m" : null;
        var scanned =
                RequestScanner.scan(
                        new Ingress(client, Operation.GENERATE, model, false, true), body);
        assertThat(scanned).isInstanceOf(RequestScan.class);
        return (RequestScan) scanned;
    }

    private static Bridge bridge(Dialect client, Dialect provider) {
        var bridge = Bridge.between(client, provider, Operation.GENERATE);
        assertThat(bridge).isNotNull();
        return bridge;
    }

    /** The turn that a client makes of a provider's answer. */
    private static JsonNode turn(Dialect client, Dialect provider) {
        var body = bytes(asks(client));
        var answer = bytes(answer(provider));
        if (client == provider) {
            return Turns.of(client, tree(answer));
        }
        var read =
                bridge(client, provider)
                        .answer(answer, Samples.answerTerms(scan(client, body), body, true));
        assertThat(read).isInstanceOf(AnswerRead.Read.class);
        return Turns.of(client, tree(((AnswerRead.Read) read).body()));
    }

    private static JsonNode streamedTurn(Dialect client, Dialect provider, String... events) {
        var body = bytes(asks(client));
        var out = new ByteArrayOutputStream();
        var stream =
                bridge(client, provider).stream(
                        Samples.answerTerms(scan(client, body), body, true));
        for (var event : events) {
            var sent = bytes("data: " + event + "\n\n");
            stream.feed(sent, 0, sent.length, out::write);
        }
        stream.end(out::write);
        return Turns.of(
                client,
                out.toString(StandardCharsets.UTF_8)
                        .lines()
                        .filter(line -> line.startsWith("data: {"))
                        .map(line -> tree(line.substring(6).getBytes(StandardCharsets.UTF_8)))
                        .toList());
    }

    private static String model(Dialect provider) {
        return Samples.terms(provider).model();
    }

    /** The client's next request after these turns. */
    private static byte[] next(Dialect client, JsonNode... turns) {
        var request = (ObjectNode) tree(bytes(asks(client)));
        var history =
                (ArrayNode)
                        request.path(
                                switch (client) {
                                    case ANTHROPIC, OPENAI_CHAT -> "messages";
                                    case GEMINI -> "contents";
                                    case OPENAI_RESPONSES -> "input";
                                });
        var question = history.get(0);
        for (var turn : turns) {
            if (turn.isArray()) {
                history.addAll((ArrayNode) turn);
            } else {
                history.add(turn);
            }
            history.add(question);
        }
        return request.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static Outbound.Ready sent(
            Dialect client, Dialect provider, String model, byte[] body, String... quirks) {
        var terms =
                new Bridge.RequestTerms(
                        model, OptionalLong.empty(), OptionalLong.of(64_000), List.of(quirks));
        var out = bridge(client, provider).request(scan(client, body), body, terms);
        assertThat(out).isInstanceOf(Outbound.Ready.class);
        return (Outbound.Ready) out;
    }

    private static JsonNode seen(Dialect client, JsonNode... turns) {
        return tree(sent(client, client, model(client), next(client, turns)).body());
    }

    private static JsonNode seen(Dialect client, Dialect provider, JsonNode... turns) {
        return tree(
                sent(client, provider, model(provider), next(client, turns), "reasoning_details")
                        .body());
    }

    @ParameterizedTest
    @EnumSource(
            value = Dialect.class,
            names = {"GEMINI", "OPENAI_CHAT", "OPENAI_RESPONSES"})
    void anthropicSeesNoThoughtAndNoSourceOfAnother(Dialect first) {
        var content = seen(ANTHROPIC, turn(ANTHROPIC, first)).at("/messages/1/content");
        assertThat(content).hasSize(2);
        assertThat(content.at("/0/text").asText()).isEqualTo("Hi");
        assertThat(content.at("/0/citations").isEmpty()).isTrue();
        assertThat(content.at("/1/type").asText()).isEqualTo("tool_use");
    }

    @Test
    void anthropicSeesNoThoughtOfAnothersStream() {
        var turn =
                streamedTurn(
                        ANTHROPIC,
                        CHAT,
                        "{'model':'m','choices':[{'index':0,'delta':{'reasoning':'I think.'}}]}",
                        "{'choices':[{'index':0,'delta':{'content':'Hi'},'finish_reason':'stop'}]}");
        assertThat(turn.at("/content/0/signature").asText()).isEmpty();
        var content = seen(ANTHROPIC, turn).at("/messages/1/content");
        assertThat(content).hasSize(1);
        assertThat(content.at("/0/text").asText()).isEqualTo("Hi");
    }

    @Test
    void anthropicSeesItsOwnThoughtsAsTheyWere() {
        var own = turn(ANTHROPIC, ANTHROPIC);
        var seen = seen(ANTHROPIC, own, turn(ANTHROPIC, GEMINI));
        assertThat(seen.at("/messages/1")).isEqualTo(own);
        assertThat(seen.at("/messages/3/content")).hasSize(2);
        assertThat(seen(ANTHROPIC, turn(ANTHROPIC, GEMINI), own).path("thinking").isObject())
                .isTrue();
    }

    @Test
    void anthropicThinksNoMoreWhereAnotherBeganTheCalls() {
        for (var first : List.of(GEMINI, CHAT, RESPONSES)) {
            var body = next(ANTHROPIC, turn(ANTHROPIC, ANTHROPIC), turn(ANTHROPIC, first));
            var sent = sent(ANTHROPIC, ANTHROPIC, model(ANTHROPIC), body);
            assertThat(tree(sent.body()).has("thinking")).isFalse();
            assertThat(sent.dropped()).containsExactly("thinking");
        }
    }

    @Test
    void callsOfAnotherAloneEndTheThinkingTooAndItsClearing() {
        var body =
                ("{'model':'m','max_tokens':9000,'thinking':{'type':'enabled','budget_tokens':1024},"
                        + "'context_management':{'edits':[{'type':'clear_thinking_20251015'}]},"
                        + "'messages':[{'role':'user','content':'q'},{'role':'assistant','content':["
                        + "{'type':'tool_use','id':'call_1','name':'f','input':{}}]},{'role':'user','content':[{'type':'tool_result',"
                        + " 'tool_use_id' : 'call_1'}]}]}");
        var sent = sent(ANTHROPIC, ANTHROPIC, "claude-haiku-4-5", bytes(body));
        assertThat(sent.dropped()).containsExactly("thinking", "context_management");
        assertThat(tree(sent.body()).has("thinking")).isFalse();
        assertThat(tree(sent.body()).has("context_management")).isFalse();
        for (var kept :
                List.of(
                        body.replace("call_1", "toolu_1"),
                        body.replace("'enabled','budget_tokens':1024", "'adaptive'"))) {
            assertThat(sent(ANTHROPIC, ANTHROPIC, "m", bytes(kept)).body()).isEqualTo(bytes(kept));
        }
    }

    @Test
    void aTurnOfNothingButAnothersThoughtsIsNone() {
        var body =
                bytes(
                        "{'model':'claude','max_tokens':9,'messages':[{'role':'user','content':'a'},"
                                + "{'role':'assistant','content':[{'type':'thinking','thinking':'x','signature':''}]},"
                                + "{'role':'user','content':'b'}]}");
        assertThat(sent(ANTHROPIC, ANTHROPIC, "claude", body).body())
                .isEqualTo(
                        bytes(
                                "{'model':'claude','max_tokens':9,'messages':[{'role':'user','content':'a'},"
                                        + "{'role':'user','content':'b'}]}"));
    }

    /** Such a server may sign nothing, and want its thoughts back. */
    @Test
    void aServerOfAnotherModelKeepsUnsignedThoughts() {
        var body =
                bytes(
                        "{'model':'kimi','max_tokens':9,'messages':[{'role':'assistant','content':["
                                + "{'type':'thinking','thinking':'x','signature':''},{'type':'text','text':'y'}]}]}");
        assertThat(sent(ANTHROPIC, ANTHROPIC, "kimi", body).body()).isSameAs(body);
    }

    @ParameterizedTest
    @EnumSource(
            value = Dialect.class,
            names = {"ANTHROPIC", "OPENAI_CHAT", "OPENAI_RESPONSES"})
    void geminiSeesNoThoughtOfAnotherAndAsksForNoSignature(Dialect first) {
        var turn = turn(GEMINI, first);
        var parts = seen(GEMINI, turn).at("/contents/1/parts");
        assertThat(parts).hasSize(2);
        assertThat(parts.at("/0/text").asText()).isEqualTo("Hi");
        assertThat(parts.at("/1/functionCall/name").asText()).isEqualTo("f");
        assertThat(
                        new String(
                                Base64.getDecoder()
                                        .decode(parts.at("/1/thoughtSignature").asText()),
                                StandardCharsets.UTF_8))
                .isEqualTo("skip_thought_signature_validator");
        var older = tree(sent(GEMINI, GEMINI, "gemini-2.5-flash", next(GEMINI, turn)).body());
        assertThat(older.at("/contents/1/parts/1").has("thoughtSignature")).isFalse();
    }

    @Test
    void geminiSeesItsOwnSignaturesAsTheyWere() {
        var own = turn(GEMINI, GEMINI);
        var seen = seen(GEMINI, own, turn(GEMINI, ANTHROPIC));
        assertThat(seen.at("/contents/1")).isEqualTo(own);
        assertThat(seen.toString()).doesNotContain("dGcxO");
    }

    @Test
    void aTurnThatGeminiWouldSeeEmptyIsNone() {
        var turn =
                streamedTurn(
                        GEMINI,
                        ANTHROPIC,
                        "{'type':'message_start','message':{'id':'m','model':'m','usage':{}}}",
                        "{'type':'content_block_start','index':0,'content_block':{'type':'redacted_thinking','data':'X'}}",
                        "{'type':'content_block_stop','index':0}");
        assertThat(seen(GEMINI, turn).path("contents")).hasSize(2);
    }

    @ParameterizedTest
    @EnumSource(
            value = Dialect.class,
            names = {"ANTHROPIC", "OPENAI_CHAT", "GEMINI"})
    void openAiSeesNoReasoningItemOfAnother(Dialect first) {
        var input = seen(RESPONSES, turn(RESPONSES, first)).path("input");
        assertThat(input.toString()).doesNotContain("reasoning").contains("function_call", "Hi");
    }

    @Test
    void openAiSeesNoReasoningThatNobodySigned() {
        var turn =
                streamedTurn(
                        RESPONSES,
                        CHAT,
                        "{'model':'m','choices':[{'index':0,'delta':{'reasoning_content':'I think.'}}]}",
                        "{'choices':[{'index':0,'delta':{'content':'Hi'},'finish_reason':'stop'}]}");
        assertThat(turn.toString()).contains("I think.");
        assertThat(seen(RESPONSES, turn).path("input").toString())
                .doesNotContain("I think.")
                .contains("Hi");
    }

    @Test
    void openAiSeesItsOwnReasoningAsItWas() {
        var own = turn(RESPONSES, RESPONSES);
        var seen = seen(RESPONSES, own, turn(RESPONSES, ANTHROPIC));
        assertThat(seen.at("/input/1")).isEqualTo(own.get(0));
        assertThat(seen.toString()).containsOnlyOnce("\"reasoning\"");
    }

    @ParameterizedTest
    @EnumSource(
            value = Dialect.class,
            names = {"GEMINI", "OPENAI_RESPONSES"})
    void aChatServerSeesNoThoughtThatTheGatewayWrapped(Dialect first) {
        var turn = turn(CHAT, first);
        assertThat(turn.has("thinking_blocks")).isTrue();
        var message = seen(CHAT, turn).at("/messages/1");
        assertThat(message.has("thinking_blocks")).isFalse();
        assertThat(message.path("content").asText()).isEqualTo("Hi");
        var own = turn(CHAT, ANTHROPIC);
        assertThat(seen(CHAT, own).at("/messages/1")).isEqualTo(own);
    }

    @Test
    void aStrictChatServerSeesNoSignatureAtAll() {
        for (var first : List.of(GEMINI, ANTHROPIC)) {
            var body = next(CHAT, turn(CHAT, first));
            assertThat(new String(body, StandardCharsets.UTF_8)).contains("OWN-");
            var sent = sent(CHAT, CHAT, "m", body, "closed_messages").body();
            assertThat(new String(sent, StandardCharsets.UTF_8))
                    .doesNotContain("OWN-", "thinking_blocks", "extra_content");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "ANTHROPIC,GEMINI,OWN-G",
        "ANTHROPIC,OPENAI_CHAT,OWN-R",
        "ANTHROPIC,OPENAI_CHAT,HIDDEN-R",
        "ANTHROPIC,OPENAI_RESPONSES,OWN-O",
        "GEMINI,ANTHROPIC,OWN-A",
        "GEMINI,ANTHROPIC,HIDDEN-A",
        "GEMINI,OPENAI_CHAT,OWN-R",
        "GEMINI,OPENAI_RESPONSES,OWN-O",
        "OPENAI_RESPONSES,ANTHROPIC,OWN-A",
        "OPENAI_RESPONSES,ANTHROPIC,HIDDEN-A",
        "OPENAI_RESPONSES,GEMINI,OWN-G",
        "OPENAI_RESPONSES,OPENAI_CHAT,OWN-R",
        "OPENAI_CHAT,ANTHROPIC,OWN-A",
        "OPENAI_CHAT,GEMINI,OWN-G",
        "OPENAI_CHAT,OPENAI_RESPONSES,OWN-O"
    })
    void theFirstProviderGetsItsOwnSignatureBack(Dialect client, Dialect first, String signature) {
        var turns = new JsonNode[] {turn(client, first), turn(client, client)};
        assertThat(seen(client, turns).toString()).doesNotContain("dGcxO");
        assertThat(seen(client, first, turns).toString())
                .contains("\"" + signature + "\"")
                .doesNotContain("dGcxO");
    }

    @Test
    void aCountIsMadeWithoutAnothersThoughtsToo() {
        var input = next(RESPONSES, turn(RESPONSES, ANTHROPIC));
        var counting = Bridge.between(RESPONSES, CHAT, Operation.COUNT_TOKENS);
        assertThat(counting).isNotNull();
        var scanned =
                RequestScanner.scan(
                        new Ingress(RESPONSES, Operation.COUNT_TOKENS, null, false, false), input);
        var counted =
                counting.request(
                        (RequestScan) scanned,
                        input,
                        new Bridge.RequestTerms(
                                "gpt-5",
                                OptionalLong.empty(),
                                OptionalLong.empty(),
                                List.of(CountBridge.QUIRK_COUNTER)));
        assertThat(counted).isInstanceOf(Outbound.Ready.class);
        assertThat(new String(((Outbound.Ready) counted).body(), StandardCharsets.UTF_8))
                .contains("function_call")
                .doesNotContain("dGcxO");
    }

    @Test
    void aCountThatHoldsAWholeRequestIsMadeWithoutThemToo() {
        var whole = new String(next(GEMINI, turn(GEMINI, ANTHROPIC)), StandardCharsets.UTF_8);
        for (var name : List.of("generateContentRequest", "generate_content_request")) {
            var body = ("{\"" + name + "\":" + whole + "}").getBytes(StandardCharsets.UTF_8);
            var out = new ForeignHistory(body, "gemini-2.5-flash").without(GEMINI);
            assertThat(new String(((Outbound.Ready) out).body(), StandardCharsets.UTF_8))
                    .contains("functionCall")
                    .doesNotContain("dGcxO", "thoughtSignature");
        }
    }

    /** What a user says of marks is none. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'model':'m','max_tokens':9,'messages':[{'role':'user','content':'dGcxOkdFTUlOSTp4'}]}",
                "{'model':'m','max_tokens':9,'signature' : '','messages':[]}",
                "{'model':'m','max_tokens':9,'messages':[],'x':{'tool_use_id':'a','encrypted_index':''}}",
                "{'model':'m','max_tokens':9,'messages':['signature',7,{'role':'assistant','content':'x'}]}"
            })
    void otherBodiesStayTheSameArray(String json) {
        var body = bytes(json);
        var terms =
                new Bridge.RequestTerms("m", OptionalLong.empty(), OptionalLong.empty(), List.of());
        var out =
                new HistoryBridge(new AsSent())
                        .request(scan(ANTHROPIC, bytes(asks(ANTHROPIC))), body, terms);
        assertThat(((Outbound.Ready) out).body()).isSameAs(body);
    }

    /** Says nothing of its own. */
    private static final class AsSent implements Bridge {
        @Override
        public Outbound request(RequestScan scan, byte[] body, RequestTerms terms) {
            return new Outbound.Ready(body, List.of());
        }

        @Override
        public AnswerRead answer(byte[] providerBody, AnswerTerms terms) {
            return new AnswerRead.Unreadable("nobody asks");
        }

        @Override
        public AnswerStream stream(AnswerTerms terms) {
            throw new AssertionError("nobody asks");
        }
    }
}
