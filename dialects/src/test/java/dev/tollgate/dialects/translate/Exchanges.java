package dev.tollgate.dialects.translate;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tollgate.dialects.AnswerStream;
import dev.tollgate.dialects.Bridge;
import dev.tollgate.dialects.Bridge.AnswerTerms;
import dev.tollgate.dialects.Bridge.RequestTerms;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.Operation;
import dev.tollgate.dialects.RequestScan;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;

/** Makes what bridges ask for. */
final class Exchanges {
    private static final ObjectMapper JSON = new ObjectMapper();

    private Exchanges() {}

    static RequestScan scan(Dialect client, byte[] body, boolean stream) {
        return new RequestScan(
                client,
                Operation.GENERATE,
                null,
                stream,
                OptionalLong.empty(),
                1,
                true,
                1,
                body.length,
                0,
                0,
                null,
                false,
                Set.of(),
                List.of(),
                new RequestScan.Places(1, false, null, List.of(), null, null, null, List.of()));
    }

    /** To models that take what their dialect can say; OpenAI's, unless it is told to reason. */
    static RequestTerms requestTerms(Dialect provider) {
        var model =
                switch (provider) {
                    case OPENAI_CHAT, OPENAI_RESPONSES -> "gpt-5.1";
                    case ANTHROPIC -> "claude-sonnet-4-5";
                    case GEMINI -> "gemini-3-pro";
                };
        return new RequestTerms(model, OptionalLong.empty(), OptionalLong.of(64_000), List.of());
    }

    static AnswerTerms answerTerms(Dialect client, byte[] clientBody) {
        return new AnswerTerms(
                scan(client, clientBody, true),
                clientBody,
                null,
                true,
                "0195f3c2-7a10-7c3e-9d4e-1b2c3d4e5f60",
                1_700_000_000);
    }

    /** The shortest request of a dialect. */
    static byte[] hello(Dialect client) {
        var text =
                switch (client) {
                    case OPENAI_CHAT ->
                            "{'model':'m','messages':[{'role':'user','content':'Hello'}]}";
                    case ANTHROPIC ->
                            "{'model':'m','max_tokens':9,'messages':[{'role':'user','content':'Hello'}]}";
                    case GEMINI -> "{'contents':[{'role':'user','parts':[{'text':'Hello'}]}]}";
                    case OPENAI_RESPONSES -> "{'model':'m','input':'Hello'}";
                };
        return text.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    }

    /** A client's stream and how it ended. */
    record Streamed(byte[] bytes, AnswerStream.End end, AnswerStream stream) {
        String text() {
            return new String(bytes, StandardCharsets.UTF_8);
        }
    }

    static Streamed stream(Bridge bridge, AnswerTerms terms, byte[] provider, int chunk) {
        var out = new ByteArrayOutputStream();
        var stream = bridge.stream(terms);
        for (int at = 0; at < provider.length; at += chunk) {
            stream.feed(provider, at, Math.min(chunk, provider.length - at), out::write);
        }
        var end = stream.end(out::write);
        return new Streamed(out.toByteArray(), end, stream);
    }

    static byte[] bytes(Object json) {
        try {
            return JSON.writeValueAsBytes(json);
        } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
            throw new AssertionError(e);
        }
    }
}
