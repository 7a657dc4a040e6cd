package dev.tollgate.simulator.script;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.type.LogicalType;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/** Reads a script strictly: no unknown or doubled field, no number where text belongs. */
final class ScriptReader {
    private static final int MAX_CHARS = 4 << 20;
    private static final int MAX_ALIASES = 50;

    static final JsonMapper MAPPER =
            JsonMapper.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                    .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
                    .withCoercionConfig(
                            LogicalType.Textual,
                            c ->
                                    c.setCoercion(CoercionInputShape.Integer, CoercionAction.Fail)
                                            .setCoercion(
                                                    CoercionInputShape.Float, CoercionAction.Fail)
                                            .setCoercion(
                                                    CoercionInputShape.Boolean,
                                                    CoercionAction.Fail))
                    .withCoercionConfig(
                            LogicalType.Integer,
                            c -> c.setCoercion(CoercionInputShape.String, CoercionAction.Fail))
                    .withCoercionConfig(
                            LogicalType.Boolean,
                            c ->
                                    c.setCoercion(CoercionInputShape.String, CoercionAction.Fail)
                                            .setCoercion(
                                                    CoercionInputShape.Integer,
                                                    CoercionAction.Fail))
                    .build();

    private ScriptReader() {}

    static Script read(String text) {
        if (text.length() > MAX_CHARS) {
            throw new ScriptException(
                    "script: %d characters (expected: at most %d)"
                            .formatted(text.length(), MAX_CHARS));
        }
        var tree = tree(text);
        if (tree.isMissingNode() || tree.isNull()) {
            return Script.plain();
        }
        if (!tree.isObject()) {
            throw new ScriptException("script: no map at the top (expected: fields such as rules)");
        }
        try {
            return MAPPER.treeToValue(tree, Script.class);
        } catch (UnrecognizedPropertyException e) {
            var known = new TreeSet<String>();
            e.getKnownPropertyIds().forEach(id -> known.add(String.valueOf(id)));
            throw new ScriptException(
                    path(e) + ": unknown field (known: " + String.join(", ", known) + ")", e);
        } catch (JsonMappingException e) {
            var message =
                    e.getCause() instanceof IllegalArgumentException bad
                            ? String.valueOf(bad.getMessage())
                            : e.getOriginalMessage();
            throw new ScriptException(path(e) + ": " + message, e);
        } catch (JsonProcessingException e) {
            throw new ScriptException("script: " + e.getOriginalMessage(), e);
        }
    }

    private static JsonNode tree(String text) {
        if (text.stripLeading().startsWith("{")) {
            try {
                return MAPPER.readTree(text);
            } catch (JsonProcessingException notJson) {
                return yaml(text); // YAML, too, may begin with a brace
            }
        }
        return yaml(text);
    }

    private static JsonNode yaml(String text) {
        var settings =
                LoadSettings.builder()
                        .setLabel("script")
                        .setAllowDuplicateKeys(false)
                        .setMaxAliasesForCollections(MAX_ALIASES)
                        .setCodePointLimit(MAX_CHARS)
                        .build();
        try {
            return MAPPER.valueToTree(new Load(settings).loadFromString(text));
        } catch (YamlEngineException | IllegalArgumentException e) {
            throw new ScriptException("script: " + e.getMessage(), e);
        }
    }

    private static String path(JsonMappingException e) {
        var path =
                e.getPath().stream()
                        .map(r -> r.getIndex() >= 0 ? "[" + r.getIndex() + "]" : "." + fieldOf(r))
                        .collect(Collectors.joining());
        return path.isEmpty() ? "script" : path.startsWith(".") ? path.substring(1) : path;
    }

    private static String fieldOf(JsonMappingException.Reference reference) {
        return String.valueOf(reference.getFieldName());
    }
}
