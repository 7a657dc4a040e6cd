package dev.tollgate.dialects.openai;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.conversation.AnswerEvent;
import dev.tollgate.dialects.conversation.Part;
import dev.tollgate.dialects.conversation.Signature;
import dev.tollgate.dialects.conversation.Signature.Issuer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * OpenRouter's {@code reasoning_details}: thoughts, summaries of thoughts and encrypted thoughts of
 * whichever model answers, to be sent back as they came. All of a detail but its words is the
 * {@link Signature} of the thought, so a client of any dialect can give it back, and OpenRouter
 * gets it whole. It goes to nobody else: what the models' own makers signed for OpenRouter's
 * account they need not take from another.
 *
 * <p>In a stream a detail comes in pieces of the same type and index; it has ended where another
 * begins, or anything else is said.
 */
final class ReasoningDetails {
    private static final String ENCRYPTED = "reasoning.encrypted";

    /** The detail whose pieces come, without its words. */
    private @Nullable ObjectNode open;

    private boolean spoke;

    /** The thoughts of a message; without any detail that has words, its plain ones come first. */
    static List<Part> read(JsonNode message) {
        var parts = new ArrayList<Part>();
        var plain = Json.text(message, "reasoning_content", "reasoning");
        boolean words = false;
        for (var node : Json.arrayIn(message, "reasoning_details")) {
            if (!(node instanceof ObjectNode detail)) {
                continue;
            }
            var text = words(detail);
            words |= !text.isEmpty();
            if (isHidden(detail)) {
                parts.add(new Part.Reasoning("", signature(detail), true));
            } else if (!text.isEmpty() || isSigned(detail)) {
                parts.add(new Part.Reasoning(text, signature(detail), false));
            }
        }
        if (!words && plain != null && !plain.isEmpty()) {
            parts.addFirst(new Part.Reasoning(plain, null, false));
        }
        return parts;
    }

    /** Reads the thoughts of a delta, as {@link #read} those of a message. */
    void delta(JsonNode delta, Consumer<AnswerEvent> out) {
        boolean words = false;
        var details = Json.arrayIn(delta, "reasoning_details");
        for (var node : details) {
            if (node instanceof ObjectNode detail) {
                words |= !words(detail).isEmpty();
            }
        }
        var plain = Json.text(delta, "reasoning_content", "reasoning");
        if (!words && plain != null && !plain.isEmpty()) {
            end(out);
            out.accept(new AnswerEvent.ReasoningDelta(plain));
        }
        for (var node : details) {
            if (node instanceof ObjectNode detail) {
                detail(detail, out);
            }
        }
    }

    private void detail(ObjectNode detail, Consumer<AnswerEvent> out) {
        if (open != null && !isSame(open, detail)) {
            end(out);
        }
        if (isHidden(detail)) {
            out.accept(new AnswerEvent.ReasoningRedacted(signature(detail)));
            return;
        }
        if (open == null) {
            open = Json.object();
        }
        for (var field : withoutWords(detail).properties()) {
            if (!field.getValue().isNull() && !field.getValue().asText("-").isEmpty()) {
                open.set(field.getKey(), field.getValue());
            }
        }
        var text = words(detail);
        if (!text.isEmpty()) {
            spoke = true;
            out.accept(new AnswerEvent.ReasoningDelta(text));
        }
    }

    /** Signs the open thought: something else follows. */
    void end(Consumer<AnswerEvent> out) {
        if (open != null && (spoke || isSigned(open))) {
            out.accept(new AnswerEvent.ReasoningSigned(signature(open)));
        }
        open = null;
        spoke = false;
    }

    /** Characters kept of the open thought. */
    int chars() {
        return open == null ? 0 : open.path("signature").asText("").length();
    }

    /** Writes a thought as it came from OpenRouter; others say nothing to it. */
    static void write(Part.Reasoning thought, ArrayNode details) {
        var signature = thought.signature();
        var detail =
                signature == null || signature.issuer() != Issuer.OPENROUTER
                        ? null
                        : Json.parseObject(signature.value());
        if (detail == null) {
            return;
        }
        if (!thought.redacted()) {
            detail.put(wordsIn(detail), thought.text());
        }
        details.add(detail);
    }

    private static boolean isSame(ObjectNode one, ObjectNode other) {
        return one.path("type").equals(other.path("type"))
                && one.path("index").equals(other.path("index"));
    }

    private static boolean isHidden(ObjectNode detail) {
        return ENCRYPTED.equals(Json.text(detail, "type"));
    }

    private static boolean isSigned(ObjectNode detail) {
        return !Json.textOr(detail, "signature", "").isEmpty();
    }

    private static String wordsIn(ObjectNode detail) {
        return "reasoning.summary".equals(Json.text(detail, "type")) ? "summary" : "text";
    }

    private static String words(ObjectNode detail) {
        return isHidden(detail) ? "" : Json.textOr(detail, wordsIn(detail), "");
    }

    private static ObjectNode withoutWords(ObjectNode detail) {
        return isHidden(detail) ? detail : detail.deepCopy().without(wordsIn(detail));
    }

    private static Signature signature(ObjectNode detail) {
        return new Signature(Issuer.OPENROUTER, Json.write(withoutWords(detail)));
    }
}
