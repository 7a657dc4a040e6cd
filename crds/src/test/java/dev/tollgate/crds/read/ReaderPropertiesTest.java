package dev.tollgate.crds.read;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Whatever a file holds, the reader answers with objects or with problems that have a place. */
class ReaderPropertiesTest {
    private static final List<String> SEEDS = seeds();

    private static List<String> seeds() {
        try (var files = Files.list(Path.of("src/test/resources/rules"))) {
            return files.sorted()
                    .map(
                            file -> {
                                try {
                                    return Files.readString(file);
                                } catch (IOException e) {
                                    throw new java.io.UncheckedIOException(e);
                                }
                            })
                    .toList();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** Files of ours with a piece cut out and another put in. */
    @Provide
    Arbitrary<String> damaged() {
        Arbitrary<String> piece =
                Arbitraries.oneOf(
                        Arbitraries.of(
                                "---\n", ": ", "\n", "{", "]", "&a ", "*a", "<<: ", "null",
                                "!!str ", "- ", "\"", "'", "\t", "|\n", "? "),
                        Arbitraries.strings().ofMaxLength(5));
        return Combinators.combine(
                        Arbitraries.of(SEEDS),
                        Arbitraries.doubles().between(0, 1),
                        Arbitraries.integers().between(0, 20),
                        piece)
                .as(
                        (text, where, cut, put) -> {
                            int at = (int) (where * text.length());
                            return text.substring(0, at)
                                    + put
                                    + text.substring(Math.min(text.length(), at + cut));
                        });
    }

    @Property(tries = 400)
    void everyTextIsAnswered(@ForAll("damaged") String text) {
        var read =
                ResourceReader.read(List.of(new YamlFile("f.yaml", text)), _ -> Optional.empty());

        long lines = text.lines().count() + 1;
        assertThat(read.problems())
                .allSatisfy(
                        problem -> {
                            assertThat(problem.file()).isEqualTo("f.yaml");
                            assertThat((long) problem.line()).isBetween(1L, lines);
                            assertThat(problem.column()).isPositive();
                            assertThat(problem.message()).isNotBlank();
                        });
        assertThat(read.places().size())
                .isEqualTo(
                        read.resources().providers().size()
                                + read.resources().policies().size()
                                + read.resources().budgets().size());
    }

    @Property(tries = 300)
    void anEditDistanceIsAMetric(@ForAll("words") String a, @ForAll("words") String b) {
        assertThat(Spelling.distance(a, a)).isZero();
        assertThat(Spelling.distance(a, b)).isEqualTo(Spelling.distance(b, a));
        assertThat(Spelling.distance(a, b))
                .isBetween(Math.abs(a.length() - b.length()), Math.max(a.length(), b.length()));
    }

    @Provide
    Arbitrary<String> words() {
        return Arbitraries.strings().withCharRange('a', 'f').ofMaxLength(12);
    }
}
