package dev.tollgate.dialects.same;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.Corpus;
import dev.tollgate.dialects.RequestScan.Span;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

class MembersTest {
    private static final List<String> SPELLED =
            List.of(
                    "\"a\":1",
                    " \"b\" : [1, {\"x\":2}] ",
                    "\"c\":\"q\\\"\"",
                    "\"d\\u0065\":null",
                    "\n\"\u00e9\":{}",
                    "\"f\":-1.5e3");
    private static final List<String> NAMES = List.of("a", "b", "c", "de", "\u00e9", "f");

    @Property(tries = 500)
    void whatIsLeftOutIsGoneAndTheRestStays(
            @ForAll @Size(max = 6) List<@IntRange(max = 5) Integer> order,
            @ForAll Set<@IntRange(max = 5) Integer> gone)
            throws IOException {
        var used = order.stream().distinct().toList();
        var json = "{" + String.join(",", used.stream().map(SPELLED::get).toList()) + "}";
        var body = ("xx" + json + "yy").getBytes(StandardCharsets.UTF_8);
        var members = new Members(body, new Span(2, body.length - 2));
        ObjectNode expected = (ObjectNode) Corpus.JSON.readTree(json);
        for (int each : gone) {
            var member = members.find(NAMES.get(each));
            if (member != null) {
                member.leaveOut();
                expected.remove(NAMES.get(each));
            }
        }
        var splice = new Splice();
        members.edit(splice);
        var edited = new String(splice.apply(body), StandardCharsets.UTF_8);
        assertThat(edited).startsWith("xx{").endsWith("}yy");
        JsonNode actual = Corpus.JSON.readTree(edited.substring(2, edited.length() - 2));
        assertThat(actual).isEqualTo(expected);
        for (int i : used) {
            if (!gone.contains(i)) {
                assertThat(edited).contains(SPELLED.get(i).strip());
            }
        }
    }
}
