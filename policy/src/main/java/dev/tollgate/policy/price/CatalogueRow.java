package dev.tollgate.policy.price;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One model of the catalogue as it is read. Prices are decimal strings of USD per million tokens,
 * {@code call} per call; a price that is absent is filled in by {@link PriceParts}.
 */
final class CatalogueRow {

    private final PriceParts base = new PriceParts();
    private final List<PriceParts.TierParts> tiers = new ArrayList<>();
    private final List<String> capabilities = new ArrayList<>();
    private @Nullable Long contextTokens;
    private @Nullable Long maxOutputTokens;
    private @Nullable String ends;

    private CatalogueRow() {}

    static CatalogueEntry read(JsonParser parser, String name, String source) throws IOException {
        var row = new CatalogueRow();
        for (var member = parser.nextFieldName(); member != null; member = parser.nextFieldName()) {
            parser.nextToken();
            row.member(parser, member);
        }
        return new CatalogueEntry(
                name,
                row.base.toPrice(row.tiers, source),
                row.contextTokens,
                row.maxOutputTokens,
                row.capabilities,
                Catalogue.day(row.ends));
    }

    private void member(JsonParser parser, String member) throws IOException {
        switch (member) {
            case "context" -> contextTokens = parser.getLongValue();
            case "output" -> maxOutputTokens = parser.getLongValue();
            case "ends" -> ends = parser.getText();
            case "can" -> {
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    capabilities.add(parser.getText());
                }
            }
            case "tiers" -> {
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    tiers.add(tier(parser));
                }
            }
            default -> base.set(member, parser.getText());
        }
    }

    private static PriceParts.TierParts tier(JsonParser parser) throws IOException {
        long above = 0;
        var parts = new PriceParts();
        for (var member = parser.nextFieldName(); member != null; member = parser.nextFieldName()) {
            parser.nextToken();
            if (member.equals("above")) {
                above = parser.getLongValue();
            } else {
                parts.set(member, parser.getText());
            }
        }
        return new PriceParts.TierParts(above, parts);
    }
}
