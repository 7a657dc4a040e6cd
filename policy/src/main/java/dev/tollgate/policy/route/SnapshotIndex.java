package dev.tollgate.policy.route;

import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.ClientKeyEntry;
import dev.tollgate.policy.snapshot.IssuerEntry;
import dev.tollgate.policy.snapshot.ModelEntry;
import dev.tollgate.policy.snapshot.NamespaceSet;
import dev.tollgate.policy.snapshot.PolicyEntry;
import dev.tollgate.policy.snapshot.ProviderEntry;
import dev.tollgate.policy.snapshot.Snapshot;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A snapshot with the look-ups that a request needs, built once and then immutable: any thread may
 * use it. A look-up costs a hash, or the patterns that one namespace sees.
 */
public final class SnapshotIndex {

    /** Stands for a namespace that nothing names. */
    static final String UNNAMED = "";

    private final Snapshot snapshot;
    private final Map<String, ProviderEntry> providers = new HashMap<>();
    private final Map<String, Map<String, ModelEntry>> models = new HashMap<>();
    private final Map<String, ClientKeyEntry> clientKeys = new HashMap<>();
    private final Map<String, IssuerEntry> issuers = new HashMap<>();
    private final Set<String> namespaces;
    private final Map<String, NamespaceView> views = new HashMap<>();
    private final Set<String> passThrough = new HashSet<>();
    private final NamespaceView common;

    private SnapshotIndex(Snapshot snapshot) {
        this.snapshot = snapshot;
        for (var provider : snapshot.providers()) {
            providers.put(provider.key(), provider);
            var byName = new HashMap<String, ModelEntry>();
            provider.models().forEach(model -> byName.put(model.name(), model));
            models.put(provider.key(), byName);
            provider.passThrough().forEach(entry -> passThrough.add(entry.path()));
        }
        snapshot.clientKeys().forEach(key -> clientKeys.put(key.sha256(), key));
        snapshot.issuers().forEach(issuer -> issuers.put(issuer.issuer(), issuer));
        namespaces = Set.copyOf(snapshot.settings().namespaces());
        var builder = new ViewBuilder();
        common = builder.view(UNNAMED);
        for (var namespace : builder.namedNamespaces()) {
            views.put(namespace, builder.view(namespace));
        }
    }

    public static SnapshotIndex of(Snapshot snapshot) {
        return new SnapshotIndex(snapshot);
    }

    public Snapshot snapshot() {
        return snapshot;
    }

    /** By {@code namespace/name}. */
    public @Nullable ProviderEntry provider(String key) {
        return providers.get(key);
    }

    public @Nullable ModelEntry model(String provider, String name) {
        var byName = models.get(provider);
        return byName == null ? null : byName.get(name);
    }

    /** By lower-case hex of the key's SHA-256. */
    public @Nullable ClientKeyEntry clientKey(String sha256) {
        return clientKeys.get(sha256);
    }

    public @Nullable IssuerEntry issuer(String issuer) {
        return issuers.get(issuer);
    }

    /** Whether any provider declares this endpoint; whether a caller reaches it, its route says. */
    public boolean declares(String path) {
        return passThrough.contains(path);
    }

    public boolean knowsNamespace(String namespace) {
        return namespaces.contains(namespace);
    }

    NamespaceView view(String namespace) {
        return views.getOrDefault(namespace, common);
    }

    /** Sorts everything by the namespace that sees it, or by none if all do. */
    private final class ViewBuilder {
        private static final String ALL = UNNAMED;

        private final Map<String, List<ModelNames.Claim>> overrides = new HashMap<>();
        private final Map<String, List<ModelNames.Claim>> own = new HashMap<>();
        private final Map<String, List<ModelNames.Claim>> shared = new HashMap<>();
        private final Map<String, List<PolicyEntry>> constraining = new HashMap<>();
        private final Map<String, List<ProviderEntry>> usable = new HashMap<>();
        private final Map<String, List<BudgetEntry>> budgets = new HashMap<>();
        private final ModelNames overridesForAll;
        private final ModelNames sharedForAll;
        private final Map<String, NamespaceView.Alias> aliasesForAll;

        ViewBuilder() {
            for (int age = 0; age < snapshot.policies().size(); age++) {
                addPolicy(snapshot.policies().get(age), age);
            }
            snapshot.providers().forEach(entry -> put(usable, entry.usableBy(), List.of(entry)));
            snapshot.budgets().forEach(entry -> put(budgets, entry.namespaces(), List.of(entry)));
            overridesForAll = new ModelNames(overrides.getOrDefault(ALL, List.of()));
            sharedForAll = new ModelNames(shared.getOrDefault(ALL, List.of()));
            aliasesForAll = aliases(usable.getOrDefault(ALL, List.of()), ALL);
        }

        private void addPolicy(PolicyEntry policy, int age) {
            boolean platform = policy.namespace().equals(snapshot.platformNamespace());
            boolean override = policy.override() && platform;
            if (override) {
                put(constraining, policy.visibleTo(), List.of(policy));
            }
            if (policy.rules().isEmpty()) {
                return;
            }
            var claims = ModelNames.Claim.of(policy, age);
            if (override) {
                put(overrides, policy.visibleTo(), claims);
            } else {
                put(shared, policy.visibleTo(), claims);
                if (policy.visibleTo().contains(policy.namespace())) {
                    put(own, NamespaceSet.of(List.of(policy.namespace())), claims);
                }
            }
        }

        private static <T> void put(Map<String, List<T>> byNamespace, NamespaceSet set, List<T> v) {
            var names = set.all() ? List.of(ALL) : set.names();
            for (var name : names) {
                byNamespace.computeIfAbsent(name, n -> new ArrayList<>()).addAll(v);
            }
        }

        Set<String> namedNamespaces() {
            var named = new HashSet<String>();
            for (var byNamespace : List.of(overrides, own, shared, constraining, usable, budgets)) {
                named.addAll(byNamespace.keySet());
            }
            snapshot.providers()
                    .forEach(p -> named.add(p.key().substring(0, p.key().indexOf('/'))));
            named.remove(ALL);
            return named;
        }

        NamespaceView view(String namespace) {
            return new NamespaceView(
                    List.of(
                            names(overridesForAll, overrides, namespace),
                            List.of(new ModelNames(own.getOrDefault(namespace, List.of()))),
                            names(sharedForAll, shared, namespace)),
                    merged(constraining, namespace, PolicyEntry::key),
                    visibleAliases(namespace),
                    merged(budgets, namespace, BudgetEntry::key));
        }

        private static List<ModelNames> names(
                ModelNames forAll, Map<String, List<ModelNames.Claim>> claims, String namespace) {
            if (namespace.equals(ALL) || !claims.containsKey(namespace)) {
                return List.of(forAll);
            }
            return List.of(forAll, new ModelNames(claims.getOrDefault(namespace, List.of())));
        }

        private static <T> List<T> merged(
                Map<String, List<T>> byNamespace, String namespace, Function<T, String> key) {
            var all = new ArrayList<>(byNamespace.getOrDefault(ALL, List.of()));
            if (!namespace.equals(ALL)) {
                all.addAll(byNamespace.getOrDefault(namespace, List.of()));
            }
            all.sort(Comparator.comparing(key));
            return List.copyOf(all);
        }

        private Map<String, NamespaceView.Alias> visibleAliases(String namespace) {
            var visible = merged(usable, namespace, ProviderEntry::key);
            boolean asAll =
                    !usable.containsKey(namespace)
                            && visible.stream().noneMatch(p -> isOwn(p, namespace));
            return asAll ? aliasesForAll : aliases(visible, namespace);
        }

        /**
         * The namespace's own providers come first; then what a resource declares, before the
         * catalogue's names of a provider that declares none; then the lower key.
         */
        private static Map<String, NamespaceView.Alias> aliases(
                List<ProviderEntry> visible, String namespace) {
            var aliases = new HashMap<String, NamespaceView.Alias>();
            var ordered = new ArrayList<>(visible);
            ordered.sort(
                    Comparator.comparing((ProviderEntry p) -> !isOwn(p, namespace))
                            .thenComparing(ProviderEntry::key));
            for (boolean own : new boolean[] {true, false}) {
                for (boolean declared : new boolean[] {true, false}) {
                    for (var provider : ordered) {
                        if (isOwn(provider, namespace) == own) {
                            put(aliases, provider, declared);
                        }
                    }
                }
            }
            return aliases;
        }

        private static void put(
                Map<String, NamespaceView.Alias> aliases,
                ProviderEntry provider,
                boolean declared) {
            for (var model : provider.models()) {
                for (var alias : model.aliases()) {
                    if (alias.equals(model.name()) != declared) {
                        aliases.putIfAbsent(alias, new NamespaceView.Alias(provider, model));
                    }
                }
            }
        }

        private static boolean isOwn(ProviderEntry provider, String namespace) {
            return provider.key().startsWith(namespace + "/");
        }
    }
}
