package dev.tollgate.policy.snapshot;

import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * An endpoint of a provider that passes unchanged, at a price per request.
 *
 * @param path behind the provider's url, and behind {@code /v1} for callers
 * @param microsPerRequest micro-USD where {@code models} does not say otherwise
 * @param models the models that it serves, sorted by name; empty: every model of the provider
 */
public record PassThroughEntry(String path, long microsPerRequest, List<ModelPrice> models) {

    private static final Pattern PATH = Pattern.compile("(/[a-z0-9][a-z0-9_-]{0,62}){1,6}");

    private static final Set<String> SERVED =
            Set.of(
                    "/chat/completions",
                    "/responses",
                    "/responses/input_tokens",
                    "/embeddings",
                    "/messages",
                    "/messages/count_tokens",
                    "/models",
                    "/v1");

    /** One model's price in micro-USD. */
    public record ModelPrice(String name, long microsPerRequest) {}

    public PassThroughEntry {
        models = List.copyOf(models);
    }

    /**
     * Whether a path may be declared: it is canonical, so that no upstream can take it for another
     * one, and it is none of the gateway's own, which have prices by the token.
     */
    public static boolean isAllowed(String path) {
        return PATH.matcher(path).matches()
                && !SERVED.contains(path)
                && !path.startsWith("/models/")
                && !path.startsWith("/v1/");
    }

    /** Micro-USD of one request to a model; empty: this endpoint does not serve it. */
    public OptionalLong microsPerRequest(String model) {
        if (models.isEmpty()) {
            return OptionalLong.of(microsPerRequest);
        }
        for (var served : models) {
            if (served.name().equals(model)) {
                return OptionalLong.of(served.microsPerRequest());
            }
        }
        return OptionalLong.empty();
    }
}
