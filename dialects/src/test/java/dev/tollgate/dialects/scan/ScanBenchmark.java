package dev.tollgate.dialects.scan;

import dev.tollgate.dialects.AnswerStream;
import dev.tollgate.dialects.Bridge;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.Ingress;
import dev.tollgate.dialects.Operation;
import dev.tollgate.dialects.RequestScan;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.LongSupplier;

/**
 * Times what the hot path does with bytes: a main method, not a test. Prints nanoseconds for one
 * call after warm-up, the best of several rounds.
 */
public final class ScanBenchmark {
    private static final Ingress CHAT =
            new Ingress(Dialect.OPENAI_CHAT, Operation.GENERATE, null, false, false);

    private ScanBenchmark() {}

    public static void main(String[] args) {
        var body = request(1024);
        var bridge = Bridge.between(Dialect.OPENAI_CHAT, Dialect.OPENAI_CHAT, Operation.GENERATE);
        if (bridge == null || !(RequestScanner.scan(CHAT, body) instanceof RequestScan scan)) {
            throw new IllegalStateException("the benchmark's own request is refused");
        }
        var terms =
                new Bridge.RequestTerms(
                        "gpt-4o-mini", OptionalLong.of(100), OptionalLong.empty(), List.of());
        time("scan of a 1 KiB chat request", () -> RequestScanner.scan(CHAT, body).hashCode());
        time(
                "scan and splice",
                () -> {
                    var read = (RequestScan) RequestScanner.scan(CHAT, body);
                    return bridge.request(read, body, terms).hashCode();
                });
        var answer =
                ("{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"gpt-4o-mini\","
                                + "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\""
                                + "word ".repeat(80)
                                + "\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":200,"
                                + "\"completion_tokens\":80,\"total_tokens\":280}}")
                        .getBytes(StandardCharsets.UTF_8);
        var answerTerms = new Bridge.AnswerTerms(scan, body, null, true, "id", 0);
        time("answer", () -> bridge.answer(answer, answerTerms).hashCode());
        var chunk =
                ("data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,"
                                + "\"model\":\"gpt-4o-mini\",\"system_fingerprint\":\"fp_1\",\"choices\":[{\"index\":0,"
                                + "\"delta\":{\"content\":\" word\"},\"logprobs\":null,\"finish_reason\":null}]}\n\n")
                        .getBytes(StandardCharsets.UTF_8);
        var stream = bridge.stream(answerTerms);
        var written = new long[1];
        AnswerStream.Sink sink = (bytes, offset, length) -> written[0] += length;
        time(
                "one chunk of a stream",
                () -> {
                    stream.feed(chunk, 0, chunk.length, sink);
                    return written[0];
                });
    }

    private static byte[] request(int promptBytes) {
        return ("{\"model\":\"fast\",\"messages\":[{\"role\":\"system\",\"content\":\"You are brief.\"},"
                        + "{\"role\":\"user\",\"content\":\""
                        + "lorem ip".repeat(promptBytes / 8)
                        + "\"}],\"max_tokens\":100,\"temperature\":0.2,\"stream\":true}")
                .getBytes(StandardCharsets.UTF_8);
    }

    private static void time(String what, LongSupplier work) {
        long best = Long.MAX_VALUE;
        long kept = 0;
        for (int round = 0; round < 12; round++) {
            int calls = 50_000;
            long start = System.nanoTime();
            for (int i = 0; i < calls; i++) {
                kept += work.getAsLong();
            }
            best = Math.min(best, (System.nanoTime() - start) / calls);
        }
        System.out.println(what + ": " + best + " ns" + (kept == 42 ? " " : ""));
    }
}
