package dev.tollgate.dialects.embed;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.tollgate.dialects.codec.Json;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/** An embedding in its two forms: numbers, and base64 of 32-bit floats, low byte first. */
final class Vectors {

    private Vectors() {}

    /** Numbers as the provider spelled them; null if the node is neither form. */
    static @Nullable ArrayNode numbers(@Nullable JsonNode node) {
        if (node instanceof ArrayNode array) {
            for (var each : array) {
                if (!each.isNumber()) {
                    return null;
                }
            }
            return array;
        }
        return node != null && node.isTextual() ? decoded(node.textValue()) : null;
    }

    static String base64(ArrayNode numbers) {
        var bytes =
                ByteBuffer.allocate(numbers.size() * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        numbers.forEach(number -> bytes.putFloat(number.floatValue()));
        return Base64.getEncoder().encodeToString(bytes.array());
    }

    private static @Nullable ArrayNode decoded(String base64) {
        byte[] bytes;
        try {
            bytes = Base64.getDecoder().decode(base64);
        } catch (IllegalArgumentException noBase64) {
            return null;
        }
        if (bytes.length % Float.BYTES != 0) {
            return null;
        }
        var floats = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
        var numbers = Json.array();
        while (floats.hasRemaining()) {
            numbers.add(floats.get());
        }
        return numbers;
    }
}
