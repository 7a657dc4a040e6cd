package dev.tollgate.dataplane.exchange;

import dev.tollgate.dataplane.record.UsageRecord.Outcome;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.ErrorKind;
import dev.tollgate.policy.route.Router;
import dev.tollgate.policy.route.VisibleModel;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;

/** {@code /v1/models} and its kin: the names that this caller may ask for, in its own dialect. */
sealed interface ModelList {

    record Listed(byte[] body) implements ModelList {}

    record Missing(Refusal refusal) implements ModelList {}

    static ModelList of(Arrival.Welcome arrival) {
        var visible = Router.visibleModels(arrival.applied().index(), arrival.caller());
        var dialect = arrival.ingress().dialect();
        var asked = arrival.ingress().pathModel();
        if (asked == null) {
            return new Listed(list(dialect, visible).toBuffer().getBytes());
        }
        for (var model : visible) {
            if (model.name().equals(asked)) {
                return new Listed(one(dialect, model).toBuffer().getBytes());
            }
        }
        return new Missing(
                Refusal.of(
                        ErrorKind.MODEL_NOT_FOUND,
                        "model " + asked + " does not exist here",
                        Outcome.NOT_FOUND));
    }

    private static JsonObject list(Dialect dialect, List<VisibleModel> visible) {
        var all = new JsonArray();
        visible.forEach(model -> all.add(one(dialect, model)));
        return switch (dialect) {
            case OPENAI_CHAT, OPENAI_RESPONSES ->
                    new JsonObject().put("object", "list").put("data", all);
            case ANTHROPIC ->
                    new JsonObject()
                            .put("data", all)
                            .put("has_more", false)
                            .put("first_id", visible.isEmpty() ? null : visible.getFirst().name())
                            .put("last_id", visible.isEmpty() ? null : visible.getLast().name());
            case GEMINI -> new JsonObject().put("models", all);
        };
    }

    private static JsonObject one(Dialect dialect, VisibleModel model) {
        var name = model.name();
        return switch (dialect) {
            case OPENAI_CHAT, OPENAI_RESPONSES ->
                    new JsonObject()
                            .put("id", name)
                            .put("object", "model")
                            .put("created", 0)
                            .put("owned_by", model.owner());
            case ANTHROPIC ->
                    new JsonObject()
                            .put("type", "model")
                            .put("id", name)
                            .put("display_name", name)
                            .put("created_at", "1970-01-01T00:00:00Z");
            case GEMINI ->
                    new JsonObject()
                            .put("name", "models/" + name)
                            .put("displayName", name)
                            .put(
                                    "supportedGenerationMethods",
                                    new JsonArray()
                                            .add("generateContent")
                                            .add("streamGenerateContent")
                                            .add("countTokens"));
        };
    }
}
