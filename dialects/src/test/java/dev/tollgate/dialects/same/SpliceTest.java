package dev.tollgate.dialects.same;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.Bridge.Outbound;
import dev.tollgate.dialects.Bridge.RequestTerms;
import dev.tollgate.dialects.Corpus;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.Ingress;
import dev.tollgate.dialects.Operation;
import dev.tollgate.dialects.RequestScan;
import dev.tollgate.dialects.scan.RequestScanner;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.OptionalLong;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

/** What the gateway decides is written in place, and nothing else changes. */
class SpliceTest {

    @Test
    void writesModelLimitAndTheWishForUsageInPlace() {
        assertEquals(
                "{ \"model\" : \"gpt\\\"x\" ,\"max_tokens\": 50, \"stream\":true,"
                        + " \"stream_options\":{ \"include_usage\":true}, \"messages\":[] }",
                spliced(
                        Dialect.OPENAI_CHAT,
                        "{ \"model\" : \"fast\" ,\"max_tokens\": 100, \"stream\":true,"
                                + " \"stream_options\":{ \"include_usage\":false}, \"messages\":[] }",
                        terms("gpt\"x", 50)));
    }

    @Test
    void insertsWhatIsMissing() {
        assertEquals(
                "{\"max_completion_tokens\":50,\"stream_options\":{\"include_usage\":true},"
                        + "\"model\":\"m\",\"stream\":true,\"messages\":[]}",
                spliced(
                        Dialect.OPENAI_CHAT,
                        "{\"model\":\"m\",\"stream\":true,\"messages\":[]}",
                        terms("m", 50)));
        assertEquals(
                "{\"model\":\"m\",\"stream\":true,\"messages\":[],"
                        + "\"stream_options\":{\"include_usage\":true,\"x\":1}}",
                spliced(
                        Dialect.OPENAI_CHAT,
                        "{\"model\":\"m\",\"stream\":true,\"messages\":[],"
                                + "\"stream_options\":{\"x\":1}}",
                        terms("m", -1)));
        assertEquals(
                "{\"max_output_tokens\":50,\"model\":\"m\",\"input\":\"x\"}",
                spliced(
                        Dialect.OPENAI_RESPONSES,
                        "{\"model\":\"m\",\"input\":\"x\"}",
                        terms("m", 50)));
        assertEquals(
                "{\"max_tokens\":50,\"model\":\"m\",\"messages\":[]}",
                spliced(Dialect.ANTHROPIC, "{\"model\":\"m\",\"messages\":[]}", terms("m", 50)));
    }

    @Test
    void replacesNulls() {
        assertEquals(
                "{\"model\":\"m\",\"max_tokens\":9,\"stream\":true,"
                        + "\"stream_options\":{\"include_usage\":true},\"messages\":[]}",
                spliced(
                        Dialect.OPENAI_CHAT,
                        "{\"model\":\"m\",\"max_tokens\":null,\"stream\":true,"
                                + "\"stream_options\":null,\"messages\":[]}",
                        terms("m", 9)));
        assertEquals(
                "{\"contents\":[{}],\"generation_config\":{\"maxOutputTokens\":9}}",
                spliced(
                        Dialect.GEMINI,
                        "{\"contents\":[{}],\"generation_config\":null}",
                        terms("g", 9)));
    }

    @Test
    void writesGeminisLimitIntoItsConfig() {
        assertEquals(
                "{\"contents\":[{}],\"generationConfig\":{\"maxOutputTokens\":9,\"topK\":1}}",
                spliced(
                        Dialect.GEMINI,
                        "{\"contents\":[{}],\"generationConfig\":{\"topK\":1}}",
                        terms("g", 9)));
        assertEquals(
                "{\"contents\":[{}],\"generationConfig\":{\"max_output_tokens\":9}}",
                spliced(
                        Dialect.GEMINI,
                        "{\"contents\":[{}],\"generationConfig\":{\"max_output_tokens\":90}}",
                        terms("g", 9)));
        assertEquals(
                "{\"generationConfig\":{\"maxOutputTokens\":9},\"contents\":[{}]}",
                spliced(Dialect.GEMINI, "{\"contents\":[{}]}", terms("g", 9)));
    }

    @Test
    void anOldServerGetsTheLimitUnderTheNameThatItKnows() {
        var quirk =
                new RequestTerms(
                        "m", OptionalLong.of(9), OptionalLong.empty(), List.of("max_tokens"));
        assertEquals(
                "{\"max_tokens\":9,\"model\":\"m\",\"messages\":[],\"max_completion_tokens\":9}",
                spliced(
                        Dialect.OPENAI_CHAT,
                        "{\"model\":\"m\",\"messages\":[],\"max_completion_tokens\":20}",
                        quirk));
        assertEquals(
                "{\"model\":\"m\",\"messages\":[],\"max_tokens\":9}",
                spliced(
                        Dialect.OPENAI_CHAT,
                        "{\"model\":\"m\",\"messages\":[],\"max_tokens\":20}",
                        quirk));
    }

    @Test
    void writesTheModelWhereverGeminiRepeatsIt() {
        var ingress = new Ingress(Dialect.GEMINI, Operation.EMBED, "alias", false, false);
        var json =
                "{\"requests\":[{\"model\":\"models/alias\",\"content\":{\"parts\":[]}},"
                        + "{\"model\":\"alias\",\"content\":{\"parts\":[]}}]}";
        assertEquals(json.replace("alias", "real"), spliced(ingress, json, terms("real", 9)));
    }

    @Property(tries = 500)
    void changesNothingButWhatWasDecided(@ForAll("requests") String json) throws IOException {
        var before = (ObjectNode) Corpus.JSON.readTree(json);
        var after =
                (ObjectNode)
                        Corpus.JSON.readTree(spliced(Dialect.OPENAI_CHAT, json, terms("real", 77)));
        assertEquals("real", after.path("model").asText());
        boolean stream = before.path("stream").asBoolean();
        assertEquals(stream, after.path("stream_options").path("include_usage").asBoolean());
        int limits = 0;
        for (var name : List.of("max_tokens", "max_completion_tokens")) {
            if (after.has(name)) {
                assertEquals(77, after.path(name).asLong());
                limits++;
            }
        }
        assertEquals(true, limits > 0);
        for (var name : List.of("model", "max_tokens", "max_completion_tokens", "stream_options")) {
            before.remove(name);
            after.remove(name);
        }
        assertEquals(before, after);
    }

    @Provide
    Arbitrary<String> requests() {
        var text = Arbitraries.strings().ofMaxLength(20).map(SpliceTest::quoted);
        var space = Arbitraries.of("", " ", "\n\t", "  ");
        var members =
                Arbitraries.of(
                                "\"max_tokens\":5",
                                "\"max_tokens\" : null",
                                "\"max_completion_tokens\":\t123",
                                "\"stream_options\":{ }",
                                "\"stream_options\":null",
                                "\"stream\":true",
                                "\"stream\" :false",
                                "\"top_p\":1e-7",
                                "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]")
                        .set()
                        .ofMaxSize(6)
                        .map(SpliceTest::distinct);
        return Combinators.combine(text, text, members, space)
                .as(
                        (content, user, more, gap) ->
                                "{"
                                        + gap
                                        + "\"model\":"
                                        + gap
                                        + "\"fast\""
                                        + gap
                                        + ",\"messages\":[{\"role\":\"user\",\"content\":"
                                        + content
                                        + "}],"
                                        + gap
                                        + more
                                        + "\"user\":"
                                        + user
                                        + gap
                                        + "}");
    }

    /** One member of each name. */
    private static String distinct(java.util.Set<String> members) {
        var kept = new StringBuilder();
        var names = new java.util.HashSet<String>();
        for (var member : members) {
            if (names.add(member.substring(0, member.indexOf('"', 1)))) {
                kept.append(member).append(',');
            }
        }
        return kept.toString();
    }

    private static String quoted(String text) {
        try {
            return Corpus.JSON.writeValueAsString(text.replaceAll("[\\ud800-\\udfff]", "?"));
        } catch (IOException e) {
            throw new IllegalArgumentException(e);
        }
    }

    private static RequestTerms terms(String model, long limit) {
        return new RequestTerms(
                model,
                limit < 0 ? OptionalLong.empty() : OptionalLong.of(limit),
                OptionalLong.empty(),
                List.of());
    }

    private static String spliced(Dialect dialect, String json, RequestTerms terms) {
        return spliced(new Ingress(dialect, Operation.GENERATE, "g", false, false), json, terms);
    }

    private static String spliced(Ingress ingress, String json, RequestTerms terms) {
        var body = json.getBytes(StandardCharsets.UTF_8);
        var scanned = RequestScanner.scan(ingress, body);
        var scan = assertInstanceOf(RequestScan.class, scanned, json + " " + scanned);
        var out = new SameBridge(ingress.dialect()).request(scan, body, terms);
        var ready = assertInstanceOf(Outbound.Ready.class, out);
        return new String(ready.body(), StandardCharsets.UTF_8);
    }
}
