package dev.tollgate.dialects.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tollgate.dialects.AnswerStream;
import dev.tollgate.dialects.AnswerStream.End;
import dev.tollgate.dialects.Bridge;
import dev.tollgate.dialects.Bridge.AnswerRead;
import dev.tollgate.dialects.Bridge.Outbound;
import dev.tollgate.dialects.Corpus;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.ErrorKind;
import dev.tollgate.dialects.Ingress;
import dev.tollgate.dialects.Operation;
import dev.tollgate.dialects.RequestScan;
import dev.tollgate.dialects.Samples;
import dev.tollgate.dialects.Usage;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.error.ErrorBody;
import dev.tollgate.dialects.error.UpstreamError;
import dev.tollgate.dialects.scan.IngressPath;
import dev.tollgate.dialects.scan.RequestScanner;
import dev.tollgate.dialects.sse.EventSplitter;
import dev.tollgate.dialects.sse.JsonArraySplitter;
import dev.tollgate.dialects.sse.SseEvent;
import dev.tollgate.dialects.sse.SseParser;
import dev.tollgate.dialects.usage.UsageReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What every decoder promises of whatever bytes: an answer or a refusal as a value, never an
 * exception; the same for every way in which the bytes are cut; output that is bounded by the
 * input; and an end in good time.
 */
final class Promises {
    /** Time of the CPU for one input: far more than any takes, far less than a hang. */
    private static final Duration LONGEST = Duration.ofSeconds(20);

    /** What translation may add to each byte, and to nothing. */
    private static final long GROWTH = 64;

    private static final long ENVELOPE_BYTES = 64 * 1024;

    private Promises() {}

    /** A request of a client, to be scanned and carried to every provider. */
    static void request(Dialect client, byte[] body) {
        inTime(
                () -> {
                    scanned(Samples.ingress(client, false), body);
                    return null;
                });
    }

    private static void scanned(Ingress ingress, byte[] body) {
        if (!(RequestScanner.scan(ingress, body) instanceof RequestScan scan)) {
            return;
        }
        TextBound.check(ingress, body, scan);
        for (var provider : Dialect.values()) {
            var bridge = Bridge.between(ingress.dialect(), provider, ingress.operation());
            if (bridge == null) {
                continue;
            }
            switch (bridge.request(scan, body, Samples.terms(provider))) {
                case Outbound.Refused(var message, _) -> assertThat(message).isNotBlank();
                case Outbound.Answered(var answered, _) -> assertThat(json(answered)).isNotNull();
                case Outbound.Ready(var sent, _) -> {
                    var json = json(sent);
                    bounded(sent.length, body.length);
                    if (provider != Dialect.GEMINI && ingress.operation() == Operation.GENERATE) {
                        assertThat(json.path("model").asText())
                                .isEqualTo(Samples.terms(provider).model());
                    }
                }
            }
        }
    }

    /** A request for embeddings or a count of tokens. */
    static void otherRequest(Dialect client, Operation operation, byte[] body) {
        var model = client == Dialect.GEMINI ? "assistant" : null;
        inTime(
                () -> {
                    scanned(new Ingress(client, operation, model, false, false), body);
                    return null;
                });
    }

    /** A complete answer of a provider, for every client. */
    static void answer(Dialect provider, byte[] body) {
        inTime(
                () -> {
                    for (var client : Dialect.values()) {
                        var read = bridge(client, provider).answer(body, terms(client, true));
                        if (read instanceof AnswerRead.Read answer) {
                            assertThat(json(answer.body()).isObject())
                                    .as("%s for %s", provider, client)
                                    .isTrue();
                            assertThat(answer.visibleOutputBytes()).isNotNegative();
                            bounded(answer.body().length, body.length);
                        }
                    }
                    return null;
                });
    }

    /** A stream of a provider, for every client, however it is cut. */
    static void stream(Dialect provider, byte[] stream) {
        inTime(
                () -> {
                    for (var client : Dialect.values()) {
                        sameHoweverCut(client, provider, stream, true);
                    }
                    if (provider == Dialect.GEMINI) {
                        sameHoweverCut(Dialect.GEMINI, provider, stream, false);
                    }
                    return null;
                });
    }

    /** All that a client and the gateway see of a stream. */
    private record Seen(
            String out,
            End end,
            boolean started,
            boolean token,
            @Nullable Usage usage,
            @Nullable String finish,
            @Nullable String model,
            long visible) {}

    private static void sameHoweverCut(
            Dialect client, Dialect provider, byte[] stream, boolean sse) {
        var whole = seen(client, provider, stream, sse, new int[] {stream.length});
        bounded(whole.out().length(), stream.length);
        for (var cuts : cuts(stream)) {
            assertThat(seen(client, provider, stream, sse, cuts))
                    .as("%s for %s, cut into %s", provider, client, Arrays.toString(cuts))
                    .isEqualTo(whole);
        }
        if (whole.end() instanceof End.Broken(var kind, var message)) {
            assertThat(kind).isNotNull();
            assertThat(message).isNotBlank();
            assertThat(whole.out()).isNotEmpty();
            if (client != provider) {
                assertThat(whole.out()).doesNotContain("data: [DONE]", "event: message_stop");
            }
        }
    }

    private static Seen seen(
            Dialect client, Dialect provider, byte[] bytes, boolean sse, int[] lengths) {
        var out = new ByteArrayOutputStream();
        var stream = bridge(client, provider).stream(terms(client, sse));
        int at = 0;
        for (int i = 0; at < bytes.length; i++) {
            int length = Math.min(lengths[i % lengths.length], bytes.length - at);
            // A copy of its own, as reads have, so that nothing is kept of it unseen.
            var read = Arrays.copyOfRange(bytes, at, at + length);
            stream.feed(read, 0, length, out::write);
            Arrays.fill(read, (byte) '#');
            at += length;
        }
        var end = stream.end(out::write);
        return seen(out.toString(StandardCharsets.UTF_8), end, stream);
    }

    private static Seen seen(String out, End end, AnswerStream stream) {
        // Which of two blocks a line feed belongs to that a read parts from its carriage return,
        // shows where the second block is not passed on; to a reader of events it is the same.
        return new Seen(
                out.replace("\r\n", "\n").replace('\r', '\n'),
                end,
                stream.started(),
                stream.sawToken(),
                stream.usage(),
                stream.finishReason(),
                stream.model(),
                stream.visibleOutputBytes());
    }

    /** Single bytes, small pieces, and lengths that the bytes themselves choose. */
    private static List<int[]> cuts(byte[] bytes) {
        var random = new SplittableRandom(Arrays.hashCode(bytes));
        var some = random.ints(7, 1, Math.max(2, bytes.length)).toArray();
        return List.of(new int[] {1}, new int[] {3, 1, 7, 2}, some);
    }

    /** Any bytes as server-sent events. */
    static void events(byte[] bytes) {
        inTime(
                () -> {
                    for (int max : new int[] {16, 1 << 20}) {
                        var whole = sameEvents(bytes, () -> new SseParser(max, true), true);
                        if (whole.good()) {
                            assertThat(whole.raw()).isEqualTo(bytes);
                        }
                        sameEvents(bytes, () -> new SseParser(max), false);
                    }
                    return null;
                });
    }

    /** Any bytes as a JSON array of events. */
    static void arrayElements(byte[] bytes) {
        inTime(
                () -> {
                    for (int max : new int[] {16, 1 << 20}) {
                        sameEvents(bytes, () -> new JsonArraySplitter(max, true), true);
                        sameEvents(bytes, () -> new JsonArraySplitter(max), false);
                    }
                    return null;
                });
    }

    /**
     * What a splitter hands over: its events with data, the raw bytes of all blocks, and whether it
     * could go on to the end.
     */
    private record Split(List<String> events, byte[] raw, boolean good, boolean finished) {}

    private static Split sameEvents(
            byte[] bytes, Supplier<EventSplitter> splitter, boolean everyByte) {
        var whole = split(bytes, splitter.get(), new int[] {Math.max(1, bytes.length)});
        for (var cuts : cuts(bytes)) {
            var parts = split(bytes, splitter.get(), cuts);
            var as = "cut into " + Arrays.toString(cuts);
            if (parts.good() != whole.good()) {
                // A line feed that follows its carriage return late counts for the next block, so
                // a block may be above the bound by this one byte.
                assertThat(whole.good() ? whole.events() : parts.events())
                        .as(as)
                        .containsAll(whole.good() ? parts.events() : whole.events());
                continue;
            }
            assertThat(parts.events()).as(as).isEqualTo(whole.events());
            if (everyByte && whole.good()) {
                assertThat(parts.raw()).as(as).isEqualTo(whole.raw());
            }
            assertThat(parts.good()).as(as).isEqualTo(whole.good());
            assertThat(parts.finished()).as(as).isEqualTo(whole.finished());
        }
        return whole;
    }

    private static Split split(byte[] bytes, EventSplitter splitter, int[] lengths) {
        var events = new ArrayList<String>();
        var raw = new ByteArrayOutputStream();
        Consumer<SseEvent> sink =
                event -> {
                    raw.write(event.rawArray(), event.rawFrom(), event.rawLength());
                    if (event.hasData()) {
                        events.add(event.event() + "|" + event.text());
                    }
                };
        int at = 0;
        boolean good = true;
        for (int i = 0; at < bytes.length; i++) {
            int length = Math.min(lengths[i % lengths.length], bytes.length - at);
            var read = Arrays.copyOfRange(bytes, at, at + length);
            good = splitter.feed(read, 0, length, sink);
            at += length;
        }
        boolean finished = splitter.finish(sink);
        return new Split(events, raw.toByteArray(), good, finished);
    }

    /** The body of a provider's error, and an error event within a stream. */
    static void error(byte[] body) {
        inTime(
                () -> {
                    for (var provider : Dialect.values()) {
                        for (int status : new int[] {400, 401, 403, 404, 413, 429, 500, 529}) {
                            shown(UpstreamError.read(provider, status, body));
                        }
                        shown(UpstreamError.inStream(provider, body));
                    }
                    return null;
                });
    }

    private static void shown(UpstreamError error) {
        assertThat(error.message()).isNotBlank();
        assertThat(error.message().length()).isLessThan(4_000);
        var wait = error.retryAfter();
        if (wait != null) {
            assertThat(wait).isBetween(Duration.ZERO, Duration.ofDays(1));
        }
        for (var client : Dialect.values()) {
            var rendered = ErrorBody.of(client, error.kind(), error.message(), null, "req_1");
            assertThat(Json.parseObject(rendered.bytes())).isNotNull();
        }
        assertThat(ErrorBody.event(Dialect.GEMINI, ErrorKind.UPSTREAM, error.message(), true))
                .isNotEmpty();
    }

    /** The usage of an answer. */
    static void usage(byte[] bytes) {
        JsonNode json = Json.parse(bytes, 0, bytes.length);
        for (var dialect : Dialect.values()) {
            var usage = UsageReader.read(dialect, json);
            if (usage != null) {
                // Figures that cannot be true stay so, for whoever prices them to refuse.
                assertThat(UsageReader.read(dialect, json)).isEqualTo(usage);
            }
        }
    }

    /** A request line: the method, the path and the query, a line each. */
    static void path(byte[] bytes) {
        var lines = new String(bytes, StandardCharsets.UTF_8).split("\n", 3);
        var path = lines.length > 1 ? lines[1] : "/";
        var query = lines.length > 2 ? lines[2] : null;
        var ingress = IngressPath.parse(lines[0], path, query, bytes.length % 2 == 0);
        if (ingress != null && ingress.operation() == Operation.GENERATE) {
            assertThat(lines[0]).isEqualTo("POST");
        }
        assertThat(IngressPath.nearestDialect(path)).isNotNull();
    }

    private static Bridge bridge(Dialect client, Dialect provider) {
        var bridge = Bridge.between(client, provider, Operation.GENERATE);
        if (bridge == null) {
            throw new IllegalStateException("no bridge from " + client + " to " + provider);
        }
        return bridge;
    }

    private static Bridge.AnswerTerms terms(Dialect client, boolean sse) {
        var body = Samples.streamRequest(client);
        var scan = (RequestScan) RequestScanner.scan(Samples.ingress(client, true), body);
        return Samples.answerTerms(scan, body, sse);
    }

    /** Any parser must take it, not ours alone. */
    private static JsonNode json(byte[] bytes) {
        try {
            return Corpus.JSON.readTree(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(new String(bytes, StandardCharsets.UTF_8), e);
        }
    }

    private static void bounded(long outBytes, long inBytes) {
        assertThat(outBytes).isLessThan(GROWTH * inBytes + ENVELOPE_BYTES);
    }

    private static void inTime(Supplier<@Nullable Void> work) {
        var threads = ManagementFactory.getThreadMXBean();
        long start = threads.getCurrentThreadCpuTime();
        work.get();
        assertThat(Duration.ofNanos(threads.getCurrentThreadCpuTime() - start)).isLessThan(LONGEST);
    }
}
