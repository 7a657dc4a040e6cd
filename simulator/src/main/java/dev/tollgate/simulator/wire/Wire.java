package dev.tollgate.simulator.wire;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.simulator.script.Dialect;
import dev.tollgate.simulator.script.Endpoint;
import java.util.List;

/** Answers in the shape of a dialect. */
public final class Wire {
    private Wire() {}

    /** The body of an answer that is no stream. */
    public static String whole(Dialect dialect, Ask ask, Answer answer) {
        var body = body(dialect, ask, answer);
        if (!answer.reported().twice()) {
            return body.toString();
        }
        return Json.withTwice(body, dialect == Dialect.GEMINI ? "usageMetadata" : "usage");
    }

    private static ObjectNode body(Dialect dialect, Ask ask, Answer answer) {
        return switch (dialect) {
            case OPENAI ->
                    switch (ask.endpoint()) {
                        case EMBEDDINGS -> OpenAiEmbeddings.body(ask, answer);
                        case RESPONSES -> new OpenAiResponses(ask, answer).completed();
                        case GENERATE, COUNT_TOKENS, MODELS -> OpenAiChat.body(answer);
                    };
            case ANTHROPIC -> AnthropicMessages.body(answer);
            case GEMINI ->
                    ask.endpoint() == Endpoint.EMBEDDINGS
                            ? GeminiEmbeddings.body(ask, answer)
                            : GeminiContent.body(answer);
        };
    }

    public static StreamEncoder stream(Dialect dialect, Ask ask, Answer answer) {
        return switch (dialect) {
            case OPENAI ->
                    ask.endpoint() == Endpoint.RESPONSES
                            ? new OpenAiResponses(ask, answer)
                            : new OpenAiChat(ask, answer);
            case ANTHROPIC -> new AnthropicMessages(answer);
            case GEMINI -> new GeminiContent(answer);
        };
    }

    /** The answer of the dialect's endpoint that counts tokens. */
    public static String count(Dialect dialect, long tokens) {
        var body = Json.object();
        if (dialect == Dialect.GEMINI) {
            body.put("totalTokens", tokens);
            body.set("promptTokensDetails", GeminiContent.textModality(tokens));
        } else {
            if (dialect == Dialect.OPENAI) {
                body.put("object", "response.input_tokens");
            }
            body.put("input_tokens", tokens);
        }
        return body.toString();
    }

    public static String models(Dialect dialect, List<String> names) {
        return ModelLists.all(dialect, names).toString();
    }

    public static String model(Dialect dialect, String name) {
        return ModelLists.one(dialect, name).toString();
    }
}
