package dev.tollgate.dataplane.admin;

import dev.tollgate.dataplane.config.Applied;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.Locale;

/** {@code /status} and {@code /config} as JSON. */
record Status(AdminServer.Sources sources) {

    private static final Instant STARTED = Instant.now();

    JsonObject render() {
        var applied = sources.live().applied();
        return new JsonObject()
                .put("ready", applied != null && !sources.lifecycle().closing())
                .put("started", STARTED.toString())
                .put("revision", applied == null ? null : applied.revision())
                .put("digest", applied == null ? null : applied.digest())
                .put("refused_snapshots", sources.live().refusals())
                .put("live_proxies", sources.live().proxies())
                .put("requests_running", sources.retries().running())
                .put("drains_running", sources.drains().used())
                .put("connections", sources.lifecycle().connections())
                .put("targets", targets())
                .put("budgets", budgets());
    }

    private JsonArray targets() {
        var all = new JsonArray();
        for (var seen : sources.targets().seen()) {
            var notBefore = seen.notBefore();
            all.add(
                    new JsonObject()
                            .put("provider", seen.provider())
                            .put("model", seen.model())
                            .put(
                                    "circuit",
                                    seen.circuit()
                                            .name()
                                            .toLowerCase(Locale.ROOT)
                                            .replace('_', '-'))
                            .put("not_before", notBefore == null ? null : notBefore.toString())
                            .put(
                                    "latency_ms",
                                    seen.latencyMillis() < 0 ? null : seen.latencyMillis()));
        }
        return all;
    }

    private JsonArray budgets() {
        var all = new JsonArray();
        for (var budget : sources.gate().figures()) {
            var resets = budget.resets();
            all.add(
                    new JsonObject()
                            .put("name", budget.name())
                            .put("subject", budget.subject())
                            .put("limit_usd", budget.limit().toString())
                            .put("spent_usd", budget.spent().toString())
                            .put("held_usd", budget.held().toString())
                            .put("free_usd", budget.free().toString())
                            .put("resets", resets == null ? null : resets.toString())
                            .put("ledger_connected", budget.ledgerConnected())
                            .put("frozen", budget.frozen())
                            .put("bound_violations", budget.boundViolations()));
        }
        return all;
    }

    /** The snapshot; it holds no secret, and of client keys not even the hash is shown. */
    static JsonObject redacted(Applied applied) {
        var snapshot = new JsonObject(Buffer.buffer(applied.bytes()));
        var keys = snapshot.getJsonArray("clientKeys");
        if (keys != null) {
            for (int i = 0; i < keys.size(); i++) {
                keys.getJsonObject(i).put("sha256", "[redacted]");
            }
        }
        return new JsonObject()
                .put("revision", applied.revision())
                .put("digest", applied.digest())
                .put("snapshot", snapshot);
    }
}
