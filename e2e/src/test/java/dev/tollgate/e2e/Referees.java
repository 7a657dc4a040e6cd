package dev.tollgate.e2e;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The simulators behind a set of {@link Upstream}s, one a dialect, and their bills. */
final class Referees implements AutoCloseable {

    private final Map<String, Upstream> upstreams = new LinkedHashMap<>();
    private final Map<String, SimulatedProvider> byDialect = new LinkedHashMap<>();

    private Referees(List<Upstream> all) {
        all.forEach(upstream -> upstreams.put(upstream.name(), upstream));
    }

    static Referees start(List<Upstream> all, Path folder) throws Exception {
        var referees = new Referees(all);
        for (var dialect : List.of("openai", "anthropic")) {
            referees.byDialect.put(
                    dialect, SimulatedProvider.start(dialect, referees.script(dialect), folder));
        }
        return referees;
    }

    private String script(String dialect) {
        var prices = new StringBuilder("billingStops: true\nprices:\n");
        var rules = new StringBuilder("default: {chunks: 3, outputTokens: 23}\nrules:\n");
        rules.append("- {when: {model: none}, do: {text: none}}\n");
        for (var upstream : upstreams.values()) {
            if (upstream.dialect().equals(dialect)) {
                prices.append(upstream.price());
                if (!upstream.behaviour().isEmpty()) {
                    rules.append(
                            "- {when: {model: %s}, do: {%s}}\n"
                                    .formatted(upstream.name(), upstream.behaviour()));
                }
            }
        }
        return prices.append(rules).toString();
    }

    /** The ModelProviders of all. */
    String resources(String namespace) {
        var text = new StringBuilder();
        for (var upstream : upstreams.values()) {
            text.append(upstream.resource(namespace, byDialect.get(upstream.dialect()).url()));
        }
        return text.toString();
    }

    /** From now on this one behaves so; the bills go on. */
    void script(String name, String behaviour) throws Exception {
        var upstream = upstreams.get(name).does(behaviour);
        upstreams.put(name, upstream);
        byDialect.get(upstream.dialect()).script(script(upstream.dialect()));
    }

    /** Calls of this one that are on the bill, those that it refused among them. */
    List<JsonNode> calls(String name) throws Exception {
        return byDialect.get(upstreams.get(name).dialect()).calls(name);
    }

    /** The requests for it as they arrived, of the last thousand. */
    List<JsonNode> requests(String name) throws Exception {
        var model = "\"" + name + "\"";
        return byDialect.get(upstreams.get(name).dialect()).requests().stream()
                .filter(request -> request.get("body").asText().contains(model))
                .toList();
    }

    /** What each call of these cost, but for those that cost nothing: {@code name=nanos}. */
    List<String> charges(List<String> names) throws Exception {
        var charges = new ArrayList<String>();
        for (var name : names) {
            for (var call : calls(name)) {
                if (call.get("nanos").longValue() > 0) {
                    charges.add(name + "=" + call.get("nanos").longValue());
                }
            }
        }
        return charges;
    }

    @Override
    public void close() throws Exception {
        for (var simulated : byDialect.values()) {
            simulated.close();
        }
    }
}
