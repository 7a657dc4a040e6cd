package dev.tollgate.dataplane.admin;

import dev.tollgate.dataplane.budget.GateCounters;
import dev.tollgate.dataplane.exchange.TargetStates.Circuit;
import dev.tollgate.dataplane.telemetry.Invariant;
import dev.tollgate.dataplane.telemetry.Metrics;
import dev.tollgate.dataplane.telemetry.Metrics.Gauge;
import java.util.TreeMap;
import java.util.function.Consumer;

/** Values that stand somewhere already and are read when metrics are. */
record Gauges(AdminServer.Sources sources) implements Metrics.GaugeSource {

    private static final double NANOS = 1e9;

    @Override
    public void read(Consumer<Gauge> sink) {
        var worst = new TreeMap<String, Circuit>();
        for (var seen : sources.targets().seen()) {
            worst.merge(seen.provider(), seen.circuit(), (a, b) -> a.compareTo(b) >= 0 ? a : b);
        }
        worst.forEach(
                (provider, circuit) ->
                        gauge(
                                sink,
                                "tollgate_circuit_state",
                                "0 closed, 1 half-open, 2 open: the worst of a provider's models.",
                                Metrics.label("provider", provider),
                                circuit.ordinal()));
        for (var budget : sources.gate().figures()) {
            var name =
                    budget.subject().isEmpty()
                            ? budget.name()
                            : budget.name() + "/" + budget.subject();
            var label = Metrics.label("budget", name);
            gauge(
                    sink,
                    "tollgate_budget_limit_usd",
                    "Limit of the window.",
                    label,
                    budget.limit().nanos() / NANOS);
            gauge(
                    sink,
                    "tollgate_budget_spent_usd",
                    "Spent in the window, as last heard.",
                    label,
                    budget.spent().nanos() / NANOS);
            gauge(
                    sink,
                    "tollgate_budget_held_usd",
                    "Held by this proxy's open requests.",
                    label,
                    budget.held().nanos() / NANOS);
            sink.accept(
                    new Gauge(
                            "tollgate_budget_bound_violations_total",
                            "Calls that their provider billed above the bound that was held.",
                            "counter",
                            label,
                            budget.boundViolations()));
        }
        var counted = sources.gate().counters();
        for (var invariant : Invariant.values()) {
            long more =
                    switch (invariant) {
                        case I4 -> counted.doubleSettles();
                        case I8 -> counted.wrongCharges();
                        case I12 -> counted.wrongTotals();
                        case I6, I9, I11 -> 0;
                    };
            sink.accept(
                    new Gauge(
                            "tollgate_invariant_violations_total",
                            "What never happens to money, and has: a bug.",
                            "counter",
                            Metrics.label("invariant", invariant.name()),
                            sources.metrics().violations(invariant) + more));
        }
        sink.accept(
                new Gauge(
                        "tollgate_usage_log_dropped_total",
                        "Records that the usage log could not take: it is full or broken.",
                        "counter",
                        "",
                        counted.droppedRecords()));
        var sent = counted.ledgerMessages();
        for (var message : GateCounters.Message.values()) {
            sink.accept(
                    new Gauge(
                            "tollgate_ledger_messages_total",
                            "Messages that this proxy has sent to the ledger.",
                            "counter",
                            Metrics.label("kind", message.word()),
                            sent.getOrDefault(message, 0L)));
        }
        var applied = sources.live().applied();
        if (applied != null) {
            gauge(
                    sink,
                    "tollgate_config_revision",
                    "Counter of the snapshot that serves.",
                    Metrics.label("kind", "applied"),
                    counter(applied.revision()));
            for (var issuer : applied.snapshot().issuers()) {
                gauge(
                        sink,
                        "tollgate_issuer_keys",
                        "Keys that tokens of an issuer are verified with; 0: none could be had.",
                        Metrics.label("issuer", issuer.issuer()),
                        issuer.keys().size());
            }
        }
        sink.accept(
                new Gauge(
                        "tollgate_config_nacks_total",
                        "Snapshots that were refused.",
                        "counter",
                        "",
                        sources.live().refusals()));
        gauge(
                sink,
                "tollgate_requests_running",
                "Requests that are not concluded.",
                "",
                sources.retries().running());
        gauge(
                sink,
                "tollgate_drains_running",
                "Upstream calls that are read to their end for their cost alone.",
                "",
                sources.drains().used());
        var kept = sources.answers().figures();
        gauge(sink, "tollgate_cache_entries", "Answers that are kept.", "", kept.entries());
        gauge(sink, "tollgate_cache_bytes", "What the kept answers take.", "", kept.bytes());
        sink.accept(
                new Gauge(
                        "tollgate_cache_evicted_total",
                        "Answers that were let go for want of room.",
                        "counter",
                        "",
                        kept.evicted()));
        var valkey = sources.valkey();
        if (valkey != null) {
            up(sink, "limits", valkey.dividesLimits());
            up(sink, "cache", valkey.keepsAnswers());
        }
        gauge(
                sink,
                "tollgate_connections",
                "Connections from clients.",
                "",
                sources.lifecycle().connections());
    }

    private static void up(Consumer<Gauge> sink, String use, boolean up) {
        gauge(
                sink,
                "tollgate_valkey_up",
                "Whether Valkey serves: 0 while this proxy goes on without it.",
                Metrics.label("use", use),
                up ? 1 : 0);
    }

    private static void gauge(
            Consumer<Gauge> sink, String name, String help, String labels, double value) {
        sink.accept(new Gauge(name, help, "gauge", labels, value));
    }

    /** The last number of {@code epoch.counter}. */
    private static double counter(String revision) {
        var digits = revision.substring(revision.lastIndexOf('.') + 1);
        try {
            return Long.parseLong(digits);
        } catch (NumberFormatException e) {
            return 0;
        }
    }
}
