package dev.tollgate.dataplane.provider;

import dev.tollgate.crds.read.ResourceReader;
import dev.tollgate.crds.read.YamlFile;
import dev.tollgate.policy.compile.CompileSettings;
import dev.tollgate.policy.compile.Compiled;
import dev.tollgate.policy.compile.Compiler;
import dev.tollgate.policy.compile.LastAccepted;
import dev.tollgate.policy.price.Catalogue;
import dev.tollgate.policy.snapshot.ProviderEntry;
import dev.tollgate.policy.snapshot.SettingsEntry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** The files of examples/providers, compiled. */
final class Examples {
    static final Path FOLDER = Path.of("../examples/providers");

    private Examples() {}

    static List<Path> files() throws IOException {
        try (var files = Files.list(FOLDER)) {
            return files.filter(file -> file.toString().endsWith(".yaml")).sorted().toList();
        }
    }

    static Compiled compile(Path file) throws IOException {
        return compile(Files.readString(file), SettingsEntry.EndpointPolicy.PUBLIC);
    }

    static Compiled compile(String yaml, SettingsEntry.EndpointPolicy policy) {
        var read =
                ResourceReader.read(
                        List.of(new YamlFile("provider.yaml", yaml)), _ -> Optional.of("a-key"));
        if (!read.problems().isEmpty()) {
            throw new IllegalStateException(read.problems().toString());
        }
        var settings =
                new CompileSettings(
                        "tollgate-system",
                        policy,
                        SettingsEntry.Unbudgeted.ALLOW,
                        List.of(),
                        CompileSettings.DEFAULT_DEPRECATION_WARN_DAYS,
                        Instant.parse("2026-11-21T00:00:00Z"),
                        Catalogue.builtIn());
        return Compiler.compile(read.resources(), settings, LastAccepted.NONE);
    }

    /** The one provider of a file. */
    static ProviderEntry provider(Path file) throws IOException {
        return compile(file).snapshot().providers().getFirst();
    }
}
