package dev.tollgate.crds.read;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Where the fields of objects stand that were read without a problem, for problems that are found
 * later, by the compiler. Files are parsed again, which costs nothing as long as all is well. Pure.
 */
public final class FieldPlaces {
    private static final Pattern STEP = Pattern.compile("\\[([^]]*)]|([^.\\[]+)");

    private final Map<String, YamlFile> files;

    public FieldPlaces(List<YamlFile> files) {
        this.files =
                files.stream().collect(Collectors.toMap(YamlFile::name, file -> file, (a, b) -> a));
    }

    /**
     * The place of a field, or of the nearest one around it that is written.
     *
     * @param object where the object begins
     * @param path such as {@code spec.rules[default].targets[0].model}: items by index or name
     */
    public Place of(Place object, String path) {
        var file = files.get(object.file());
        if (file == null) {
            return object;
        }
        return new YamlParser(file, new ArrayList<>())
                .documents().stream()
                        .flatMap(FieldPlaces::objects)
                        .filter(found -> found.place().equals(object))
                        .findFirst()
                        .map(found -> walk(found, path))
                        .orElse(object);
    }

    /** The objects of a List, else the document itself. */
    private static Stream<Yaml> objects(Yaml document) {
        return document instanceof Yaml.Mapping list
                        && list.members().get("items") instanceof Yaml.Sequence items
                ? items.items().stream().flatMap(FieldPlaces::objects)
                : Stream.of(document);
    }

    private static Place walk(Yaml object, String path) {
        var place = object.place();
        Yaml at = object;
        var steps = STEP.matcher(path);
        while (steps.find()) {
            var step = steps.group(1) == null ? steps.group(2) : steps.group(1);
            var next = child(at, step);
            if (next.isEmpty()) {
                return place;
            }
            place = placeOf(at, step, next.get());
            at = next.get();
        }
        return place;
    }

    private static Optional<Yaml> child(Yaml at, String step) {
        return switch (at) {
            case Yaml.Mapping mapping -> Optional.ofNullable(mapping.members().get(step));
            case Yaml.Sequence sequence -> item(sequence.items(), step);
            case Yaml.Scalar _ -> Optional.empty();
        };
    }

    private static Optional<Yaml> item(List<Yaml> items, String step) {
        for (int i = 0; i < items.size(); i++) {
            if (step.equals(name(items.get(i))) || step.equals(Integer.toString(i))) {
                return Optional.of(items.get(i));
            }
        }
        return Optional.empty();
    }

    private static @Nullable String name(Yaml item) {
        return item instanceof Yaml.Mapping mapping
                        && mapping.members().get("name") instanceof Yaml.Scalar name
                ? name.text()
                : null;
    }

    /** A block stands where its key does. */
    private static Place placeOf(Yaml parent, String step, Yaml child) {
        return parent instanceof Yaml.Mapping mapping && !(child instanceof Yaml.Scalar)
                ? mapping.keys().getOrDefault(step, child.place())
                : child.place();
    }
}
