package dev.tollgate.dialects.deviation;

import static dev.tollgate.dialects.deviation.Deviation.CALL_IDS_OF_9;
import static dev.tollgate.dialects.deviation.Deviation.CLOSED_MESSAGES;
import static dev.tollgate.dialects.deviation.Deviation.HISTORY_AS_REASONING;
import static dev.tollgate.dialects.deviation.Deviation.HISTORY_AS_REASONING_CONTENT;
import static dev.tollgate.dialects.deviation.Deviation.HISTORY_WITHOUT_REASONING;
import static dev.tollgate.dialects.deviation.Deviation.HISTORY_WITHOUT_REASONING_CONTENT;
import static dev.tollgate.dialects.deviation.Deviation.NO_DEVELOPER_ROLE;
import static dev.tollgate.dialects.deviation.Deviation.NO_MESSAGE_NAMES;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.tollgate.dialects.Bridge.Outbound;
import dev.tollgate.dialects.RequestScan.Span;
import dev.tollgate.dialects.codec.CallIds;
import dev.tollgate.dialects.same.Members;
import dev.tollgate.dialects.same.Members.Member;
import dev.tollgate.dialects.same.Splice;
import java.io.IOException;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The messages of a request. Clients send answers back as they got them, with members that strict
 * servers write themselves or other servers wrote, and do not take.
 */
final class MessagesFit {
    private static final Set<Deviation> OF_MESSAGES =
            Collections.unmodifiableSet(
                    EnumSet.of(
                            NO_DEVELOPER_ROLE,
                            HISTORY_WITHOUT_REASONING,
                            HISTORY_WITHOUT_REASONING_CONTENT,
                            HISTORY_AS_REASONING,
                            HISTORY_AS_REASONING_CONTENT,
                            CLOSED_MESSAGES,
                            NO_MESSAGE_NAMES,
                            CALL_IDS_OF_9));
    private static final int ID_CHARS = 9;

    private final byte[] body;
    private final Set<Deviation> deviations;
    private final Splice splice;
    private final Set<String> dropped = new LinkedHashSet<>();
    private Outbound.@Nullable Refused refused;

    MessagesFit(byte[] body, Set<Deviation> deviations, Splice splice) {
        this.body = body;
        this.deviations = deviations;
        this.splice = splice;
    }

    boolean isNeeded() {
        return !Collections.disjoint(deviations, OF_MESSAGES);
    }

    List<String> dropped() {
        return List.copyOf(dropped);
    }

    Outbound.@Nullable Refused refused() {
        return refused;
    }

    void message(Span place) throws IOException {
        if (body[place.from()] != '{') {
            return;
        }
        var message = new Members(body, place);
        var role = text(message, "role");
        if (deviations.contains(NO_DEVELOPER_ROLE) && "developer".equals(role)) {
            write(message, "role", "system");
        }
        if (deviations.contains(NO_MESSAGE_NAMES) && !"tool".equals(role)) {
            drop(message, "name");
        }
        if (deviations.contains(CLOSED_MESSAGES)) {
            closed(message);
        }
        reasoning(message);
        if (deviations.contains(CALL_IDS_OF_9)) {
            fitId(message, "tool_call_id");
        }
        calls(message);
        message.edit(splice);
    }

    private void closed(Members message) throws IOException {
        leaveOut(message, "annotations");
        leaveOut(message, "thinking_blocks");
        var refusal = text(message, "refusal");
        if (refusal != null && node(message, "content") == null) {
            write(message, "content", refusal);
        }
        leaveOut(message, "refusal");
        refuse(message, "audio");
        refuse(message, "function_call");
    }

    private void reasoning(Members message) throws IOException {
        if (deviations.contains(HISTORY_WITHOUT_REASONING)) {
            drop(message, "reasoning_content", "reasoning", "reasoning_details");
        } else if (deviations.contains(HISTORY_WITHOUT_REASONING_CONTENT)) {
            drop(message, "reasoning_content", "reasoning_details");
        } else if (deviations.contains(HISTORY_AS_REASONING)) {
            rename(message, "reasoning_content", "reasoning");
        } else if (deviations.contains(HISTORY_AS_REASONING_CONTENT)) {
            rename(message, "reasoning", "reasoning_content");
        }
    }

    private void rename(Members message, String from, String to) throws IOException {
        var member = message.find(from);
        if (member != null && message.find(to) == null && node(message, from) != null) {
            member.rename(to);
        } else {
            leaveOut(message, from);
        }
        leaveOut(message, "reasoning_details");
    }

    private void calls(Members message) throws IOException {
        var calls = message.find("tool_calls");
        if (calls == null) {
            return;
        }
        for (var place : Members.elements(body, calls.value)) {
            if (body[place.from()] == '{') {
                var call = new Members(body, place);
                if (deviations.contains(CALL_IDS_OF_9)) {
                    fitId(call, "id");
                }
                if (deviations.contains(CLOSED_MESSAGES)) {
                    leaveOut(call, "extra_content");
                }
                call.edit(splice);
            }
        }
    }

    /** The same id for a call and its result, whoever made it. */
    private static void fitId(Members of, String name) throws IOException {
        var id = text(of, name);
        if (id != null && !isShort(id)) {
            write(of, name, CallIds.hashed(id, ID_CHARS));
        }
    }

    private static boolean isShort(String id) {
        return id.length() == ID_CHARS
                && id.chars()
                        .allMatch(
                                c ->
                                        c >= '0' && c <= '9'
                                                || c >= 'a' && c <= 'z'
                                                || c >= 'A' && c <= 'Z');
    }

    private void refuse(Members message, String name) throws IOException {
        if (node(message, name) != null && refused == null) {
            refused =
                    new Outbound.Refused(
                            "messages[]." + name + ": the provider's server does not take it",
                            "messages");
        }
        leaveOut(message, name);
    }

    private void drop(Members message, String... names) throws IOException {
        for (var name : names) {
            if (node(message, name) != null) {
                dropped.add("messages[]." + name);
            }
            leaveOut(message, name);
        }
    }

    private static void leaveOut(Members message, String name) {
        for (var member = message.find(name); member != null; member = message.find(name)) {
            member.leaveOut();
        }
    }

    private static void write(Members members, String name, String value) {
        Member member = members.find(name);
        if (member != null) {
            member.write(TextNode.valueOf(value));
        }
    }

    private static @Nullable JsonNode node(Members members, String name) throws IOException {
        var member = members.find(name);
        var value = member == null ? null : members.value(member);
        return value == null || value.isNull() ? null : value;
    }

    private static @Nullable String text(Members members, String name) throws IOException {
        var value = node(members, name);
        return value == null ? null : value.textValue();
    }
}
