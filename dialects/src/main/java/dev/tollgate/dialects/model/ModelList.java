package dev.tollgate.dialects.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.Operation;
import java.time.Instant;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;

/**
 * What {@code /v1/models}, {@code /v1/models/ID} and {@code /v1beta/models} answer. The whole list
 * is one page: no model is left out, and no further page is announced.
 */
public final class ModelList {
    private static final JsonMapper JSON = new JsonMapper();

    private ModelList() {}

    /**
     * A name that a client may ask for.
     *
     * @param owner who serves it, as OpenAI's {@code owned_by}
     * @param operations what it may be asked for
     * @param contextTokens input that it reads at most, if known
     * @param maxOutputTokens output that it writes at most, if known
     */
    public record Model(
            String id,
            Instant created,
            String owner,
            Set<Operation> operations,
            OptionalLong contextTokens,
            OptionalLong maxOutputTokens) {
        public Model {
            operations = Set.copyOf(operations);
        }
    }

    /** The body of a list, in the order given. */
    public static byte[] list(Dialect client, List<Model> models) {
        var root = JSON.createObjectNode();
        switch (client) {
            case OPENAI_CHAT, OPENAI_RESPONSES -> {
                root.put("object", "list");
                addAll(root, "data", client, models);
            }
            case ANTHROPIC -> {
                addAll(root, "data", client, models);
                root.put("first_id", models.isEmpty() ? null : models.getFirst().id());
                root.put("has_more", false);
                root.put("last_id", models.isEmpty() ? null : models.getLast().id());
            }
            case GEMINI -> addAll(root, "models", client, models);
        }
        return bytes(root);
    }

    /** The body of one model. */
    public static byte[] one(Dialect client, Model model) {
        return bytes(node(client, model));
    }

    private static void addAll(ObjectNode root, String name, Dialect client, List<Model> models) {
        var array = root.putArray(name);
        for (var model : models) {
            array.add(node(client, model));
        }
    }

    private static ObjectNode node(Dialect client, Model model) {
        var node = JSON.createObjectNode();
        switch (client) {
            case OPENAI_CHAT, OPENAI_RESPONSES -> {
                node.put("id", model.id());
                node.put("object", "model");
                node.put("created", model.created().getEpochSecond());
                node.put("owned_by", model.owner());
            }
            case ANTHROPIC -> {
                node.put("type", "model");
                node.put("id", model.id());
                node.put("display_name", model.id());
                node.put("created_at", model.created().toString());
                node.put("lifecycle", "active");
                model.contextTokens().ifPresent(tokens -> node.put("max_input_tokens", tokens));
                model.maxOutputTokens().ifPresent(tokens -> node.put("max_tokens", tokens));
            }
            case GEMINI -> {
                node.put("name", "models/" + model.id());
                node.put("baseModelId", model.id());
                node.put("version", "1");
                node.put("displayName", model.id());
                model.contextTokens().ifPresent(tokens -> node.put("inputTokenLimit", tokens));
                model.maxOutputTokens().ifPresent(tokens -> node.put("outputTokenLimit", tokens));
                var methods = node.putArray("supportedGenerationMethods");
                for (var operation : Operation.values()) {
                    if (model.operations().contains(operation)) {
                        methods.add(method(operation));
                    }
                }
            }
        }
        return node;
    }

    private static String method(Operation operation) {
        return switch (operation) {
            case GENERATE -> "generateContent";
            case COUNT_TOKENS -> "countTokens";
            case EMBED_ONE -> "embedContent";
            case EMBED -> "batchEmbedContents";
            case PASS, LIST_MODELS, GET_MODEL ->
                    throw new IllegalArgumentException(
                            "operation: " + operation + " (expected: one of a model)");
        };
    }

    private static byte[] bytes(ObjectNode node) {
        try {
            return JSON.writeValueAsBytes(node);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(
                    "a tree of strings and numbers could not be written", e);
        }
    }
}
