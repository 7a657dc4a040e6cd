package dev.tollgate.policy.compile;

import dev.tollgate.crds.provider.Capability;
import dev.tollgate.crds.provider.ModelProviderSpec;
import dev.tollgate.crds.provider.Price;
import dev.tollgate.crds.provider.PriceTier;
import dev.tollgate.crds.provider.PricingPolicy;
import dev.tollgate.crds.provider.ProviderModel;
import dev.tollgate.crds.resource.ConditionReason;
import dev.tollgate.policy.price.Catalogue;
import dev.tollgate.policy.price.CatalogueEntry;
import dev.tollgate.policy.price.PriceParts;
import dev.tollgate.policy.route.Quality;
import dev.tollgate.policy.snapshot.ModelEntry;
import dev.tollgate.policy.snapshot.PriceEntry;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The models of a provider: what is written, then the catalogue (api.md, section 2 and P5). */
final class ModelCompiler {

    private static final long MAX_MICROS = 999_999_999_999L;

    /** Of a model that neither resource nor catalogue describes: nothing is known to be missing. */
    private static final List<String> ASSUMED_CAPABILITIES =
            List.of(
                    "Audio",
                    "Chat",
                    "Completions",
                    "Embeddings",
                    "JsonSchema",
                    "Logprobs",
                    "Reasoning",
                    "Rerank",
                    "Streaming",
                    "Tools",
                    "Vision");

    private final ModelProviderSpec spec;
    private final Preset preset;
    private final Catalogue catalogue;
    private final Findings findings;

    ModelCompiler(ModelProviderSpec spec, Preset preset, Catalogue catalogue, Findings findings) {
        this.spec = spec;
        this.preset = preset;
        this.catalogue = catalogue;
        this.findings = findings;
    }

    /** Sorted by name. */
    List<ModelEntry> models() {
        if (spec.models().isEmpty()) {
            return wholeCatalogue();
        }
        var names = new HashSet<String>();
        var aliases = new HashSet<String>();
        var entries = new ArrayList<ModelEntry>();
        for (int i = 0; i < spec.models().size(); i++) {
            var model = spec.models().get(i);
            var path = "spec.models[" + i + "]";
            if (!names.add(model.name())) {
                findings.invalid(path + ".name", model.name() + " (expected: one entry a name)");
            }
            for (var alias : model.aliases()) {
                if (!aliases.add(alias)) {
                    findings.invalid(path + ".aliases", alias + " (expected: one model an alias)");
                }
            }
            entries.add(model(model, path));
        }
        entries.sort(Comparator.comparing(ModelEntry::name));
        return entries;
    }

    /** Each model under its own name, so that a provider alone is of use (api.md, section 2). */
    private List<ModelEntry> wholeCatalogue() {
        var known = catalogue.models(preset.name());
        if (isExplicit()) {
            findings.reject(
                    ConditionReason.UNKNOWN_PRICE,
                    "spec.models",
                    "absent (expected: models with prices, as pricing.source is Explicit)");
        }
        return known.stream()
                .map(
                        entry ->
                                new ModelEntry(
                                        entry.name(),
                                        List.of(entry.name()),
                                        entry.price(),
                                        entry.contextTokens(),
                                        entry.maxOutputTokens(),
                                        entry.capabilities(),
                                        Quality.STANDARD,
                                        ImageTokens.of(spec.type(), entry.name())))
                .toList();
    }

    private ModelEntry model(ProviderModel model, String path) {
        var catalogName = model.catalogName() == null ? model.name() : model.catalogName();
        var known = catalogue.find(preset.name(), catalogName);
        if (model.catalogName() != null && known == null) {
            findings.invalid(
                    path + ".catalogName",
                    catalogName + " (expected: a " + preset.name() + " model of the catalogue)");
        }
        Long context = known == null ? null : known.contextTokens();
        Long output = known == null ? null : known.maxOutputTokens();
        return new ModelEntry(
                model.name(),
                model.aliases().stream().sorted().toList(),
                price(model, known, path),
                model.contextTokens() == null ? context : Long.valueOf(model.contextTokens()),
                model.maxOutputTokens() == null ? output : Long.valueOf(model.maxOutputTokens()),
                capabilities(model, known, path),
                quality(model, path),
                ImageTokens.of(spec.type(), catalogName));
    }

    private List<String> capabilities(
            ProviderModel model, @Nullable CatalogueEntry known, String path) {
        if (model.capabilities().isEmpty()) {
            return known == null ? ASSUMED_CAPABILITIES : known.capabilities();
        }
        if (model.capabilities().contains(Capability.UNKNOWN)) {
            findings.unsupported(path + ".capabilities", "a value of a newer version");
        }
        return model.capabilities().stream()
                .filter(capability -> capability != Capability.UNKNOWN)
                .map(WireName::of)
                .sorted()
                .toList();
    }

    private int quality(ProviderModel model, String path) {
        var written = QualityOf.written(model.tier(), model.quality(), path, findings);
        return written == null ? Quality.STANDARD : written;
    }

    private boolean isExplicit() {
        var pricing = spec.pricing();
        return pricing != null && pricing.source() == PricingPolicy.Source.EXPLICIT;
    }

    private PricingPolicy.OnUnknownModel onUnknown() {
        var pricing = spec.pricing();
        var written = pricing == null ? null : pricing.onUnknownModel();
        return written == null ? PricingPolicy.OnUnknownModel.REJECT : written;
    }

    private @Nullable PriceEntry price(
            ProviderModel model, @Nullable CatalogueEntry known, String path) {
        var base = known == null || isExplicit() ? null : known.price();
        var written = model.pricing();
        if (written == null) {
            return base != null ? base : unknown(model, path, "no price is known");
        }
        var at = path + ".pricing";
        var parts = base == null ? new PriceParts() : PriceParts.of(base);
        set(parts, "in", written.inputPer1M(), at + ".inputPer1M");
        set(parts, "cached", written.cachedInputPer1M(), at + ".cachedInputPer1M");
        set(parts, "write", written.cacheWritePer1M(), at + ".cacheWritePer1M");
        set(parts, "write1h", written.cacheWrite1hPer1M(), at + ".cacheWrite1hPer1M");
        set(parts, "out", written.outputPer1M(), at + ".outputPer1M");
        set(parts, "call", written.perRequest(), at + ".perRequest");
        boolean onlyInput =
                !model.capabilities().isEmpty()
                        && model.capabilities().stream()
                                .allMatch(
                                        c -> c == Capability.EMBEDDINGS || c == Capability.RERANK);
        if (!parts.knowsInput() || !parts.knowsOutput() && !onlyInput) {
            var missing = parts.knowsInput() ? "outputPer1M" : "inputPer1M";
            return unknown(model, path, missing + " is absent and no catalogue has it");
        }
        var tiers = tiers(written, at);
        return base != null && tiers.isEmpty()
                ? withTiers(parts.toPrice(List.of(), "provider"), base.tiers())
                : parts.toPrice(tiers, "provider");
    }

    private static PriceEntry withTiers(PriceEntry price, List<PriceEntry.Tier> tiers) {
        return new PriceEntry(
                price.input(),
                price.cachedInput(),
                price.cacheWrite(),
                price.cacheWrite1h(),
                price.output(),
                price.inputAudio(),
                price.outputAudio(),
                price.perRequest(),
                tiers,
                price.source());
    }

    private List<PriceParts.TierParts> tiers(Price written, String at) {
        var tiers = new ArrayList<PriceParts.TierParts>();
        var borders = new HashSet<Integer>();
        for (int i = 0; i < written.tiers().size(); i++) {
            var tier = written.tiers().get(i);
            var path = at + ".tiers[" + i + "]";
            if (tier.aboveInputTokens() < 1 || !borders.add(tier.aboveInputTokens())) {
                findings.invalid(
                        path + ".aboveInputTokens",
                        tier.aboveInputTokens() + " (expected: above 0, one tier a number)");
            } else {
                tiers.add(tier(tier, path));
            }
        }
        return tiers;
    }

    private PriceParts.TierParts tier(PriceTier tier, String path) {
        var parts = new PriceParts();
        set(parts, "in", tier.inputPer1M(), path + ".inputPer1M");
        set(parts, "cached", tier.cachedInputPer1M(), path + ".cachedInputPer1M");
        set(parts, "write", tier.cacheWritePer1M(), path + ".cacheWritePer1M");
        set(parts, "write1h", tier.cacheWrite1hPer1M(), path + ".cacheWrite1hPer1M");
        set(parts, "out", tier.outputPer1M(), path + ".outputPer1M");
        return new PriceParts.TierParts(tier.aboveInputTokens(), parts);
    }

    private void set(PriceParts parts, String name, @Nullable String dollars, String path) {
        if (dollars == null) {
            return;
        }
        var micros = PriceParts.micros(dollars);
        if (micros.isEmpty() || micros.getAsLong() > MAX_MICROS) {
            findings.invalid(path, dollars + " (expected: decimal dollars such as \"0.15\")");
        } else {
            parts.set(name, dollars);
        }
    }

    /** P5: an unpriced model is never silently free. */
    private @Nullable PriceEntry unknown(ProviderModel model, String path, String why) {
        switch (onUnknown()) {
            case FREE -> {
                return new PriceEntry(0, 0, 0, 0, 0, 0, 0, 0, List.of(), "free");
            }
            case CHARGE_MAXIMUM -> {
                var dearest = catalogue.dearest(preset.name());
                if (dearest != null) {
                    return dearest;
                }
                findings.reject(
                        ConditionReason.UNKNOWN_PRICE,
                        "spec.pricing.onUnknownModel",
                        String.format(
                                Locale.ROOT,
                                "ChargeMaximum (expected: a type with a catalogue, not %s)",
                                preset.name()));
            }
            case REJECT ->
                    findings.reject(
                            ConditionReason.UNKNOWN_PRICE,
                            path,
                            "model " + model.name() + " cannot be priced: " + why);
            case UNKNOWN ->
                    findings.unsupported(
                            "spec.pricing.onUnknownModel", "a value of a newer version");
        }
        return null;
    }
}
