package dev.tollgate.simulator.script;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.tollgate.simulator.bill.Price;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * All that a simulated provider is told, from YAML or JSON. Unknown fields are refused. The first
 * rule that meets a request is laid over {@code default}. The provider says what it is told:
 * sampling settings, stop sequences and demanded formats change nothing, only the caller's maximum
 * of tokens does.
 *
 * @param keys the keys that are let in; none told lets every key in
 * @param billingStops whether a call that is cut short is charged for what was generated so far
 *     (true) or for the whole scripted answer (false, the default: the harder case for a gateway)
 * @param prices by model; a model without a price is counted in tokens only
 * @param models the models that exist; none told lets every model in, and lists the priced ones
 * @param contextTokens input beyond this is refused with the dialect's context-length error
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record Script(
        List<KeyHash> keys,
        boolean billingStops,
        Map<String, Price> prices,
        List<String> models,
        @Nullable Long contextTokens,
        @JsonProperty("default") Behaviour defaults,
        List<Rule> rules) {

    private static final String FALLBACK_MODEL = "sim-1";

    public Script {
        keys = keys == null ? List.of() : List.copyOf(keys);
        prices = prices == null ? Map.of() : Map.copyOf(prices);
        models = models == null ? List.of() : List.copyOf(models);
        rules = rules == null ? List.of() : List.copyOf(rules);
        if (defaults == null) {
            defaults = Behaviour.UNTOLD;
        }
        Bounds.optional("contextTokens", contextTokens, 1, Bounds.MAX_TOKENS);
        Bounds.optional("rules", rules.size(), 0, Bounds.MAX_RULES);
    }

    /** A provider that takes every key and model, says a few words and has no prices. */
    public static Script plain() {
        return new Script(List.of(), false, Map.of(), List.of(), null, Behaviour.UNTOLD, List.of());
    }

    /** Reads YAML or JSON; a {@link ScriptException} says what is wrong and where. */
    public static Script parse(String yamlOrJson) {
        return ScriptReader.read(yamlOrJson);
    }

    /** Throws {@link ScriptException} if something here has no meaning in the dialect. */
    public void checkFor(Dialect dialect) {
        if (dialect == Dialect.OPENAI) {
            return;
        }
        var interleaves =
                defaults.interleaves() || rules.stream().anyMatch(r -> r.behaviour().interleaves());
        if (interleaves) {
            throw new ScriptException(
                    "interleaveToolCalls: only the openai dialect can do this (here: "
                            + dialect
                            + ")");
        }
    }

    public boolean admits(KeyHash key) {
        return keys.isEmpty() || keys.contains(key);
    }

    public boolean knows(String model) {
        return models.isEmpty() || models.contains(model);
    }

    public List<String> listedModels() {
        if (!models.isEmpty()) {
            return models;
        }
        return prices.isEmpty()
                ? List.of(FALLBACK_MODEL)
                : List.copyOf(new TreeMap<>(prices).keySet());
    }
}
