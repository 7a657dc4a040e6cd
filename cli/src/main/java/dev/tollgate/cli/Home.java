package dev.tollgate.cli;

import java.nio.file.Files;
import java.nio.file.Path;

/** Where Tollgate is installed: the repository's root, or the image's folder. */
final class Home {
    private Home() {}

    /** The folder {@code examples}. */
    static Path examples() {
        var home = System.getProperty("tollgate.home", System.getenv("TOLLGATE_HOME"));
        var examples =
                Path.of(home == null ? "." : home).resolve("examples").toAbsolutePath().normalize();
        if (!Files.isDirectory(examples)) {
            throw CommandFailure.missing(
                    "the folder examples was not found at "
                            + examples
                            + ": set TOLLGATE_HOME to the repository");
        }
        return examples;
    }
}
