package dev.tollgate.policy.price;

import dev.tollgate.policy.snapshot.PriceEntry;
import java.time.LocalDate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the catalogue knows of one model.
 *
 * @param contextTokens null: unknown
 * @param maxOutputTokens null: unknown
 * @param capabilities named as in ModelProvider, sorted
 * @param deprecation when the provider retires it, null: unknown
 */
public record CatalogueEntry(
        String name,
        PriceEntry price,
        @Nullable Long contextTokens,
        @Nullable Long maxOutputTokens,
        List<String> capabilities,
        @Nullable LocalDate deprecation) {

    public CatalogueEntry {
        capabilities = List.copyOf(capabilities);
    }
}
