package dev.tollgate.dataplane.telemetry;

import dev.tollgate.dataplane.cache.CacheResult;
import dev.tollgate.policy.price.Money;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;

/**
 * The proxy's metrics in Prometheus text (contract.md, Metrics). Counting takes no lock. The number
 * of series is bounded: beyond {@link #MAX_SERIES} label sets everything new is counted under
 * {@code _other}. Label values come from resources, never from requests.
 */
public final class Metrics {

    static final int MAX_SERIES = 5_000;

    private static final String OTHER = "_other";

    private record ModelKey(String provider, String model) {}

    private record CheckKey(String provider, String result) {}

    private record ShadowedKey(String budget, String verdict) {}

    private record HedgeKey(String route, String result) {}

    /** A value that is asked for when metrics are read; {@code type} is gauge or counter. */
    public record Gauge(String name, String help, String type, String labels, double value) {}

    /** Gives gauges when metrics are read. */
    @FunctionalInterface
    public interface GaugeSource {
        void read(Consumer<Gauge> sink);
    }

    private final ConcurrentHashMap<RouteSeries.Key, RouteSeries> routes =
            new ConcurrentHashMap<>();
    private final ConcurrentHashMap<ModelKey, Histogram> seconds = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<ModelKey, Histogram> firstToken = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<OperationSeries.Key, OperationSeries> operations =
            new ConcurrentHashMap<>();
    private final ConcurrentHashMap<ShadowSeries.Key, ShadowSeries> shadows =
            new ConcurrentHashMap<>();
    private final ConcurrentHashMap<CheckKey, LongAdder> checks = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<HedgeKey, LongAdder> hedges = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<String, LongAdder> unbudgeted = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<ShadowedKey, LongAdder> shadowed = new ConcurrentHashMap<>();
    private final Histogram overhead = new Histogram();
    private final Histogram reserving = Histogram.ofShort();
    private final LongAdder fallbacks = new LongAdder();
    private final LongAdder[] cache = new LongAdder[CacheResult.values().length];
    private final LongAdder[] violations = new LongAdder[Invariant.values().length];
    private final LongAdder unrecorded = new LongAdder();
    private final LongAdder implausible = new LongAdder();
    private final List<GaugeSource> gauges = new CopyOnWriteArrayList<>();

    public Metrics() {
        Arrays.setAll(cache, i -> new LongAdder());
        Arrays.setAll(violations, i -> new LongAdder());
    }

    /** The counters of a combination; provider and model are empty before one was chosen. */
    public RouteSeries route(String team, String route, String provider, String model) {
        var key = new RouteSeries.Key(team, route, provider, model);
        var known = routes.get(key);
        if (known != null) {
            return known;
        }
        return routes.size() >= MAX_SERIES
                ? made(new RouteSeries.Key(OTHER, OTHER, OTHER, OTHER))
                : made(key);
    }

    private RouteSeries made(RouteSeries.Key key) {
        var model = new ModelKey(key.provider(), key.model());
        return routes.computeIfAbsent(
                key,
                k ->
                        new RouteSeries(
                                k,
                                seconds.computeIfAbsent(model, m -> new Histogram()),
                                firstToken.computeIfAbsent(model, m -> new Histogram())));
    }

    /**
     * The figures of attempts.
     *
     * @param operation one of a fixed set of words
     * @param provider as OpenTelemetry calls it
     */
    public OperationSeries operation(
            String operation, String provider, String model, String address, int port) {
        var key = new OperationSeries.Key(operation, provider, model, address, port);
        var known = operations.get(key);
        if (known != null) {
            return known;
        }
        return operations.computeIfAbsent(
                operations.size() >= MAX_SERIES
                        ? new OperationSeries.Key(OTHER, OTHER, OTHER, OTHER, 0)
                        : key,
                OperationSeries::new);
    }

    /** The counters of a shadow; both names come from resources. */
    public ShadowSeries shadow(String route, String shadow) {
        var key = new ShadowSeries.Key(route, shadow);
        return shadows.computeIfAbsent(
                shadows.size() >= MAX_SERIES && !shadows.containsKey(key)
                        ? new ShadowSeries.Key(OTHER, OTHER)
                        : key,
                k -> new ShadowSeries());
    }

    /**
     * An active check of a provider.
     *
     * @param result one of a fixed set of words
     */
    public void check(String provider, String result) {
        var key = new CheckKey(provider, result);
        boolean room = checks.size() < MAX_SERIES || checks.containsKey(key);
        checks.computeIfAbsent(room ? key : new CheckKey(OTHER, OTHER), k -> new LongAdder())
                .increment();
    }

    /**
     * A request whose first token was late.
     *
     * @param result one of a fixed set of words
     */
    public void hedge(String route, String result) {
        var key = new HedgeKey(route, result);
        hedges.computeIfAbsent(
                        hedges.size() >= MAX_SERIES && !hedges.containsKey(key)
                                ? new HedgeKey(OTHER, result)
                                : key,
                        k -> new LongAdder())
                .increment();
    }

    /** A request is served that no Budget with an amount counts. */
    public void unbudgeted(String team) {
        boolean room = unbudgeted.size() < MAX_SERIES || unbudgeted.containsKey(team);
        unbudgeted.computeIfAbsent(room ? team : OTHER, k -> new LongAdder()).increment();
    }

    /**
     * A request that a Budget in mode Shadow would not have served as it was.
     *
     * @param verdict one of a fixed set of words
     */
    public void shadowed(String budget, String verdict) {
        var key = new ShadowedKey(budget, verdict);
        boolean room = shadowed.size() < MAX_SERIES || shadowed.containsKey(key);
        shadowed.computeIfAbsent(room ? key : new ShadowedKey(OTHER, verdict), k -> new LongAdder())
                .increment();
    }

    /** An attempt's bound was taken from its leases and its intent logged, or refused, at once. */
    public void reserved(long nanos) {
        reserving.observe(nanos);
    }

    /** The gateway's own part of a request: all but waiting for providers. */
    public void overhead(long nanos) {
        overhead.observe(nanos);
    }

    public void fallback() {
        fallbacks.increment();
    }

    /** What the cache did for one request. */
    public void cache(CacheResult result) {
        cache[result.ordinal()].increment();
    }

    /** A usage record that did not reach its log line. */
    public void unrecorded() {
        unrecorded.increment();
    }

    /** A provider reported usage that cannot be true; the hold was charged. */
    public void implausible() {
        implausible.increment();
    }

    /** What always holds does not: a bug of the gateway. */
    public void violated(Invariant invariant) {
        violations[invariant.ordinal()].increment();
    }

    public long violations(Invariant invariant) {
        return violations[invariant.ordinal()].sum();
    }

    public void gauges(GaugeSource source) {
        gauges.add(source);
    }

    /** Label text of a gauge. */
    public static String label(String name, String value) {
        return name + "=\"" + escaped(value) + "\"";
    }

    /** All of it as Prometheus text, version 0.0.4. */
    public String render() {
        var out = new StringBuilder(16 * 1024);
        header(out, "tollgate_requests_total", "Requests by outcome.", "counter");
        for (var series : routes.values()) {
            series.byOutcome.forEach(
                    (outcome, count) ->
                            line(
                                    out,
                                    "tollgate_requests_total",
                                    labels(series.key) + "," + label("outcome", outcome),
                                    count.sum()));
        }
        header(out, "tollgate_cost_usd_total", "Cost of answers in US dollars.", "counter");
        for (var series : routes.values()) {
            out.append("tollgate_cost_usd_total{").append(labels(series.key)).append("} ");
            out.append(new Money(series.costNanos.sum())).append('\n');
        }
        header(out, "tollgate_tokens_total", "Tokens by kind.", "counter");
        for (var series : routes.values()) {
            for (var kind : RouteSeries.TokenKind.values()) {
                line(
                        out,
                        "tollgate_tokens_total",
                        labels(series.key) + "," + label("kind", kind.label),
                        series.tokens[kind.ordinal()].sum());
            }
        }
        histograms(out, "tollgate_request_seconds", "Whole requests.", seconds);
        histograms(out, "tollgate_ttft_seconds", "Time to the first token.", firstToken);
        header(out, "tollgate_overhead_seconds", "The gateway's own part.", "histogram");
        histogram(out, "tollgate_overhead_seconds", "", overhead);
        header(
                out,
                "tollgate_budget_reserve_seconds",
                "Check of all Budgets and intent in the log, where no lease was short.",
                "histogram");
        histogram(out, "tollgate_budget_reserve_seconds", "", reserving);
        counter(out, "tollgate_fallbacks_total", "Requests that another target served.", fallbacks);
        header(out, "tollgate_hedges_total", "Requests with a late first token.", "counter");
        hedges.forEach(
                (key, count) ->
                        line(
                                out,
                                "tollgate_hedges_total",
                                label("route", key.route()) + "," + label("result", key.result()),
                                count.sum()));
        header(out, "tollgate_cache_requests_total", "Requests by cache result.", "counter");
        for (var result : CacheResult.values()) {
            line(
                    out,
                    "tollgate_cache_requests_total",
                    label("result", result.word()),
                    cache[result.ordinal()].sum());
        }
        counter(
                out,
                "tollgate_usage_lines_dropped_total",
                "Usage records that are in the usage log alone, for want of room.",
                unrecorded);
        counter(
                out,
                "tollgate_usage_implausible_total",
                "Answers whose reported usage cannot be true.",
                implausible);
        header(
                out,
                "tollgate_unbudgeted_requests_total",
                "Requests served that no Budget with an amount counts.",
                "counter");
        unbudgeted.forEach(
                (team, count) ->
                        line(
                                out,
                                "tollgate_unbudgeted_requests_total",
                                label("team", team),
                                count.sum()));
        header(
                out,
                "tollgate_budget_shadow_requests_total",
                "Requests that a Budget in mode Shadow would have refused or shortened.",
                "counter");
        shadowed.forEach(
                (key, count) ->
                        line(
                                out,
                                "tollgate_budget_shadow_requests_total",
                                label("budget", key.budget())
                                        + ","
                                        + label("verdict", key.verdict()),
                                count.sum()));
        header(out, "tollgate_health_checks_total", "Active checks by result.", "counter");
        checks.forEach(
                (key, count) ->
                        line(
                                out,
                                "tollgate_health_checks_total",
                                label("provider", key.provider())
                                        + ","
                                        + label("result", key.result()),
                                count.sum()));
        ShadowText.render(shadows, out);
        OperationText.render(operations, out);
        gauges(out);
        return out.toString();
    }

    private void gauges(StringBuilder out) {
        var seen = new LinkedHashMap<String, StringBuilder>();
        for (var source : gauges) {
            source.read(
                    gauge -> {
                        var lines =
                                seen.computeIfAbsent(
                                        gauge.name(),
                                        name -> {
                                            var first = new StringBuilder();
                                            header(first, name, gauge.help(), gauge.type());
                                            return first;
                                        });
                        lines.append(gauge.name());
                        if (!gauge.labels().isEmpty()) {
                            lines.append('{').append(gauge.labels()).append('}');
                        }
                        lines.append(' ').append(number(gauge.value())).append('\n');
                    });
        }
        seen.values().forEach(out::append);
    }

    private static void histograms(
            StringBuilder out,
            String name,
            String help,
            ConcurrentHashMap<ModelKey, Histogram> all) {
        header(out, name, help, "histogram");
        all.forEach(
                (key, histogram) ->
                        histogram(
                                out,
                                name,
                                label("provider", key.provider())
                                        + ","
                                        + label("model", key.model()),
                                histogram));
    }

    static void histogram(StringBuilder out, String name, String labels, Histogram histogram) {
        var prefix = labels.isEmpty() ? "" : labels + ",";
        long count = 0;
        for (int i = 0; i < histogram.bounds.length; i++) {
            count += histogram.count(i);
            line(out, name + "_bucket", prefix + label("le", number(histogram.bounds[i])), count);
        }
        count += histogram.count(histogram.bounds.length);
        line(out, name + "_bucket", prefix + label("le", "+Inf"), count);
        var braces = labels.isEmpty() ? "" : "{" + labels + "}";
        out.append(name).append("_sum").append(braces).append(' ');
        out.append(number(histogram.sum())).append('\n');
        out.append(name).append("_count").append(braces).append(' ').append(count).append('\n');
    }

    private static void counter(StringBuilder out, String name, String help, LongAdder value) {
        header(out, name, help, "counter");
        out.append(name).append(' ').append(value.sum()).append('\n');
    }

    static void header(StringBuilder out, String name, String help, String type) {
        out.append("# HELP ").append(name).append(' ').append(help).append('\n');
        out.append("# TYPE ").append(name).append(' ').append(type).append('\n');
    }

    static void line(StringBuilder out, String name, String labels, long value) {
        out.append(name).append('{').append(labels).append("} ").append(value).append('\n');
    }

    private static String labels(RouteSeries.Key key) {
        return label("team", key.team())
                + ","
                + label("route", key.route())
                + ","
                + label("provider", key.provider())
                + ","
                + label("model", key.model());
    }

    private static String number(double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e15
                ? Long.toString((long) value)
                : Double.toString(value);
    }

    private static String escaped(String value) {
        return value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
    }
}
