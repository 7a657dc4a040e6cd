package dev.tollgate.dialects.embed;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.AnswerStream;
import dev.tollgate.dialects.Bridge;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.RequestScan;
import dev.tollgate.dialects.Usage;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.usage.UsageReader;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code /v1/embeddings} over Gemini's batchEmbedContents, one request for each input. Token ids
 * are refused: they are of a tokenizer that Gemini does not have. A provider that does not tell how
 * many tokens it read leaves the client's usage to an estimate, which the caller marks.
 */
final class OpenAiToGemini implements Bridge {
    private static final int BYTES_PER_TOKEN = 4;

    @Override
    public Outbound request(RequestScan scan, byte[] body, RequestTerms terms) {
        var json = Json.parseObject(body);
        if (json == null) {
            return new Outbound.Refused("the body is not a JSON object", null);
        }
        var dropped = new ArrayList<String>();
        Long dimensions = null;
        for (var field : json.properties()) {
            var value = field.getValue();
            if (value.isNull()) {
                continue;
            }
            switch (field.getKey()) {
                case "model", "input" -> {}
                case "dimensions" -> {
                    dimensions = Json.boxedLongIn(json, "dimensions");
                    if (dimensions == null || dimensions < 1) {
                        return refused("dimensions", "expected: a whole number >= 1");
                    }
                }
                case "encoding_format" -> {
                    var format = value.asText();
                    if (!format.equals("float") && !format.equals("base64")) {
                        return refused("encoding_format", "expected: float or base64");
                    }
                }
                case "user", "metadata", "safety_identifier" -> dropped.add(field.getKey());
                default -> {
                    return refused(field.getKey(), "unknown to this gateway");
                }
            }
        }
        var inputs = inputs(json.path("input"));
        if (inputs == null) {
            return new Outbound.Refused(
                    "input: a Gemini model takes text (a string or an array of strings), no token"
                            + " ids: send the text itself",
                    "input");
        }
        return new Outbound.Ready(Json.bytes(batch(inputs, dimensions, terms.model())), dropped);
    }

    private static Outbound refused(String field, String why) {
        return new Outbound.Refused(field + ": " + why, field);
    }

    private static @Nullable List<String> inputs(JsonNode input) {
        if (input.isTextual()) {
            return List.of(input.textValue());
        }
        var texts = new ArrayList<String>();
        for (var each : input) {
            if (!each.isTextual()) {
                return null;
            }
            texts.add(each.textValue());
        }
        return texts.isEmpty() ? null : texts;
    }

    private static ObjectNode batch(List<String> inputs, @Nullable Long dimensions, String model) {
        var batch = Json.object();
        var requests = batch.putArray("requests");
        for (var text : inputs) {
            var request = requests.addObject().put("model", "models/" + model);
            request.putObject("content").putArray("parts").addObject().put("text", text);
            if (dimensions != null) {
                request.put("outputDimensionality", dimensions);
            }
        }
        return batch;
    }

    @Override
    public AnswerRead answer(byte[] providerBody, AnswerTerms terms) {
        var json = Json.parseObject(providerBody);
        var embeddings = json == null ? null : json.get("embeddings");
        int asked = terms.scan().choices();
        if (json == null || embeddings == null || embeddings.size() != asked) {
            return new AnswerRead.Unreadable(
                    "the provider's answer does not hold " + asked + " embeddings");
        }
        var request = Json.parseObject(terms.clientBody());
        boolean base64 = request != null && "base64".equals(Json.text(request, "encoding_format"));
        var answer = Json.object().put("object", "list");
        var data = answer.putArray("data");
        for (int i = 0; i < asked; i++) {
            var numbers = Vectors.numbers(embeddings.get(i).get("values"));
            if (numbers == null) {
                return new AnswerRead.Unreadable("an embedding of the provider has no values");
            }
            var one = data.addObject().put("object", "embedding").put("index", i);
            if (base64) {
                one.put("embedding", Vectors.base64(numbers));
            } else {
                one.set("embedding", numbers);
            }
        }
        var usage = UsageReader.read(Dialect.GEMINI, json.get("usageMetadata"));
        answer.put("model", model(terms, request));
        long tokens = tokens(usage, terms.scan());
        answer.putObject("usage").put("prompt_tokens", tokens).put("total_tokens", tokens);
        return new AnswerRead.Read(Json.bytes(answer), usage, null, null, 0);
    }

    private static String model(AnswerTerms terms, @Nullable ObjectNode request) {
        var alias = terms.model();
        return alias != null || request == null
                ? String.valueOf(alias)
                : Json.textOr(request, "model", "unknown");
    }

    private static long tokens(@Nullable Usage usage, RequestScan scan) {
        return usage != null
                ? usage.input()
                : Math.max(1, Math.ceilDiv(scan.textBytes(), BYTES_PER_TOKEN));
    }

    @Override
    public AnswerStream stream(AnswerTerms terms) {
        throw new IllegalStateException("stream: of embeddings (expected: a whole answer)");
    }
}
