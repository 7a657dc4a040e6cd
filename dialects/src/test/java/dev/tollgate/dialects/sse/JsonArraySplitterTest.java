package dev.tollgate.dialects.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class JsonArraySplitterTest {

    @Test
    void splitsElementsHoweverTheArrayIsCut() {
        var stream = "[{\"a\": \"]},{\\\"\"}\n,\r\n{\"b\":[{},[1]]},{}]\n";
        var expected = List.of("{\"a\": \"]},{\\\"\"}", "{\"b\":[{},[1]]}", "{}");
        for (int size = 1; size < 50; size++) {
            var events = new ArrayList<String>();
            assertTrue(split(stream, size, 1000, events), "size " + size);
            assertEquals(expected, events, "size " + size);
        }
    }

    @Test
    void acceptsALoneObject() {
        var events = new ArrayList<String>();
        assertTrue(split("{\"error\":{}}", 3, 1000, events));
        assertEquals(List.of("{\"error\":{}}"), events);
    }

    @Test
    void endWithinTheArrayIsNoCleanEnd() {
        assertFalse(split("[{\"a\":1}", 3, 1000, new ArrayList<>()));
        assertFalse(split("[{\"a\":", 3, 1000, new ArrayList<>()));
    }

    @Test
    void refusesWhatIsNoArrayOfObjects() {
        for (var bad : List.of("x", "[1]", "[{}{}]", "[{},]", "[{}],")) {
            assertFalse(split(bad, 1, 1000, new ArrayList<>()), bad);
        }
    }

    @Test
    void failsOnAnElementAboveTheBound() {
        var stream = "[{\"a\":\"" + "x".repeat(100) + "\"}]";
        assertFalse(split(stream, 7, 50, new ArrayList<>()));
        assertFalse(split(stream, 1000, 50, new ArrayList<>()));
    }

    private static boolean split(String stream, int size, int max, List<String> events) {
        var splitter = new JsonArraySplitter(max);
        var bytes = stream.getBytes(StandardCharsets.UTF_8);
        boolean ok = true;
        for (int i = 0; i < bytes.length; i += size) {
            ok &=
                    splitter.feed(
                            bytes, i, Math.min(size, bytes.length - i), e -> events.add(e.text()));
        }
        return splitter.finish(e -> events.add(e.text())) && ok;
    }
}
