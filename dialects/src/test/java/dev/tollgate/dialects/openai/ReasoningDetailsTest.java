package dev.tollgate.dialects.openai;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
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
import dev.tollgate.dialects.scan.RequestScanner;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What OpenRouter tells of a model's reasoning reaches each client, and comes back to it whole. */
class ReasoningDetailsTest {
    private static final ObjectMapper JSON = Corpus.JSON;

    /** As recorded: a signed thought of Claude; a summary and the encrypted thought of GPT. */
    private static final String CLAUDE =
            "[{'type':'reasoning.text','text':'I"
                    + " think.','signature':'ErcB','format':'anthropic-claude-v1','index':0}]";

    private static final String GPT =
            "[{'type':'reasoning.summary','summary':'I"
                    + " think.','format':'openai-responses-v1','index':0},"
                    + "{'type':'reasoning.encrypted','data':'gAAA','id':'rs_1','format':'openai-responses-v1','index':0}]";

    private static final String[] CLAUDE_DELTAS = {
        "{'content':'','reasoning':null,'reasoning_details':[{'type':'reasoning.text','text':'','signature':'','format':'anthropic-claude-v1','index':0}]}",
        "{'content':'','reasoning':'I ','reasoning_details':[{'type':'reasoning.text','text':'I"
                + " ','format':'anthropic-claude-v1','index':0}]}",
        "{'content':'','reasoning':'think.','reasoning_details':[{'type':'reasoning.text','text':'think.','format':'anthropic-claude-v1','index':0}]}",
        "{'content':'','reasoning':null,'reasoning_details':[{'type':'reasoning.text','signature':'ErcB','format':'anthropic-claude-v1','index':0}]}"
    };

    private static final String[] GPT_DELTAS = {
        "{'content':'','reasoning':'I"
                + " ','reasoning_details':[{'type':'reasoning.summary','summary':'I"
                + " ','format':'openai-responses-v1','index':0}]}",
        "{'content':'','reasoning':'think.','reasoning_details':[{'type':'reasoning.summary','summary':'think.','format':'openai-responses-v1','index':0}]}",
        "{'content':'','reasoning':null,'reasoning_details':[{'type':'reasoning.encrypted','data':'gAAA','id':'rs_1','format':'openai-responses-v1','index':0}]}"
    };

    private static String asks(Dialect client) {
        return switch (client) {
            case ANTHROPIC ->
                    "{'model':'m','max_tokens':9000,'thinking':{'type':'enabled','budget_tokens':1024},"
                            + "'messages':[{'role':'user','content':'q'}]}";
            case GEMINI ->
                    "{'contents':[{'role':'user','parts':[{'text':'q'}]}],"
                            + "'generationConfig':{'thinkingConfig':{'includeThoughts':true}}}";
            case OPENAI_RESPONSES ->
                    "{'model':'m','input':[{'role':'user','content':'q'}],'store':false,"
                            + "'include':['reasoning.encrypted_content']}";
            case OPENAI_CHAT -> "{'model':'m','messages':[{'role':'user','content':'q'}]}";
        };
    }

    private static byte[] bytes(String json) {
        return json.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    }

    private static JsonNode tree(byte[] json) {
        try {
            return JSON.readTree(json);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Bridge bridge(Dialect client) {
        var bridge = Bridge.between(client, Dialect.OPENAI_CHAT, Operation.GENERATE);
        assertThat(bridge).isNotNull();
        return bridge;
    }

    private static RequestScan scan(Dialect client, byte[] body) {
        var model = client == Dialect.GEMINI ? "m" : null;
        var ingress = new Ingress(client, Operation.GENERATE, model, false, true);
        var scanned = RequestScanner.scan(ingress, body);
        assertThat(scanned).isInstanceOf(RequestScan.class);
        return (RequestScan) scanned;
    }

    private static JsonNode answer(Dialect client, String details) {
        var body = bytes(asks(client));
        var read =
                bridge(client)
                        .answer(
                                bytes(
                                        "{'id':'gen-1','model':'m','choices':[{'finish_reason':'stop','message':{'role':'assistant','content':'Hi','reasoning':'I"
                                                + " think.','reasoning_details':"
                                                + details
                                                + "}}],'usage':{'prompt_tokens':1,'completion_tokens':2}}"),
                                Samples.answerTerms(scan(client, body), body, true));
        assertThat(read).isInstanceOf(AnswerRead.Read.class);
        return tree(((AnswerRead.Read) read).body());
    }

    private static List<JsonNode> stream(Dialect client, String... deltas) {
        var body = bytes(asks(client));
        var out = new ByteArrayOutputStream();
        var stream = bridge(client).stream(Samples.answerTerms(scan(client, body), body, true));
        var all = new StringBuilder();
        for (var delta : deltas) {
            all.append("data: {'id':'g','model':'m','choices':[{'index':0,'delta':")
                    .append(delta)
                    .append("}]}\n\n");
        }
        all.append("data: {'choices':[{'index':0,'delta':{'content':'Hi'}}]}\n\n")
                .append(
                        "data:"
                                + " {'choices':[{'index':0,'delta':{'content':''},'finish_reason':'stop'}]}\n\n")
                .append("data: [DONE]\n\n");
        var provider = bytes(all.toString());
        stream.feed(provider, 0, provider.length, out::write);
        stream.end(out::write);
        return out.toString(StandardCharsets.UTF_8)
                .lines()
                .filter(line -> line.startsWith("data: {"))
                .map(line -> tree(line.substring(6).getBytes(StandardCharsets.UTF_8)))
                .toList();
    }

    /** What the next request holds of the thoughts, after the client has sent this turn back. */
    private static JsonNode next(Dialect client, JsonNode turn, String... quirks) {
        var request = (ObjectNode) tree(bytes(asks(client)));
        var history =
                (ArrayNode)
                        request.path(
                                switch (client) {
                                    case ANTHROPIC, OPENAI_CHAT -> "messages";
                                    case GEMINI -> "contents";
                                    case OPENAI_RESPONSES -> "input";
                                });
        if (turn.isArray()) {
            history.addAll((ArrayNode) turn);
        } else {
            history.add(turn);
        }
        history.add(history.get(0));
        try {
            var body = JSON.writeValueAsBytes(request);
            var out =
                    bridge(client)
                            .request(
                                    scan(client, body),
                                    body,
                                    new Bridge.RequestTerms(
                                            "m",
                                            OptionalLong.empty(),
                                            OptionalLong.empty(),
                                            List.of(quirks)));
            assertThat(out).isInstanceOf(Outbound.Ready.class);
            for (var message : tree(((Outbound.Ready) out).body()).path("messages")) {
                if (message.path("role").asText().equals("assistant")) {
                    assertThat(message.path("content").asText()).isEqualTo("Hi");
                    return message.path("reasoning_details");
                }
            }
            throw new AssertionError("no assistant in " + out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Dialect.class,
            names = {"ANTHROPIC", "GEMINI", "OPENAI_RESPONSES"})
    void ofAnAnswerComeBackAsTheyWere(Dialect client) {
        for (var details : List.of(CLAUDE, GPT)) {
            var answer = answer(client, details);
            assertThat(answer.toString()).containsOnlyOnce("I think.");
            assertThat(next(client, Turns.of(client, answer), "reasoning_details"))
                    .isEqualTo(tree(bytes(details)));
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Dialect.class,
            names = {"ANTHROPIC", "GEMINI", "OPENAI_RESPONSES"})
    void ofAStreamComeBackAsTheyWere(Dialect client) {
        assertThat(
                        next(
                                client,
                                Turns.of(client, stream(client, CLAUDE_DELTAS)),
                                "reasoning_details"))
                .isEqualTo(tree(bytes(CLAUDE)));
        assertThat(next(client, Turns.of(client, stream(client, GPT_DELTAS)), "reasoning_details"))
                .isEqualTo(tree(bytes(GPT)));
    }

    @Test
    void goToNoServerThatDoesNotKnowThem() {
        var turn = Turns.of(Dialect.ANTHROPIC, answer(Dialect.ANTHROPIC, CLAUDE));
        assertThat(next(Dialect.ANTHROPIC, turn).isMissingNode()).isTrue();
        assertThat(next(Dialect.ANTHROPIC, turn, "max_tokens").isMissingNode()).isTrue();
    }

    @Test
    void areThinkingOfAnAnthropicClient() {
        var content = answer(Dialect.ANTHROPIC, GPT).path("content");
        assertThat(content.at("/0/type").asText()).isEqualTo("thinking");
        assertThat(content.at("/0/thinking").asText()).isEqualTo("I think.");
        assertThat(content.at("/1/type").asText()).isEqualTo("redacted_thinking");
        assertThat(content.at("/2/text").asText()).isEqualTo("Hi");
    }

    @ParameterizedTest
    @ValueSource(strings = {"[]", "null", "[1]", "[{'type':'reasoning.text','text':null}]"})
    void withoutWordsLeaveThePlainThoughts(String details) {
        var content = answer(Dialect.ANTHROPIC, details).path("content");
        assertThat(content.at("/0/thinking").asText()).isEqualTo("I think.");
        assertThat(content.at("/0/signature").asText()).isEmpty();
        assertThat(content).hasSize(2);
    }

    @Test
    void ofAChatClientAreKeptAsTheyAre() {
        var details = CLAUDE.replace('\'', '"');
        var body =
                "{'model':'m','messages':[{'role':'assistant','content':'Hi','reasoning_details':DETAILS},{'role':'user','content':'q'}]}"
                        .replace('\'', '"')
                        .replace("DETAILS", details)
                        .getBytes(StandardCharsets.UTF_8);
        var out =
                bridge(Dialect.OPENAI_CHAT)
                        .request(
                                scan(Dialect.OPENAI_CHAT, body),
                                body,
                                new Bridge.RequestTerms(
                                        "m",
                                        OptionalLong.empty(),
                                        OptionalLong.empty(),
                                        List.of("max_tokens", "reasoning_details")));
        assertThat(out).isInstanceOf(Outbound.Ready.class);
        assertThat(new String(((Outbound.Ready) out).body(), StandardCharsets.UTF_8))
                .contains(details);
    }
}
