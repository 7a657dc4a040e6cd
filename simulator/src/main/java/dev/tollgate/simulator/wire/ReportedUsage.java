package dev.tollgate.simulator.wire;

import dev.tollgate.simulator.bill.Tokens;
import dev.tollgate.simulator.script.FalseUsage;
import org.jspecify.annotations.Nullable;

/** The usage as the answer tells it, true or not. */
record ReportedUsage(
        long input,
        long cached,
        long cacheWrite,
        long output,
        long reasoning,
        boolean omitted,
        boolean twice) {

    static ReportedUsage of(Tokens counted, @Nullable FalseUsage lie) {
        var honest =
                new ReportedUsage(
                        counted.input(),
                        counted.cached(),
                        counted.cacheWrite(),
                        counted.output(),
                        counted.reasoning(),
                        false,
                        false);
        return lie == null ? honest : honest.told(lie);
    }

    private ReportedUsage told(FalseUsage lie) {
        return switch (lie.kind()) {
            case OMIT ->
                    new ReportedUsage(input, cached, cacheWrite, output, reasoning, true, false);
            case TWICE ->
                    new ReportedUsage(input, cached, cacheWrite, output, reasoning, false, true);
            case NEGATIVE ->
                    new ReportedUsage(
                            -Math.max(1, input), 0, 0, -Math.max(1, output), 0, false, false);
            case WRONG ->
                    new ReportedUsage(
                            lie.input() == null ? input : lie.input(),
                            cached,
                            cacheWrite,
                            lie.output() == null ? output : lie.output(),
                            reasoning,
                            false,
                            false);
        };
    }

    /** The same with the output that is out so far, as a running stream tells it. */
    ReportedUsage soFar(long generated) {
        return new ReportedUsage(
                input, cached, cacheWrite, Math.min(output, generated), reasoning, omitted, false);
    }
}
