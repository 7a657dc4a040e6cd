package dev.tollgate.dialects;

/** What holds of the usage of every recorded answer. */
public final class Figures {

    private Figures() {}

    /** Whether the figures can be true: none negative, no part larger than its whole. */
    public static boolean plausible(Usage usage) {
        var cached = usage.cacheRead() + usage.cacheWrite5m() + usage.cacheWrite1h();
        return usage.cacheRead() >= 0
                && usage.cacheWrite5m() >= 0
                && usage.cacheWrite1h() >= 0
                && cached <= usage.input()
                && usage.reasoning() >= 0
                && usage.reasoning() <= usage.output()
                && usage.inputAudio() >= 0
                && usage.outputAudio() >= 0
                && usage.serverToolCalls() >= 0;
    }
}
