package dev.tollgate.e2e;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** Resources as a team would write them, as text. Prices are those of {@link #PRICES}. */
final class Resources {

    /** What the simulated providers charge: the same figures as {@link #provider}. */
    static final String PRICES =
            """
            billingStops: true
            prices:
              gpt-4o-mini: {inputPer1M: "0.15", cachedInputPer1M: "0.075", outputPer1M: "0.60"}
              claude-haiku-4-5: {inputPer1M: "0.15", cachedInputPer1M: "0.075", outputPer1M: "0.60"}
              gemini-2.5-flash: {inputPer1M: "0.15", cachedInputPer1M: "0.075", outputPer1M: "0.60"}
            """;

    private static final String PRICING =
            "{inputPer1M: \"0.15\", cachedInputPer1M: \"0.075\", cacheWritePer1M: \"0.15\", outputPer1M: \"0.60\"}";

    private Resources() {}

    static String namespace(String name) {
        return "---\n{apiVersion: v1, kind: Namespace, metadata: {name: %s}}\n".formatted(name);
    }

    /** The Secret that providers of this namespace take their key from. */
    static String secret(String namespace, String name, String value) {
        return """
               ---
               apiVersion: v1
               kind: Secret
               metadata: {name: %s, namespace: %s}
               stringData: {api-key: "%s"}
               """
                .formatted(name, namespace, value);
    }

    /** Lets in who shows the key, and charges the namespace. */
    static String clientKey(String namespace, String key) {
        return """
               ---
               apiVersion: v1
               kind: Secret
               metadata: {name: clients, namespace: %s, labels: {tollgate.dev/type: client-key}}
               stringData: {someone: "sha256:%s"}
               """
                .formatted(namespace, sha256(key));
    }

    /**
     * A provider with these models, each also usable by its own name.
     *
     * @param more further members of the spec, one a line, unindented
     */
    static String provider(
            String namespace,
            String name,
            String type,
            String url,
            List<String> models,
            String... more) {
        var text = new StringBuilder();
        text.append("---\napiVersion: tollgate.dev/v1alpha1\nkind: ModelProvider\n");
        text.append("metadata: {name: %s, namespace: %s}\nspec:\n".formatted(name, namespace));
        text.append("  type: %s\n  endpoint: {url: \"%s\"}\n".formatted(type, url));
        text.append("  auth: {type: APIKey, apiKey: {secretRef: {name: keys}}}\n  models:\n");
        for (var model : models) {
            text.append(
                    "  - {name: %s, aliases: [%s], pricing: %s, contextTokens: 100000, maxOutputTokens: 4096}\n"
                            .formatted(model, model, PRICING));
        }
        for (var line : more) {
            text.append("  ").append(line).append('\n');
        }
        return text.toString();
    }

    /** A name served by the first of these targets that can: {@code provider/model}. */
    static String route(String namespace, String name, String... targets) {
        var lines = new ArrayList<String>();
        for (int i = 0; i < targets.length; i++) {
            var parts = targets[i].split("/", 2);
            lines.add(
                    "    - {name: t%d, providerRef: {name: %s}, model: %s, priority: %d}"
                            .formatted(i, parts[0], parts[1], i));
        }
        return """
               ---
               apiVersion: tollgate.dev/v1alpha1
               kind: RoutingPolicy
               metadata: {name: %s, namespace: %s}
               spec:
                 models: [%s]
                 rules:
                 - name: default
                   targets:
               %s
               """
                .formatted(name, namespace, name, String.join("\n", lines));
    }

    static String budget(String namespace, String name, String amount) {
        return """
               ---
               apiVersion: tollgate.dev/v1alpha1
               kind: Budget
               metadata: {name: %s, namespace: %s}
               spec: {amount: "%s", period: {type: Month}}
               """
                .formatted(name, namespace, amount);
    }

    static String sha256(String text) {
        try {
            return HexFormat.of()
                    .formatHex(
                            MessageDigest.getInstance("SHA-256")
                                    .digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("SHA-256 is missing from this Java", e);
        }
    }
}
