package dev.tollgate.crds.rules;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.crds.read.Problem;
import dev.tollgate.crds.read.ResourceReader;
import dev.tollgate.crds.read.YamlFile;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The reader gives new objects the verdicts that {@link CrdRulesIT} gets from the API server. */
class ReaderVerdictTest {
    /** An update needs the stored object, which a folder does not have. */
    static List<RuleDocument> documents() {
        return RuleDocument.all().stream().filter(document -> !document.update()).toList();
    }

    @ParameterizedTest
    @MethodSource("documents")
    void theReaderGivesTheVerdictOfTheServer(RuleDocument document) {
        List<Problem> problems =
                ResourceReader.read(
                                List.of(new YamlFile(document.file(), document.text())),
                                _ -> Optional.empty())
                        .problems()
                        .stream()
                        // sound for the API server, refused in a folder
                        .filter(problem -> !problem.message().contains("written by the operator"))
                        .toList();

        if (document.expected() == null) {
            assertThat(problems).isEmpty();
        } else {
            assertThat(problems)
                    .extracting(problem -> problem.path() + ": " + problem.message())
                    .anySatisfy(text -> assertThat(text).contains(document.expected()));
        }
    }
}
