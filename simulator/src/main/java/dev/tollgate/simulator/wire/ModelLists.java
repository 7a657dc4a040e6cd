package dev.tollgate.simulator.wire;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.simulator.script.Dialect;
import java.util.List;

/** The models of a provider, in its shape; what a script does not tell is the same for all. */
final class ModelLists {
    private static final long CREATED = 1_735_689_600;
    private static final String CREATED_AT = "2025-01-01T00:00:00Z";
    private static final int CONTEXT_TOKENS = 200_000;
    private static final int MAX_OUTPUT_TOKENS = 64_000;

    private ModelLists() {}

    static ObjectNode all(Dialect dialect, List<String> names) {
        var body = Json.object();
        if (dialect == Dialect.OPENAI) {
            body.put("object", "list");
        }
        var list = body.putArray(dialect == Dialect.GEMINI ? "models" : "data");
        names.forEach(name -> list.add(one(dialect, name)));
        if (dialect == Dialect.ANTHROPIC) {
            body.put("has_more", false);
            body.put("first_id", names.isEmpty() ? null : names.getFirst());
            body.put("last_id", names.isEmpty() ? null : names.getLast());
        }
        return body;
    }

    static ObjectNode one(Dialect dialect, String name) {
        var model = Json.object();
        switch (dialect) {
            case OPENAI -> {
                model.put("id", name);
                model.put("object", "model");
                model.put("created", CREATED);
                model.put("owned_by", "simulator");
            }
            case ANTHROPIC -> {
                model.put("type", "model");
                model.put("id", name);
                model.put("display_name", name);
                model.put("created_at", CREATED_AT);
                model.put("lifecycle", "active");
                model.put("max_input_tokens", CONTEXT_TOKENS);
                model.put("max_tokens", MAX_OUTPUT_TOKENS);
            }
            case GEMINI -> {
                model.put("name", "models/" + name);
                model.put("version", "001");
                model.put("displayName", name);
                model.put("inputTokenLimit", CONTEXT_TOKENS);
                model.put("outputTokenLimit", MAX_OUTPUT_TOKENS);
                model.putArray("supportedGenerationMethods")
                        .add("generateContent")
                        .add("countTokens");
            }
        }
        return model;
    }
}
