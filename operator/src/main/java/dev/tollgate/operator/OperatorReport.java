package dev.tollgate.operator;

import dev.tollgate.operator.event.EventWriter;
import dev.tollgate.operator.kube.ProgrammedTimes;
import dev.tollgate.operator.kube.Reconcilers;
import dev.tollgate.operator.ledger.LedgerStreams;
import dev.tollgate.operator.oidc.IssuerKeys;
import dev.tollgate.operator.push.Proxy;
import dev.tollgate.operator.push.ProxyState;
import dev.tollgate.operator.push.PushServer;
import dev.tollgate.policy.budget.AccountJson;
import dev.tollgate.policy.compile.Retirement;
import dev.tollgate.policy.snapshot.RevisionNumber;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.List;
import java.util.function.Supplier;

/**
 * Metrics and status of the operator, as text. At most 1,024 proxies are named, and 5,000 models.
 */
final class OperatorReport {

    /** Most models that the metric of their deprecation names. */
    private static final int MAX_RETIREMENTS = 5_000;

    private final PushServer push;
    private final LedgerStreams ledger;
    private final Reconcilers reconcilers;
    private final Supplier<List<Retirement>> retirements;
    private final Supplier<List<IssuerKeys.Figures>> issuers;
    private final EventWriter events;
    private final ProgrammedTimes times;
    private final Clock clock;

    OperatorReport(
            PushServer push,
            LedgerStreams ledger,
            Reconcilers reconcilers,
            Supplier<List<Retirement>> retirements,
            Supplier<List<IssuerKeys.Figures>> issuers,
            EventWriter events,
            ProgrammedTimes times,
            Clock clock) {
        this.push = push;
        this.ledger = ledger;
        this.reconcilers = reconcilers;
        this.retirements = retirements;
        this.issuers = issuers;
        this.events = events;
        this.times = times;
        this.clock = clock;
    }

    private RevisionNumber desired() {
        var newest = push.fleet().newest();
        return newest == null ? RevisionNumber.NONE : newest.revision();
    }

    /** In the Prometheus text format; a revision is epoch * 1,000,000 + counter. */
    String metrics() {
        var fleet = push.fleet();
        var now = clock.instant();
        var text = new StringBuilder();
        leader(text, true);
        head(
                text,
                "tollgate_config_revision",
                "Newest configuration, and the oldest that a live proxy serves with.",
                "gauge");
        line(text, "tollgate_config_revision{state=\"desired\"}", number(desired()));
        line(text, "tollgate_config_revision{state=\"applied\"}", number(fleet.lowestApplied(now)));
        head(
                text,
                "tollgate_config_proxy_revision",
                "Configuration that a live proxy serves with.",
                "gauge");
        for (var proxy : fleet.live(now)) {
            line(
                    text,
                    "tollgate_config_proxy_revision{proxy=\"" + label(proxy.name()) + "\"}",
                    number(proxy.said()));
        }
        head(
                text,
                "tollgate_config_nacks_total",
                "Configurations that a proxy refused.",
                "counter");
        line(text, "tollgate_config_nacks_total", push.nacks());
        head(text, "tollgate_proxies", "Proxies by state.", "gauge");
        line(text, "tollgate_proxies{state=\"live\"}", fleet.live(now).size());
        line(
                text,
                "tollgate_proxies{state=\"lost\"}",
                fleet.proxies().size() - (long) fleet.live(now).size());
        head(
                text,
                "tollgate_status_writes_total",
                "Writes of status to the API server.",
                "counter");
        line(text, "tollgate_status_writes_total", reconcilers.writes());
        head(
                text,
                "tollgate_model_deprecation_timestamp_seconds",
                "When a provider retires a model.",
                "gauge");
        for (var retired : retirements.get().stream().limit(MAX_RETIREMENTS).toList()) {
            line(
                    text,
                    "tollgate_model_deprecation_timestamp_seconds{provider=\""
                            + label(retired.provider())
                            + "\",model=\""
                            + label(retired.model())
                            + "\"}",
                    retired.date().atStartOfDay(ZoneOffset.UTC).toEpochSecond());
        }
        issuers(text);
        events(text);
        ledger(text);
        text.append(times.text("tollgate_programmed_seconds"));
        return text.toString();
    }

    private void issuers(StringBuilder text) {
        head(text, "tollgate_issuer_keys", "Keys of an external issuer that are held.", "gauge");
        for (var each : issuers.get()) {
            var issuer = "{issuer=\"" + label(each.issuer()) + "\"";
            line(text, "tollgate_issuer_keys" + issuer + "}", each.keys());
        }
        head(
                text,
                "tollgate_issuer_reads_total",
                "Reads of the keys of an external issuer by result.",
                "counter");
        for (var each : issuers.get()) {
            var issuer = "{issuer=\"" + label(each.issuer()) + "\"";
            line(text, "tollgate_issuer_reads_total" + issuer + ",result=\"ok\"}", each.reads());
            line(
                    text,
                    "tollgate_issuer_reads_total" + issuer + ",result=\"failed\"}",
                    each.failures());
        }
    }

    private void events(StringBuilder text) {
        head(text, "tollgate_events_total", "Events by what became of them.", "counter");
        line(text, "tollgate_events_total{result=\"written\"}", events.written());
        line(text, "tollgate_events_total{result=\"failed\"}", events.failed());
        line(text, "tollgate_events_total{result=\"dropped\"}", events.dropped());
    }

    private void ledger(StringBuilder text) {
        head(text, "tollgate_ledger_accounts", "Accounts of Budgets by state.", "gauge");
        line(text, "tollgate_ledger_accounts{state=\"known\"}", ledger.accounts().size());
        line(text, "tollgate_ledger_accounts{state=\"frozen\"}", ledger.frozen().size());
        line(text, "tollgate_ledger_accounts{state=\"unstored\"}", ledger.unstored().size());
        line(text, "tollgate_ledger_accounts{state=\"unreadable\"}", ledger.unreadable().size());
        head(
                text,
                "tollgate_ledger_failures_total",
                "Failed calls of the account store.",
                "counter");
        line(text, "tollgate_ledger_failures_total", ledger.failures());
        head(
                text,
                "tollgate_invariant_violations_total",
                "Times that what always holds did not: a bug.",
                "counter");
        line(text, "tollgate_invariant_violations_total{invariant=\"I10\"}", ledger.lateAmounts());
    }

    private static long number(RevisionNumber revision) {
        return revision.epoch() * 1_000_000 + revision.counter();
    }

    private static void head(StringBuilder text, String name, String help, String type) {
        text.append("# HELP ").append(name).append(' ').append(help).append('\n');
        text.append("# TYPE ").append(name).append(' ').append(type).append('\n');
    }

    /** Of an operator that stands by. */
    static String standingBy() {
        var text = new StringBuilder();
        leader(text, false);
        return text.toString();
    }

    private static void leader(StringBuilder text, boolean leads) {
        head(
                text,
                "tollgate_operator_leader",
                "1 if this operator leads, 0 if it stands by.",
                "gauge");
        line(text, "tollgate_operator_leader", leads ? 1 : 0);
    }

    private static void line(StringBuilder text, String name, long value) {
        text.append(name).append(' ').append(value).append('\n');
    }

    private static String label(String text) {
        return text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
    }

    String status() {
        var fleet = push.fleet();
        var now = clock.instant();
        var live = fleet.live(now);
        var proxies = new JsonArray();
        for (var proxy : fleet.proxies().values()) {
            proxies.add(
                    new JsonObject()
                            .put("name", proxy.name())
                            .put("live", live.contains(proxy))
                            .put("revision", proxy.said().toString())
                            .put("state", state(proxy))
                            .put("heard", proxy.heard().toString()));
        }
        return new JsonObject()
                .put("leader", true)
                .put("revision", desired().toString())
                .put("rollout", fleet.rollout().getClass().getSimpleName())
                .put("proxies", proxies)
                .encodePrettily();
    }

    /** Every account as last stored, and who has registered. */
    String ledger() {
        var accounts = new JsonArray();
        for (var account : ledger.accounts()) {
            accounts.add(
                    new JsonObject(new String(AccountJson.write(account), StandardCharsets.UTF_8)));
        }
        var holders = new JsonArray();
        ledger.holders()
                .all()
                .forEach(
                        (holder, seen) ->
                                holders.add(
                                        new JsonObject()
                                                .put("holder", holder.toString())
                                                .put("proxy", seen.proxy())
                                                .put("connected", seen.connected())
                                                .put("since", seen.since().toString())));
        var frozen = new JsonArray();
        ledger.frozen().forEach(key -> frozen.add(key.toString()));
        var unreadable = new JsonArray();
        for (var damaged : ledger.unreadable()) {
            var key = damaged.key();
            unreadable.add(
                    new JsonObject()
                            .put("name", damaged.name())
                            .put("account", key == null ? null : key.toString())
                            .put("reason", damaged.reason()));
        }
        return new JsonObject()
                .put("accounts", accounts)
                .put("holders", holders)
                .put("frozen", frozen)
                .put("unreadable", unreadable)
                .encode();
    }

    private static String state(Proxy proxy) {
        return switch (proxy.state()) {
            case ProxyState.Idle _ -> "idle";
            case ProxyState.Offered offered -> "offered " + offered.release().revision();
            case ProxyState.Refusing refusing -> "refuses " + refusing.release().revision();
            case ProxyState.Incompatible i -> "schema " + i.schemaMin() + ".." + i.schemaMax();
            case ProxyState.Away _ -> "away";
        };
    }
}
