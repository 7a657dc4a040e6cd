package dev.tollgate.simulator.wire;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** JSON as the simulator writes it: compact, members in the order of writing. */
public final class Json {
    public static final JsonMapper MAPPER =
            JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

    private Json() {}

    static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }

    static ArrayNode array() {
        return JsonNodeFactory.instance.arrayNode();
    }

    /** A JSON string with its quotes. */
    static String quote(String text) {
        var out = new StringBuilder(text.length() + 16).append('"');
        JsonStringEncoder.getInstance().quoteAsString(text, out);
        return out.append('"').toString();
    }

    /** The object again, with one member said a second time, as only a broken provider does. */
    static String withTwice(ObjectNode object, String member) {
        JsonNode value = object.get(member);
        var whole = object.toString();
        return value == null ? whole : "{" + quote(member) + ":" + value + "," + whole.substring(1);
    }
}
