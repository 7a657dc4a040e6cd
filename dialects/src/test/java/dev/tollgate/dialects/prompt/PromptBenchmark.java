package dev.tollgate.dialects.prompt;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;

/**
 * Times the signs of a prompt of 8 KiB: a main method, not a test. Prints nanoseconds of CPU for
 * one call after warm-up, the best of several rounds.
 */
public final class PromptBenchmark {

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
    private static final int ROUNDS = 12;
    private static final int CALLS = 20_000;

    private PromptBenchmark() {}

    public static void main(String[] args) {
        var sentence =
                "Compare the two plans, and say why the second must cost at most 5 dollars; ";
        time("one ask of 8 KiB", body(sentence.repeat(8_192 / sentence.length())));
        var turn =
                "{\"role\":\"user\",\"content\":\""
                        + sentence.repeat(5)
                        + "\"},{\"role\":\"assistant\",\"content\":\""
                        + sentence.repeat(5)
                        + "\"},";
        var turns = turn.repeat(8_192 / turn.length());
        time(
                "8 KiB in turns",
                ("{\"model\":\"m\",\"messages\":["
                                + turns
                                + "{\"role\":\"user\",\"content\":\"Why?\"}]}")
                        .getBytes(StandardCharsets.UTF_8));
    }

    private static byte[] body(String text) {
        return ("{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\""
                        + text
                        + "\"}],\"max_tokens\":100}")
                .getBytes(StandardCharsets.UTF_8);
    }

    private static void time(String what, byte[] body) {
        long best = Long.MAX_VALUE;
        long kept = 0;
        for (int round = 0; round < ROUNDS; round++) {
            long start = THREADS.getCurrentThreadCpuTime();
            for (int i = 0; i < CALLS; i++) {
                kept += PromptSignals.of(body).reasoning();
            }
            best = Math.min(best, (THREADS.getCurrentThreadCpuTime() - start) / CALLS);
        }
        System.out.println(what + ": " + best + " ns" + (kept == 42 ? " " : ""));
    }
}
