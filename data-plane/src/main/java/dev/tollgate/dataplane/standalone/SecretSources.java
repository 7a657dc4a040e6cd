package dev.tollgate.dataplane.standalone;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/**
 * Values of {@code ${env:NAME}} and {@code ${file:PATH}} in Secrets. Remembers the files that were
 * asked for, so that a change of one is seen.
 */
public final class SecretSources implements Function<String, Optional<String>> {

    private static final long MAX_SECRET_BYTES = 1 << 20;

    private final Path folder;
    private final Map<String, String> environment;
    private final Set<Path> files = ConcurrentHashMap.newKeySet();

    /**
     * @param folder relative paths start there
     */
    public SecretSources(Path folder, Map<String, String> environment) {
        this.folder = folder;
        this.environment = Map.copyOf(environment);
    }

    @Override
    public Optional<String> apply(String reference) {
        var colon = reference.indexOf(':');
        var name = reference.substring(colon + 1);
        return switch (reference.substring(0, colon)) {
            case "env" -> Optional.ofNullable(environment.get(name));
            case "file" -> file(folder.resolve(name));
            default -> Optional.empty();
        };
    }

    /** Files that were read, present or not. */
    Set<Path> files() {
        return Set.copyOf(files);
    }

    private Optional<String> file(Path path) {
        files.add(path);
        try {
            if (!Files.isRegularFile(path) || Files.size(path) > MAX_SECRET_BYTES) {
                return Optional.empty();
            }
            return Optional.of(Files.readString(path).strip());
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
