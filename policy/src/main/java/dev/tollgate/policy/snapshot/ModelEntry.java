package dev.tollgate.policy.snapshot;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One model of a provider.
 *
 * @param name the id that the provider expects
 * @param aliases public names usable without a RoutingPolicy
 * @param price null: unknown, and requests are refused
 * @param contextTokens null: unknown
 * @param maxOutputTokens null: unknown
 * @param capabilities names as in the resource, sorted: {@code Chat}, {@code Tools}, ...
 * @param quality 1..100
 * @param imageTokens the most that one image can cost, in tokens
 */
public record ModelEntry(
        String name,
        List<String> aliases,
        @Nullable PriceEntry price,
        @Nullable Long contextTokens,
        @Nullable Long maxOutputTokens,
        List<String> capabilities,
        int quality,
        int imageTokens) {

    public ModelEntry {
        aliases = List.copyOf(aliases);
        capabilities = List.copyOf(capabilities);
    }
}
