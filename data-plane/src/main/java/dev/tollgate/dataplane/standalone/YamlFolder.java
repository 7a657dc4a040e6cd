package dev.tollgate.dataplane.standalone;

import dev.tollgate.crds.read.YamlFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The YAML files of a folder, in the order of their names. */
public final class YamlFolder {

    /** More files than this are not a configuration but a mistake. */
    private static final int MAX_FILES = 10_000;

    private YamlFolder() {}

    /**
     * All {@code *.yaml} and {@code *.yml} at or below a path, hidden folders (such as {@code
     * .git}) left out.
     */
    public static List<Path> paths(Path root) throws IOException {
        try (var below = Files.walk(root)) {
            return below.filter(path -> isYaml(root, path)).sorted().limit(MAX_FILES).toList();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    /** Their texts, each called by its path. */
    public static List<YamlFile> read(Path root) throws IOException {
        var files = new ArrayList<YamlFile>();
        for (var path : paths(root)) {
            files.add(new YamlFile(path.toString(), Files.readString(path)));
        }
        return List.copyOf(files);
    }

    private static boolean isYaml(Path root, Path path) {
        for (var part : root.relativize(path)) {
            if (part.toString().startsWith(".") && part.toString().length() > 1) {
                return false;
            }
        }
        var name = String.valueOf(path.getFileName());
        return (name.endsWith(".yaml") || name.endsWith(".yml")) && Files.isRegularFile(path);
    }
}
