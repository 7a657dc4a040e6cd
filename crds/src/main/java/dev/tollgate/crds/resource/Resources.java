package dev.tollgate.crds.resource;

import java.util.List;

/**
 * Everything that one compile reads: the same from a cluster's caches and from a folder. Order
 * means nothing.
 */
public record Resources(
        List<ModelProvider> providers,
        List<RoutingPolicy> policies,
        List<Budget> budgets,
        List<SecretObject> secrets,
        List<ConfigMapObject> configMaps,
        List<NamespaceObject> namespaces,
        List<ServiceAccountObject> serviceAccounts) {
    public static final Resources NONE =
            new Resources(
                    List.of(), List.of(), List.of(), List.of(), List.of(), List.of(), List.of());

    public Resources {
        providers = List.copyOf(providers);
        policies = List.copyOf(policies);
        budgets = List.copyOf(budgets);
        secrets = List.copyOf(secrets);
        configMaps = List.copyOf(configMaps);
        namespaces = List.copyOf(namespaces);
        serviceAccounts = List.copyOf(serviceAccounts);
    }
}
