package dev.tollgate.simulator.wire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;

/** OpenAI embeddings: the same text always gives the same vector. */
final class OpenAiEmbeddings {
    private static final int DEFAULT_DIMENSIONS = 16;
    private static final int MAX_DIMENSIONS = 4096;

    private OpenAiEmbeddings() {}

    static ObjectNode body(Ask ask, Answer answer) {
        var dimensions =
                Math.clamp(
                        ask.body().path("dimensions").asInt(DEFAULT_DIMENSIONS), 1, MAX_DIMENSIONS);
        var base64 = ask.body().path("encoding_format").asText("float").equals("base64");
        var body = Json.object();
        body.put("object", "list");
        var data = body.putArray("data");
        var input = ask.body().path("input");
        var many = input.isArray() && (input.path(0).isTextual() || input.path(0).isArray());
        var count = many ? input.size() : 1;
        for (var i = 0; i < count; i++) {
            var entry = data.addObject();
            entry.put("object", "embedding");
            entry.put("index", i);
            var vector = vector(many ? input.get(i) : input, dimensions);
            if (base64) {
                entry.put("embedding", base64(vector));
            } else {
                var list = entry.putArray("embedding");
                for (var value : vector) {
                    list.add(value);
                }
            }
        }
        body.put("model", answer.model());
        if (!answer.reported().omitted()) {
            body.putObject("usage")
                    .put("prompt_tokens", answer.reported().input())
                    .put("total_tokens", answer.reported().input());
        }
        return body;
    }

    static float[] vector(JsonNode input, int dimensions) {
        var vector = new float[dimensions];
        var state = input.toString().hashCode();
        for (var i = 0; i < dimensions; i++) {
            state = state * 1_664_525 + 1_013_904_223;
            vector[i] = (state >> 8) / (float) (1 << 23);
        }
        return vector;
    }

    private static String base64(float[] vector) {
        var bytes = ByteBuffer.allocate(vector.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (var value : vector) {
            bytes.putFloat(value);
        }
        return Base64.getEncoder().encodeToString(bytes.array());
    }
}
