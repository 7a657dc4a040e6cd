package dev.tollgate.policy.price;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Makes {@code catalogue.json} from the facts of two public price lists: LiteLLM's for all types,
 * genai-prices for OpenRouter models that the first does not have. Only what Tollgate uses is kept.
 * An entry with a price of 0 is dropped, as those lists write 0 for what they do not know; only
 * OpenRouter's {@code :free} models are free. Run as docs/catalogue.md says.
 */
public final class CatalogueBuilder {

    static final ObjectMapper JSON =
            JsonMapper.builder().enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS).build();

    private static final Pattern MODEL_ID = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._:/@-]{0,126}");
    private static final Pattern TIER =
            Pattern.compile("input_cost_per_token_above_(\\d+)k_tokens");
    private static final Set<String> MODES =
            Set.of("chat", "responses", "completion", "embedding", "rerank");
    private static final Set<String> WITH_LOGPROBS =
            Set.of(
                    "OpenAI",
                    "AzureOpenAI",
                    "Gemini",
                    "VertexAI",
                    "XAI",
                    "DeepSeek",
                    "OpenRouter",
                    "Together",
                    "Fireworks");

    private CatalogueBuilder() {}

    /** Arguments: the folder of the price lists, the file to write, the day of the prices. */
    public static void main(String[] arguments) throws IOException {
        var prices = Path.of(arguments[0]);
        var types = build(prices, LocalDate.parse(arguments[2]));
        Files.writeString(Path.of(arguments[1]), text(types, arguments[2]));
        types.forEach((type, models) -> System.out.println(type + " " + models.size()));
    }

    static TreeMap<String, TreeMap<String, ObjectNode>> build(Path prices, LocalDate day)
            throws IOException {
        var types = new TreeMap<String, TreeMap<String, ObjectNode>>();
        var litellm = JSON.readTree(prices.resolve("litellm-model-prices.json").toFile());
        for (var entry : litellm.properties()) {
            var facts = entry.getValue();
            var type = type(facts.path("litellm_provider").asText());
            if (type == null || !MODES.contains(facts.path("mode").asText())) {
                continue;
            }
            var name = name(type, entry.getKey());
            var row = name == null ? null : row(type, name, facts);
            if (name != null && row != null) {
                types.computeIfAbsent(type, t -> new TreeMap<>()).put(name, row);
            }
        }
        var genai = JSON.readTree(prices.resolve("genai-prices.json").toFile());
        addOpenRouter(types, genai);
        renewDated(types, genai, day);
        return types;
    }

    /** One model a line, so that a new catalogue can be reviewed. */
    static String text(Map<String, TreeMap<String, ObjectNode>> types, String day)
            throws IOException {
        var out = new StringBuilder("{\"date\":\"" + day + "\",\n\"types\":{\n");
        for (var iterator = types.entrySet().iterator(); iterator.hasNext(); ) {
            var type = iterator.next();
            out.append('"').append(type.getKey()).append("\":{\n");
            for (var models = type.getValue().entrySet().iterator(); models.hasNext(); ) {
                var model = models.next();
                out.append(JSON.writeValueAsString(model.getKey()))
                        .append(':')
                        .append(JSON.writeValueAsString(model.getValue()))
                        .append(end(models));
            }
            out.append('}').append(end(iterator));
        }
        return out.append("}}\n").toString();
    }

    private static String end(Iterator<?> iterator) {
        return iterator.hasNext() ? ",\n" : "\n";
    }

    private static @Nullable String type(String provider) {
        return switch (provider) {
            case "openai", "text-completion-openai" -> "OpenAI";
            case "anthropic" -> "Anthropic";
            case "gemini" -> "Gemini";
            case "groq" -> "Groq";
            case "mistral" -> "Mistral";
            case "xai" -> "XAI";
            case "deepseek" -> "DeepSeek";
            case "openrouter" -> "OpenRouter";
            case "together_ai" -> "Together";
            case "fireworks_ai", "fireworks_ai-embedding-models" -> "Fireworks";
            case "perplexity" -> "Perplexity";
            case "cerebras" -> "Cerebras";
            case "cohere", "cohere_chat" -> "Cohere";
            case "azure" -> "AzureOpenAI";
            case "bedrock", "bedrock_converse" -> "Bedrock";
            default -> provider.startsWith("vertex_ai") ? "VertexAI" : null;
        };
    }

    /** The provider's own id: without LiteLLM's prefix; null for what is no model of a provider. */
    private static @Nullable String name(String type, String key) {
        var prefix =
                switch (type) {
                    case "OpenAI" -> "openai/";
                    case "Anthropic" -> "anthropic/";
                    case "Gemini" -> "gemini/";
                    case "Groq" -> "groq/";
                    case "Mistral" -> "mistral/";
                    case "XAI" -> "xai/";
                    case "DeepSeek" -> "deepseek/";
                    case "OpenRouter" -> "openrouter/";
                    case "Together" -> "together_ai/";
                    case "Fireworks" -> "fireworks_ai/";
                    case "Perplexity" -> "perplexity/";
                    case "Cerebras" -> "cerebras/";
                    case "Cohere" -> "cohere/";
                    case "AzureOpenAI" -> "azure/";
                    case "VertexAI" -> "vertex_ai/";
                    default -> "bedrock/";
                };
        var name = key.startsWith(prefix) ? key.substring(prefix.length()) : key;
        boolean sizeClass =
                (type.equals("Together") || type.equals("Fireworks")) && !name.contains("/");
        boolean commitment = type.equals("Bedrock") && name.contains("/");
        boolean fineTuned = name.startsWith("ft:");
        boolean unboundable = UpperBound.runsByItself(name);
        boolean nameless = name.endsWith("/");
        // of its Agent API, which is none of chat completions
        boolean ofAgents = type.equals("Perplexity") && name.contains("/");
        return sizeClass
                        || commitment
                        || fineTuned
                        || unboundable
                        || nameless
                        || ofAgents
                        || !MODEL_ID.matcher(name).matches()
                ? null
                : name;
    }

    private static @Nullable ObjectNode row(String type, String name, JsonNode facts) {
        var row = JSON.createObjectNode();
        boolean embeds = facts.path("mode").asText().equals("embedding");
        price(row, "in", facts.get("input_cost_per_token"));
        price(row, "out", facts.get("output_cost_per_token"));
        boolean free = type.equals("OpenRouter") && name.endsWith(":free");
        if (free) {
            row.put("in", "0").put("out", "0");
        }
        boolean rerank = facts.path("mode").asText().equals("rerank");
        if (rerank) {
            fee(row, facts.get("input_cost_per_query"));
        }
        boolean known = rerank ? row.has("call") : row.has("in") && (embeds || row.has("out"));
        if (!known) {
            return null;
        }
        price(row, "cached", facts.get("cache_read_input_token_cost"));
        price(row, "write", facts.get("cache_creation_input_token_cost"));
        price(row, "write1h", facts.get("cache_creation_input_token_cost_above_1hr"));
        price(row, "audioIn", facts.get("input_cost_per_audio_token"));
        price(row, "audioOut", facts.get("output_cost_per_audio_token"));
        if (type.equals("Perplexity") || name.contains("search-preview")) {
            dearestSearch(row, facts.path("search_context_cost_per_query"));
        }
        tiers(row, facts);
        number(row, "context", facts.get("max_input_tokens"));
        number(row, "output", embeds ? null : facts.get("max_output_tokens"));
        var capabilities = row.putArray("can");
        capabilities(type, name, facts).forEach(capabilities::add);
        if (facts.path("deprecation_date").asText().matches("\\d{4}-\\d{2}-\\d{2}")) {
            row.put("ends", facts.path("deprecation_date").asText());
        }
        return row;
    }

    private static void tiers(ObjectNode row, JsonNode facts) {
        var borders = new TreeSet<Integer>();
        facts.fieldNames()
                .forEachRemaining(
                        field -> {
                            var matcher = TIER.matcher(field);
                            if (matcher.matches()) {
                                borders.add(Integer.valueOf(matcher.group(1)));
                            }
                        });
        var tiers = JSON.createArrayNode();
        for (int border : borders) {
            var suffix = "_above_" + border + "k_tokens";
            var tier = JSON.createObjectNode().put("above", border * 1_000);
            price(tier, "in", facts.get("input_cost_per_token" + suffix));
            price(tier, "out", facts.get("output_cost_per_token" + suffix));
            price(tier, "cached", facts.get("cache_read_input_token_cost" + suffix));
            price(tier, "write", facts.get("cache_creation_input_token_cost" + suffix));
            price(tier, "write1h", facts.get("cache_creation_input_token_cost_above_1hr" + suffix));
            for (var cache : List.of("cached", "write", "write1h")) {
                scale(row, tier, cache);
            }
            tiers.add(tier);
        }
        if (!tiers.isEmpty()) {
            row.set("tiers", tiers);
        }
    }

    /** A cache price that the list gives below a border alone rises as the input price does. */
    private static void scale(ObjectNode row, ObjectNode tier, String member) {
        if (tier.has(member) || !row.has(member) || !tier.has("in")) {
            return;
        }
        var ratio =
                new BigDecimal(tier.path("in").asText())
                        .divide(new BigDecimal(row.path("in").asText()), 6, RoundingMode.CEILING);
        var scaled = new BigDecimal(row.path(member).asText()).multiply(ratio);
        tier.put(member, plain(scaled.setScale(6, RoundingMode.CEILING)));
    }

    private static Set<String> capabilities(String type, String name, JsonNode facts) {
        var can = new TreeSet<String>();
        switch (facts.path("mode").asText()) {
            case "embedding" -> can.add("Embeddings");
            case "rerank" -> can.add("Rerank");
            case "completion" -> can.addAll(List.of("Completions", "Streaming"));
            default -> {
                can.add("Chat");
                if (facts.path("supports_native_streaming").asBoolean(true)) {
                    can.add("Streaming");
                }
                flag(can, "Tools", facts, "supports_function_calling");
                flag(can, "Vision", facts, "supports_vision");
                flag(can, "JsonSchema", facts, "supports_response_schema");
                flag(can, "JsonSchema", facts, "supports_native_structured_output");
                flag(can, "Audio", facts, "supports_audio_input");
                flag(can, "Reasoning", facts, "supports_reasoning");
                boolean openAi = type.equals("OpenAI") || type.equals("AzureOpenAI");
                if (WITH_LOGPROBS.contains(type) && !(openAi && can.contains("Reasoning"))) {
                    can.add("Logprobs");
                }
                known(type, name, can);
            }
        }
        return can;
    }

    /** Capabilities that the list leaves out. */
    private static void known(String type, String name, Set<String> can) {
        if (type.equals("XAI") && !name.startsWith("grok-2") && !name.startsWith("grok-beta")) {
            can.addAll(List.of("JsonSchema", "Tools"));
            if (name.startsWith("grok-4")) {
                can.add("Vision");
            }
        }
        if (type.equals("Perplexity") && name.startsWith("sonar")) {
            can.add("JsonSchema");
        }
    }

    private static void flag(Set<String> can, String capability, JsonNode facts, String field) {
        if (facts.path(field).asBoolean(false)) {
            can.add(capability);
        }
    }

    private static void price(ObjectNode row, String member, @Nullable JsonNode perToken) {
        if (perToken != null && perToken.isNumber() && perToken.decimalValue().signum() > 0) {
            row.put(member, plain(perToken.decimalValue().movePointRight(6)));
        }
    }

    private static void fee(ObjectNode row, @Nullable JsonNode perCall) {
        if (perCall != null && perCall.isNumber() && perCall.decimalValue().signum() > 0) {
            row.put("call", plain(perCall.decimalValue()));
        }
    }

    /** The fee depends on how much is searched: the dearest, as a budget is a cap. */
    private static void dearestSearch(ObjectNode row, JsonNode fees) {
        var dearest = BigDecimal.ZERO;
        for (var fee : fees) {
            dearest = dearest.max(fee.decimalValue());
        }
        if (dearest.signum() > 0) {
            row.put("call", plain(dearest));
        }
    }

    private static void number(ObjectNode row, String member, @Nullable JsonNode value) {
        if (value != null && value.isNumber() && value.longValue() > 0) {
            row.put(member, value.longValue());
        }
    }

    static String plain(BigDecimal value) {
        var stripped = value.stripTrailingZeros();
        return (stripped.scale() < 0 ? stripped.setScale(0) : stripped).toPlainString();
    }

    private static void addOpenRouter(
            Map<String, TreeMap<String, ObjectNode>> types, JsonNode providers) {
        var models = types.computeIfAbsent("OpenRouter", t -> new TreeMap<>());
        for (var provider : providers) {
            if (!provider.path("id").asText().equals("openrouter")) {
                continue;
            }
            for (var model : provider.path("models")) {
                var name = model.path("id").asText();
                var prices = model.path("prices");
                boolean plain = prices.isObject() && prices.path("input_mtok").isNumber();
                boolean usable = MODEL_ID.matcher(name).matches() && !UpperBound.runsByItself(name);
                if (models.containsKey(name) || !plain || !usable) {
                    continue;
                }
                openRouterRow(name, model, prices).ifPresent(row -> models.put(name, row));
            }
        }
    }

    /**
     * genai-prices knows from when a price holds. Where the other list still has one that is over,
     * an introductory one mostly, the present one counts.
     */
    private static void renewDated(
            Map<String, TreeMap<String, ObjectNode>> types, JsonNode providers, LocalDate day) {
        for (var type : GenaiPrices.PROVIDERS.entrySet()) {
            for (var provider : providers) {
                if (!provider.path("id").asText().equals(type.getValue())) {
                    continue;
                }
                for (var model : provider.path("models")) {
                    var row = types.get(type.getKey()).get(model.path("id").asText());
                    if (row != null && model.path("prices").isArray()) {
                        renew(row, model.path("prices"), day);
                    }
                }
            }
        }
    }

    private static void renew(ObjectNode row, JsonNode dated, LocalDate day) {
        boolean stale = false;
        JsonNode current = null;
        for (var period : dated) {
            var start = period.path("constraint").path("start_date").asText("");
            if (period.path("constraint").has("start_time")) {
                return;
            }
            if (start.isEmpty() || !LocalDate.parse(start).isAfter(day)) {
                stale |= current != null && isPriceOf(row, current);
                current = period.path("prices");
            }
        }
        if (current == null || !stale || isPriceOf(row, current) || row.has("tiers")) {
            return;
        }
        price(row, "in", perToken(current, "input_mtok"));
        price(row, "out", perToken(current, "output_mtok"));
        price(row, "cached", perToken(current, "cache_read_mtok"));
        price(row, "write", perToken(current, "cache_write_mtok"));
        price(row, "write1h", perToken(current, "cache_write_1h_mtok"));
    }

    private static boolean isPriceOf(ObjectNode row, JsonNode prices) {
        var input = GenaiPrices.base(prices, "input_mtok");
        return input.isPresent()
                && input.get().compareTo(new BigDecimal(row.path("in").asText())) == 0;
    }

    private static @Nullable JsonNode perToken(JsonNode prices, String member) {
        return GenaiPrices.base(prices, member)
                .map(price -> (JsonNode) JSON.getNodeFactory().numberNode(price.movePointLeft(6)))
                .orElse(null);
    }

    private static Optional<ObjectNode> openRouterRow(
            String name, JsonNode model, JsonNode prices) {
        var row = JSON.createObjectNode();
        var names =
                Map.of(
                        "in", "input_mtok",
                        "out", "output_mtok",
                        "cached", "cache_read_mtok",
                        "write", "cache_write_mtok");
        boolean free = name.endsWith(":free");
        for (var member : List.of("in", "out", "cached", "write")) {
            var price = prices.get(names.get(member));
            if (price != null && price.isNumber() && (free || price.decimalValue().signum() > 0)) {
                row.put(member, plain(price.decimalValue()));
            }
        }
        var calls = prices.get("requests_kcount");
        if (calls != null && calls.isNumber()) {
            row.put("call", plain(calls.decimalValue().movePointLeft(3)));
        }
        if (!row.has("in") || !row.has("out")) {
            return Optional.empty();
        }
        number(row, "context", model.get("context_window"));
        ArrayNode can = row.putArray("can");
        List.of("Chat", "JsonSchema", "Logprobs", "Streaming", "Tools").forEach(can::add);
        return Optional.of(row);
    }
}
