package dev.tollgate.dialects.embed;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.AnswerStream;
import dev.tollgate.dialects.Bridge;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.Operation;
import dev.tollgate.dialects.RequestScan;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.usage.UsageReader;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Gemini's embedContent and batchEmbedContents over {@code /v1/embeddings}. What an embedding is
 * for (task type, title) has no place there and is dropped by name; anything but text is refused,
 * and so is a batch that asks for vectors of several lengths.
 */
final class GeminiToOpenAi implements Bridge {

    @Override
    public Outbound request(RequestScan scan, byte[] body, RequestTerms terms) {
        var json = Json.parseObject(body);
        if (json == null) {
            return new Outbound.Refused("the body is not a JSON object", null);
        }
        return scan.operation() == Operation.EMBED_ONE ? one(json, terms) : many(json, terms);
    }

    private static Outbound one(ObjectNode json, RequestTerms terms) {
        var asked = new Asked("");
        asked.read(json);
        return asked.refusal != null
                ? asked.refusal
                : ready(asked, Json.array().add(asked.text).get(0), terms);
    }

    private static Outbound many(ObjectNode json, RequestTerms terms) {
        var texts = Json.array();
        var all = new Asked("");
        for (var field : json.properties()) {
            if (!field.getKey().equals("requests")) {
                return new Outbound.Refused(
                        field.getKey() + ": unknown to this gateway", field.getKey());
            }
        }
        for (var request : Json.arrayIn(json, "requests")) {
            var asked = new Asked("requests[].");
            asked.read(request);
            if (asked.refusal != null) {
                return asked.refusal;
            }
            if (!texts.isEmpty() && !Objects.equals(asked.dimensions, all.dimensions)) {
                return new Outbound.Refused(
                        "requests[].outputDimensionality: one for all (expected: the same in each"
                                + " request, as this model is asked for all at once)",
                        "requests[].outputDimensionality");
            }
            all.dimensions = asked.dimensions;
            all.dropped.addAll(asked.dropped);
            texts.add(asked.text);
        }
        return ready(all, texts, terms);
    }

    private static Outbound ready(Asked asked, JsonNode input, RequestTerms terms) {
        var body = Json.object().put("model", terms.model());
        body.set("input", input);
        if (asked.dimensions != null) {
            body.put("dimensions", asked.dimensions);
        }
        return new Outbound.Ready(Json.bytes(body), List.copyOf(asked.dropped));
    }

    /** One embedding as it is asked for; the first thing that cannot be carried ends reading. */
    private static final class Asked {
        private final String where;
        private String text = "";
        private @Nullable Long dimensions;
        private final Set<String> dropped = new LinkedHashSet<>();
        private Outbound.@Nullable Refused refusal;

        Asked(String where) {
            this.where = where;
        }

        void read(JsonNode request) {
            for (var field : request.properties()) {
                var value = field.getValue();
                if (value.isNull() || refusal != null) {
                    continue;
                }
                switch (field.getKey()) {
                    case "model" -> {}
                    case "content" -> content(value);
                    case "taskType", "task_type" -> dropped.add("taskType");
                    case "title" -> dropped.add("title");
                    case "autoTruncate", "auto_truncate" -> dropped.add("autoTruncate");
                    case "outputDimensionality", "output_dimensionality" -> dimensions(value);
                    case "embedContentConfig", "embed_content_config" -> read(value);
                    default -> refuse(field.getKey(), "unknown to this gateway");
                }
            }
        }

        private void dimensions(JsonNode value) {
            if (value.canConvertToLong() && value.longValue() > 0) {
                dimensions = value.longValue();
            } else {
                refuse("outputDimensionality", "expected: a whole number >= 1");
            }
        }

        private void content(JsonNode content) {
            if (content.isTextual()) {
                text = content.textValue();
                return;
            }
            var parts = content.get("parts");
            var texts = new ArrayList<String>();
            for (var part : parts instanceof ArrayNode ? parts : Json.array().add(parts)) {
                var words = Json.text(part, "text");
                if (words == null || part.size() > 1) {
                    refuse("content.parts[]", "this model embeds text alone");
                    return;
                }
                texts.add(words);
            }
            text = String.join("\n", texts);
        }

        private void refuse(String field, String why) {
            refusal = new Outbound.Refused(where + field + ": " + why, where + field);
        }
    }

    @Override
    public AnswerRead answer(byte[] providerBody, AnswerTerms terms) {
        var json = Json.parseObject(providerBody);
        int asked = terms.scan().choices();
        var vectors = json == null ? null : vectors(json, asked);
        if (json == null || vectors == null) {
            return new AnswerRead.Unreadable(
                    "the provider's answer does not hold " + asked + " embeddings");
        }
        var answer = Json.object();
        if (terms.scan().operation() == Operation.EMBED_ONE) {
            answer.putObject("embedding").set("values", vectors[0]);
        } else {
            var embeddings = answer.putArray("embeddings");
            for (var vector : vectors) {
                embeddings.addObject().set("values", vector);
            }
        }
        var usage = UsageReader.read(Dialect.OPENAI_CHAT, json.get("usage"));
        if (usage != null) {
            answer.putObject("usageMetadata").put("promptTokenCount", usage.input());
        }
        return new AnswerRead.Read(Json.bytes(answer), usage, null, Json.text(json, "model"), 0);
    }

    /** By index, which an answer need not be sorted by; null if one is missing. */
    private static @Nullable ArrayNode @Nullable [] vectors(ObjectNode json, int asked) {
        var vectors = new @Nullable ArrayNode[asked];
        int position = 0;
        for (var one : Json.arrayIn(json, "data")) {
            long index = Json.longIn(one, "index").orElse(position);
            var numbers = Vectors.numbers(one.get("embedding"));
            if (numbers == null || index < 0 || index >= asked) {
                return null;
            }
            vectors[(int) index] = numbers;
            position++;
        }
        for (var vector : vectors) {
            if (vector == null) {
                return null;
            }
        }
        return vectors;
    }

    @Override
    public AnswerStream stream(AnswerTerms terms) {
        throw new IllegalStateException("stream: of embeddings (expected: a whole answer)");
    }
}
