package dev.tollgate.dataplane.exchange;

import dev.tollgate.policy.snapshot.BudgetBuilder;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.ClientKeyEntry;
import dev.tollgate.policy.snapshot.HealthCheckEntry;
import dev.tollgate.policy.snapshot.IssuerEntry;
import dev.tollgate.policy.snapshot.LimitsEntry;
import dev.tollgate.policy.snapshot.ModelEntry;
import dev.tollgate.policy.snapshot.NamespaceSet;
import dev.tollgate.policy.snapshot.PolicyEntry;
import dev.tollgate.policy.snapshot.PriceEntry;
import dev.tollgate.policy.snapshot.ProviderEntry;
import dev.tollgate.policy.snapshot.RuleEntry;
import dev.tollgate.policy.snapshot.SelectionEntry;
import dev.tollgate.policy.snapshot.SettingsEntry;
import dev.tollgate.policy.snapshot.Snapshot;
import java.util.EnumSet;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Snapshots for tests: providers a, b, c on loopback, model {@code fast} over all of them. */
public final class Snapshots {

    static final PriceEntry PRICE =
            new PriceEntry(
                    1_000_000,
                    100_000,
                    1_000_000,
                    1_000_000,
                    2_000_000,
                    1_000_000,
                    2_000_000,
                    0,
                    List.of(),
                    "catalogue@2026-11-01");

    static final ModelEntry MODEL =
            new ModelEntry(
                    "model-1",
                    List.of(),
                    PRICE,
                    100_000L,
                    4_096L,
                    List.of("Chat", "Embeddings", "JsonSchema", "Streaming", "Tools", "Vision"),
                    50,
                    1_000);

    /** Nobody is given up for being slow, unless the test is about that. */
    static final long PATIENT_MILLIS = 30_000;

    private static final long REQUEST_MILLIS = 120_000;

    private Snapshots() {}

    public static ProviderEntry provider(String name, String dialect, String url) {
        return provider(name, dialect, url, timeouts(PATIENT_MILLIS), true);
    }

    /** The same as a preset's own server. */
    static ProviderEntry ofType(String type, ProviderEntry entry) {
        return like(entry, type, entry.limits(), entry.healthCheck());
    }

    /** The same with limits of its account and active checks. */
    static ProviderEntry guarded(
            ProviderEntry entry, @Nullable LimitsEntry limits, @Nullable HealthCheckEntry check) {
        return like(entry, entry.type(), limits, check);
    }

    /** The same with another circuit. */
    static ProviderEntry broken(ProviderEntry entry, ProviderEntry.Breaker breaker) {
        return like(entry, entry.type(), breaker, entry.limits(), entry.healthCheck());
    }

    private static ProviderEntry like(
            ProviderEntry entry,
            String type,
            @Nullable LimitsEntry limits,
            @Nullable HealthCheckEntry check) {
        return like(entry, type, entry.breaker(), limits, check);
    }

    private static ProviderEntry like(
            ProviderEntry entry,
            String type,
            ProviderEntry.Breaker breaker,
            @Nullable LimitsEntry limits,
            @Nullable HealthCheckEntry check) {
        return new ProviderEntry(
                entry.key(),
                type,
                entry.dialect(),
                entry.telemetryName(),
                entry.url(),
                entry.inCluster(),
                entry.caCertificates(),
                entry.apiVersion(),
                entry.auth(),
                entry.models(),
                entry.passThrough(),
                entry.region(),
                entry.usableBy(),
                entry.timeouts(),
                breaker,
                entry.billing(),
                entry.quirks(),
                limits,
                check);
    }

    public static ProviderEntry.Timeouts timeouts(long firstByteMillis) {
        return new ProviderEntry.Timeouts(
                PATIENT_MILLIS, firstByteMillis, firstByteMillis, REQUEST_MILLIS);
    }

    public static ProviderEntry provider(
            String name,
            String dialect,
            String url,
            ProviderEntry.Timeouts timeouts,
            boolean stopsOnDisconnect) {
        return new ProviderEntry(
                "platform/" + name,
                "OpenAICompatible",
                dialect,
                "openai",
                url,
                false,
                null,
                null,
                new ProviderEntry.Auth(
                        ProviderEntry.Auth.Kind.API_KEY, "platform/" + name + "/api-key"),
                List.of(MODEL),
                List.of(),
                null,
                NamespaceSet.everyone(),
                timeouts,
                new ProviderEntry.Breaker(3, 400, 2_000, 1),
                new ProviderEntry.Billing(stopsOnDisconnect, List.of(500, 503)),
                List.of(),
                null,
                null);
    }

    public static RuleEntry.Retry retry(int attempts, @Nullable Long perTry) {
        return new RuleEntry.Retry(
                EnumSet.allOf(RuleEntry.Cause.class), attempts, perTry, 20, 50, 2_000);
    }

    /** Each provider a priority of its own, in order. */
    public static PolicyEntry chain(
            String model, RuleEntry.Retry retry, List<ProviderEntry> providers) {
        var targets =
                IntStream.range(0, providers.size())
                        .mapToObj(
                                i ->
                                        new RuleEntry.TargetEntry(
                                                "t" + i,
                                                providers.get(i).key(),
                                                "model-1",
                                                null,
                                                i,
                                                1,
                                                null))
                        .toList();
        return policy(
                model,
                new RuleEntry(
                        "default",
                        null,
                        SelectionEntry.WEIGHTED,
                        targets,
                        null,
                        null,
                        List.of(),
                        null,
                        retry,
                        null,
                        null));
    }

    static PolicyEntry named(String key, PolicyEntry policy) {
        return new PolicyEntry(
                key,
                policy.models(),
                policy.visibleTo(),
                policy.override(),
                policy.answersRequestedModel(),
                policy.regions(),
                policy.maxCostNanosPerRequest(),
                policy.cache(),
                34,
                67,
                policy.rules());
    }

    /** Of one rule. */
    static PolicyEntry policy(String model, RuleEntry rule) {
        return new PolicyEntry(
                "team-a/chat",
                List.of(model),
                NamespaceSet.of(List.of("team-a")),
                false,
                true,
                null,
                null,
                null,
                34,
                67,
                List.of(rule));
    }

    public static BudgetEntry budget(String amountMicros) {
        return budget(amountMicros, List.of());
    }

    static BudgetEntry budget(String amountMicros, List<BudgetEntry.Step> steps) {
        return BudgetBuilder.budget("team-a/monthly")
                .limit(Long.parseLong(amountMicros))
                .tags(new BudgetEntry.Tag("feature", "x-feature", 2))
                .steps(steps)
                .build();
    }

    public static Snapshot of(
            List<ProviderEntry> providers,
            List<PolicyEntry> policies,
            List<BudgetEntry> budgets,
            List<ClientKeyEntry> keys,
            List<IssuerEntry> issuers) {
        return new Snapshot(
                Snapshot.SCHEMA_VERSION,
                "platform",
                new SettingsEntry(
                        SettingsEntry.EndpointPolicy.ANY,
                        SettingsEntry.Unbudgeted.ALLOW,
                        List.of("platform", "team-a", "team-b")),
                providers,
                policies,
                budgets,
                keys,
                issuers);
    }
}
