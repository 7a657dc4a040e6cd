package dev.tollgate.crds.read;

import dev.tollgate.crds.resource.Bytes;
import java.util.Base64;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The values of a Secret: {@code data} is base64, {@code stringData} is text and wins. A text that
 * is {@code ${env:NAME}} or {@code ${file:PATH}} as a whole stands for what the caller gives for
 * it. No message holds a value.
 */
final class SecretValues {
    private static final Pattern REFERENCE = Pattern.compile("\\$\\{((?:env|file):[^}]+)}");

    private final Function<String, Optional<String>> values;
    private final List<Problem> problems;

    SecretValues(Function<String, Optional<String>> values, List<Problem> problems) {
        this.values = values;
        this.problems = problems;
    }

    Map<String, Bytes> of(Yaml.Mapping secret) {
        var result = new HashMap<String, Bytes>();
        entries(secret, "data").forEach((name, value) -> put(result, name, decoded(name, value)));
        entries(secret, "stringData")
                .forEach((name, value) -> put(result, name, text(name, value)));
        return result;
    }

    private static void put(Map<String, Bytes> result, String name, @Nullable Bytes value) {
        if (value != null) {
            result.put(name, value);
        }
    }

    /** As for the API server, a null is no entry. */
    private static Map<String, Yaml> entries(Yaml.Mapping secret, String member) {
        if (!(secret.members().get(member) instanceof Yaml.Mapping entries)) {
            return Map.of();
        }
        var present = new LinkedHashMap<>(entries.members());
        present.values().removeIf(value -> value.plain() == null);
        return present;
    }

    private @Nullable Bytes decoded(String name, Yaml value) {
        String text = String.valueOf(value.plain());
        try {
            // a block scalar may break lines, which Go's decoder skips
            return Bytes.of(Base64.getDecoder().decode(text.replaceAll("[\\r\\n]", "")));
        } catch (IllegalArgumentException e) {
            add(
                    value,
                    "data." + name,
                    "illegal base64 data",
                    "plain text, and ${env:...} or ${file:...}, go under stringData");
            return null;
        }
    }

    private @Nullable Bytes text(String name, Yaml value) {
        String text = String.valueOf(value.plain());
        var matcher = REFERENCE.matcher(text);
        if (!matcher.find()) {
            return Bytes.of(text);
        }
        String path = "stringData." + name;
        if (!matcher.group().equals(text)) {
            add(
                    value,
                    path,
                    "%s must be the whole value".formatted(matcher.group()),
                    "nothing may stand before or after it");
            return null;
        }
        String reference = matcher.group(1);
        var resolved = values.apply(reference);
        if (resolved.isEmpty()) {
            String what = reference.substring(reference.indexOf(':') + 1);
            add(
                    value,
                    path,
                    reference.startsWith("env:")
                            ? "environment variable " + what + " is not set"
                            : "file " + what + " cannot be read",
                    null);
            return null;
        }
        return Bytes.of(resolved.get());
    }

    private void add(Yaml value, String path, String message, @Nullable String hint) {
        problems.add(Problem.at(value.place(), path, message, hint));
    }
}
