package dev.tollgate.dialects.deviation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.tollgate.dialects.RequestScan.Span;
import dev.tollgate.dialects.json.JsonCursor;
import dev.tollgate.dialects.same.Splice;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The members of one JSON object by their places, to be left out, renamed or given other values;
 * every other byte of the object stays.
 */
final class Members {
    private static final JsonMapper JSON = new JsonMapper();

    /** One member: what it is, and what becomes of it. */
    static final class Member {
        final String name;
        final Span key;
        final Span value;
        private boolean gone;
        private @Nullable String newName;
        private @Nullable JsonNode newValue;

        Member(String name, Span key, Span value) {
            this.name = name;
            this.key = key;
            this.value = value;
        }

        void leaveOut() {
            gone = true;
        }

        void rename(String to) {
            newName = to;
        }

        void write(JsonNode to) {
            newValue = to;
        }
    }

    private final byte[] body;
    private final List<Member> members = new ArrayList<>();

    /** Reads the object at this place. */
    Members(byte[] body, Span object) throws IOException {
        this.body = body;
        try (var cursor = new JsonCursor(body, object.from(), object.to() - object.from())) {
            cursor.next();
            while (cursor.nextName()) {
                var name = cursor.name();
                int from = cursor.nameStart();
                int to = from + 1;
                while (body[to] != '"') {
                    to += body[to] == '\\' ? 2 : 1;
                }
                cursor.next();
                members.add(new Member(name, new Span(from, to + 1), cursor.span()));
            }
        }
    }

    /** The places of an array's elements. */
    static List<Span> elements(byte[] body, Span array) throws IOException {
        var elements = new ArrayList<Span>();
        try (var cursor = new JsonCursor(body, array.from(), array.to() - array.from())) {
            cursor.next();
            if (cursor.isArray()) {
                while (cursor.nextElement()) {
                    elements.add(cursor.span());
                }
            }
        }
        return elements;
    }

    /** Null: there is none that stays. */
    @Nullable Member find(String name) {
        for (var member : members) {
            if (!member.gone && member.name.equals(name)) {
                return member;
            }
        }
        return null;
    }

    JsonNode value(Member member) throws IOException {
        return JSON.readTree(body, member.value.from(), member.value.to() - member.value.from());
    }

    /** Writes down the edits. */
    void edit(Splice splice) {
        int lastKept = -1;
        int firstGone = -1;
        for (int i = 0; i < members.size(); i++) {
            var member = members.get(i);
            if (member.gone) {
                firstGone = firstGone < 0 ? i : firstGone;
                continue;
            }
            if (firstGone >= 0) {
                cut(members.get(firstGone).key.from(), member.key.from(), splice);
                firstGone = -1;
            }
            lastKept = i;
            if (member.newName != null) {
                splice.replace(member.key, Splice.quoted(member.newName));
            }
            if (member.newValue != null) {
                var written = member.newValue.toString().getBytes(StandardCharsets.UTF_8);
                splice.replace(member.value, written);
            }
        }
        if (firstGone >= 0) {
            int from =
                    lastKept < 0
                            ? members.get(firstGone).key.from()
                            : members.get(lastKept).value.to();
            cut(from, members.getLast().value.to(), splice);
        }
    }

    private static void cut(int from, int to, Splice splice) {
        splice.replace(new Span(from, to), new byte[0]);
    }
}
