package dev.tollgate.dialects.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SseParserTest {

    private static final String STREAM =
            """
            : hello

            event: message_start
            data: {"a":"ä€😀"}

            id: 7
            data:first
            data: second
            data

            data: [DONE]

            """;

    private static final List<String> EVENTS =
            List.of("message_start|{\"a\":\"ä€😀\"}", "null|first\nsecond\n", "null|[DONE]");

    @Test
    void readsCommentsNamesAndSeveralDataLines() {
        assertEquals(EVENTS, parse(STREAM, STREAM.length() * 4));
    }

    @Test
    void readsTheSameHoweverTheStreamIsCutAndWhateverEndsItsLines() {
        for (var lineEnd : List.of("\n", "\r\n", "\r")) {
            var stream = STREAM.replace("\n", lineEnd);
            for (int size = 1; size < 40; size++) {
                assertEquals(EVENTS, parse(stream, size), "line end and size " + size);
            }
        }
    }

    @Test
    void rawBlocksAreTheWholeStream() {
        for (var lineEnd : List.of("\n", "\r\n", "\r")) {
            var bytes = STREAM.replace("\n", lineEnd).getBytes(StandardCharsets.UTF_8);
            for (int size = 1; size < 40; size++) {
                var parser = new SseParser(1 << 20, true);
                var raw = new ByteArrayOutputStream();
                for (int i = 0; i < bytes.length; i += size) {
                    parser.feed(
                            bytes,
                            i,
                            Math.min(size, bytes.length - i),
                            e -> raw.write(e.rawArray(), e.rawFrom(), e.rawLength()));
                }
                parser.finish(e -> raw.write(e.rawArray(), e.rawFrom(), e.rawLength()));
                assertEquals(
                        new String(bytes, StandardCharsets.UTF_8),
                        raw.toString(StandardCharsets.UTF_8));
            }
        }
    }

    @Test
    void handsOverAnEventThatLacksItsBlankLineAtTheEnd() {
        assertEquals(List.of("null|x"), parse("data: x", 3));
        assertEquals(List.of("null|x"), parse("data: x\n", 3));
    }

    @Test
    void skipsAByteOrderMark() {
        assertEquals(List.of("null|x"), parse("\uFEFFdata: x\n\n", 1));
    }

    @Test
    void failsOnAnEventAboveTheBoundHoweverItArrives() {
        var bytes = ("data: " + "x".repeat(100) + "\n\n").getBytes(StandardCharsets.UTF_8);
        assertFalse(new SseParser(50).feed(bytes, 0, bytes.length, e -> {}));
        var parser = new SseParser(50);
        boolean ok = true;
        for (int i = 0; i < bytes.length; i++) {
            ok &= parser.feed(bytes, i, 1, e -> {});
        }
        assertFalse(ok);
        assertFalse(parser.finish(e -> {}));
        assertTrue(new SseParser(200).feed(bytes, 0, bytes.length, e -> {}));
    }

    private static List<String> parse(String stream, int size) {
        var events = new ArrayList<String>();
        var parser = new SseParser(1 << 20);
        var bytes = stream.getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < bytes.length; i += size) {
            parser.feed(
                    bytes,
                    i,
                    Math.min(size, bytes.length - i),
                    e -> events.add(e.event() + "|" + e.text()));
        }
        parser.finish(e -> events.add(e.event() + "|" + e.text()));
        return events;
    }
}
