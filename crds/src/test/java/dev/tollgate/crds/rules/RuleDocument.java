package dev.tollgate.crds.rules;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One document of a {@code valid-*.yaml} or {@code invalid-*.yaml}. In an invalid file each starts
 * with {@code # expect:} and a part of the message; {@code # stored} marks one that is accepted and
 * kept, so that the next is an update of it.
 */
record RuleDocument(
        String file,
        int number,
        String text,
        @Nullable String expected,
        boolean stored,
        boolean update) {
    static final Path FOLDER = Path.of("src/test/resources/rules");

    static List<RuleDocument> all() {
        try (var files = Files.list(FOLDER)) {
            var documents = new ArrayList<RuleDocument>();
            for (Path file : files.sorted().toList()) {
                read(file, documents);
            }
            return documents;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void read(Path file, List<RuleDocument> documents) throws IOException {
        String name = file.getFileName().toString();
        boolean invalid = name.startsWith("invalid-");
        if (!invalid && !name.startsWith("valid-")) {
            throw new IllegalStateException(name + " (expected: valid-*.yaml or invalid-*.yaml)");
        }
        boolean update = false;
        int number = 0;
        for (String text : Files.readString(file).split("(?m)^---\n")) {
            number++;
            boolean stored = text.startsWith("# stored\n");
            String expected = null;
            if (invalid && !stored) {
                String first = text.lines().findFirst().orElse("");
                if (!first.startsWith("# expect: ")) {
                    throw new IllegalStateException(
                            name + " document " + number + " (expected: # expect: ...)");
                }
                expected = first.substring("# expect: ".length());
            }
            documents.add(new RuleDocument(name, number, text, expected, stored, update));
            update = stored;
        }
    }

    @Override
    public String toString() {
        return file + "#" + number + (expected == null ? "" : ": " + expected);
    }
}
