package dev.tollgate.dialects;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.OptionalLong;

/**
 * One rich exchange in each dialect, written by hand: what clients ask, what providers answer, and
 * the same answer as a stream. Golden files show what becomes of them, fuzzers start from them.
 */
public final class Samples {
    private Samples() {}

    /** What a client of this dialect sends. */
    public static byte[] request(Dialect client) {
        return bytes("clients/" + client.wireName() + ".json");
    }

    /** The same request, asking for a stream where the body says so. */
    public static byte[] streamRequest(Dialect client) {
        var plain = new String(request(client), StandardCharsets.UTF_8);
        var more =
                switch (client) {
                    case OPENAI_CHAT ->
                            "{\"stream\": true, \"stream_options\": {\"include_usage\": true},";
                    case OPENAI_RESPONSES, ANTHROPIC -> "{\"stream\": true,";
                    case GEMINI -> "{";
                };
        return (more + plain.substring(1)).getBytes(StandardCharsets.UTF_8);
    }

    /** What a provider of this dialect answers. */
    public static byte[] answer(Dialect provider) {
        return bytes("providers/" + provider.wireName() + "/answer.json");
    }

    /** The same answer as a stream. */
    public static byte[] stream(Dialect provider) {
        return bytes("providers/" + provider.wireName() + "/stream.sse");
    }

    /** An error with its status: the prompt is longer than the model reads. */
    public static JsonNode error(Dialect provider) {
        try {
            return Corpus.JSON.readTree(bytes("providers/" + provider.wireName() + "/error.json"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The path of a request for one answer. */
    public static Ingress ingress(Dialect client, boolean stream) {
        return client == Dialect.GEMINI
                ? new Ingress(client, Operation.GENERATE, "assistant", stream, stream)
                : new Ingress(client, Operation.GENERATE, null, false, false);
    }

    /** What the gateway decides about a request to this provider. */
    public static Bridge.RequestTerms terms(Dialect provider) {
        var model =
                switch (provider) {
                    case OPENAI_CHAT, OPENAI_RESPONSES -> "gpt-5";
                    case ANTHROPIC -> "claude-sonnet-4-5";
                    case GEMINI -> "gemini-3-pro";
                };
        return new Bridge.RequestTerms(
                model, OptionalLong.empty(), OptionalLong.of(64_000), java.util.List.of());
    }

    /** What answers of the gateway are given where the provider names nothing. */
    public static Bridge.AnswerTerms answerTerms(RequestScan scan, byte[] body, boolean sse) {
        return new Bridge.AnswerTerms(
                scan, body, null, sse, "0195f3c2-7a10-7c3e-9d4e-1b2c3d4e5f60", 1_700_000_000);
    }

    private static byte[] bytes(String name) {
        try (var in = Samples.class.getResourceAsStream("/golden/" + name)) {
            if (in == null) {
                throw new IllegalStateException("no sample " + name);
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
