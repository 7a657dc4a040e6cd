package dev.tollgate.policy.snapshot;

import java.time.DateTimeException;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Whether a proxy can serve a snapshot. The one check on both sides of the push: the control plane
 * runs it before it pushes, a proxy before it swaps, so a NACK is an alarm about a defect.
 */
public final class SnapshotValidator extends Checks {

    /** Wire names of the dialects that a provider may speak. */
    public static final Set<String> DIALECTS = Set.of("openai-chat", "anthropic", "gemini");

    static final Pattern KEY = Pattern.compile("[a-z0-9.-]{1,253}/[a-z0-9.-]{1,253}");
    private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

    private final Snapshot snapshot;
    private final Set<String> providers = new HashSet<>();

    private SnapshotValidator(Snapshot snapshot, List<SnapshotError> errors) {
        super(errors);
        this.snapshot = snapshot;
    }

    /** Every error at once; empty: it can be served. */
    public static List<SnapshotError> validate(Snapshot snapshot) {
        var errors = new ArrayList<SnapshotError>();
        new SnapshotValidator(snapshot, errors).run();
        return List.copyOf(errors);
    }

    private void run() {
        if (snapshot.schemaVersion() < 1) {
            whole("schemaVersion", snapshot.schemaVersion() + " (expected: >= 1)");
        }
        if (snapshot.platformNamespace().isEmpty()) {
            whole("platformNamespace", "empty (expected: a namespace)");
        }
        var checks = new ProviderChecks(errors());
        snapshot.providers().forEach(entry -> checks.provider(entry, providers.add(entry.key())));
        var policies = new HashSet<String>();
        snapshot.policies().forEach(entry -> policy(entry, policies.add(entry.key())));
        var budgets = new HashSet<String>();
        snapshot.budgets().forEach(entry -> budget(entry, budgets.add(entry.key())));
        clientKeys();
        issuers();
    }

    private void policy(PolicyEntry entry, boolean first) {
        var at = new At("RoutingPolicy", entry.key(), "");
        check(at, first, "key", entry.key(), "one entry a key");
        check(at, KEY.matcher(entry.key()).matches(), "key", entry.key(), "namespace/name");
        check(at, !entry.models().isEmpty(), "models", "[]", "at least one name");
        boolean onlyConstrains =
                entry.override()
                        && (entry.regions() != null || entry.maxCostNanosPerRequest() != null);
        check(at, !entry.rules().isEmpty() || onlyConstrains, "rules", "[]", "at least one rule");
        var cache = entry.cache();
        if (cache != null) {
            boolean sound = PolicyEntry.Cache.isTtl(cache.ttlMillis());
            check(at, sound, "cache.ttlMillis", cache.ttlMillis(), "1000..86400000");
        }
        for (int i = 0; i < entry.rules().size(); i++) {
            var rule = entry.rules().get(i);
            var atRule = at.in("rules[" + i + "]");
            var retry = rule.retry();
            positive(atRule, "retry.maxAttempts", retry.maxAttempts());
            notNegative(atRule, "retry.backoffBaseMillis", retry.backoffBaseMillis());
            notNegative(atRule, "retry.backoffMaxMillis", retry.backoffMaxMillis());
            notNegative(atRule, "retry.maxRetryAfterMillis", retry.maxRetryAfterMillis());
            cascade(atRule.in("selection"), rule.selection());
            shadows(atRule, rule);
            hedge(atRule.in("hedge"), rule);
            var names = new HashSet<String>();
            for (int j = 0; j < rule.targets().size(); j++) {
                var target = rule.targets().get(j);
                var atTarget = atRule.in("targets[" + j + "]");
                check(atTarget, names.add(target.name()), "name", target.name(), "one a name");
                notNegative(atTarget, "priority", target.priority());
                notNegative(atTarget, "weight", target.weight());
                check(
                        atTarget,
                        providers.contains(target.provider()),
                        "provider",
                        target.provider(),
                        "a provider of this snapshot");
            }
            var canary = rule.canary();
            if (canary != null) {
                check(
                        atRule,
                        names.contains(canary.target()),
                        "canary.target",
                        canary.target(),
                        "a target of this rule");
                check(
                        atRule,
                        canary.percent() >= 0 && canary.percent() <= 100,
                        "canary.percent",
                        String.valueOf(canary.percent()),
                        "0..100");
            }
        }
    }

    private void shadows(At atRule, RuleEntry rule) {
        var names = new HashSet<String>();
        for (var shadow : rule.shadows()) {
            var at = atRule.in("shadows");
            int percent = shadow.percent();
            check(at, names.add(shadow.name()), "name", shadow.name(), "one a name");
            check(at, percent >= 1 && percent <= 100, "percent", percent, "1..100");
            positive(at, "maxConcurrent", shadow.maxConcurrent());
            check(
                    at,
                    providers.contains(shadow.provider()),
                    "provider",
                    shadow.provider(),
                    "a provider of this snapshot");
        }
    }

    private void hedge(At at, RuleEntry rule) {
        var hedge = rule.hedge();
        if (hedge == null) {
            return;
        }
        int percent = hedge.maxPercent();
        positive(at, "afterMillis", hedge.afterMillis());
        check(at, percent >= 1 && percent <= 20, "maxPercent", percent, "1..20");
        var most = hedge.maxCostNanos();
        if (most != null) {
            positive(at, "maxCostNanos", most);
        }
        var type = rule.selection().type();
        check(at, type != SelectionEntry.Type.CASCADE, "type", type, "not CASCADE");
    }

    private void cascade(At at, SelectionEntry selection) {
        var cascade = selection.cascade();
        boolean wanted = selection.type() == SelectionEntry.Type.CASCADE;
        check(at, wanted == (cascade != null), "cascade", cascade, "exactly with type CASCADE");
        if (cascade != null) {
            int least = cascade.minConfidencePercent();
            positive(at, "cascade.maxSteps", cascade.maxSteps());
            check(at, least >= 1 && least <= 100, "minConfidencePercent", least, "1..100");
        }
    }

    private void budget(BudgetEntry entry, boolean first) {
        var at = new At("Budget", entry.key(), "");
        check(at, first, "key", entry.key(), "one entry a key");
        check(at, KEY.matcher(entry.key()).matches(), "key", entry.key(), "namespace/name");
        if (entry.blocked() != null) {
            return;
        }
        limits(at, entry.limits());
        var period = entry.period();
        check(
                at,
                (entry.limitMicros() == null) == (period == null),
                "period",
                period,
                "exactly when there is a limit");
        if (entry.limitMicros() != null) {
            positive(at, "limitMicros", entry.limitMicros());
        }
        if (entry.maxCostNanosPerRequest() != null) {
            positive(at, "maxCostNanosPerRequest", entry.maxCostNanosPerRequest());
        }
        if (period != null) {
            check(at, isZone(period.timeZone()), "period.timeZone", period.timeZone(), "a zone");
            int most =
                    switch (period.type()) {
                        case MONTH -> 28;
                        case WEEK -> 7;
                        case HOUR, DAY, LIFETIME -> 1;
                    };
            check(
                    at,
                    period.startDay() >= 1 && period.startDay() <= most,
                    "period.startDay",
                    period.startDay(),
                    "1.." + most);
        }
        steps(at, entry);
        check(
                at,
                entry.onLedgerUnavailable() != BudgetEntry.OnLedgerUnavailable.ALLOW
                        || entry.mode() != BudgetEntry.Mode.HARD,
                "onLedgerUnavailable",
                entry.onLedgerUnavailable(),
                "not ALLOW in mode HARD");
    }

    private void steps(At at, BudgetEntry entry) {
        boolean fits = entry.limitMicros() != null;
        check(at, fits || entry.steps().isEmpty(), "steps", entry.steps(), "with a limit");
        check(at, fits || entry.resetAtMillis() == null, "resetAtMillis", "", "with a limit");
        check(at, fits || entry.violatedAtMillis() == null, "violatedAtMillis", "", "with a limit");
        check(at, fits || entry.toldAtMillis() == null, "toldAtMillis", "", "with a limit");
        check(
                at,
                fits || entry.acknowledgedAtMillis() == null,
                "acknowledgedAtMillis",
                "",
                "with a limit");
        for (var step : entry.steps()) {
            int percent = step.percent();
            check(at, percent >= 1 && percent <= 100, "steps.percent", percent, "1..100");
            boolean downgrades = step.action() == BudgetEntry.Step.Action.DOWNGRADE;
            boolean caps = step.action() == BudgetEntry.Step.Action.CAP_OUTPUT;
            var most = step.maxOutputTokens();
            check(
                    at,
                    downgrades == (step.downgradeTo() != null)
                            && caps == (most != null)
                            && (most == null || most >= 1),
                    "steps",
                    step,
                    "what its action needs, and no more");
        }
    }

    private void clientKeys() {
        var hashes = new HashSet<String>();
        for (var key : snapshot.clientKeys()) {
            var parts = key.caller().split("[:/]", -1);
            var at =
                    parts.length == 4
                            ? new At("Secret", parts[1] + "/" + parts[2], parts[3])
                            : new At("", "/", "clientKeys");
            check(at, parts.length == 4, "caller", key.caller(), "key:namespace/secret/entry");
            check(
                    at,
                    SHA256.matcher(key.sha256()).matches(),
                    "sha256",
                    "[redacted]",
                    "64 hex digits");
            check(at, hashes.add(key.sha256()), "sha256", "[redacted]", "one holder a key");
        }
    }

    private void issuers() {
        var seen = new HashSet<String>();
        for (int i = 0; i < snapshot.issuers().size(); i++) {
            var issuer = snapshot.issuers().get(i);
            var path = "issuers[" + i + "]";
            if (!seen.add(issuer.issuer())) {
                whole(path + ".issuer", issuer.issuer() + " (expected: one entry an issuer)");
            }
            var ids = new HashSet<String>();
            for (var key : issuer.keys()) {
                boolean rsa = key.algorithm().equals("RS256") && key.n() != null && key.e() != null;
                boolean ec = key.algorithm().equals("ES256") && key.x() != null && key.y() != null;
                if (!rsa && !ec || !ids.add(key.id())) {
                    whole(
                            path + ".keys",
                            "key "
                                    + key.id()
                                    + " (expected: one key an id, RS256 with n and e or ES256 with"
                                    + " x and y)");
                }
            }
        }
    }

    private void whole(String path, String message) {
        errors().add(SnapshotError.whole(path, message));
    }

    private static boolean isZone(String id) {
        try {
            ZoneId.of(id);
            return true;
        } catch (DateTimeException e) {
            return false;
        }
    }
}
