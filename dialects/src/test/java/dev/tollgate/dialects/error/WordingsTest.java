package dev.tollgate.dialects.error;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.ErrorKind;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What providers mean by texts that no code beside them explains. */
class WordingsTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "OPENAI_CHAT | 400 | CONTEXT_LENGTH | maximum prompt length is 131072 but the request contains 140000 tokens",
                "OPENAI_CHAT | 400 | CONTEXT_LENGTH | too many tokens: size limit exceeded by 1000 tokens",
                "OPENAI_CHAT | 400 | CONTEXT_LENGTH | inputs tokens + max_new_tokens must be <= 8193. Given: 9000",
                "OPENAI_CHAT | 400 | CONTENT_POLICY | your prompt was flagged as potentially violating our usage policy",
                "ANTHROPIC | 400 | CONTENT_POLICY | Output blocked by content filtering policy",
                "GEMINI | 400 | UPSTREAM | User location is not supported for the API use.",
                "GEMINI | 400 | REQUEST_TOO_LARGE | Request payload size exceeds the limit: 20971520 bytes.",
                "GEMINI | 499 | UPSTREAM | The operation was cancelled.",
                "ANTHROPIC | 400 | INVALID_REQUEST | max_tokens: 100000 > 64000, which is the maximum allowed number of output tokens"
            })
    void ofAMessageAreUnderstood(Dialect provider, int status, ErrorKind kind, String message) {
        var body = "{\"error\":{\"message\":\"" + message + "\"}}";
        var error = UpstreamError.read(provider, status, body.getBytes(StandardCharsets.UTF_8));
        assertThat(error.kind()).isEqualTo(kind);
    }

    /** Claude Code reads its figures out of either sentence. */
    @Test
    void ofAPromptThatLeavesNoRoomForItsOutputKeepTheirFigures() {
        var sum =
                "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000,"
                        + " decrease input length or `max_tokens` and try again";
        assertThat(ErrorBody.message(Dialect.ANTHROPIC, ErrorKind.CONTEXT_LENGTH, sum))
                .isEqualTo(sum);
        assertThat(ErrorBody.message(Dialect.GEMINI, ErrorKind.CONTEXT_LENGTH, sum))
                .contains("(210000)")
                .contains("(200000)");
    }

    @Test
    void aModelsNameHoldsNoFigures() {
        assertThat(
                        ErrorBody.message(
                                Dialect.ANTHROPIC,
                                ErrorKind.CONTEXT_LENGTH,
                                "the maximum context length of gpt-4-32k is 32768 tokens, requested 40000"))
                .isEqualTo("prompt is too long: 40000 tokens > 32768 maximum");
    }
}
