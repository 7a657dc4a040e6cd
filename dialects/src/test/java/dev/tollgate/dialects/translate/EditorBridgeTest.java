package dev.tollgate.dialects.translate;

import static dev.tollgate.dialects.translate.Wire.CHAT_END;
import static dev.tollgate.dialects.translate.Wire.call;
import static dev.tollgate.dialects.translate.Wire.chunk;
import static dev.tollgate.dialects.translate.Wire.events;
import static dev.tollgate.dialects.translate.Wire.json;
import static dev.tollgate.dialects.translate.Wire.tree;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tollgate.dialects.AnswerStream.End;
import dev.tollgate.dialects.Bridge;
import dev.tollgate.dialects.Bridge.AnswerTerms;
import dev.tollgate.dialects.Bridge.Outbound;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.Ingress;
import dev.tollgate.dialects.Operation;
import dev.tollgate.dialects.RequestScan;
import dev.tollgate.dialects.Scanned;
import dev.tollgate.dialects.scan.RequestScanner;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** An editor posts Responses-shaped bodies to chat completions, and reads chat completions. */
class EditorBridgeTest {
    private static final Ingress CHAT =
            new Ingress(Dialect.OPENAI_CHAT, Operation.GENERATE, null, false, false);

    private static final byte[] EDITOR =
            json(
                    "{'model':'gpt-5','input':[{'role':'system','content':'You are an agent.'},"
                            + "{'role':'user','content':[{'type':'input_text','text':'Fix it'}]},"
                            + "{'type':'function_call','call_id':'call_1','name':'read','arguments':'{}'},"
                            + "{'type':'function_call_output','call_id':'call_1','output':'text'}],"
                            + "'tools':[{'type':'function','name':'read','parameters':{'type':'object',"
                            + "'properties':{'path':{'type':'string'}}},'strict':false},"
                            + "{'type':'custom','name':'ApplyPatch','description':'Patches.','format':"
                            + "{'type':'grammar','syntax':'lark','definition':'start: X'}}],"
                            + "'tool_choice':'auto','stream':true,'stream_options':{'include_usage':true},"
                            + "'reasoning':{'effort':'high','summary':'auto'},'store':false,"
                            + "'include':['reasoning.encrypted_content'],'max_tokens':100,'n':1,"
                            + "'user':'u','prompt_cache_key':'k','metadata':{'a':'b'}}");

    private static RequestScan scan(byte[] body) {
        Scanned scanned = RequestScanner.scan(CHAT, body);
        assertThat(scanned).isInstanceOf(RequestScan.class);
        return (RequestScan) scanned;
    }

    private static Bridge bridge(Dialect provider) {
        return Bridge.between(Dialect.OPENAI_CHAT, provider, Operation.GENERATE);
    }

    private static JsonNode sent(Dialect provider) {
        var out = bridge(provider).request(scan(EDITOR), EDITOR, Exchanges.requestTerms(provider));
        assertThat(out).isInstanceOf(Outbound.Ready.class);
        return tree(((Outbound.Ready) out).body());
    }

    private static AnswerTerms terms(byte[] body) {
        return new AnswerTerms(scan(body), body, null, true, "id", 1_700_000_000);
    }

    @Test
    void theScanFindsTheShapeTheModelAndTheLimit() {
        var scan = scan(EDITOR);
        assertThat(scan.responsesShape()).isTrue();
        assertThat(scan.model()).isEqualTo("gpt-5");
        assertThat(scan.stream()).isTrue();
        assertThat(scan.includeUsage()).isTrue();
        assertThat(scan.maxOutputTokens()).hasValue(100);
        assertThat(scan.messages()).isEqualTo(4);
        assertThat(scan.features())
                .contains(RequestScan.Feature.TOOLS, RequestScan.Feature.REASONING);
        assertThat(scan(Exchanges.hello(Dialect.OPENAI_CHAT)).responsesShape()).isFalse();
    }

    @Test
    void neitherMessagesNorInputIsRefused() {
        assertThat(RequestScanner.scan(CHAT, json("{'model':'m'}")))
                .isEqualTo(new Scanned.Malformed("`messages` is missing", "messages"));
    }

    @ParameterizedTest
    @EnumSource(Dialect.class)
    void everyProviderGetsARequestOfItsOwn(Dialect provider) {
        SdkReader.request(provider, Exchanges.bytes(sent(provider)));
    }

    @Test
    void aChatProviderGetsAChatRequest() {
        var body = sent(Dialect.OPENAI_CHAT);
        assertThat(body.path("messages"))
                .extracting(each -> each.path("role").asText())
                .containsExactly("system", "user", "assistant", "tool");
        assertThat(body.path("tools").path(0).path("function").path("name").asText())
                .isEqualTo("read");
        assertThat(body.path("max_completion_tokens").asLong()).isEqualTo(100);
        assertThat(body.path("reasoning_effort").asText()).isEqualTo("high");
        assertThat(body.path("stream_options").path("include_usage").asBoolean()).isTrue();
        assertThat(body.has("input")).isFalse();
    }

    @Test
    void theAnswerIsAChatStreamAndTheFreeTextToolIsRestored() {
        var events =
                "data: "
                        + chunk("{'role':'assistant','content':'Hi'}")
                        + "\n\ndata: "
                        + call(0, "call_2", "ApplyPatch", "{\\'input\\':\\'*** Begin\\'}")
                        + "\n\ndata: "
                        + CHAT_END
                        + "\n\ndata: [DONE]\n\n";
        var seen = Exchanges.stream(bridge(Dialect.OPENAI_CHAT), terms(EDITOR), json(events), 13);
        assertThat(seen.end()).isInstanceOf(End.Complete.class);
        assertThat(seen.text()).endsWith("data: [DONE]\n\n");
        var input = new StringBuilder();
        for (var event : events(seen)) {
            assertThat(event.path("object").asText()).isEqualTo("chat.completion.chunk");
            for (var call : event.path("choices").path(0).path("delta").path("tool_calls")) {
                input.append(call.path("custom").path("input").asText());
            }
        }
        assertThat(input).hasToString("*** Begin");
    }

    @Test
    void aChatBodyPassesAsItIs() {
        var body = Exchanges.hello(Dialect.OPENAI_CHAT);
        var out =
                bridge(Dialect.OPENAI_CHAT)
                        .request(
                                scan(body),
                                body,
                                new Bridge.RequestTerms(
                                        "m",
                                        java.util.OptionalLong.empty(),
                                        java.util.OptionalLong.empty(),
                                        java.util.List.of()));
        assertThat(((Outbound.Ready) out).body()).isEqualTo(body);
    }
}
