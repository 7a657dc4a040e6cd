package dev.tollgate.dialects.count;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.AnswerStream;
import dev.tollgate.dialects.Bridge;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.Operation;
import dev.tollgate.dialects.RequestScan;
import dev.tollgate.dialects.anthropic.AnthropicMessages;
import dev.tollgate.dialects.codec.ClientCodec;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.gemini.Gemini;
import dev.tollgate.dialects.history.HistoryBridge;
import dev.tollgate.dialects.responses.OpenAiResponses;
import dev.tollgate.dialects.same.SameBridge;
import dev.tollgate.dialects.translate.TranslatedBridge;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A count of tokens over another dialect: the request that would be sent is made as for an answer,
 * and what its provider's counter does not take is left out again. OpenAI's counter is asked by its
 * own clients as it stands. A provider without a counter is not asked: its answer is a {@link
 * TokenEstimate}.
 */
public final class CountBridge implements Bridge {
    /** Quirk of a server with the dialect of OpenAI that has {@code /responses/input_tokens}. */
    public static final String QUIRK_COUNTER = "input_tokens";

    /** Settings of generating: no counter reads them, and not every dialect has them. */
    private static final Set<String> NOT_COUNTED =
            Set.of(
                    "max_tokens",
                    "stop_sequences",
                    "temperature",
                    "top_p",
                    "top_k",
                    "metadata",
                    "stream",
                    "safetySettings",
                    "safety_settings");

    private static final Set<String> CONFIG_COUNTED =
            Set.of(
                    "responseMimeType",
                    "response_mime_type",
                    "responseSchema",
                    "response_schema",
                    "responseJsonSchema",
                    "response_json_schema",
                    "thinkingConfig",
                    "thinking_config");

    private static final Set<String> ANTHROPIC_FIELDS =
            Set.of(
                    "model",
                    "messages",
                    "system",
                    "tools",
                    "tool_choice",
                    "thinking",
                    "output_config");

    private static final Set<String> RESPONSES_FIELDS =
            Set.of(
                    "model",
                    "input",
                    "instructions",
                    "tools",
                    "tool_choice",
                    "parallel_tool_calls",
                    "reasoning",
                    "text");

    private final Dialect client;
    private final Dialect provider;
    private final Bridge generating;

    private CountBridge(Dialect client, Dialect provider, Bridge generating) {
        this.client = client;
        this.provider = provider;
        this.generating = generating;
    }

    /** Null if the client's dialect does not count. */
    public static @Nullable Bridge between(Dialect client, Dialect provider) {
        ClientCodec codec =
                switch (client) {
                    case ANTHROPIC -> new AnthropicMessages();
                    case GEMINI -> new Gemini();
                    case OPENAI_RESPONSES -> new OpenAiResponses();
                    case OPENAI_CHAT -> null;
                };
        if (codec == null) {
            return null;
        }
        if (client == Dialect.OPENAI_RESPONSES && provider == Dialect.OPENAI_CHAT) {
            return new CountBridge(client, provider, new HistoryBridge(new SameBridge(client)));
        }
        var generating =
                switch (provider) {
                    case ANTHROPIC ->
                            new TranslatedBridge(codec, provider, new AnthropicMessages());
                    case GEMINI -> new TranslatedBridge(codec, provider, new Gemini());
                    case OPENAI_CHAT, OPENAI_RESPONSES ->
                            new TranslatedBridge(
                                    codec, Dialect.OPENAI_RESPONSES, new OpenAiResponses());
                };
        return new CountBridge(client, provider, generating);
    }

    @Override
    public Outbound request(RequestScan scan, byte[] body, RequestTerms terms) {
        if (generating instanceof HistoryBridge && terms.quirks().contains(QUIRK_COUNTER)) {
            return generating.request(scan, body, terms);
        }
        var json = Json.parseObject(body);
        if (json == null) {
            return new Outbound.Refused("the body is not a JSON object", null);
        }
        var counted = Json.bytes(counted(json));
        if (provider == Dialect.OPENAI_CHAT && !terms.quirks().contains(QUIRK_COUNTER)) {
            return estimate(scan, counted, terms);
        }
        return switch (generating.request(scan, counted, terms)) {
            case Outbound.Refused refused -> refused;
            case Outbound.Answered answered -> answered;
            case Outbound.Ready(var made, var dropped) -> counting(made, dropped, terms);
        };
    }

    /** Only of what could be sent: a body that a call would be refused for has no count either. */
    private Outbound estimate(RequestScan scan, byte[] counted, RequestTerms terms) {
        if (!TokenEstimate.isPossible(scan)) {
            return new Outbound.Refused(
                    "the tokens of "
                            + scan.unbounded().getFirst()
                            + " cannot be estimated: it is not in the body",
                    null);
        }
        var calling = Bridge.between(client, provider, Operation.GENERATE);
        if (calling == null) {
            throw new IllegalStateException(
                    client + " to " + provider + ": no bridge (expected: one, as for a call)");
        }
        return switch (calling.request(scan, counted, terms)) {
            case Outbound.Refused refused -> refused;
            case Outbound.Answered answered -> answered;
            case Outbound.Ready ready ->
                    new Outbound.Answered(TokenEstimate.answer(scan), TokenEstimate.FIELDS);
        };
    }

    /** The request whose tokens are asked for, without what says nothing about them. */
    private static ObjectNode counted(ObjectNode body) {
        var whole = Json.objectIn(body, "generateContentRequest", "generate_content_request");
        var request = (whole == null ? body : whole).deepCopy();
        request.remove(NOT_COUNTED);
        if (whole != null) {
            // the path names it too
            request.remove("model");
        }
        for (var name : List.of("generationConfig", "generation_config")) {
            var config = Json.objectIn(request, name);
            if (config != null) {
                config.retain(CONFIG_COUNTED);
            }
        }
        return request;
    }

    private Outbound counting(byte[] made, List<String> dropped, RequestTerms terms) {
        var request = Json.parseObject(made);
        if (request == null) {
            throw new IllegalStateException("request: no JSON object (expected: one, as written)");
        }
        var body =
                switch (provider) {
                    case ANTHROPIC -> request.retain(ANTHROPIC_FIELDS);
                    case OPENAI_CHAT, OPENAI_RESPONSES -> request.retain(RESPONSES_FIELDS);
                    case GEMINI -> {
                        request.put("model", "models/" + terms.model());
                        yield Json.object().set("generateContentRequest", request);
                    }
                };
        return new Outbound.Ready(Json.bytes(body), dropped);
    }

    @Override
    public AnswerRead answer(byte[] providerBody, AnswerTerms terms) {
        var json = Json.parseObject(providerBody);
        var field = provider == Dialect.GEMINI ? "totalTokens" : "input_tokens";
        var tokens = json == null ? null : Json.boxedLongIn(json, field);
        return tokens == null || tokens < 0
                ? new AnswerRead.Unreadable("the provider's answer holds no " + field)
                : new AnswerRead.Read(TokenEstimate.answer(client, tokens), null, null, null, 0);
    }

    @Override
    public AnswerStream stream(AnswerTerms terms) {
        throw new IllegalStateException("stream: of a count (expected: a whole answer)");
    }
}
