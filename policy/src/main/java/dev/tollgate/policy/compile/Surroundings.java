package dev.tollgate.policy.compile;

import dev.tollgate.crds.resource.ConfigMapObject;
import dev.tollgate.crds.resource.LabelExpression;
import dev.tollgate.crds.resource.LabelSelector;
import dev.tollgate.crds.resource.Metadata;
import dev.tollgate.crds.resource.NamespaceScope;
import dev.tollgate.crds.resource.Resources;
import dev.tollgate.crds.resource.SecretObject;
import dev.tollgate.policy.snapshot.IssuerEntry;
import dev.tollgate.policy.snapshot.NamespaceSet;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Everything around the object that is being compiled: Secrets, ConfigMaps, namespaces. */
final class Surroundings {

    /** The label that every namespace of a cluster has. */
    private static final String NAME_LABEL = "kubernetes.io/metadata.name";

    private final CompileSettings settings;
    private final Map<String, SecretObject> secrets = new HashMap<>();
    private final Map<String, ConfigMapObject> configMaps = new HashMap<>();
    private final SortedMap<String, Map<String, String>> labels = new TreeMap<>();

    Surroundings(Resources resources, CompileSettings settings) {
        this.settings = settings;
        resources.secrets().forEach(s -> secrets.put(key(s.metadata()), s));
        resources.configMaps().forEach(c -> configMaps.put(key(c.metadata()), c));
        var namespaces = new ArrayList<String>();
        namespaces.add(settings.platformNamespace());
        resources.providers().forEach(o -> namespaces.add(o.metadata().namespace()));
        resources.policies().forEach(o -> namespaces.add(o.metadata().namespace()));
        resources.budgets().forEach(o -> namespaces.add(o.metadata().namespace()));
        resources.secrets().forEach(o -> namespaces.add(o.metadata().namespace()));
        resources.serviceAccounts().forEach(o -> namespaces.add(o.metadata().namespace()));
        namespaces.forEach(name -> labels.put(name, Map.of(NAME_LABEL, name)));
        for (var namespace : resources.namespaces()) {
            var name = namespace.metadata().name();
            var all = new HashMap<>(namespace.metadata().labels());
            all.put(NAME_LABEL, name);
            labels.put(name, all);
        }
    }

    static String key(Metadata metadata) {
        return metadata.namespace() + "/" + metadata.name();
    }

    CompileSettings settings() {
        return settings;
    }

    /** Whose users Budgets may name. */
    List<IssuerEntry> externalIssuers() {
        return settings.issuers().stream().filter(issuer -> !issuer.kubernetes()).toList();
    }

    boolean isPlatform(String namespace) {
        return namespace.equals(settings.platformNamespace());
    }

    @Nullable SecretObject secret(String namespace, String name) {
        return secrets.get(namespace + "/" + name);
    }

    @Nullable ConfigMapObject configMap(String namespace, String name) {
        return configMaps.get(namespace + "/" + name);
    }

    /** Names of all known namespaces, sorted. */
    List<String> namespaces() {
        return List.copyOf(labels.keySet());
    }

    NamespaceSet selected(LabelSelector selector) {
        return NamespaceSet.of(
                labels.entrySet().stream()
                        .filter(entry -> selects(selector, entry.getValue()))
                        .map(Map.Entry::getKey)
                        .toList());
    }

    /**
     * The namespaces of a scope; absent is Same.
     *
     * @param withOwn whether the own namespace is always among them
     */
    NamespaceSet scope(
            @Nullable NamespaceScope scope,
            String own,
            boolean withOwn,
            String path,
            Findings findings) {
        var from = scope == null ? null : scope.from();
        if (scope == null || from == null) {
            return NamespaceSet.of(List.of(own));
        }
        return switch (from) {
            case SAME -> NamespaceSet.of(List.of(own));
            case ALL -> NamespaceSet.everyone();
            case SELECTOR -> selector(scope.selector(), own, withOwn, path, findings);
            case UNKNOWN -> {
                findings.unsupported(path + ".from", "a value of a newer version");
                yield NamespaceSet.of(List.of(own));
            }
        };
    }

    private NamespaceSet selector(
            @Nullable LabelSelector selector,
            String own,
            boolean withOwn,
            String path,
            Findings findings) {
        if (selector == null) {
            findings.invalid(path + ".selector", "absent (expected: with from: Selector)");
            return NamespaceSet.of(List.of(own));
        }
        if (!isKnown(selector)) {
            findings.unsupported(path + ".selector", "an operator of a newer version");
        }
        var names = new ArrayList<>(selected(selector).names());
        if (withOwn) {
            names.add(own);
        }
        return NamespaceSet.of(names);
    }

    static boolean isKnown(LabelSelector selector) {
        return selector.matchExpressions().stream()
                .noneMatch(e -> e.operator() == LabelExpression.Operator.UNKNOWN);
    }

    /** Those of {@code a} that are in {@code b}. */
    static NamespaceSet intersect(NamespaceSet a, NamespaceSet b) {
        if (a.all()) {
            return b;
        }
        return b.all() ? a : NamespaceSet.of(a.names().stream().filter(b::contains).toList());
    }

    private static boolean selects(LabelSelector selector, Map<String, String> labels) {
        return selector.matchLabels().entrySet().stream()
                        .allMatch(e -> e.getValue().equals(labels.get(e.getKey())))
                && selector.matchExpressions().stream().allMatch(e -> holds(e, labels));
    }

    private static boolean holds(LabelExpression expression, Map<String, String> labels) {
        var value = labels.get(expression.key());
        return switch (expression.operator()) {
            case IN -> value != null && expression.values().contains(value);
            case NOT_IN -> value == null || !expression.values().contains(value);
            case EXISTS -> value != null;
            case DOES_NOT_EXIST -> value == null;
            case UNKNOWN -> false;
        };
    }
}
