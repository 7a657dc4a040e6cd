package dev.tollgate.dialects.codec;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * JSON as trees. Reading takes what a field holds if it is of the wanted kind and is silent
 * otherwise: whether a field must be there is for the caller to say. A number whose exponent no
 * decimal can hold makes JSON that is none.
 */
public final class Json {
    private static final int MAX_STRING_CHARS = 128 * 1024 * 1024;

    /**
     * Half of what Jackson writes: what was read can be written again within another dialect's
     * envelope.
     */
    private static final int MAX_DEPTH = 500;

    private static final JsonMapper MAPPER =
            JsonMapper.builder(
                            com.fasterxml.jackson.core.JsonFactory.builder()
                                    .streamReadConstraints(
                                            StreamReadConstraints.builder()
                                                    .maxStringLength(MAX_STRING_CHARS)
                                                    .maxNestingDepth(MAX_DEPTH)
                                                    .build())
                                    .build())
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                    .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
                    .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
                    .build();

    private Json() {}

    public static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }

    public static ArrayNode array() {
        return JsonNodeFactory.instance.arrayNode();
    }

    /** Null if the bytes are no JSON. */
    public static @Nullable JsonNode parse(byte[] bytes, int from, int length) {
        try {
            return MAPPER.readTree(bytes, from, length);
        } catch (IOException | NumberFormatException noJson) {
            return null;
        }
    }

    /** Null if the bytes are no JSON object. */
    public static @Nullable ObjectNode parseObject(byte[] bytes) {
        return parse(bytes, 0, bytes.length) instanceof ObjectNode object ? object : null;
    }

    /** Null if the text is no JSON object. */
    public static @Nullable ObjectNode parseObject(String text) {
        try {
            return MAPPER.readTree(text) instanceof ObjectNode object ? object : null;
        } catch (JsonProcessingException | NumberFormatException noJson) {
            return null;
        }
    }

    /**
     * The arguments of a tool call as an object. Models do write broken JSON; what cannot be read
     * is kept as text under {@code _raw}, so that nothing is lost and nothing crashes.
     */
    public static ObjectNode arguments(String text) {
        if (text.isBlank()) {
            return object();
        }
        var read = parseObject(text);
        return read != null ? read : object().put("_raw", text);
    }

    public static byte[] bytes(JsonNode json) {
        try {
            return MAPPER.writeValueAsBytes(json);
        } catch (JsonProcessingException bug) {
            throw new IllegalStateException("a JSON tree cannot be written", bug);
        }
    }

    public static String write(JsonNode json) {
        try {
            return MAPPER.writeValueAsString(json);
        } catch (JsonProcessingException bug) {
            throw new IllegalStateException("a JSON tree cannot be written", bug);
        }
    }

    /** The text of a field; null if it holds none. */
    public static @Nullable String text(JsonNode node, String field) {
        var value = node.get(field);
        return value != null && value.isTextual() ? value.textValue() : null;
    }

    /** The text of a field, in either spelling. */
    public static @Nullable String text(JsonNode node, String field, String otherSpelling) {
        var value = text(node, field);
        return value != null ? value : text(node, otherSpelling);
    }

    public static String textOr(JsonNode node, String field, String fallback) {
        var value = text(node, field);
        return value == null ? fallback : value;
    }

    /** The object in a field; null if it holds none. */
    public static @Nullable ObjectNode objectIn(JsonNode node, String field) {
        return node.get(field) instanceof ObjectNode object ? object : null;
    }

    /** The object in a field, in either spelling. */
    public static @Nullable ObjectNode objectIn(JsonNode node, String field, String other) {
        var value = objectIn(node, field);
        return value != null ? value : objectIn(node, other);
    }

    /** The array in a field; empty if it holds none. */
    public static ArrayNode arrayIn(JsonNode node, String field) {
        return node.get(field) instanceof ArrayNode array ? array : array();
    }

    public static OptionalLong longIn(JsonNode node, String field) {
        var value = node.get(field);
        return value != null && value.isNumber() && value.canConvertToLong()
                ? OptionalLong.of(value.longValue())
                : OptionalLong.empty();
    }

    public static @Nullable Double doubleIn(JsonNode node, String field) {
        var value = node.get(field);
        return value != null && value.isNumber() ? value.doubleValue() : null;
    }

    public static @Nullable Long boxedLongIn(JsonNode node, String field) {
        var value = longIn(node, field);
        return value.isPresent() ? value.getAsLong() : null;
    }

    /** Whether a field is there and true. */
    public static boolean isTrue(JsonNode node, String field) {
        var value = node.get(field);
        return value != null && value.isBoolean() && value.booleanValue();
    }
}
