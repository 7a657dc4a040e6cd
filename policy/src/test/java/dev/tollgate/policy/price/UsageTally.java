package dev.tollgate.policy.price;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Recorded usages priced by the catalogue, beside the price that the recording expects. */
final class UsageTally {

    private final Catalogue catalogue;
    private final List<String> disagreements = new ArrayList<>();
    private int compared;
    private int unknown;

    UsageTally(Catalogue catalogue) {
        this.catalogue = catalogue;
    }

    void add(JsonNode recorded) {
        var model = recorded.path("model").asText();
        for (var extracted : recorded.path("extracted")) {
            var usage = extracted.path("usage");
            for (var priced : extracted.path("extractors")) {
                var type = type(priced.path("provider_id").asText());
                if (type != null && priced.has("input_price") && pricedByTokens(usage)) {
                    compare(type, model, usage, priced);
                }
            }
        }
    }

    /** Images and videos have prices of their own there, and calls of tools cost apart. */
    private static boolean pricedByTokens(JsonNode usage) {
        return !usage.has("output_image_tokens") && !usage.has("web_searches");
    }

    private static String type(String provider) {
        return GenaiPrices.PROVIDERS.entrySet().stream()
                .filter(entry -> entry.getValue().equals(provider))
                .map(Map.Entry::getKey)
                .findFirst()
                .orElse(null);
    }

    private void compare(String type, String model, JsonNode usage, JsonNode priced) {
        var entry = catalogue.find(type, model);
        if (entry == null) {
            unknown++;
            return;
        }
        compared++;
        var ours = Cost.of(entry.price(), counts(usage));
        var theirs =
                new BigDecimal(priced.path("input_price").asText())
                        .add(new BigDecimal(priced.path("output_price").asText()));
        var difference = BigDecimal.valueOf(ours.nanos(), 9).subtract(theirs).abs();
        if (difference.compareTo(BigDecimal.valueOf(1, 9)) > 0) {
            disagreements.add(type + " " + model + ": " + ours + ", there " + theirs + " " + usage);
        }
    }

    private static TokenCounts counts(JsonNode usage) {
        long writes = usage.path("cache_write_tokens").asLong();
        long writes1h = usage.path("cache_write_1h_tokens").asLong();
        return new TokenCounts(
                usage.path("input_tokens").asLong(),
                usage.path("cache_read_tokens").asLong(),
                writes - writes1h,
                writes1h,
                usage.path("output_tokens").asLong(),
                0,
                usage.path("input_audio_tokens").asLong(),
                usage.path("output_audio_tokens").asLong(),
                0);
    }

    int compared() {
        return compared;
    }

    int agreementPercent() {
        return 100 * (compared - disagreements.size()) / Math.max(1, compared);
    }

    List<String> disagreements() {
        return disagreements.stream().sorted().distinct().toList();
    }

    String summary() {
        var models =
                disagreements.stream()
                        .map(text -> text.substring(0, text.indexOf(':')))
                        .collect(Collectors.groupingBy(m -> m, Collectors.counting()));
        return "usages: %d priced, %d %% agree, %d of models not in the catalogue; not agreed: %s"
                .formatted(compared, agreementPercent(), unknown, models);
    }
}
