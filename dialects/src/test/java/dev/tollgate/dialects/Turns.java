package dev.tollgate.dialects;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** What clients send back of an answer in their next request. */
public final class Turns {
    private Turns() {}

    /** The turn that a client makes of a whole answer. */
    public static JsonNode of(Dialect client, JsonNode answer) {
        return switch (client) {
            case ANTHROPIC ->
                    Corpus.JSON
                            .createObjectNode()
                            .put("role", "assistant")
                            .set("content", answer.path("content"));
            case GEMINI -> answer.at("/candidates/0/content");
            case OPENAI_RESPONSES -> answer.path("output");
            case OPENAI_CHAT -> answer.at("/choices/0/message");
        };
    }

    /** The same of a stream, as the dialect's SDK accumulates it. */
    public static JsonNode of(Dialect client, List<JsonNode> events) {
        return switch (client) {
            case ANTHROPIC -> {
                var content = Corpus.JSON.createArrayNode();
                for (var event : events) {
                    var block =
                            (ObjectNode)
                                    (content.isEmpty()
                                            ? Corpus.JSON.createObjectNode()
                                            : content.get(content.size() - 1));
                    var delta = event.path("delta");
                    switch (event.path("type").asText()) {
                        case "content_block_start" -> content.add(event.path("content_block"));
                        case "content_block_delta" -> {
                            for (var name : List.of("text", "thinking", "signature")) {
                                if (delta.has(name)) {
                                    block.put(
                                            name,
                                            block.path(name).asText("")
                                                    + delta.path(name).asText());
                                }
                            }
                        }
                        default -> {}
                    }
                }
                yield Corpus.JSON
                        .createObjectNode()
                        .put("role", "assistant")
                        .set("content", content);
            }
            case GEMINI -> {
                var turn = Corpus.JSON.createObjectNode().put("role", "model");
                var parts = turn.putArray("parts");
                events.forEach(each -> each.at("/candidates/0/content/parts").forEach(parts::add));
                yield turn;
            }
            case OPENAI_RESPONSES -> events.getLast().at("/response/output");
            case OPENAI_CHAT -> throw new IllegalArgumentException("the same dialect");
        };
    }
}
