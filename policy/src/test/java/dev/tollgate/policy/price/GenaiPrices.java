package dev.tollgate.policy.price;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** The other price list, to check the catalogue against: its prices by provider and model. */
final class GenaiPrices {

    /** Type of ModelProvider to id of the provider there. */
    static final Map<String, String> PROVIDERS =
            new TreeMap<>(
                    Map.ofEntries(
                            Map.entry("OpenAI", "openai"),
                            Map.entry("Anthropic", "anthropic"),
                            Map.entry("Gemini", "google"),
                            Map.entry("Groq", "groq"),
                            Map.entry("Mistral", "mistral"),
                            Map.entry("XAI", "x-ai"),
                            Map.entry("DeepSeek", "deepseek"),
                            Map.entry("Together", "together"),
                            Map.entry("Fireworks", "fireworks"),
                            Map.entry("Cerebras", "cerebras"),
                            Map.entry("OpenRouter", "openrouter")));

    private final JsonNode providers;
    private final LocalDate day;

    GenaiPrices(Path file, LocalDate day) throws IOException {
        this.providers = CatalogueBuilder.JSON.readTree(file.toFile());
        this.day = day;
    }

    /** The price of the first model whose rule matches. */
    Optional<JsonNode> prices(String provider, String model) {
        for (var candidate : providers) {
            if (!candidate.path("id").asText().equals(provider)) {
                continue;
            }
            for (var entry : candidate.path("models")) {
                if (matches(entry.path("match"), model)) {
                    return onTheDay(entry.path("prices"));
                }
            }
        }
        return Optional.empty();
    }

    /** The price without tiers, in USD per million tokens. */
    static Optional<BigDecimal> base(JsonNode prices, String member) {
        var price = prices.path(member);
        var base = price.isObject() ? price.path("base") : price;
        return base.isNumber() ? Optional.of(base.decimalValue()) : Optional.empty();
    }

    private Optional<JsonNode> onTheDay(JsonNode prices) {
        if (prices.isObject()) {
            return Optional.of(prices);
        }
        JsonNode found = null;
        for (var dated : prices) {
            var constraint = dated.path("constraint");
            if (constraint.has("start_time")) {
                return Optional.empty();
            }
            var start = constraint.path("start_date").asText("");
            if (start.isEmpty() || !LocalDate.parse(start).isAfter(day)) {
                found = dated.path("prices");
            }
        }
        return Optional.ofNullable(found);
    }

    private static boolean matches(JsonNode rule, String model) {
        var name = model.toLowerCase(Locale.ROOT);
        for (var part : rule.properties()) {
            var value = part.getValue();
            boolean holds =
                    switch (part.getKey()) {
                        case "equals" -> name.equals(lower(value));
                        case "starts_with" -> name.startsWith(lower(value));
                        case "ends_with" -> name.endsWith(lower(value));
                        case "contains" -> name.contains(lower(value));
                        case "regex" -> Pattern.compile(value.asText()).matcher(name).find();
                        case "or" -> any(value, model);
                        case "and" -> all(value, model);
                        default -> throw new IllegalStateException("rule: " + part.getKey());
                    };
            if (!holds) {
                return false;
            }
        }
        return !rule.isEmpty();
    }

    private static String lower(JsonNode value) {
        return value.asText().toLowerCase(Locale.ROOT);
    }

    private static boolean any(JsonNode rules, String model) {
        for (var rule : rules) {
            if (matches(rule, model)) {
                return true;
            }
        }
        return false;
    }

    private static boolean all(JsonNode rules, String model) {
        for (var rule : rules) {
            if (!matches(rule, model)) {
                return false;
            }
        }
        return true;
    }
}
