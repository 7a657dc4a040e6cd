package dev.tollgate.dialects.error;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tollgate.dialects.Corpus;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.ErrorKind;
import dev.tollgate.dialects.error.UpstreamError.Fault;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ErrorsTest {

    @Test
    void eachDialectHasItsOwnEnvelope() throws IOException {
        assertEquals(
                json(
                        "{\"error\":{\"message\":\"m\",\"type\":\"insufficient_quota\",\"param\":null,\"code\":\"budget_exhausted\"}}"),
                body(Dialect.OPENAI_CHAT, ErrorKind.BUDGET_EXHAUSTED));
        assertEquals(
                json(
                        "{\"type\":\"error\",\"error\":{\"type\":\"billing_error\",\"message\":\"m\"},\"request_id\":\"req_1\"}"),
                body(Dialect.ANTHROPIC, ErrorKind.BUDGET_EXHAUSTED));
        assertEquals(
                json(
                        "{\"error\":{\"code\":429,\"message\":\"m\",\"status\":\"RESOURCE_EXHAUSTED\"}}"),
                body(Dialect.GEMINI, ErrorKind.BUDGET_EXHAUSTED));
    }

    @ParameterizedTest
    @CsvSource({
        "INVALID_REQUEST,400,false",
        "AUTHENTICATION,401,false",
        "BUDGET_EXHAUSTED,429,false",
        "BUDGET_RESERVED,429,true",
        "BUDGET_SUSPENDED,403,false",
        "BUDGET_UNBOUNDABLE,400,false",
        "BUDGET_LEDGER_UNAVAILABLE,503,true",
        "RATE_LIMITED,429,true",
        "UPSTREAM,502,true"
    })
    void eachKindHasItsStatusAndSaysWhetherARetryHelps(ErrorKind kind, int status, boolean retry) {
        var rendered = ErrorBody.of(Dialect.OPENAI_CHAT, kind, "m", null, "req_1");
        assertEquals(status, rendered.status());
        assertEquals(retry, rendered.retryHelps());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "prompt is too long: 208310 tokens > 200000 maximum",
                "This model's maximum context length is 200000 tokens. However, your messages resulted in 208310 tokens.",
                "The input token count (208310) exceeds the maximum number of tokens allowed (200000).",
                "This endpoint's maximum context length is 200,000 tokens. However, you requested about 208,310 tokens"
            })
    void contextLengthIsToldToAnthropicClientsInTheOneWordingThatTheyKnow(String upstream)
            throws IOException {
        var error =
                UpstreamError.read(
                        Dialect.OPENAI_CHAT,
                        400,
                        Corpus.JSON.writeValueAsBytes(
                                Corpus.JSON
                                        .createObjectNode()
                                        .set(
                                                "error",
                                                Corpus.JSON
                                                        .createObjectNode()
                                                        .put("message", upstream))));
        assertEquals(ErrorKind.CONTEXT_LENGTH, error.kind());
        assertEquals(Fault.CLIENT, error.fault());
        var rendered =
                ErrorBody.of(Dialect.ANTHROPIC, error.kind(), error.message(), null, "req_1");
        assertEquals(
                "prompt is too long: 208310 tokens > 200000 maximum",
                Corpus.JSON.readTree(rendered.bytes()).path("error").path("message").asText());
    }

    /** Applications look for these words, or for OpenAI's code. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "OPENAI_CHAT|This model's maximum context length is 200000 tokens. However, your messages resulted in 208310 tokens. Please reduce the length of the messages.",
                "OPENAI_RESPONSES|This model's maximum context length is 200000 tokens. However, your messages resulted in 208310 tokens. Please reduce the length of the messages.",
                "GEMINI|The input token count (208310) exceeds the maximum number of tokens allowed (200000)."
            })
    void contextLengthReadsAsTheClientsOwnProviderWritesIt(Dialect client, String message)
            throws IOException {
        var rendered =
                ErrorBody.of(
                        client,
                        ErrorKind.CONTEXT_LENGTH,
                        "prompt is too long: 208310 tokens > 200000 maximum",
                        null,
                        "req_1");
        var error = Corpus.JSON.readTree(rendered.bytes()).path("error");
        assertEquals(message, error.path("message").asText());
        assertEquals(
                client == Dialect.GEMINI ? "INVALID_ARGUMENT" : "context_length_exceeded",
                error.path(client == Dialect.GEMINI ? "status" : "code").asText());
    }

    @ParameterizedTest
    @CsvSource({"OPENAI_CHAT,maximum context length", "GEMINI,maximum number of tokens"})
    void contextLengthWithoutNumbersIsStillRecognised(Dialect client, String words)
            throws IOException {
        var rendered =
                ErrorBody.of(client, ErrorKind.CONTEXT_LENGTH, "Input is too long.", null, "req_1");
        var error = Corpus.JSON.readTree(rendered.bytes()).path("error");
        assertTrue(error.path("message").asText().contains(words));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "OPENAI_CHAT|400|{\"error\":{\"message\":\"bad\",\"type\":\"invalid_request_error\"}}|INVALID_REQUEST|CLIENT|false",
                "OPENAI_CHAT|400|{\"error\":{\"message\":\"long\",\"code\":\"string_above_max_length\"}}|INVALID_REQUEST|CLIENT|false",
                "OPENAI_CHAT|400|{\"error\":{\"message\":\"x\",\"code\":\"context_length_exceeded\"}}|CONTEXT_LENGTH|CLIENT|false",
                "OPENAI_CHAT|429|{\"error\":{\"message\":\"x\",\"code\":\"insufficient_quota\"}}|UPSTREAM|BALANCE|false",
                "OPENAI_CHAT|429|{\"error\":{\"message\":\"x\",\"code\":\"rate_limit_exceeded\"}}|RATE_LIMITED|PROVIDER|true",
                "OPENAI_CHAT|401|{\"error\":{\"message\":\"Incorrect API key provided: sk-abc***\"}}|UPSTREAM|CREDENTIAL|false",
                "OPENAI_CHAT|403|{\"error\":{\"message\":\"no\",\"type\":\"x\",\"code\":null}}|UPSTREAM|CREDENTIAL|false",
                "OPENAI_CHAT|403|{\"error\":{\"message\":\"Project `proj_a` does not have access to model `m`\",\"code\":\"model_not_found\"}}|MODEL_NOT_FOUND|PROVIDER|false",
                "OPENAI_CHAT|402|{}|UPSTREAM|BALANCE|false",
                "OPENAI_CHAT|422|{\"detail\":[{\"msg\":\"x\"}]}|INVALID_REQUEST|CLIENT|false",
                "OPENAI_CHAT|400|{\"object\":\"error\",\"message\":\"m\",\"type\":\"t\",\"code\":null}|INVALID_REQUEST|CLIENT|false",
                "OPENAI_CHAT|500|not json|UPSTREAM|PROVIDER|true",
                "OPENAI_CHAT|409|{}|INVALID_REQUEST|CLIENT|false",
                "OPENAI_CHAT|400|{\"error\":{\"code\":\"content_filter\",\"message\":\"m\"}}|CONTENT_POLICY|CLIENT|false",
                "ANTHROPIC|529|{\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}|OVERLOADED|PROVIDER|true",
                "ANTHROPIC|409|{}|UPSTREAM|PROVIDER|true",
                "ANTHROPIC|400|{\"error\":{\"message\":\"Your credit balance is too low\"}}|UPSTREAM|BALANCE|false",
                "GEMINI|400|[{\"error\":{\"code\":400,\"message\":\"API key not valid.\",\"details\":[{\"reason\":\"API_KEY_INVALID\"}]}}]|UPSTREAM|CREDENTIAL|false",
                "GEMINI|429|{\"error\":{\"message\":\"q\",\"details\":[{\"violations\":[{\"quotaId\":\"GenerateRequestsPerDayPerProject\"}]}]}}|RATE_LIMITED|PROVIDER|false",
                "GEMINI|503|{\"error\":{\"status\":\"UNAVAILABLE\",\"message\":\"x\"}}|OVERLOADED|PROVIDER|true"
            })
    void readsWhatAProvidersErrorMeans(
            Dialect provider,
            int status,
            String body,
            ErrorKind kind,
            Fault fault,
            boolean retryable) {
        var error = UpstreamError.read(provider, status, body.getBytes(StandardCharsets.UTF_8));
        assertEquals(kind, error.kind());
        assertEquals(fault, error.fault());
        assertEquals(retryable, error.retryable());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"error\":{\"message\":\"Please try again in 7.66s. Visit\"}}|7660",
                "{\"error\":{\"message\":\"Please try again in 1m30s.\"}}|90000",
                "{\"error\":{\"message\":\"Please try again in 250ms.\"}}|250",
                "[{\"error\":{\"message\":\"q\",\"details\":[{\"retryDelay\":\"17s\"}]}}]|17000",
                "{\"error\":{\"message\":\"q\",\"metadata\":{\"retry_after_seconds\":2}}}|2000"
            })
    void readsTheWaitThatABodyAsksFor(String body, long millis) {
        assertEquals(
                Duration.ofMillis(millis),
                UpstreamError.read(Dialect.OPENAI_CHAT, 429, body.getBytes(StandardCharsets.UTF_8))
                        .retryAfter());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Incorrect API key provided: sk-proj-abcdef123456.",
                "limit reached in organization org-abc123456 on tokens",
                "key AIzaSyA1234567890abcdefg is bad",
                "key ****************abcd is bad"
            })
    void showsNothingOfTheGatewaysOwnAccount(String message) {
        for (int status : new int[] {400, 401, 403, 429, 500}) {
            var body = "{\"error\":{\"message\":\"" + message + "\"}}";
            var shown =
                    UpstreamError.read(
                                    Dialect.OPENAI_CHAT,
                                    status,
                                    body.getBytes(StandardCharsets.UTF_8))
                            .message();
            for (var secret : new String[] {"abcdef123456", "abc123456", "A1234567890", "*abcd"}) {
                assertFalse(shown.contains(secret), shown);
            }
        }
    }

    @Test
    void everyRecordedErrorIsUnderstood() {
        int read = 0;
        for (var exchange : Corpus.exchanges()) {
            var body = exchange.response();
            if (exchange.status() < 400 || body == null) {
                continue;
            }
            var error = UpstreamError.read(exchange.ingress().dialect(), exchange.status(), body);
            boolean limited = exchange.status() == 429;
            assertEquals(limited ? Fault.PROVIDER : Fault.CLIENT, error.fault(), exchange.file());
            assertEquals(limited, error.retryable(), exchange.file());
            assertFalse(error.message().isBlank());
            read++;
        }
        assertTrue(read >= 10, "only " + read + " errors");
    }

    private static JsonNode body(Dialect client, ErrorKind kind) throws IOException {
        return Corpus.JSON.readTree(ErrorBody.of(client, kind, "m", null, "req_1").bytes());
    }

    private static JsonNode json(String text) throws IOException {
        return Corpus.JSON.readTree(text);
    }
}
