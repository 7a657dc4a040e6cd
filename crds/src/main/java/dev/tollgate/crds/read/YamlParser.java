package dev.tollgate.crds.read;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.common.ScalarStyle;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.AnchorNode;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/**
 * Text to values, as kubectl takes it: documents end at a line {@code ---}, so that a broken one
 * spoils no other; plain scalars are those of YAML 1.1 with its many booleans ({@code on}, {@code
 * y}, {@code no}). A duplicate key, which kubectl lets pass, is a problem.
 */
final class YamlParser {
    private static final Pattern END = Pattern.compile("^---\\s*(#.*)?$");
    private static final Set<String> NULL = Set.of("", "~", "null", "Null", "NULL");
    private static final Set<String> TRUE =
            Set.of("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON");
    private static final Set<String> FALSE =
            Set.of("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF");
    private static final Pattern INTEGER =
            Pattern.compile("[-+]?(0b[01_]+|0o?[0-7_]*|0x[0-9a-fA-F_]+|[1-9][0-9_]*)");
    private static final Pattern FLOAT =
            Pattern.compile("[-+]?(\\.[0-9]+|[0-9]+(\\.[0-9]*)?)([eE][-+]?[0-9]+)?");
    private static final double MAX_EXACT = 1L << 53;
    private static final int MAX_DEPTH = 64;
    private static final int MAX_VALUES = 100_000;
    private static final int MAX_CODE_POINTS = 3 * 1024 * 1024;

    private final YamlFile file;
    private final List<Problem> problems;
    private int firstLine;
    private int values;

    YamlParser(YamlFile file, List<Problem> problems) {
        this.file = file;
        this.problems = problems;
    }

    /** All documents that are not empty. */
    List<Yaml> documents() {
        var documents = new ArrayList<Yaml>();
        var lines = file.text().lines().toList();
        int start = 0;
        for (int i = 0; i <= lines.size(); i++) {
            if (i == lines.size() || END.matcher(lines.get(i)).matches()) {
                firstLine = start;
                document(String.join("\n", lines.subList(start, i)) + "\n", documents);
                start = i + 1;
            }
        }
        return documents;
    }

    private void document(String text, List<Yaml> documents) {
        var settings =
                LoadSettings.builder()
                        .setLabel(file.name())
                        .setCodePointLimit(MAX_CODE_POINTS)
                        .build();
        values = 0;
        try {
            for (Node node : new Compose(settings).composeAllFromString(text)) {
                Yaml value = value(node, 0, "");
                if (value instanceof Yaml.Scalar scalar && scalar.value() == null) {
                    continue;
                }
                documents.add(value);
            }
        } catch (MarkedYamlEngineException e) {
            problems.add(
                    Problem.at(
                            place(e.getProblemMark().or(e::getContextMark)),
                            "",
                            "not YAML: " + e.getProblem(),
                            null));
        } catch (YamlEngineException e) {
            problems.add(
                    Problem.at(place(Optional.empty()), "", "not YAML: " + e.getMessage(), null));
        }
    }

    private Yaml value(Node node, int depth, String path) {
        Place place = place(node.getStartMark());
        if (depth > MAX_DEPTH) {
            throw new YamlEngineException("nested deeper than " + MAX_DEPTH);
        }
        // aliases of aliases make few lines into very many values
        if (++values > MAX_VALUES) {
            throw new YamlEngineException("more than " + MAX_VALUES + " values");
        }
        return switch (node) {
            case MappingNode mapping -> mapping(mapping, place, depth, path);
            case SequenceNode sequence -> {
                var items = new ArrayList<Yaml>();
                for (Node item : sequence.getValue()) {
                    items.add(value(item, depth + 1, path + "[" + items.size() + "]"));
                }
                yield new Yaml.Sequence(List.copyOf(items), place);
            }
            case ScalarNode scalar -> new Yaml.Scalar(scalar(scalar), scalar.getValue(), place);
            case AnchorNode anchor -> value(anchor.getRealNode(), depth + 1, path);
            default -> throw new YamlEngineException("an unknown kind of node");
        };
    }

    private Yaml mapping(MappingNode node, Place place, int depth, String path) {
        Map<String, Yaml> members = new LinkedHashMap<>();
        Map<String, Place> keys = new HashMap<>();
        var merged = new ArrayList<Yaml>();
        for (NodeTuple tuple : node.getValue()) {
            Place keyPlace = place(tuple.getKeyNode().getStartMark());
            if (!(tuple.getKeyNode() instanceof ScalarNode keyNode)) {
                throw new YamlEngineException("a key must be a text");
            }
            String at = path.isEmpty() ? keyNode.getValue() : path + "." + keyNode.getValue();
            Yaml value = value(tuple.getValueNode(), depth + 1, at);
            if (keyNode.getValue().equals("<<") && keyNode.getScalarStyle() == ScalarStyle.PLAIN) {
                merged.add(value);
                continue;
            }
            Object resolved = scalar(keyNode);
            String key = String.valueOf(resolved);
            if (resolved instanceof Boolean && !key.equals(keyNode.getValue())) {
                problems.add(
                        Problem.at(
                                keyPlace,
                                at,
                                "the key " + keyNode.getValue() + " is a boolean in YAML",
                                "quote it"));
            }
            if (members.containsKey(key)) {
                problems.add(
                        Problem.at(
                                keyPlace,
                                at,
                                "duplicate key \"%s\"".formatted(key),
                                "the first one is in line " + place(keys, key, place).line()));
                continue;
            }
            members.put(key, value);
            keys.put(key, keyPlace);
        }
        merged.forEach(value -> merge(value, members, keys));
        return new Yaml.Mapping(members, keys, place);
    }

    private static Place place(Map<String, Place> keys, String key, Place otherwise) {
        return keys.getOrDefault(key, otherwise);
    }

    /** {@code <<: *anchor}: members that are not written out. */
    private static void merge(Yaml from, Map<String, Yaml> members, Map<String, Place> keys) {
        switch (from) {
            case Yaml.Mapping mapping ->
                    mapping.members()
                            .forEach(
                                    (key, value) -> {
                                        if (members.putIfAbsent(key, value) == null) {
                                            keys.put(key, value.place());
                                        }
                                    });
            case Yaml.Sequence sequence ->
                    sequence.items().forEach(item -> merge(item, members, keys));
            case Yaml.Scalar _ -> throw new YamlEngineException("<< needs a mapping");
        }
    }

    private static @Nullable Object scalar(ScalarNode node) {
        String text = node.getValue();
        boolean plain = node.getScalarStyle() == ScalarStyle.PLAIN;
        if (!plain || (node.getTag().equals(Tag.STR) && isTagged(node))) {
            return text;
        }
        if (NULL.contains(text)) {
            return null;
        }
        if (TRUE.contains(text)) {
            return true;
        }
        if (FALSE.contains(text)) {
            return false;
        }
        if (INTEGER.matcher(text).matches()) {
            return integer(text);
        }
        return FLOAT.matcher(text).matches() ? number(text) : text;
    }

    /** As in JSON, 500.0 is an integer. */
    private static Object number(String text) {
        double value = Double.parseDouble(text);
        return value == Math.rint(value) && Math.abs(value) < MAX_EXACT
                ? (Object) (long) value
                : (Object) value;
    }

    /** {@code !!str 500}: the tag stands before the text, so the node begins before it. */
    private static boolean isTagged(ScalarNode node) {
        int written =
                node.getEndMark().map(Mark::getIndex).orElse(0)
                        - node.getStartMark().map(Mark::getIndex).orElse(0);
        return written > node.getValue().length() && !node.getValue().contains("\n");
    }

    /**
     * As Go's ParseInt with base 0: 0b, 0o, 0x, and a leading 0 for octal; too large is a number.
     */
    private static Object integer(String text) {
        String digits = text.replace("_", "");
        boolean negative = digits.startsWith("-");
        if (negative || digits.startsWith("+")) {
            digits = digits.substring(1);
        }
        int base = 10;
        if (digits.startsWith("0x")) {
            base = 16;
        } else if (digits.startsWith("0b")) {
            base = 2;
        } else if (digits.startsWith("0") && digits.length() > 1) {
            base = 8;
        }
        String bare = base == 10 ? digits : digits.replaceFirst("^0[xbo]?", "");
        if (bare.isEmpty()) {
            return text;
        }
        var value = new BigInteger(bare, base);
        if (negative) {
            value = value.negate();
        }
        return value.bitLength() < Long.SIZE
                ? (Object) value.longValue()
                : (Object) value.doubleValue();
    }

    private Place place(Optional<Mark> mark) {
        return new Place(
                file.name(),
                firstLine + 1 + mark.map(Mark::getLine).orElse(0),
                1 + mark.map(Mark::getColumn).orElse(0));
    }
}
