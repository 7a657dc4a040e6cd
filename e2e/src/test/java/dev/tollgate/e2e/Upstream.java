package dev.tollgate.e2e;

/**
 * A provider with one model, both of this name: what the gateway is told of it, and what its
 * referee charges.
 *
 * @param dialect of the simulator behind it: {@code openai} or {@code anthropic}
 * @param input dollars for a million tokens
 * @param output dollars for a million tokens
 * @param behaviour of the simulator, in the script's words; empty: answers a few words at once
 * @param modelMore further members of the model, each with a comma in front
 * @param more a further member of the provider's spec; empty: none
 */
record Upstream(
        String name,
        String dialect,
        String input,
        String output,
        String behaviour,
        String modelMore,
        String more) {

    static Upstream openai(String name) {
        return new Upstream(name, "openai", "0.50", "2.00", "", "", "");
    }

    static Upstream anthropic(String name) {
        return new Upstream(name, "anthropic", "1.00", "5.00", "", "", "");
    }

    Upstream price(String input, String output) {
        return new Upstream(name, dialect, input, output, behaviour, modelMore, more);
    }

    Upstream does(String behaviour) {
        return new Upstream(name, dialect, input, output, behaviour, modelMore, more);
    }

    Upstream quality(int quality) {
        return new Upstream(name, dialect, input, output, behaviour, ", quality: " + quality, more);
    }

    Upstream with(String more) {
        return new Upstream(name, dialect, input, output, behaviour, modelMore, more);
    }

    /** The ModelProvider. */
    String resource(String namespace, String url) {
        boolean openai = dialect.equals("openai");
        return """
               ---
               apiVersion: tollgate.dev/v1alpha1
               kind: ModelProvider
               metadata: {name: %s, namespace: %s}
               spec:
                 type: %s
                 endpoint: {url: "%s"}
                 auth: {type: APIKey, apiKey: {secretRef: {name: keys}}}
                 models:
                 - {name: %s, pricing: {inputPer1M: "%s", outputPer1M: "%s"}, contextTokens: 100000, maxOutputTokens: 4096%s}
                 %s
               """
                .formatted(
                        name,
                        namespace,
                        openai ? "OpenAI" : "Anthropic",
                        openai ? url + "/v1" : url,
                        name,
                        input,
                        output,
                        modelMore,
                        more);
    }

    /** A line of the script's prices. */
    String price() {
        return "  %s: {inputPer1M: \"%s\", outputPer1M: \"%s\"}\n".formatted(name, input, output);
    }
}
