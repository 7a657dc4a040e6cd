package dev.tollgate.policy.compile;

import dev.tollgate.crds.resource.ConditionReason;
import dev.tollgate.crds.resource.ModelProvider;
import dev.tollgate.crds.route.Target;
import dev.tollgate.policy.route.ModelPattern;
import dev.tollgate.policy.snapshot.ModelEntry;
import dev.tollgate.policy.snapshot.ProviderEntry;
import dev.tollgate.policy.snapshot.RuleEntry;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What targets refer to. A target in another namespace whose provider is absent or forbidden gets
 * one and the same text, so that nobody can find out which providers others have (api.md, section 5
 * and T3).
 */
final class TargetResolver {

    private final Map<String, ProviderEntry> usable = new HashMap<>();
    private final Set<String> existing;

    TargetResolver(List<ModelProvider> existing, List<ProviderEntry> usable) {
        this.existing = new TreeSet<>();
        existing.forEach(provider -> this.existing.add(Surroundings.key(provider.metadata())));
        usable.forEach(entry -> this.usable.put(entry.key(), entry));
    }

    /**
     * @param entry null: the target is dropped
     * @param provider {@code namespace/name} of a provider that the policy may use
     */
    record Resolved(
            RuleEntry.@Nullable TargetEntry entry, @Nullable String provider, boolean sound) {
        static final Resolved NOTHING = new Resolved(null, null, false);
    }

    Resolved resolve(
            Target target,
            String namespace,
            List<String> clientModels,
            @Nullable List<String> regions,
            String at,
            Findings findings) {
        var ref = target.providerRef();
        var owner = ref.namespace() == null ? namespace : ref.namespace();
        var key = owner + "/" + ref.name();
        var path = at + ".providerRef";
        var provider = usable.get(key);
        boolean own = owner.equals(namespace);
        if (!own && (provider == null || !provider.usableBy().contains(namespace))) {
            findings.unresolved(
                    ConditionReason.REF_NOT_PERMITTED,
                    path,
                    "ModelProvider "
                            + key
                            + " does not exist, is not ready, or does not allow namespace "
                            + namespace);
            return Resolved.NOTHING;
        }
        if (provider == null) {
            findings.unresolved(
                    ConditionReason.PROVIDER_NOT_FOUND,
                    path,
                    existing.contains(key)
                            ? "ModelProvider " + key + " is not usable: see its own problems"
                            : "ModelProvider " + key + " not found");
            return Resolved.NOTHING;
        }
        var entry =
                entry(
                        target,
                        key,
                        QualityOf.written(target.tier(), target.quality(), at, findings));
        if (target.apiVersion() != null && !provider.dialect().equals("anthropic")) {
            findings.unsupported(at + ".apiVersion", "an apiVersion for type " + provider.type());
        }
        if (!lists(provider, target.model(), clientModels)) {
            findings.unresolved(
                    ConditionReason.MODEL_NOT_FOUND,
                    target.model() == null ? at : at + ".model",
                    notListed(provider, target.model()));
            return new Resolved(null, key, false);
        }
        var region = provider.region();
        if (regions != null && (region == null || !regions.contains(region))) {
            findings.unresolved(
                    ConditionReason.REGION_NOT_PERMITTED,
                    path,
                    "ModelProvider "
                            + key
                            + (region == null ? " has no region" : " is in region " + region)
                            + " (expected: one of "
                            + regions
                            + ")");
            return new Resolved(entry, key, false);
        }
        return new Resolved(entry, key, true);
    }

    private static RuleEntry.TargetEntry entry(
            Target target, String provider, @Nullable Integer quality) {
        return new RuleEntry.TargetEntry(
                target.name(),
                provider,
                target.model(),
                target.apiVersion(),
                target.priority() == null ? 0 : target.priority(),
                target.weight() == null ? 1 : target.weight(),
                quality);
    }

    private static boolean lists(
            ProviderEntry provider, @Nullable String model, List<String> clientModels) {
        if (model != null) {
            return provider.models().stream().anyMatch(m -> m.name().equals(model));
        }
        return clientModels.stream()
                .map(ModelPattern::new)
                .anyMatch(
                        pattern ->
                                provider.models().stream()
                                        .anyMatch(m -> pattern.matches(m.name())));
    }

    private static String notListed(ProviderEntry provider, @Nullable String model) {
        var text = "ModelProvider " + provider.key() + " lists no model ";
        if (model == null) {
            return text + "with a name of spec.models";
        }
        return provider.models().stream()
                .filter(m -> m.aliases().contains(model))
                .map(ModelEntry::name)
                .findFirst()
                .map(name -> text + model + ", which is an alias there (expected: " + name + ")")
                .orElse(text + model);
    }
}
