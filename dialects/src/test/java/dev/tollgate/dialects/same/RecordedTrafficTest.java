package dev.tollgate.dialects.same;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tollgate.dialects.AnswerStream;
import dev.tollgate.dialects.Bridge;
import dev.tollgate.dialects.Corpus;
import dev.tollgate.dialects.Corpus.Exchange;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.Figures;
import dev.tollgate.dialects.Operation;
import dev.tollgate.dialects.RequestScan;
import dev.tollgate.dialects.scan.RequestScanner;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** What real clients and providers sent passes unchanged. */
class RecordedTrafficTest {

    @Test
    void everyRecordedRequestIsReadAndPassesByteForByte() {
        int read = 0;
        for (var exchange : Corpus.exchanges()) {
            if (!answeredByUs(exchange)) {
                continue;
            }
            var body = exchange.request();
            var scanned = RequestScanner.scan(exchange.ingress(), body);
            var scan =
                    assertInstanceOf(RequestScan.class, scanned, exchange.file() + " " + scanned);
            var out = new SameBridge(scan.dialect()).request(scan, body, sameTerms(exchange, scan));
            var ready = assertInstanceOf(Bridge.Outbound.Ready.class, out);
            if (!scan.stream() || scan.includeUsage() || scan.dialect() != Dialect.OPENAI_CHAT) {
                assertArrayEquals(body, ready.body(), exchange.file());
            }
            read++;
        }
        assertTrue(read > 400, "only " + read + " requests");
    }

    @Test
    void everyRecordedAnswerPassesByteForByteAndItsUsageIsFound() {
        int read = 0;
        for (var exchange : Corpus.exchanges()) {
            var body = exchange.response();
            if (!answeredByUs(exchange) || exchange.status() != 200 || body == null) {
                continue;
            }
            var dialect = exchange.ingress().dialect();
            var answer = new SameBridge(dialect).answer(body, terms(exchange));
            var got = assertInstanceOf(Bridge.AnswerRead.Read.class, answer, exchange.file());
            assertArrayEquals(body, got.body(), exchange.file());
            if (exchange.ingress().operation() == Operation.GENERATE && !hasNoFigures(exchange)) {
                var usage = got.usage();
                assertNotNull(usage, exchange.file());
                assertTrue(Figures.plausible(usage), exchange.file() + " " + usage);
                assertNotNull(got.finishReason(), exchange.file());
                assertNotNull(got.model(), exchange.file());
            }
            read++;
        }
        assertTrue(read > 400, "only " + read + " answers");
    }

    /**
     * Text bytes, 16 for a message, 1,024 with tools, media by what a model reads of them, and 256
     * for the prompt that some servers write before ours (gpt-oss: recorded were up to 49 tokens
     * above the rest). A model that searches the web unasked has no bound in its request.
     */
    @Test
    void noRecordedRequestReadMoreTokensThanItsBound() {
        int bounded = 0;
        var above = new ArrayList<String>();
        for (var exchange : Corpus.exchanges()) {
            var body = exchange.response();
            if (!answeredByUs(exchange)
                    || exchange.status() != 200
                    || body == null
                    || exchange.ingress().operation() != Operation.GENERATE) {
                continue;
            }
            var scan =
                    assertInstanceOf(
                            RequestScan.class,
                            RequestScanner.scan(exchange.ingress(), exchange.request()));
            var answer = new SameBridge(exchange.ingress().dialect()).answer(body, terms(exchange));
            var usage = assertInstanceOf(Bridge.AnswerRead.Read.class, answer).usage();
            boolean searchesUnasked = String.valueOf(scan.model()).startsWith("compound");
            if (usage == null || searchesUnasked || !scan.unbounded().isEmpty()) {
                continue;
            }
            boolean tools = scan.features().contains(RequestScan.Feature.TOOLS);
            long bound =
                    256
                            + scan.textBytes()
                            + 16L * scan.messages()
                            + (tools ? 1024 : 0)
                            + 8192L * scan.images()
                            + Math.max(scan.documentBytes(), scan.documentBytes() > 0 ? 4096 : 0);
            if (usage.input() > bound) {
                above.add(exchange.file() + ": " + usage.input() + " above " + bound);
            }
            bounded++;
        }
        assertEquals(List.of(), above);
        assertTrue(bounded > 250, "only " + bounded + " requests");
    }

    @Test
    void everyRecordedStreamPassesByteForByteHoweverItIsCut() {
        int read = 0;
        for (var exchange : Corpus.exchanges()) {
            var sse = exchange.sse();
            if (sse == null || exchange.status() != 200) {
                continue;
            }
            check(exchange, sse, sse.length);
            for (int size : List.of(1, 7, 1000)) {
                check(exchange, sse, size);
            }
            read++;
        }
        assertTrue(read > 50, "only " + read + " streams");
    }

    private static void check(Exchange exchange, byte[] sse, int size) {
        var terms = terms(exchange);
        var stream = new SameBridge(exchange.ingress().dialect()).stream(terms);
        var out = new ByteArrayOutputStream();
        for (int i = 0; i < sse.length; i += size) {
            // A copy, as the event loop's buffer is another one with each read.
            int n = Math.min(size, sse.length - i);
            var chunk = new byte[n];
            System.arraycopy(sse, i, chunk, 0, n);
            stream.feed(chunk, 0, n, out::write);
        }
        var end = stream.end(out::write);
        var text = new String(sse, StandardCharsets.UTF_8);
        if (text.contains("tool_use_failed")) {
            assertInstanceOf(AnswerStream.End.Broken.class, end, exchange.file());
        } else {
            assertInstanceOf(AnswerStream.End.Complete.class, end, exchange.file() + " " + end);
            assertNotNull(stream.finishReason(), exchange.file());
            assertNotNull(stream.model(), exchange.file());
            assertTrue(stream.sawToken(), exchange.file());
            if (text.contains("\"usage\":{") || text.contains("usageMetadata")) {
                var usage = stream.usage();
                assertNotNull(usage, exchange.file());
                assertTrue(Figures.plausible(usage), exchange.file() + " " + usage);
                assertTrue(usage.output() > 0, exchange.file());
                assertFalse(stream.usageShrank(), exchange.file() + " " + usage);
            }
        }
        assertEquals(text, out.toString(StandardCharsets.UTF_8), exchange.file() + " by " + size);
    }

    /** Cohere's v2 endpoints end like ours and are of another shape. */
    private static boolean answeredByUs(Exchange exchange) {
        return !exchange.provider().equals("cohere")
                && !exchange.recorded().path("url").asText().contains(":generateImages");
    }

    /** A blocked prompt has no figures, and neither has an answer that is still to be made. */
    private static boolean hasNoFigures(Exchange exchange) {
        return exchange.recorded().path("response").path("status").asText().equals("queued")
                || exchange.recorded().path("response").path("promptFeedback").has("blockReason");
    }

    private static Bridge.RequestTerms sameTerms(Exchange exchange, RequestScan scan) {
        var model = scan.model() == null ? exchange.ingress().pathModel() : scan.model();
        return new Bridge.RequestTerms(
                String.valueOf(model), scan.maxOutputTokens(), OptionalLong.empty(), List.of());
    }

    private static Bridge.AnswerTerms terms(Exchange exchange) {
        var body = exchange.request();
        var scanned = RequestScanner.scan(exchange.ingress(), body);
        var scan = assertInstanceOf(RequestScan.class, scanned, exchange.file() + " " + scanned);
        var asked =
                new RequestScan(
                        scan.dialect(),
                        scan.operation(),
                        scan.model(),
                        true,
                        scan.maxOutputTokens(),
                        scan.choices(),
                        true,
                        scan.messages(),
                        scan.textBytes(),
                        scan.images(),
                        scan.documentBytes(),
                        scan.temperature(),
                        scan.responsesShape(),
                        scan.features(),
                        scan.unbounded(),
                        scan.places());
        return new Bridge.AnswerTerms(asked, body, null, true, "id-1", 1_700_000_000L);
    }
}
