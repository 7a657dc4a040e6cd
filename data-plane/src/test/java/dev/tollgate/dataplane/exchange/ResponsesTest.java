package dev.tollgate.dataplane.exchange;

import static dev.tollgate.dataplane.exchange.Harness.answers;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.policy.snapshot.ProviderEntry;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpResponse;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A client of Responses: as it is to OpenAI itself, translated to every other server. */
class ResponsesTest {

    private static final String ASK =
            """
            {"metadata" : {"b": "2", "a": "1"}, "model":"fast",\
             "input": [{"role":"user", "content":"Hello"}], "store":true, "include":["reasoning.encrypted_content"],\
             "max_output_tokens":40, "truncation" : "auto"}""";

    private static final String ANSWER =
            """
            {"id":"resp_1","object":"response","created_at":1764000000,"status":"completed","model":"model-1",\
            "output":[{"type":"message","id":"msg_1","status":"completed","role":"assistant",\
            "content":[{"type":"output_text","text":"Hi","annotations":[],"logprobs":[]}]}],\
            "unknown_of_tomorrow":{"x":1},"parallel_tool_calls":true,"tool_choice":"auto","tools":[],\
            "usage":{"input_tokens":10,"input_tokens_details":{"cached_tokens":0},"output_tokens":5,\
            "output_tokens_details":{"reasoning_tokens":0},"total_tokens":15}}""";

    private final Harness harness = new Harness();

    @AfterEach
    void close() {
        harness.close();
    }

    private Harness.Upstream start(String type, Handler<HttpServerRequest> behaviour) {
        var upstream = harness.upstream(behaviour);
        List<ProviderEntry> providers =
                List.of(
                        Snapshots.ofType(
                                type,
                                Snapshots.provider("a", "openai-chat", upstream.url() + "/v1")));
        harness.apply(
                Snapshots.of(
                        providers,
                        List.of(Snapshots.chain("fast", Snapshots.retry(3, null), providers)),
                        List.of(Snapshots.budget("1000000")),
                        List.of(Harness.clientKey()),
                        List.of()));
        harness.start();
        return upstream;
    }

    private HttpResponse<String> ask(String body) {
        return harness.send(harness.post("/v1/responses", body));
    }

    @Test
    void goesToOpenAiByteForByte() {
        var upstream = start("OpenAI", answers(200, ANSWER));
        var answer = ask(ASK);
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(upstream.last().uri()).isEqualTo("/v1/responses");
        assertThat(upstream.last().body().toString())
                .isEqualTo(ASK.replace("\"fast\"", "\"model-1\""));
        assertThat(answer.body()).isEqualTo(ANSWER.replace("\"model-1\"", "\"fast\""));
        assertThat(harness.record(1).getString("cost_usd")).isEqualTo("0.00002");
        assertThat(harness.record(1).getString("client_dialect")).isEqualTo("openai-responses");
    }

    @Test
    void hearsWhatOpenAiSaysOfItsFaults() {
        var fault =
                "{\"error\":{\"message\":\"No such include.\",\"type\":\"invalid_request_error\",\"param\":\"include\",\"code\":null}}";
        start("OpenAI", answers(400, fault));
        var answer = ask(ASK);
        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).isEqualTo(fault);
    }

    @Test
    void isTranslatedForServersThatSpeakChatCompletions() {
        var upstream = start("OpenAICompatible", answers(200, Harness.CHAT_ANSWER));
        var answer =
                ask(
                        "{\"model\":\"fast\",\"input\":\"Hello\",\"store\":false,\"max_output_tokens\":40}");
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(upstream.last().uri()).isEqualTo("/v1/chat/completions");
        assertThat(new JsonObject(answer.body()).getString("object")).isEqualTo("response");
    }
}
