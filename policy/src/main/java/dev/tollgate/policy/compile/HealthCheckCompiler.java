package dev.tollgate.policy.compile;

import dev.tollgate.crds.provider.HealthCheck;
import dev.tollgate.policy.price.Bound;
import dev.tollgate.policy.price.BoundInput;
import dev.tollgate.policy.price.UpperBound;
import dev.tollgate.policy.snapshot.HealthCheckEntry;
import dev.tollgate.policy.snapshot.ModelEntry;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** Active checks of a provider; api.md, P8. */
final class HealthCheckCompiler {

    private static final String AT = "spec.healthCheck";
    private static final long INTERVAL_MILLIS = 30_000;
    private static final long TIMEOUT_MILLIS = 5_000;
    private static final int UNHEALTHY_AFTER = 3;

    private HealthCheckCompiler() {}

    /** Null: only its own traffic tells. */
    static @Nullable HealthCheckEntry of(
            @Nullable HealthCheck check,
            Preset preset,
            List<ModelEntry> models,
            Findings findings) {
        var mode = check == null ? null : check.mode();
        if (check == null || mode == null) {
            return null;
        }
        var model =
                switch (mode) {
                    case DISABLED, LIST_MODELS -> null;
                    case COMPLETION -> asked(check.model(), preset, models, findings);
                    case UNKNOWN -> {
                        findings.unsupported(AT + ".mode", "a value of a newer version");
                        yield null;
                    }
                };
        if (mode != HealthCheck.Mode.COMPLETION && check.model() != null) {
            findings.invalid(AT + ".model", "present (expected: with mode Completion alone)");
        }
        if (mode == HealthCheck.Mode.DISABLED) {
            return null;
        }
        return new HealthCheckEntry(
                model,
                findings.millis(check.interval(), AT + ".interval", INTERVAL_MILLIS),
                findings.millis(check.timeout(), AT + ".timeout", TIMEOUT_MILLIS),
                times(check.unhealthyAfter(), UNHEALTHY_AFTER, "unhealthyAfter", findings),
                times(check.healthyAfter(), 1, "healthyAfter", findings));
    }

    /** It is paid like every request, so its price must be known and its cost have a bound. */
    private static @Nullable String asked(
            @Nullable String name, Preset preset, List<ModelEntry> models, Findings findings) {
        var at = AT + ".model";
        if (name == null) {
            findings.invalid(at, "absent (expected: with mode Completion)");
            return null;
        }
        var model = models.stream().filter(m -> m.name().equals(name)).findFirst().orElse(null);
        if (model == null) {
            findings.invalid(at, name + " (expected: the name of a model of this provider)");
            return null;
        }
        if (!model.capabilities().contains("Chat")) {
            findings.invalid(at, name + " (expected: a model with the capability Chat)");
        } else if (model.price() != null
                && UpperBound.of(model, oneToken(preset)) instanceof Bound.Unboundable unbounded) {
            findings.invalid(
                    at,
                    name + " (expected: a model whose cost has a bound): " + unbounded.reason());
        }
        return name;
    }

    private static BoundInput oneToken(Preset preset) {
        return new BoundInput(
                1,
                1,
                false,
                0,
                0,
                List.of(),
                OptionalLong.of(1),
                1,
                preset.dialect().equals("gemini"));
    }

    private static int times(@Nullable Integer written, int usual, String name, Findings findings) {
        int times = written == null ? usual : written;
        if (times < 1) {
            findings.invalid(AT + "." + name, times + " (expected: at least 1)");
        }
        return times;
    }
}
