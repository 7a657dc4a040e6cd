package dev.tollgate.policy.compile;

import dev.tollgate.crds.provider.ModelProviderSpec;
import dev.tollgate.crds.provider.ProviderModel;
import dev.tollgate.crds.resource.Condition;
import dev.tollgate.crds.resource.ConditionReason;
import dev.tollgate.crds.resource.ConditionType;
import dev.tollgate.policy.snapshot.PolicyEntry;
import dev.tollgate.policy.snapshot.ProviderEntry;
import dev.tollgate.policy.snapshot.Snapshot;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Which used models their providers retire soon (api.md, C6). Information only: traffic goes on.
 */
final class Deprecations {

    /** Most models that one message names. */
    private static final int MAX_TOLD = 5;

    /**
     * One retiring model.
     *
     * @param replacement empty: none is known
     */
    private record Retiring(String model, LocalDate date, String replacement) {
        String text() {
            var instead = replacement.isEmpty() ? "" : ", use " + replacement;
            return model + " is retired on " + date + instead;
        }
    }

    private final CompileSettings settings;
    private final Map<String, TreeMap<String, Retiring>> retiring = new TreeMap<>();

    /** Providers that serve the whole catalogue: that a model has a name there is no use of it. */
    private final Set<String> whole = new HashSet<>();

    Deprecations(CompileSettings settings) {
        this.settings = settings;
    }

    /** Notes the models of a provider that is served and will retire them. */
    void add(ProviderEntry entry, ModelProviderSpec spec) {
        if (spec.models().isEmpty()) {
            whole.add(entry.key());
        }
        var written = spec.models().stream().collect(Collectors.toMap(ProviderModel::name, m -> m));
        for (var model : entry.models()) {
            var found = retiring(model.name(), written.get(model.name()), entry.type());
            if (found != null) {
                retiring.computeIfAbsent(entry.key(), k -> new TreeMap<>())
                        .put(model.name(), found);
            }
        }
    }

    private @Nullable Retiring retiring(String name, @Nullable ProviderModel written, String type) {
        var deprecation = written == null ? null : written.deprecation();
        if (deprecation != null) {
            var replacement = deprecation.replacement();
            return new Retiring(name, deprecation.date(), replacement == null ? "" : replacement);
        }
        var catalogName = written == null ? null : written.catalogName();
        var known = settings.catalogue().find(type, catalogName == null ? name : catalogName);
        var date = known == null ? null : known.deprecation();
        return date == null ? null : new Retiring(name, date, "");
    }

    /** Of all providers, whenever it will be; sorted. */
    List<Retirement> all(Snapshot snapshot) {
        return snapshot.providers().stream()
                .flatMap(
                        provider ->
                                used(provider, snapshot.policies()).stream()
                                        .map(
                                                found ->
                                                        new Retirement(
                                                                provider.key(),
                                                                found.model(),
                                                                found.date())))
                .toList();
    }

    Finding ofProvider(ProviderEntry entry, Collection<PolicyEntry> policies) {
        return finding(used(entry, policies));
    }

    /** Of a provider: its models with an alias, and those that targets name. */
    private List<Retiring> used(ProviderEntry entry, Collection<PolicyEntry> policies) {
        var used = new TreeSet<String>();
        entry.models().stream()
                .filter(model -> !model.aliases().isEmpty() && !whole.contains(entry.key()))
                .forEach(model -> used.add(model.name()));
        policies.forEach(policy -> used.addAll(usedModels(policy, entry.key())));
        var found = retiring.getOrDefault(entry.key(), new TreeMap<>());
        return used.stream().filter(found::containsKey).map(found::get).toList();
    }

    Finding ofPolicy(PolicyEntry policy) {
        return finding(
                retiring.entrySet().stream()
                        .flatMap(
                                provider ->
                                        usedModels(policy, provider.getKey()).stream()
                                                .filter(provider.getValue()::containsKey)
                                                .map(provider.getValue()::get))
                        .distinct()
                        .toList());
    }

    private static TreeSet<String> usedModels(PolicyEntry policy, String provider) {
        var used = new TreeSet<String>();
        for (var rule : policy.rules()) {
            for (var target : rule.targets()) {
                if (target.provider().equals(provider)) {
                    if (target.model() == null) {
                        used.addAll(policy.models());
                    } else {
                        used.add(target.model());
                    }
                }
            }
        }
        return used;
    }

    private Finding finding(List<Retiring> all) {
        var limit =
                LocalDate.ofInstant(settings.now(), ZoneOffset.UTC)
                        .plusDays(settings.deprecationWarnDays());
        var found = all.stream().filter(each -> !each.date().isAfter(limit)).toList();
        if (found.isEmpty()) {
            return new Finding(
                    ConditionType.MODEL_DEPRECATED,
                    Condition.Status.FALSE,
                    ConditionReason.CURRENT,
                    "no used model is about to be retired");
        }
        var text =
                found.stream()
                        .sorted(Comparator.comparing(Retiring::date).thenComparing(Retiring::model))
                        .limit(MAX_TOLD)
                        .map(Retiring::text)
                        .collect(Collectors.joining("; "));
        var rest = found.size() > MAX_TOLD ? "; and " + (found.size() - MAX_TOLD) + " more" : "";
        return new Finding(
                ConditionType.MODEL_DEPRECATED,
                Condition.Status.TRUE,
                ConditionReason.MODEL_DEPRECATED,
                text + rest);
    }
}
