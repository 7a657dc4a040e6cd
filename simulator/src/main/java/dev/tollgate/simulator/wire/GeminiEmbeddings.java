package dev.tollgate.simulator.wire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** Gemini embeddings, one or a batch: the same text always gives the same vector. */
final class GeminiEmbeddings {
    private static final int DEFAULT_DIMENSIONS = 16;
    private static final int MAX_DIMENSIONS = 4096;

    private GeminiEmbeddings() {}

    static ObjectNode body(Ask ask, Answer answer) {
        var body = Json.object();
        if (ask.body().has("requests")) {
            var embeddings = body.putArray("embeddings");
            ask.body().path("requests").forEach(request -> fill(embeddings.addObject(), request));
        } else {
            fill(body.putObject("embedding"), ask.body());
        }
        if (!answer.reported().omitted()) {
            body.putObject("usageMetadata").put("promptTokenCount", answer.reported().input());
        }
        return body;
    }

    private static void fill(ObjectNode embedding, JsonNode request) {
        var dimensions =
                Math.clamp(
                        request.path("outputDimensionality").asInt(DEFAULT_DIMENSIONS),
                        1,
                        MAX_DIMENSIONS);
        var text = Json.MAPPER.getNodeFactory().textNode(PromptText.of(request, "content"));
        var values = embedding.putArray("values");
        for (var value : OpenAiEmbeddings.vector(text, dimensions)) {
            values.add(value);
        }
    }
}
