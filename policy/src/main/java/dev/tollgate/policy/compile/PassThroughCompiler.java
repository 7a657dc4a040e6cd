package dev.tollgate.policy.compile;

import dev.tollgate.crds.provider.ModelProviderSpec;
import dev.tollgate.crds.provider.PassThrough;
import dev.tollgate.crds.provider.ProviderType;
import dev.tollgate.policy.price.PriceParts;
import dev.tollgate.policy.snapshot.ModelEntry;
import dev.tollgate.policy.snapshot.PassThroughEntry;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The endpoints of a provider that pass unchanged, and the models that only they serve. */
final class PassThroughCompiler {

    private static final int DEFAULT_QUALITY = 50;
    private static final long MAX_MICROS = 999_999_999_999L;

    private final ModelProviderSpec spec;
    private final Findings findings;

    PassThroughCompiler(ModelProviderSpec spec, Findings findings) {
        this.spec = spec;
        this.findings = findings;
    }

    /** Sorted by path. */
    List<PassThroughEntry> entries() {
        if (!spec.passThrough().isEmpty() && spec.type() == ProviderType.GEMINI) {
            findings.invalid(
                    "spec.passThrough",
                    "present (expected: with a type whose requests name the model in their body)");
        }
        var paths = new HashSet<String>();
        var entries = new ArrayList<PassThroughEntry>();
        for (int i = 0; i < spec.passThrough().size(); i++) {
            var at = "spec.passThrough[" + i + "]";
            var written = spec.passThrough().get(i);
            if (!PassThroughEntry.isAllowed(written.path())) {
                findings.invalid(
                        at + ".path",
                        written.path()
                                + " (expected: a path without /v1, such as /images/generations,"
                                + " that Tollgate does not serve itself)");
            } else if (!paths.add(written.path())) {
                findings.invalid(at + ".path", written.path() + " (expected: one entry a path)");
            } else {
                entries.add(entry(written, at));
            }
        }
        entries.sort(Comparator.comparing(PassThroughEntry::path));
        return entries;
    }

    private PassThroughEntry entry(PassThrough written, String at) {
        long price = micros(written.pricePerRequest(), at + ".pricePerRequest");
        var names = new HashSet<String>();
        var models = new ArrayList<PassThroughEntry.ModelPrice>();
        for (int i = 0; i < written.models().size(); i++) {
            var model = written.models().get(i);
            var path = at + ".models[" + i + "]";
            if (!names.add(model.name())) {
                findings.invalid(path + ".name", model.name() + " (expected: one entry a name)");
            }
            var own = model.pricePerRequest();
            models.add(
                    new PassThroughEntry.ModelPrice(
                            model.name(),
                            own == null ? price : micros(own, path + ".pricePerRequest")));
        }
        models.sort(Comparator.comparing(PassThroughEntry.ModelPrice::name));
        return new PassThroughEntry(written.path(), price, models);
    }

    /** All models, sorted by name: those that no other field names have nothing but their name. */
    List<ModelEntry> withItsModels(List<ModelEntry> models) {
        var known = new HashSet<String>();
        models.forEach(model -> known.add(model.name()));
        var all = new ArrayList<>(models);
        for (var endpoint : spec.passThrough()) {
            for (var model : endpoint.models()) {
                if (known.add(model.name())) {
                    all.add(
                            new ModelEntry(
                                    model.name(),
                                    List.of(),
                                    null,
                                    null,
                                    null,
                                    List.of(),
                                    DEFAULT_QUALITY,
                                    0));
                }
            }
        }
        all.sort(Comparator.comparing(ModelEntry::name));
        return all;
    }

    private long micros(@Nullable String dollars, String path) {
        var micros = dollars == null ? null : PriceParts.micros(dollars);
        if (micros == null || micros.isEmpty() || micros.getAsLong() > MAX_MICROS) {
            findings.invalid(path, dollars + " (expected: decimal dollars such as \"0.04\")");
            return 0;
        }
        return micros.getAsLong();
    }
}
