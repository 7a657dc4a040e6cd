package dev.tollgate.policy.snapshot;

import java.time.DayOfWeek;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Snapshots and entries for tests. */
public final class Snapshots {

    public static final PriceEntry PRICE =
            new PriceEntry(
                    3_000_000,
                    300_000,
                    3_750_000,
                    6_000_000,
                    15_000_000,
                    3_000_000,
                    15_000_000,
                    0,
                    List.of(
                            new PriceEntry.Tier(
                                    200_000,
                                    6_000_000,
                                    600_000,
                                    7_500_000,
                                    12_000_000,
                                    22_500_000)),
                    "provider");

    public static final RuleEntry.Retry RETRY =
            new RuleEntry.Retry(EnumSet.allOf(RuleEntry.Cause.class), 3, null, 100, 5_000, 10_000);

    private Snapshots() {}

    public static ModelEntry model(String name, String... aliases) {
        return new ModelEntry(
                name,
                List.of(aliases),
                PRICE,
                128_000L,
                16_384L,
                List.of("Chat", "Streaming", "Tools"),
                50,
                8_192);
    }

    public static ProviderEntry provider(
            String key, @Nullable String region, NamespaceSet usableBy, ModelEntry... models) {
        return new ProviderEntry(
                key,
                "OpenAI",
                "openai-chat",
                "openai",
                "https://api.openai.com/v1",
                false,
                null,
                null,
                new ProviderEntry.Auth(
                        ProviderEntry.Auth.Kind.API_KEY,
                        key.substring(0, key.indexOf('/')) + "/openai/api-key"),
                List.of(models),
                List.of(),
                region,
                usableBy,
                new ProviderEntry.Timeouts(3_000, 60_000, 60_000, 600_000),
                new ProviderEntry.Breaker(3, 30_000, 300_000, 1),
                new ProviderEntry.Billing(true, List.of()),
                List.of(),
                null,
                null);
    }

    public static RuleEntry.TargetEntry target(
            String name, String provider, @Nullable String model, int priority, int weight) {
        return new RuleEntry.TargetEntry(name, provider, model, null, priority, weight, null);
    }

    public static RuleEntry rule(
            String name, RuleEntry.@Nullable Match match, RuleEntry.TargetEntry... targets) {
        return new RuleEntry(
                name,
                match,
                SelectionEntry.WEIGHTED,
                List.of(targets),
                null,
                null,
                List.of(),
                null,
                RETRY,
                null,
                null);
    }

    public static PolicyEntry policy(
            String key, List<String> models, NamespaceSet visibleTo, RuleEntry... rules) {
        return new PolicyEntry(
                key, models, visibleTo, false, true, null, null, null, 34, 67, List.of(rules));
    }

    public static Snapshot of(
            List<ProviderEntry> providers, List<PolicyEntry> policies, List<BudgetEntry> budgets) {
        return new Snapshot(
                Snapshot.SCHEMA_VERSION,
                "tollgate-system",
                new SettingsEntry(
                        SettingsEntry.EndpointPolicy.PUBLIC,
                        SettingsEntry.Unbudgeted.ALLOW,
                        List.of("team-a", "team-b", "tollgate-system")),
                providers,
                policies,
                budgets,
                List.of(new ClientKeyEntry("a".repeat(64), "team-a", "key:team-a/keys/laptop")),
                List.of(
                        IssuerEntry.ofCluster(
                                "https://kubernetes.default.svc",
                                "tollgate",
                                List.of(
                                        new IssuerEntry.Key(
                                                "k1", "RS256", "AQAB", "AQAB", null, null)))));
    }

    /** One of everything. */
    public static Snapshot sample() {
        var everyone = NamespaceSet.everyone();
        return of(
                List.of(
                        provider("tollgate-system/openai", "eu", everyone, model("gpt-4o")),
                        provider(
                                "tollgate-system/other",
                                null,
                                NamespaceSet.of(List.of("team-b", "team-a")),
                                model("gpt-4o", "four-oh"))),
                List.of(
                        policy(
                                "team-a/chat",
                                List.of("fast", "gpt-*"),
                                NamespaceSet.of(List.of("team-a")),
                                rule(
                                        "batch",
                                        new RuleEntry.Match(
                                                List.of(
                                                        new RuleEntry.HeaderMatch(
                                                                "x-workload", false, "batch")),
                                                List.of("sa:team-a/batch"),
                                                null,
                                                null,
                                                List.of("Tools"),
                                                Set.of(RuleEntry.ComplexityClass.COMPLEX),
                                                new RuleEntry.TimeWindow(
                                                        "Europe/Berlin",
                                                        Set.of(DayOfWeek.MONDAY),
                                                        1_320,
                                                        360)),
                                        target("cheap", "tollgate-system/other", "gpt-4o", 0, 1)),
                                rule(
                                        "default",
                                        null,
                                        target("main", "tollgate-system/openai", "gpt-4o", 0, 1),
                                        target("spare", "tollgate-system/other", "gpt-4o", 1, 1)))),
                List.of(budget("team-a/monthly", NamespaceSet.of(List.of("team-a")))));
    }

    public static BudgetEntry budget(String key, NamespaceSet namespaces) {
        return BudgetBuilder.budget(key)
                .limit(500_000_000)
                .period(new BudgetEntry.Period(BudgetEntry.Period.Type.MONTH, "Europe/Berlin", 1))
                .namespaces(namespaces)
                .tags(new BudgetEntry.Tag("feature", "x-feature", 50))
                .build();
    }
}
