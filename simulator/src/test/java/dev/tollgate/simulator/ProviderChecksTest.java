package dev.tollgate.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.simulator.script.Dialect;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A bad request is refused as the real provider would, in its shape, and costs nothing. */
class ProviderChecksTest {
    @RegisterExtension static final RunningSimulators SIMULATORS = new RunningSimulators();

    private static String typeOf(Dialect dialect, HttpResponse<String> response) {
        var body = Bodies.json(response.body());
        return switch (dialect) {
            case OPENAI -> {
                assertThat(body.path("error").path("message").isTextual()).isTrue();
                yield body.path("error").path("code").asText();
            }
            case ANTHROPIC -> {
                assertThat(body.path("type").asText()).isEqualTo("error");
                assertThat(body.path("request_id").asText())
                        .isEqualTo(response.headers().firstValue("request-id").orElseThrow());
                yield body.path("error").path("type").asText();
            }
            case GEMINI -> {
                assertThat(body.path("error").path("code").asInt())
                        .isEqualTo(response.statusCode());
                yield body.path("error").path("status").asText();
            }
        };
    }

    private static HttpResponse<String> bare(
            Simulator simulator, Dialect dialect, String... headers)
            throws IOException, InterruptedException {
        var request =
                HttpRequest.newBuilder(URI.create(simulator.url() + Bodies.path(dialect, false)))
                        .header("anthropic-version", "2023-06-01")
                        .POST(HttpRequest.BodyPublishers.ofString(Bodies.ask(dialect, false)));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return SIMULATORS.send(request);
    }

    @ParameterizedTest
    @CsvSource({
        "OPENAI, invalid_api_key",
        "ANTHROPIC, authentication_error",
        "GEMINI, UNAUTHENTICATED"
    })
    void refusesARequestWithoutKey(Dialect dialect, String type) throws Exception {
        var simulator = SIMULATORS.start(dialect, "");
        var response = bare(simulator, dialect);
        assertThat(response.statusCode()).isEqualTo(401);
        assertThat(typeOf(dialect, response)).isEqualTo(type);
        assertThat(simulator.bill().totalNanos()).isZero();
    }

    @ParameterizedTest
    @CsvSource({"OPENAI, api-key", "ANTHROPIC, x-api-key", "GEMINI, x-goog-api-key"})
    void admitsOnlyScriptedKeys(Dialect dialect, String header) throws Exception {
        var simulator = SIMULATORS.start(dialect, "keys: [good]");
        assertThat(bare(simulator, dialect, header, "good").statusCode()).isEqualTo(200);
        assertThat(bare(simulator, dialect, header, "bad").statusCode()).isEqualTo(401);
        assertThat(bare(simulator, dialect, "authorization", "Bearer good").statusCode())
                .isEqualTo(200);
        assertThat(simulator.bill().entries())
                .extracting(e -> e.requests() + "/" + e.refused())
                .containsExactlyInAnyOrder("2/0", "0/1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{", "[]", "null", "{\"model\":\"m\"} trailing"})
    void refusesABodyThatIsNoJsonObject(String body) throws Exception {
        var simulator = SIMULATORS.start(Dialect.OPENAI, "");
        var response = SIMULATORS.post(simulator, "/v1/chat/completions", body);
        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(Bodies.json(response.body()).path("error").path("type").asText())
                .isEqualTo("invalid_request_error");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}",
                "{\"model\":\"m\"}",
                "{\"model\":\"m\",\"messages\":[]}",
                "{\"model\":\"m\",\"messages\":[{\"role\":\"robot\",\"content\":\"x\"}]}",
                "{\"model\":\"m\",\"stream\":1,\"messages\":[{\"role\":\"user\"}]}",
                "{\"model\":\"m\",\"n\":2,\"messages\":[{\"role\":\"user\"}]}",
                "{\"model\":\"m\",\"max_tokens\":0,\"messages\":[{\"role\":\"user\"}]}",
                "{\"model\":\"m\",\"max_tokens\":1.5,\"messages\":[{\"role\":\"user\"}]}",
                "{\"model\":\"m\",\"stream_options\":{},\"messages\":[{\"role\":\"user\"}]}"
            })
    void refusesAnOpenAiRequestThatIsNotValid(String body) throws Exception {
        var simulator = SIMULATORS.start(Dialect.OPENAI, "");
        assertThat(SIMULATORS.post(simulator, "/v1/chat/completions", body).statusCode())
                .isEqualTo(400);
        assertThat(simulator.bill().requests()).isZero();
    }

    @Test
    void refusesAnAnthropicRequestWithoutMaxTokensOrVersion() throws Exception {
        var simulator = SIMULATORS.start(Dialect.ANTHROPIC, "");
        var body = "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}";
        var response = SIMULATORS.post(simulator, "/v1/messages", body);
        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(response.body()).contains("max_tokens: Field required");
        var unversioned =
                HttpRequest.newBuilder(URI.create(simulator.url() + "/v1/messages"))
                        .header("x-api-key", "k")
                        .POST(
                                HttpRequest.BodyPublishers.ofString(
                                        Bodies.ask(Dialect.ANTHROPIC, false)));
        assertThat(SIMULATORS.send(unversioned).body())
                .contains("anthropic-version: header is required");
    }

    @Test
    void refusesABodyBeyondItsBoundAndServesTheNext() throws Exception {
        var simulator = SIMULATORS.start(Dialect.ANTHROPIC, "");
        var request =
                SIMULATORS
                        .request(simulator, "/v1/messages")
                        .POST(HttpRequest.BodyPublishers.ofByteArray(new byte[65 << 20]));
        var response = SIMULATORS.send(request);
        assertThat(response.statusCode()).isEqualTo(413);
        assertThat(typeOf(Dialect.ANTHROPIC, response)).isEqualTo("request_too_large");
        assertThat(ask(simulator, Dialect.ANTHROPIC).statusCode()).isEqualTo(200);
    }

    @Test
    void invitesABodyThatWaits() throws Exception {
        var simulator = SIMULATORS.start(Dialect.OPENAI, "");
        var request =
                SIMULATORS
                        .request(simulator, "/v1/chat/completions")
                        .expectContinue(true)
                        .POST(
                                HttpRequest.BodyPublishers.ofString(
                                        Bodies.ask(Dialect.OPENAI, false)));
        assertThat(SIMULATORS.send(request).statusCode()).isEqualTo(200);
    }

    @ParameterizedTest
    @EnumSource(Dialect.class)
    void knowsNoOtherPathOrMethod(Dialect dialect) throws Exception {
        var simulator = SIMULATORS.start(dialect, "");
        assertThat(SIMULATORS.post(simulator, "/v1/nothing", "{}").statusCode()).isEqualTo(404);
        assertThat(SIMULATORS.get(simulator, Bodies.path(dialect, false)).statusCode())
                .isEqualTo(405);
    }

    @ParameterizedTest
    @EnumSource(Dialect.class)
    void takesPathsWithAndWithoutPrefix(Dialect dialect) throws Exception {
        var simulator = SIMULATORS.start(dialect, "");
        var bare = Bodies.path(dialect, false).replaceFirst("^/v1(beta)?", "");
        for (var prefix : new String[] {"", "/v1", "/v1beta"}) {
            assertThat(
                            SIMULATORS
                                    .post(simulator, prefix + bare, Bodies.ask(dialect, false))
                                    .statusCode())
                    .isEqualTo(200);
        }
    }

    @ParameterizedTest
    @EnumSource(Dialect.class)
    void refusesAnUnknownModelIfModelsAreScripted(Dialect dialect) throws Exception {
        var simulator = SIMULATORS.start(dialect, "models: [other]");
        assertThat(ask(simulator, dialect).statusCode()).isEqualTo(404);
        assertThat(simulator.calls()).extracting(c -> c.tokens().input()).containsExactly(0L);
    }

    @ParameterizedTest
    @CsvSource({
        "OPENAI, maximum context length is 3 tokens",
        "ANTHROPIC, prompt is too long: 9 tokens > 3 maximum",
        "GEMINI, exceeds the maximum number of tokens"
    })
    void refusesAPromptBeyondTheContext(Dialect dialect, String words) throws Exception {
        var simulator = SIMULATORS.start(dialect, "contextTokens: 3\ndefault: {inputTokens: 9}");
        var response = ask(simulator, dialect);
        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(response.body()).contains(words);
    }

    @ParameterizedTest
    @CsvSource({"OPENAI, x-request-id", "ANTHROPIC, request-id", "GEMINI, x-request-id"})
    void identifiesEveryAnswer(Dialect dialect, String header) throws Exception {
        var simulator = SIMULATORS.start(dialect, "");
        var first = ask(simulator, dialect);
        var second = ask(simulator, dialect);
        assertThat(first.headers().firstValue(header))
                .hasValue(simulator.calls().getFirst().requestId())
                .isNotEqualTo(second.headers().firstValue(header));
        assertThat(first.body()).contains(simulator.calls().getFirst().id()).contains(Bodies.MODEL);
        assertThat(second.body()).doesNotContain(simulator.calls().getFirst().id());
    }

    private static HttpResponse<String> ask(Simulator simulator, Dialect dialect)
            throws IOException, InterruptedException {
        return SIMULATORS.post(simulator, Bodies.path(dialect, false), Bodies.ask(dialect, false));
    }
}
