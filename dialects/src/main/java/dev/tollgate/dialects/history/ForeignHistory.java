package dev.tollgate.dialects.history;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.tollgate.dialects.Bridge.Outbound;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.RequestScan.Span;
import dev.tollgate.dialects.conversation.Signature;
import dev.tollgate.dialects.gemini.UncheckedSignature;
import dev.tollgate.dialects.responses.OpenAiResponses;
import dev.tollgate.dialects.same.Members;
import dev.tollgate.dialects.same.Splice;
import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Takes out of a request what its provider would refuse because another one wrote it: thoughts that
 * another signed or nobody did, sources without the place in Anthropic's own search. All else stays
 * as it was sent. That a thought is unsigned counts for Anthropic's own models alone: servers that
 * speak its dialect may sign none.
 */
final class ForeignHistory {
    /** Whether an element of an array stays. */
    private interface Rule {
        boolean keeps(Members element) throws IOException;
    }

    private final byte[] body;
    private final String model;
    private final boolean claude;
    private final Splice splice = new Splice();
    private final List<String> dropped = new ArrayList<>();

    // Of the assistant's message at hand, in the dialect of Anthropic; in the end, of the last.
    private boolean calls;
    private boolean thought;
    private boolean foreign;

    ForeignHistory(byte[] body, String model) {
        this.body = body;
        this.model = model;
        this.claude = model.contains("claude");
    }

    Outbound without(Dialect dialect) {
        try {
            var top = new Members(body, new Span(0, body.length));
            switch (dialect) {
                case ANTHROPIC -> {
                    elements(top, "messages", this::claudeMessage);
                    if (claude && calls && !thought && foreign) {
                        stopThinking(top);
                    }
                }
                case GEMINI -> {
                    elements(top, "contents", this::geminiContent);
                    counted(top);
                }
                case OPENAI_RESPONSES -> elements(top, "input", ForeignHistory::ownItem);
                case OPENAI_CHAT -> elements(top, "messages", this::chatMessage);
            }
            top.edit(splice);
        } catch (IOException bug) {
            throw new IllegalStateException("a scanned body is no JSON", bug);
        }
        return new Outbound.Ready(splice.apply(body), dropped);
    }

    /**
     * Leaves out the elements of a member that the rule does not keep; whether none would be left,
     * in which case they are still there.
     */
    private boolean elements(Members of, String name, Rule rule) throws IOException {
        var member = of.find(name);
        if (member == null) {
            return false;
        }
        var places = Members.elements(body, member.value);
        var gone = new BitSet();
        for (int i = 0; i < places.size(); i++) {
            if (body[places.get(i).from()] != '{') {
                continue;
            }
            var element = new Members(body, places.get(i));
            if (rule.keeps(element)) {
                element.edit(splice);
            } else {
                gone.set(i);
            }
        }
        if (!gone.isEmpty() && gone.cardinality() == places.size()) {
            return true;
        }
        splice.leaveOut(places, gone);
        return false;
    }

    private boolean claudeMessage(Members message) throws IOException {
        if (!"assistant".equals(text(message, "role"))) {
            return true;
        }
        calls = false;
        thought = false;
        foreign = false;
        return !elements(message, "content", this::claudeBlock);
    }

    private boolean claudeBlock(Members block) throws IOException {
        switch (textOr(block, "type")) {
            case "thinking" -> {
                return claudeThought(text(block, "signature"));
            }
            case "redacted_thinking" -> {
                return claudeThought(text(block, "data"));
            }
            case "tool_use" -> {
                calls = true;
                foreign |= !textOr(block, "id").startsWith(Marks.CLAUDE_CALL);
            }
            case "text" -> {
                if (elements(block, "citations", ForeignHistory::knownSource)) {
                    leaveOut(block, "citations");
                }
            }
            default -> {}
        }
        return true;
    }

    private boolean claudeThought(@Nullable String signature) {
        boolean own = !Signature.isWrapped(signature) && !(claude && "".equals(signature));
        thought |= own;
        foreign |= !own;
        return own;
    }

    private static boolean knownSource(Members citation) throws IOException {
        return !"".equals(text(citation, "encrypted_index"));
    }

    /**
     * Models with a budget of thoughts refuse to go on with calls that they did not think about.
     */
    private void stopThinking(Members top) throws IOException {
        var thinking = node(top, "thinking");
        if (thinking == null || !"enabled".equals(thinking.path("type").asText())) {
            return;
        }
        leaveOut(top, "thinking");
        dropped.add("thinking");
        var management = node(top, "context_management");
        if (management != null && management.toString().contains("\"clear_thinking_")) {
            leaveOut(top, "context_management");
            dropped.add("context_management");
        }
    }

    /** A count of tokens may hold the whole request that it is for. */
    private void counted(Members top) throws IOException {
        for (var name : List.of("generateContentRequest", "generate_content_request")) {
            var member = top.find(name);
            if (member != null && body[member.value.from()] == '{') {
                var request = new Members(body, member.value);
                elements(request, "contents", this::geminiContent);
                request.edit(splice);
            }
        }
    }

    private boolean geminiContent(Members content) throws IOException {
        return !elements(content, "parts", this::geminiPart);
    }

    private boolean geminiPart(Members part) throws IOException {
        for (var name : List.of("thoughtSignature", "thought_signature")) {
            var member = part.find(name);
            if (member == null || !Signature.isWrapped(text(part, name))) {
                continue;
            }
            boolean call = part.find("functionCall") != null || part.find("function_call") != null;
            if (!call) {
                return false;
            }
            if (UncheckedSignature.isNeededBy(model)) {
                member.write(TextNode.valueOf(UncheckedSignature.VALUE));
            } else {
                member.leaveOut();
            }
        }
        return true;
    }

    private static boolean ownItem(Members item) throws IOException {
        return !"reasoning".equals(text(item, "type"))
                || !textOr(item, "id").startsWith(OpenAiResponses.REASONING_ID)
                        && !Signature.isWrapped(text(item, "encrypted_content"));
    }

    private boolean chatMessage(Members message) throws IOException {
        if (elements(message, "thinking_blocks", ForeignHistory::chatThought)) {
            leaveOut(message, "thinking_blocks");
        }
        return true;
    }

    private static boolean chatThought(Members block) throws IOException {
        return !Signature.isWrapped(text(block, "signature"))
                && !Signature.isWrapped(text(block, "data"));
    }

    private static void leaveOut(Members of, String name) {
        var member = of.find(name);
        if (member != null) {
            member.leaveOut();
        }
    }

    private static @Nullable JsonNode node(Members of, String name) throws IOException {
        var member = of.find(name);
        return member == null ? null : of.value(member);
    }

    private static @Nullable String text(Members of, String name) throws IOException {
        var value = node(of, name);
        return value == null ? null : value.textValue();
    }

    private static String textOr(Members of, String name) throws IOException {
        var text = text(of, name);
        return text == null ? "" : text;
    }
}
