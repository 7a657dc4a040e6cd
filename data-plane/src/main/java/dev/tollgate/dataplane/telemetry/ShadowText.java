package dev.tollgate.dataplane.telemetry;

import dev.tollgate.policy.price.Money;
import java.util.Map;
import java.util.function.Function;

/** The metrics of shadows: sums of both sides, whose quotients are means to compare. */
final class ShadowText {

    private ShadowText() {}

    static void render(Map<ShadowSeries.Key, ShadowSeries> all, StringBuilder out) {
        var copies = "tollgate_shadow_copies_total";
        Metrics.header(out, copies, "Copies of requests by what became of them.", "counter");
        all.forEach(
                (key, series) ->
                        series.byOutcome.forEach(
                                (outcome, count) ->
                                        Metrics.line(
                                                out,
                                                copies,
                                                labels(key)
                                                        + ","
                                                        + Metrics.label("outcome", outcome),
                                                count.sum())));
        var alike = "tollgate_shadow_same_finish_total";
        Metrics.header(
                out, alike, "Copies that ended for the reason of their original.", "counter");
        all.forEach(
                (key, series) -> Metrics.line(out, alike, labels(key), series.sameFinish.sum()));
        sides(
                out,
                all,
                "tollgate_shadow_cost_usd_total",
                "Cost of answered copies and of their originals.",
                side -> new Money(side.costNanos.sum()).toString());
        sides(
                out,
                all,
                "tollgate_shadow_seconds_total",
                "Time of answered copies and of their originals.",
                side -> Double.toString(side.latencyNanos.sum() / 1e9));
        sides(
                out,
                all,
                "tollgate_shadow_output_tokens_total",
                "Output of answered copies and of their originals.",
                side -> Long.toString(side.outputTokens.sum()));
    }

    private static void sides(
            StringBuilder out,
            Map<ShadowSeries.Key, ShadowSeries> all,
            String name,
            String help,
            Function<ShadowSeries.Side, String> value) {
        Metrics.header(out, name, help, "counter");
        all.forEach(
                (key, series) -> {
                    side(out, name, key, "copy", value.apply(series.copies));
                    side(out, name, key, "original", value.apply(series.originals));
                });
    }

    private static void side(
            StringBuilder out, String name, ShadowSeries.Key key, String side, String value) {
        out.append(name).append('{').append(labels(key)).append(',');
        out.append(Metrics.label("side", side)).append("} ").append(value).append('\n');
    }

    private static String labels(ShadowSeries.Key key) {
        return Metrics.label("route", key.route()) + "," + Metrics.label("shadow", key.shadow());
    }
}
