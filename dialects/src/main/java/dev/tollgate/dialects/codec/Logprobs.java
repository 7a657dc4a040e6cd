package dev.tollgate.dialects.codec;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.conversation.TokenLogprob;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Log probabilities as both dialects of OpenAI write them. */
public final class Logprobs {
    private Logprobs() {}

    /** Empty if there are none. */
    public static List<TokenLogprob> read(JsonNode tokens) {
        var read = new ArrayList<TokenLogprob>();
        for (var token : tokens) {
            read.add(token(token, read(token.path("top_logprobs"))));
        }
        return read;
    }

    private static TokenLogprob token(JsonNode node, List<TokenLogprob> top) {
        List<Integer> bytes = null;
        if (node.path("bytes") instanceof ArrayNode numbers) {
            bytes = new ArrayList<>();
            for (var number : numbers) {
                bytes.add(number.asInt());
            }
        }
        return new TokenLogprob(
                Json.textOr(node, "token", ""), node.path("logprob").asDouble(), bytes, top);
    }

    /** Both types demand the bytes. */
    public static ArrayNode write(List<TokenLogprob> tokens) {
        var array = Json.array();
        for (var token : tokens) {
            var top = Json.array();
            token.top().forEach(each -> write(each, top));
            write(token, array).set("top_logprobs", top);
        }
        return array;
    }

    private static ObjectNode write(TokenLogprob token, ArrayNode array) {
        var node = array.addObject().put("token", token.token()).put("logprob", token.logprob());
        var bytes = node.putArray("bytes");
        var given = token.bytes();
        if (given == null) {
            for (byte each : token.token().getBytes(StandardCharsets.UTF_8)) {
                bytes.add(each & 0xff);
            }
        } else {
            given.forEach(bytes::add);
        }
        return node;
    }
}
