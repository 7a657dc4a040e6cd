package dev.tollgate.policy.snapshot;

import java.util.List;

/**
 * Everything that a proxy needs to serve, compiled from the resources of a cluster or a folder. Two
 * equal sets of resources give equal bytes ({@code SnapshotCodec}): no timestamps, revisions,
 * generations or secret values are in it. Lists are sorted by key but for {@code policies}.
 *
 * @param schemaVersion version of this record's shape
 * @param platformNamespace the namespace whose objects may reach others
 * @param policies in the order of age, then namespace/name: the order that decides conflicts last
 */
public record Snapshot(
        int schemaVersion,
        String platformNamespace,
        SettingsEntry settings,
        List<ProviderEntry> providers,
        List<PolicyEntry> policies,
        List<BudgetEntry> budgets,
        List<ClientKeyEntry> clientKeys,
        List<IssuerEntry> issuers) {

    public static final int SCHEMA_VERSION = 1;

    public Snapshot {
        providers = List.copyOf(providers);
        policies = List.copyOf(policies);
        budgets = List.copyOf(budgets);
        clientKeys = List.copyOf(clientKeys);
        issuers = List.copyOf(issuers);
    }
}
