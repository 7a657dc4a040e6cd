package dev.tollgate.policy.snapshot;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One upstream account or server.
 *
 * @param key {@code namespace/name}
 * @param type the resource's {@code spec.type}, such as {@code Groq}
 * @param dialect wire name of the dialect it speaks: {@code openai-chat}, {@code anthropic}, {@code
 *     gemini}
 * @param telemetryName value of {@code gen_ai.provider.name}
 * @param url base address without a trailing slash
 * @param inCluster whether the address came from a {@code serviceRef}, which may be private and
 *     plain
 * @param caCertificates PEM, null: the system's
 * @param apiVersion {@code anthropic-version} or {@code api-version}, null: the type's default
 * @param models sorted by name
 * @param passThrough endpoints that pass unchanged, sorted by path
 * @param region residency label, null: unknown
 * @param usableBy namespaces whose policies may refer to it, its own included
 * @param billing what the provider bills when an answer does not end well
 * @param quirks deviations from the dialect, by name
 * @param limits of the account, null: none
 * @param healthCheck null: only its own traffic tells
 */
public record ProviderEntry(
        String key,
        String type,
        String dialect,
        String telemetryName,
        String url,
        boolean inCluster,
        @Nullable String caCertificates,
        @Nullable String apiVersion,
        Auth auth,
        List<ModelEntry> models,
        List<PassThroughEntry> passThrough,
        @Nullable String region,
        NamespaceSet usableBy,
        Timeouts timeouts,
        Breaker breaker,
        Billing billing,
        List<String> quirks,
        @Nullable LimitsEntry limits,
        @Nullable HealthCheckEntry healthCheck) {

    public ProviderEntry {
        models = List.copyOf(models);
        passThrough = List.copyOf(passThrough);
        quirks = List.copyOf(quirks);
    }

    /** The model of this name; null: it has none. */
    public @Nullable ModelEntry model(String name) {
        for (var model : models) {
            if (model.name().equals(name)) {
                return model;
            }
        }
        return null;
    }

    /** The endpoint of this path; null: it is not declared. */
    public @Nullable PassThroughEntry passThrough(String path) {
        for (var entry : passThrough) {
            if (entry.path().equals(path)) {
                return entry;
            }
        }
        return null;
    }

    /**
     * How the proxy proves itself.
     *
     * @param credential for {@code API_KEY}: {@code namespace/secret/key} of the value, which comes
     *     apart from the snapshot
     */
    public record Auth(Kind kind, @Nullable String credential) {
        public enum Kind {
            API_KEY,
            CLIENT_PASSTHROUGH,
            NONE
        }
    }

    /** All in milliseconds. */
    public record Timeouts(
            long connectMillis, long firstByteMillis, long streamIdleMillis, long requestMillis) {}

    /** Of each (provider, model); api.md, P7. */
    public record Breaker(
            int consecutiveFailures, long openMillis, long maxOpenMillis, int halfOpenProbes) {}

    /**
     * budgets.md, section 8.
     *
     * @param stopsOnDisconnect a cancelled stream is billed for what was generated only
     * @param neverBilledStatuses statuses besides 4xx before inference that are known to cost
     *     nothing
     */
    public record Billing(boolean stopsOnDisconnect, List<Integer> neverBilledStatuses) {
        public Billing {
            neverBilledStatuses = List.copyOf(neverBilledStatuses);
        }
    }
}
