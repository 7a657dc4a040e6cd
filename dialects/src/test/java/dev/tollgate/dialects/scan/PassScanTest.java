package dev.tollgate.dialects.scan;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tollgate.dialects.Bridge;
import dev.tollgate.dialects.Bridge.Outbound;
import dev.tollgate.dialects.Bridge.RequestTerms;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.Ingress;
import dev.tollgate.dialects.Operation;
import dev.tollgate.dialects.RequestScan;
import dev.tollgate.dialects.Scanned;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.OptionalLong;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PassScanTest {

    private static final Ingress IMAGES =
            new Ingress(
                    Dialect.OPENAI_CHAT, Operation.PASS, null, false, false, "/images/generations");

    private static final String FORM = "multipart/form-data; boundary=x-1";

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static Scanned scan(String body, String contentType) {
        return PassScan.scan(IMAGES, bytes(body), contentType);
    }

    private static RequestScan read(String body, String contentType) {
        return assertInstanceOf(RequestScan.class, scan(body, contentType));
    }

    private static String refused(String body, String contentType) {
        return assertInstanceOf(Scanned.Malformed.class, scan(body, contentType)).message();
    }

    private static String passed(String body, String contentType, String model) {
        var terms = new RequestTerms(model, OptionalLong.empty(), OptionalLong.empty(), List.of());
        var bridge = Bridge.between(Dialect.OPENAI_CHAT, Dialect.OPENAI_CHAT, Operation.PASS);
        var out = bridge.request(read(body, contentType), bytes(body), terms);
        var ready = assertInstanceOf(Outbound.Ready.class, out);
        return new String(ready.body(), StandardCharsets.ISO_8859_1);
    }

    private static String part(String name, String value) {
        return "--x-1\r\nContent-Disposition: form-data; name=\""
                + name
                + "\"\r\n\r\n"
                + value
                + "\r\n";
    }

    private static String file(String content) {
        return "--x-1\r\nContent-Type: audio/mpeg\r\nContent-Disposition: form-data; name=\"file\";"
                + " filename=\"a.mp3\"\r\n\r\n"
                + content
                + "\r\n";
    }

    @Test
    void readsModelNumberAndStreamOfJson() {
        var scan = read("{\"model\":\"m\",\"n\":3,\"stream\":true,\"prompt\":{\"a\":[1]}}", null);
        assertEquals("m", scan.model());
        assertEquals(3, scan.choices());
        assertTrue(scan.stream());
        assertEquals(Operation.PASS, scan.operation());
    }

    @Test
    void writesTheModelAndNothingElse() {
        var json =
                "{ \"prompt\" : \"\\u00e9\" ,\"model\": \"alias\", \"n\":1.0e0x}".replace("x", "");
        json = json.replace("1.0e0", "1");
        assertEquals(
                json.replace("\"alias\"", "\"gpt-image-1\""),
                passed(json, "application/json", "gpt-image-1"));
        var form = file("\u0000\u00ff\r\n--x-2\r\n") + part("model", "alias") + "--x-1--\r\n";
        assertEquals(form.replace("alias", "whisper-1"), passed(form, FORM, "whisper-1"));
    }

    @Test
    void aBodyWhoseModelIsRightIsTheSameArray() {
        var body = bytes("{\"model\":\"m\"}");
        var scan = assertInstanceOf(RequestScan.class, PassScan.scan(IMAGES, body, null));
        var terms = new RequestTerms("m", OptionalLong.empty(), OptionalLong.empty(), List.of());
        var bridge = Bridge.between(Dialect.ANTHROPIC, Dialect.OPENAI_CHAT, Operation.PASS);
        assertSame(body, ((Outbound.Ready) bridge.request(scan, body, terms)).body());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"prompt\":\"x\"}",
                "{\"model\":\"a\",\"model\":\"b\"}",
                "{\"model\":\"a\",\"Model\":\"b\"}",
                "{\"model\":\"a\",\"n\":1,\"N\":9}",
                "{\"model\":\"a\",\"n\":\"9\"}",
                "{\"model\":\"a\",\"n\":1.5}",
                "{\"model\":\"a\",\"n\":1000}",
                "{\"model\":7}",
                "{\"model\":\"a\"} {}",
                "[\"model\"]",
                "model=a&n=9",
                ""
            })
    void refusesJsonWhoseModelOrNumberServersMayReadDifferently(String body) {
        refused(body, "application/json");
    }

    @Test
    void readsTheFieldsOfAFormAroundAFile() {
        var scan =
                read(part("n", "2") + file("\u0001\u0002") + part("model", "m") + "--x-1--", FORM);
        assertEquals("m", scan.model());
        assertEquals(2, scan.choices());
        assertEquals(
                "m",
                read(
                                part("model", "m") + "--x-1--\r\n",
                                "Multipart/Form-Data; charset=utf-8; boundary=\"x-1\"")
                        .model());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "two models|{m}{m}{end}",
                "another case|{m}{M}{end}",
                "a list|{m}{list}{end}",
                "an element of a list|{m}{element}{end}",
                "a space before a colon|{m}{space}{end}",
                "a folded line|{m}{line}{end}",
                "no model|{n}{end}",
                "a model in a file|{modelFile}{end}",
                "a model with line ends|{twoLines}{end}",
                "an encoded model|{encoded}{end}",
                "an extended name|{star}{end}",
                "an escaped name|{escaped}{end}",
                "two names|{names}{end}",
                "two dispositions|{dispositions}{end}",
                "line feeds alone|{lf}{end}",
                "a boundary within a line|{m}{inner}{end}",
                "an open end|{m}",
                "a preamble|{pre}{m}{end}",
                "an epilogue|{m}{end}{n}",
                "a number of none|{m}{zero}{end}",
                "a number of words|{m}{words}{end}"
            })
    void refusesAFormThatServersMayReadDifferently(String what, String template) {
        var body =
                template.replace("{m}", part("model", "m"))
                        .replace("{M}", part("Model", "dear"))
                        .replace("{n}", part("n", "1"))
                        .replace("{list}", part("model[]", "dear"))
                        .replace("{element}", part("model[0]", "dear"))
                        .replace(
                                "{space}",
                                part(
                                        "x\"\r\nContent-Disposition : form-data; name=\"model",
                                        "dear"))
                        .replace("{line}", part("x\"\r\n Folded: name=\"model", "dear"))
                        .replace("{zero}", part("n", "0"))
                        .replace("{words}", part("n", "1e3"))
                        .replace("{twoLines}", part("model", "m\r\nx"))
                        .replace("{modelFile}", part("model\"; filename=\"f", "m"))
                        .replace(
                                "{encoded}",
                                part("model\"\r\nContent-Transfer-Encoding: \"base64", "bQ=="))
                        .replace("{star}", part("x\"; name*=\"UTF-8''model", "dear"))
                        .replace("{escaped}", part("mo\\del", "dear"))
                        .replace("{names}", part("x\"; name=\"model", "dear"))
                        .replace(
                                "{dispositions}",
                                part("x\"\r\nContent-Disposition: form-data; name=\"model", "dear"))
                        .replace("{lf}", part("model", "m").replace("\r\n", "\n"))
                        .replace("{inner}", file("abc--x-1\r\n"))
                        .replace("{pre}", "hello\r\n")
                        .replace("{end}", "--x-1--\r\n");
        refused(body, FORM);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "multipart/form-data",
                "multipart/form-data; boundary=x-1; boundary=y",
                "multipart/form-data; boundary=",
                "multipart/form-data; boundary*=x-1"
            })
    void refusesATypeWithoutOneBoundary(String contentType) {
        refused(part("model", "m") + "--x-1--", contentType);
    }

    @Test
    void answersPassByteForByteWhateverTheyAre() {
        var bridge = Bridge.between(Dialect.OPENAI_CHAT, Dialect.ANTHROPIC, Operation.PASS);
        var scan = read("{\"model\":\"m\"}", null);
        var terms = new Bridge.AnswerTerms(scan, bytes("{}"), "alias", true, "id", 0);
        var stream = bridge.stream(terms);
        var out = new java.io.ByteArrayOutputStream();
        assertTrue(!stream.started());
        stream.feed(new byte[] {0, -1, 7}, 1, 2, out::write);
        assertTrue(stream.started());
        assertInstanceOf(
                dev.tollgate.dialects.AnswerStream.End.Complete.class, stream.end(out::write));
        assertArrayEquals(new byte[] {-1, 7}, out.toByteArray());
    }

    @Property
    void anyFormIsReadOrRefusedAndItsModelIsWhatStandsThere(
            @ForAll @Size(max = 12) List<@IntRange(max = 11) Integer> pieces) {
        var fragments =
                List.of(
                        "--x-1",
                        "--x-1--",
                        "\r\n",
                        "\n",
                        "Content-Disposition: form-data; name=\"model\"",
                        "Content-Disposition: form-data; name=\"file\"; filename=\"f\"",
                        "\r\n\r\n",
                        "m",
                        "dear",
                        part("model", "m"),
                        part("n", "2"),
                        file("x"));
        var body = new StringBuilder();
        pieces.forEach(piece -> body.append(fragments.get(piece)));
        body.append("--x-1--\r\n");
        if (scan(body.toString(), FORM) instanceof RequestScan scan) {
            var place = scan.places().model();
            assertEquals(scan.model(), body.substring(place.from(), place.to()));
        }
    }
}
