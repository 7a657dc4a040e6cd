package dev.tollgate.dialects.translate;

import static dev.tollgate.dialects.translate.Wire.answer;
import static dev.tollgate.dialects.translate.Wire.request;
import static dev.tollgate.dialects.translate.Wire.stream;
import static dev.tollgate.dialects.translate.Wire.tree;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tollgate.dialects.Dialect;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Log probabilities go wherever the other dialect has them. */
class LogprobsTest {
    private static final String TOKEN =
            "{'token':'H','logprob':-0.5,'bytes':[72],'top_logprobs':["
                    + "{'token':'H','logprob':-0.5,'bytes':[72]},{'token':'Y','logprob':-2.5,'bytes':[89]}]}";

    private static String asked(Dialect client) {
        return switch (client) {
            case OPENAI_CHAT ->
                    "{'model':'m','messages':[{'role':'user','content':'q'}],'logprobs':true,'top_logprobs':2}";
            case OPENAI_RESPONSES ->
                    "{'model':'m','input':'q','include':['message.output_text.logprobs'],'top_logprobs':2}";
            case GEMINI ->
                    "{'contents':[{'parts':[{'text':'q'}]}],'generationConfig':{'responseLogprobs':true,'logprobs':2}}";
            case ANTHROPIC -> throw new IllegalArgumentException("the dialect has none");
        };
    }

    private static String whole(Dialect provider) {
        return switch (provider) {
            case OPENAI_CHAT ->
                    "{'id':'c','model':'m','choices':[{'finish_reason':'stop','message':{'role':'assistant','content':'H'},"
                            + "'logprobs':{'content':["
                            + TOKEN
                            + "]}}]}";
            case OPENAI_RESPONSES ->
                    "{'id':'r','model':'m','status':'completed','output':[{'type':'message','content':["
                            + "{'type':'output_text','text':'H','annotations':[],'logprobs':["
                            + TOKEN
                            + "]}]}]}";
            case GEMINI ->
                    "{'candidates':[{'content':{'parts':[{'text':'H'}]},'finishReason':'STOP','logprobsResult':{"
                            + "'chosenCandidates':[{'token':'H','logProbability':-0.5}],'topCandidates':[{'candidates':["
                            + "{'token':'H','logProbability':-0.5},{'token':'Y','logProbability':-2.5}]}]}}]}";
            case ANTHROPIC -> throw new IllegalArgumentException("the dialect has none");
        };
    }

    /** Token and log probability of the token and of its rivals, as the client reads them. */
    private static List<String> seen(Dialect client, JsonNode body) {
        var tokens =
                switch (client) {
                    case OPENAI_CHAT ->
                            body.path("choices").path(0).path("logprobs").path("content");
                    case OPENAI_RESPONSES ->
                            body.path("output").path(0).path("content").path(0).path("logprobs");
                    case GEMINI, ANTHROPIC ->
                            body.path("candidates")
                                    .path(0)
                                    .path("logprobsResult")
                                    .path("topCandidates")
                                    .path(0)
                                    .path("candidates");
                };
        var told = client == Dialect.GEMINI ? tokens : tokens.path(0).path("top_logprobs");
        assertThat(told).hasSize(2);
        return List.of(
                told.path(0).path("token").asText() + number(told.path(0)),
                told.path(1).path("token").asText() + number(told.path(1)));
    }

    private static double number(JsonNode token) {
        return token.path(token.has("logprob") ? "logprob" : "logProbability").asDouble();
    }

    @ParameterizedTest
    @CsvSource({
        "OPENAI_CHAT,OPENAI_RESPONSES",
        "OPENAI_CHAT,GEMINI",
        "OPENAI_RESPONSES,OPENAI_CHAT",
        "OPENAI_RESPONSES,GEMINI",
        "GEMINI,OPENAI_CHAT",
        "GEMINI,OPENAI_RESPONSES"
    })
    void areAskedForAndComeBack(Dialect client, Dialect provider) {
        var sent = request(client, provider, asked(client));
        SdkReader.request(provider, Exchanges.bytes(sent));
        switch (provider) {
            case OPENAI_CHAT -> {
                assertThat(sent.path("logprobs").asBoolean()).isTrue();
                assertThat(sent.path("top_logprobs").asInt()).isEqualTo(2);
            }
            case OPENAI_RESPONSES -> {
                assertThat(sent.path("include").toString())
                        .contains("message.output_text.logprobs");
                assertThat(sent.path("top_logprobs").asInt()).isEqualTo(2);
            }
            case GEMINI, ANTHROPIC -> {
                var config = sent.path("generationConfig");
                assertThat(config.path("responseLogprobs").asBoolean()).isTrue();
                assertThat(config.path("logprobs").asInt()).isEqualTo(2);
            }
        }
        var body = answer(client, provider, whole(provider));
        assertThat(seen(client, body)).containsExactly("H-0.5", "Y-2.5");
        SdkReader.answer(client, Exchanges.bytes(body));
    }

    @Test
    void comeWithTheTextOfAStream() {
        var events =
                stream(
                        Dialect.OPENAI_RESPONSES,
                        Dialect.OPENAI_CHAT,
                        "{'id':'c','model':'m','choices':[{'index':0,'delta':{'content':'H'},'logprobs':{'content':["
                                + TOKEN
                                + "]}}]}",
                        Wire.CHAT_END);
        SdkReader.stream(Dialect.OPENAI_RESPONSES, events.bytes());
        var last = Wire.ofType(events, "response.completed").getFirst().path("response");
        assertThat(seen(Dialect.OPENAI_RESPONSES, last)).containsExactly("H-0.5", "Y-2.5");
        assertThat(Wire.ofType(events, "response.output_text.delta").getFirst().path("logprobs"))
                .hasSize(1);
    }

    @Test
    void ofAGeminiStreamReachAChatClient() {
        var events =
                stream(
                        Dialect.OPENAI_CHAT,
                        Dialect.GEMINI,
                        whole(Dialect.GEMINI).replace(",'finishReason':'STOP'", ""),
                        "{'candidates':[{'content':{'parts':[]},'finishReason':'STOP'}]}");
        SdkReader.stream(Dialect.OPENAI_CHAT, events.bytes());
        var chunks =
                Wire.events(events).stream()
                        .filter(each -> each.path("choices").path(0).path("logprobs").isObject())
                        .toList();
        assertThat(chunks).hasSize(1);
        assertThat(seen(Dialect.OPENAI_CHAT, chunks.getFirst())).containsExactly("H-0.5", "Y-2.5");
        assertThat(
                        tree(Exchanges.bytes(chunks.getFirst()))
                                .path("choices")
                                .path(0)
                                .path("delta")
                                .path("content")
                                .asText())
                .isEqualTo("H");
    }
}
