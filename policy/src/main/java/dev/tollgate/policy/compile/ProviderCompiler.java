package dev.tollgate.policy.compile;

import dev.tollgate.crds.provider.Auth;
import dev.tollgate.crds.provider.CertificateRef;
import dev.tollgate.crds.provider.ModelProviderSpec;
import dev.tollgate.crds.provider.PricingPolicy;
import dev.tollgate.crds.provider.ProviderType;
import dev.tollgate.crds.resource.ConditionReason;
import dev.tollgate.policy.snapshot.ModelEntry;
import dev.tollgate.policy.snapshot.NamespaceSet;
import dev.tollgate.policy.snapshot.ProviderEntry;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One ModelProvider to its entry (api.md, section 2). */
final class ProviderCompiler {

    /** Stands in where a problem was found, so that the rest is looked at too. */
    private static final ProviderEntry.Auth NO_AUTH =
            new ProviderEntry.Auth(ProviderEntry.Auth.Kind.NONE, null);

    private final Surroundings around;
    private final String namespace;
    private final String name;
    private final ModelProviderSpec spec;
    private final Findings findings;

    ProviderCompiler(Surroundings around, ModelProviderSpec spec, Findings findings) {
        this.around = around;
        this.namespace = findings.object().namespace();
        this.name = findings.object().name();
        this.spec = spec;
        this.findings = findings;
    }

    /** Null: rejected, or its references lead nowhere. */
    @Nullable ProviderEntry compile() {
        var preset = spec.type() == null ? null : Preset.of(spec.type());
        refuseUnsupported();
        if (preset == null) {
            var type = spec.type() == null ? "absent" : WireName.of(spec.type());
            findings.unsupported("spec.type", type);
            return null;
        }
        var url = url(preset);
        var auth = auth();
        var passThrough = new PassThroughCompiler(spec, findings);
        var models = passThrough.withItsModels(models(preset));
        var usableBy =
                around.scope(
                        spec.allowedNamespaces(),
                        namespace,
                        true,
                        "spec.allowedNamespaces",
                        findings);
        var certificates = certificates();
        var entry =
                new ProviderEntry(
                        namespace + "/" + name,
                        preset.name(),
                        preset.dialect(),
                        preset.telemetryName(),
                        url == null ? "" : url,
                        isService(),
                        certificates,
                        apiVersion(),
                        auth,
                        models,
                        passThrough.entries(),
                        spec.region(),
                        usableBy,
                        timeouts(),
                        breaker(),
                        preset.billing(),
                        preset.quirks(),
                        LimitsCompiler.of(spec.limits(), findings),
                        HealthCheckCompiler.of(spec.healthCheck(), preset, models, findings));
        return findings.accepted() && findings.resolved() ? entry : null;
    }

    /** The namespaces of a spec that may be invalid otherwise; for C4. */
    static NamespaceSet usableBy(Surroundings around, ModelProviderSpec spec, Findings scratch) {
        return around.scope(
                spec.allowedNamespaces(),
                scratch.object().namespace(),
                true,
                "spec.allowedNamespaces",
                scratch);
    }

    private List<ModelEntry> models(Preset preset) {
        var pricing = spec.pricing();
        if (pricing != null && pricing.source() == PricingPolicy.Source.UNKNOWN) {
            findings.unsupported("spec.pricing.source", "a value of a newer version");
        }
        var catalogue = around.settings().catalogue();
        if (spec.models().isEmpty() && catalogue.models(preset.name()).isEmpty()) {
            if (spec.passThrough().stream().allMatch(p -> p.models().isEmpty())) {
                findings.invalid(
                        "spec.models", "absent (expected: with type " + preset.name() + ")");
            }
            return List.of();
        }
        return new ModelCompiler(spec, preset, catalogue, findings).models();
    }

    private void refuseUnsupported() {
        var endpoint = spec.endpoint();
        if (endpoint == null) {
            return;
        }
        findings.unsupportedIf(endpoint.project() != null, "spec.endpoint.project");
        findings.unsupportedIf(endpoint.location() != null, "spec.endpoint.location");
        boolean versioned = spec.type() == ProviderType.ANTHROPIC;
        findings.unsupportedIf(
                endpoint.apiVersion() != null && !versioned, "spec.endpoint.apiVersion");
    }

    private @Nullable String apiVersion() {
        var endpoint = spec.endpoint();
        return endpoint == null ? null : endpoint.apiVersion();
    }

    private boolean isService() {
        var endpoint = spec.endpoint();
        return endpoint != null && endpoint.serviceRef() != null;
    }

    private @Nullable String url(Preset preset) {
        var endpoint = spec.endpoint();
        var written = endpoint == null ? null : endpoint.url();
        var service = endpoint == null ? null : endpoint.serviceRef();
        if (written != null && service != null) {
            findings.invalid("spec.endpoint", "url and serviceRef (expected: one of them)");
            return null;
        }
        if (written != null) {
            return EndpointCheck.url(written, around.settings().endpointPolicy(), findings);
        }
        if (service != null) {
            var path = service.path() == null ? "" : service.path();
            var host = service.name() + "." + namespace + ".svc";
            return EndpointCheck.withoutSlashes("http://" + host + ":" + service.port() + path);
        }
        if (preset.url() == null) {
            findings.invalid("spec.endpoint", "absent (expected: url or serviceRef)");
            return null;
        }
        return EndpointCheck.url(preset.url(), around.settings().endpointPolicy(), findings);
    }

    private ProviderEntry.Auth auth() {
        var auth = spec.auth();
        if (auth == null || auth.type() == null) {
            findings.invalid("spec.auth.type", "absent (expected: a type)");
            return NO_AUTH;
        }
        if (auth.type() != Auth.Type.API_KEY && auth.apiKey() != null) {
            findings.invalid("spec.auth.apiKey", "present (expected: with type APIKey alone)");
        }
        if (auth.type() != Auth.Type.CLOUD_CREDENTIALS && auth.cloudCredentials() != null) {
            findings.invalid(
                    "spec.auth.cloudCredentials",
                    "present (expected: with type CloudCredentials alone)");
        }
        return switch (auth.type()) {
            case API_KEY -> apiKey(auth);
            case NONE -> NO_AUTH;
            case CLOUD_CREDENTIALS, WORKLOAD_IDENTITY, CLIENT_PASSTHROUGH, UNKNOWN -> {
                findings.unsupported("spec.auth.type", WireName.of(auth.type()));
                yield NO_AUTH;
            }
        };
    }

    private ProviderEntry.Auth apiKey(Auth auth) {
        var apiKey = auth.apiKey();
        if (apiKey == null) {
            findings.invalid("spec.auth.apiKey", "absent (expected: with type APIKey)");
            return NO_AUTH;
        }
        var ref = apiKey.secretRef();
        var key = ref.key() == null ? "api-key" : ref.key();
        var path = "spec.auth.apiKey.secretRef";
        var secret = around.secret(namespace, ref.name());
        if (secret == null) {
            findings.unresolved(
                    ConditionReason.SECRET_NOT_FOUND, path, "Secret " + ref.name() + " not found");
        } else {
            var value = secret.data().get(key);
            if (value == null || value.length() == 0) {
                findings.unresolved(
                        ConditionReason.SECRET_KEY_MISSING,
                        path + ".key",
                        "Secret " + ref.name() + " has no entry " + key);
            }
        }
        return new ProviderEntry.Auth(
                ProviderEntry.Auth.Kind.API_KEY, namespace + "/" + ref.name() + "/" + key);
    }

    private @Nullable String certificates() {
        var endpoint = spec.endpoint();
        var ref = endpoint == null ? null : endpoint.caCertificateRef();
        if (endpoint == null || ref == null) {
            return null;
        }
        var path = "spec.endpoint.caCertificateRef";
        var url = endpoint.url();
        if (endpoint.serviceRef() != null || url != null && url.startsWith("http:")) {
            findings.invalid(path, "present (expected: with an https url, as plain http has none)");
            return null;
        }
        var key = ref.key() == null ? "ca.crt" : ref.key();
        var pem = pem(ref, key, path);
        if (pem == null) {
            return null;
        }
        if (!Certificates.areReadable(pem)) {
            findings.unresolved(
                    ConditionReason.INVALID_CERTIFICATE,
                    path,
                    "entry " + key + " of " + ref.name() + " (expected: PEM certificates)");
        }
        return pem;
    }

    private @Nullable String pem(CertificateRef ref, String key, String path) {
        return switch (ref.kind()) {
            case CONFIG_MAP -> {
                var map = around.configMap(namespace, ref.name());
                var text = map == null ? null : map.data().get(key);
                if (text == null) {
                    absent(map == null, "ConfigMap " + ref.name(), key, path);
                }
                yield text;
            }
            case SECRET -> {
                var secret = around.secret(namespace, ref.name());
                var value = secret == null ? null : secret.data().get(key);
                if (value == null) {
                    absent(secret == null, "Secret " + ref.name(), key, path);
                }
                yield value == null ? null : value.exposeText();
            }
            case UNKNOWN -> {
                findings.unsupported(path + ".kind", "a value of a newer version");
                yield null;
            }
        };
    }

    private void absent(boolean whole, String object, String key, String path) {
        if (whole) {
            findings.unresolved(ConditionReason.SECRET_NOT_FOUND, path, object + " not found");
        } else {
            findings.unresolved(
                    ConditionReason.SECRET_KEY_MISSING, path, object + " has no entry " + key);
        }
    }

    private ProviderEntry.Timeouts timeouts() {
        var written = spec.timeouts();
        var at = "spec.timeouts.";
        return new ProviderEntry.Timeouts(
                findings.millis(written == null ? null : written.connect(), at + "connect", 3_000),
                findings.millis(
                        written == null ? null : written.firstByte(), at + "firstByte", 60_000),
                findings.millis(
                        written == null ? null : written.streamIdle(), at + "streamIdle", 60_000),
                findings.millis(
                        written == null ? null : written.request(), at + "request", 600_000));
    }

    private ProviderEntry.Breaker breaker() {
        var written = spec.breaker();
        var at = "spec.breaker.";
        long open =
                findings.millis(written == null ? null : written.openFor(), at + "openFor", 30_000);
        long most =
                findings.millis(
                        written == null ? null : written.maxOpenFor(),
                        at + "maxOpenFor",
                        Math.max(open, 300_000));
        if (most < open) {
            findings.invalid(at + "maxOpenFor", most + " ms (expected: at least openFor)");
        }
        return new ProviderEntry.Breaker(
                atLeastOne(
                        written == null ? null : written.consecutiveFailures(),
                        at + "consecutiveFailures",
                        3),
                open,
                most,
                atLeastOne(
                        written == null ? null : written.halfOpenProbes(),
                        at + "halfOpenProbes",
                        1));
    }

    private int atLeastOne(@Nullable Integer value, String path, int otherwise) {
        if (value != null && value < 1) {
            findings.invalid(path, value + " (expected: at least 1)");
            return otherwise;
        }
        return value == null ? otherwise : value;
    }
}
