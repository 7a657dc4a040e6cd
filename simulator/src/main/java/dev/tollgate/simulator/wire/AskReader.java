package dev.tollgate.simulator.wire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.simulator.script.Dialect;
import dev.tollgate.simulator.script.Endpoint;
import dev.tollgate.simulator.script.ErrorKind;
import dev.tollgate.simulator.wire.Ask.Reading;
import java.io.IOException;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Checks a request as the real provider would and takes from it what an answer depends on. */
public final class AskReader {
    private static final Set<String> OPENAI_ROLES =
            Set.of("system", "developer", "user", "assistant", "tool", "function");

    private AskReader() {}

    /** {@code headers} by lower-case name. */
    public static Reading read(
            Dialect dialect,
            Route route,
            Map<String, String> headers,
            Map<String, String> query,
            byte[] body) {
        try {
            if (dialect == Dialect.ANTHROPIC && !headers.containsKey("anthropic-version")) {
                throw new Refusal("anthropic-version", "anthropic-version: header is required");
            }
            if (route.endpoint() == Endpoint.MODELS) {
                return new Reading.Valid(models(route));
            }
            var json = json(body);
            return new Reading.Valid(
                    switch (dialect) {
                        case OPENAI -> openAi(route, json);
                        case ANTHROPIC -> anthropic(route, json);
                        case GEMINI -> gemini(route, query, json);
                    });
        } catch (Refusal refusal) {
            return new Reading.Invalid(refusal.error);
        }
    }

    private static Ask models(Route route) {
        var model = route.model() == null ? "" : route.model();
        return new Ask(Endpoint.MODELS, model, false, false, false, null, "", false, Json.object());
    }

    private static ObjectNode json(byte[] body) throws Refusal {
        try {
            if (Json.MAPPER.readTree(body) instanceof ObjectNode object) {
                return object;
            }
        } catch (IOException notJson) {
            throw new Refusal(null, "We could not parse the JSON body of your request.");
        }
        throw new Refusal(null, "The body of the request is no JSON object.");
    }

    private static Ask openAi(Route route, ObjectNode body) throws Refusal {
        var model = model(body);
        return switch (route.endpoint()) {
            case EMBEDDINGS -> {
                if (!body.hasNonNull("input")) {
                    throw new Refusal("input", "Missing required parameter: 'input'.");
                }
                yield new Ask(
                        Endpoint.EMBEDDINGS,
                        model,
                        false,
                        false,
                        false,
                        null,
                        PromptText.of(body, "input"),
                        false,
                        body);
            }
            case RESPONSES, COUNT_TOKENS -> openAiResponses(route.endpoint(), model, body);
            case GENERATE, MODELS -> openAiChat(model, body);
        };
    }

    private static Ask openAiChat(String model, ObjectNode body) throws Refusal {
        var messages = list(body, "messages");
        for (var i = 0; i < messages.size(); i++) {
            var role = messages.get(i).path("role").asText();
            if (!OPENAI_ROLES.contains(role)) {
                throw new Refusal(
                        "messages[" + i + "].role", "Invalid value: '" + role + "' as a role.");
            }
        }
        if (body.path("n").asInt(1) != 1) {
            throw new Refusal("n", "Unsupported value: 'n' must be 1 here.");
        }
        var stream = stream(body);
        if (!stream && body.hasNonNull("stream_options")) {
            throw new Refusal(
                    "stream_options",
                    "The 'stream_options' parameter is only allowed when 'stream' is enabled.");
        }
        var max = tokens(body, "max_completion_tokens");
        return new Ask(
                Endpoint.GENERATE,
                model,
                stream,
                false,
                body.path("stream_options").path("include_usage").asBoolean(false),
                max != null ? max : tokens(body, "max_tokens"),
                PromptText.of(body, "messages"),
                messages.get(messages.size() - 1).path("role").asText().equals("tool"),
                body);
    }

    private static Ask openAiResponses(Endpoint endpoint, String model, ObjectNode body)
            throws Refusal {
        var input = body.path("input");
        if (!input.isTextual() && !(input.isArray() && !input.isEmpty())) {
            throw new Refusal("input", "Missing required parameter: 'input'.");
        }
        var last = input.isArray() ? input.get(input.size() - 1) : input;
        return new Ask(
                endpoint,
                model,
                stream(body),
                false,
                true,
                tokens(body, "max_output_tokens"),
                PromptText.of(body, "instructions", "input"),
                last.path("type").asText().equals("function_call_output"),
                body);
    }

    private static Ask anthropic(Route route, ObjectNode body) throws Refusal {
        var model = model(body);
        var messages = list(body, "messages");
        for (var i = 0; i < messages.size(); i++) {
            var message = messages.get(i);
            var role = message.path("role").asText();
            if (!role.equals("user") && !role.equals("assistant")) {
                throw new Refusal(
                        null, "messages." + i + ".role: Input should be 'user' or 'assistant'");
            }
            var content = message.path("content");
            if (!content.isTextual() && !content.isArray()) {
                throw new Refusal(null, "messages." + i + ".content: Field required");
            }
        }
        var counting = route.endpoint() == Endpoint.COUNT_TOKENS;
        var max = tokens(body, "max_tokens");
        if (max == null && !counting) {
            throw new Refusal("max_tokens", "max_tokens: Field required");
        }
        var last = messages.get(messages.size() - 1).path("content");
        var toolResult = false;
        for (var block : last) {
            toolResult |= block.path("type").asText().equals("tool_result");
        }
        return new Ask(
                route.endpoint(),
                model,
                stream(body),
                false,
                true,
                max,
                PromptText.of(body, "system", "messages"),
                toolResult,
                body);
    }

    private static Ask geminiEmbeddings(String model, ObjectNode body) throws Refusal {
        var requests =
                body.has("requests")
                        ? list(body, "requests")
                        : Json.MAPPER.createArrayNode().add(body);
        for (var request : requests) {
            if (!request.path("content").path("parts").isArray()) {
                throw new Refusal(null, "* EmbedContentRequest.content: contents is not specified");
            }
            var named = request.path("model").asText("models/" + model);
            if (!named.equals("models/" + model)) {
                throw new Refusal(null, "* BatchEmbedContentsRequest.requests: another model");
            }
        }
        return new Ask(
                Endpoint.EMBEDDINGS,
                model,
                false,
                false,
                true,
                null,
                PromptText.of(body, "content", "requests"),
                false,
                body);
    }

    private static Ask gemini(Route route, Map<String, String> query, ObjectNode body)
            throws Refusal {
        if (route.endpoint() == Endpoint.EMBEDDINGS) {
            return geminiEmbeddings(route.model() == null ? "" : route.model(), body);
        }
        var nested = body.path("generateContentRequest");
        var source =
                route.endpoint() == Endpoint.COUNT_TOKENS && nested instanceof ObjectNode inner
                        ? inner
                        : body;
        var contents = list(source, "contents");
        for (var i = 0; i < contents.size(); i++) {
            if (!contents.get(i).path("parts").isArray()) {
                throw new Refusal(
                        null,
                        "* GenerateContentRequest.contents[" + i + "].parts: must not be empty");
            }
        }
        var config = source.path("generationConfig");
        if (config.path("candidateCount").asInt(1) != 1) {
            throw new Refusal(null, "Multiple candidates is not enabled for this model");
        }
        var toolResult = false;
        for (var part : contents.get(contents.size() - 1).path("parts")) {
            toolResult |= part.has("functionResponse");
        }
        var model = route.model() == null ? "" : route.model();
        return new Ask(
                route.endpoint(),
                model,
                route.stream(),
                route.stream() && !"sse".equals(query.get("alt")),
                true,
                tokens(config, "maxOutputTokens"),
                PromptText.of(source, "systemInstruction", "system_instruction", "contents"),
                toolResult,
                body);
    }

    private static String model(ObjectNode body) throws Refusal {
        var model = body.path("model");
        if (!model.isTextual() || model.textValue().isBlank()) {
            throw new Refusal("model", "you must provide a model parameter");
        }
        return model.textValue();
    }

    private static JsonNode list(ObjectNode body, String member) throws Refusal {
        var list = body.path(member);
        if (!list.isArray() || list.isEmpty()) {
            throw new Refusal(
                    member,
                    "Missing required parameter: '" + member + "', a list that is not empty.");
        }
        return list;
    }

    private static boolean stream(ObjectNode body) throws Refusal {
        var stream = body.path("stream");
        if (!stream.isMissingNode() && !stream.isNull() && !stream.isBoolean()) {
            throw new Refusal("stream", "Invalid type for 'stream': expected a boolean.");
        }
        return stream.asBoolean(false);
    }

    private static @Nullable Long tokens(JsonNode body, String member) throws Refusal {
        var max = body.path(member);
        if (max.isMissingNode() || max.isNull()) {
            return null;
        }
        if (!max.canConvertToExactIntegral() || !max.canConvertToLong() || max.longValue() < 1) {
            throw new Refusal(
                    member,
                    "Invalid value for '"
                            + member
                            + "': "
                            + max
                            + " (expected: a whole number >= 1)");
        }
        return max.longValue();
    }

    /** Leaves the nested checks at once; never leaves this class. */
    private static final class Refusal extends Exception {
        private static final long serialVersionUID = 1;
        private final transient ApiError error;

        private Refusal(@Nullable String param, String message) {
            super(message, null, false, false);
            this.error =
                    param == null
                            ? ApiError.of(ErrorKind.INVALID_REQUEST, message)
                            : ApiError.badField(param, message);
        }
    }
}
