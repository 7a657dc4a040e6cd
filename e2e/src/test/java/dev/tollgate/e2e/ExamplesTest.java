package dev.tollgate.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What users copy: every YAML of the examples and of the documents compiles as it stands there. */
class ExamplesTest {

    private static final Pattern YAML_BLOCK =
            Pattern.compile("^```ya?ml\\R(.*?)^```", Pattern.DOTALL | Pattern.MULTILINE);

    /** What a cluster has besides the resources of Tollgate. */
    private static final List<String> CORE_FILES = List.of("simulators.yaml", "client.yaml");

    @TempDir Path folder;

    @ParameterizedTest
    @CsvSource({
        "demo, any",
        "laptop, public",
        "media, public",
        "cache, public",
        "budgets, public",
        "routing/cascade, public",
        "routing/shadow, public",
        "routing/canary, public",
        "cluster, any",
        "providers, public",
        "routing/cheapest-80-reliable-20, public",
        "routing/complexity, public",
        "routing/hedge, public",
        "routing/conditions, public",
        "routing/least-cost, public",
        "routing/lowest-latency, public",
        "routing/residency, public",
        "routing/round-robin, public",
        "routing/score, public",
        "routing/sticky, public",
        "routing/weighted, public"
    })
    void compilesWithoutAProblem(String example, String endpointPolicy) throws Exception {
        try (var files = Files.list(examples().resolve(example))) {
            for (var file : files.filter(ExamplesTest::isOurs).toList()) {
                Files.copy(file, folder.resolve(file.getFileName()));
            }
        }
        assertClean(endpointPolicy);
    }

    @Test
    void belongsToAnExampleThatIsTested() throws Exception {
        try (var files = Files.walk(examples())) {
            assertThat(files.filter(ExamplesTest::isYaml))
                    .allSatisfy(
                            file ->
                                    assertThat(examples().relativize(file).getName(0).toString())
                                            .isIn(
                                                    "demo",
                                                    "laptop",
                                                    "media",
                                                    "cache",
                                                    "budgets",
                                                    "cluster",
                                                    "providers",
                                                    "routing"));
        }
    }

    @Test
    void isOfKindsThatAClusterKnows() throws Exception {
        for (var name : CORE_FILES) {
            var text = Files.readString(examples().resolve("cluster").resolve(name));
            for (var document : text.split("(?m)^---$")) {
                if (document.lines().allMatch(line -> line.isBlank() || line.startsWith("#"))) {
                    continue;
                }
                HasMetadata object = Serialization.unmarshal(document);
                assertThat(object).isNotInstanceOf(GenericKubernetesResource.class);
                assertThat(object.getMetadata().getName()).isNotBlank();
                assertThat(object.getMetadata().getNamespace()).isNotBlank();
            }
        }
    }

    static List<Path> documents() throws IOException {
        try (var files =
                Stream.concat(
                        Stream.of(TollgateProcess.root().resolve("README.md")),
                        Stream.concat(
                                Files.walk(TollgateProcess.root().resolve("docs")),
                                Files.walk(examples())))) {
            var found = new ArrayList<Path>();
            for (var file : files.filter(f -> f.toString().endsWith(".md")).toList()) {
                if (YAML_BLOCK.matcher(Files.readString(file)).find()) {
                    found.add(file);
                }
            }
            return found;
        }
    }

    @ParameterizedTest
    @MethodSource("documents")
    void compilesAsTheDocumentShowsIt(Path document) throws Exception {
        var block = YAML_BLOCK.matcher(Files.readString(document));
        for (int i = 0; block.find(); i++) {
            Files.writeString(folder.resolve("block-" + i + ".yaml"), block.group(1));
        }
        // the second provider of its routes, which the text does not repeat
        Files.writeString(
                folder.resolve("surroundings.yaml"),
                Resources.namespace("team-a")
                        + Resources.secret("default", "keys", "sk-1")
                        + Resources.provider(
                                "default",
                                "anthropic",
                                "Anthropic",
                                "https://api.anthropic.com",
                                List.of("claude-haiku-4-5")));
        assertClean("public");
    }

    private void assertClean(String endpointPolicy) throws Exception {
        try (var lint =
                TollgateProcess.start(
                        "lint", "--endpoint-policy=" + endpointPolicy, folder.toString())) {
            int code = lint.awaitExit(Duration.ofSeconds(90));
            assertThat(lint.out()).isEmpty();
            assertThat(code).as(lint.tail()).isZero();
        }
    }

    private static Path examples() {
        return TollgateProcess.root().resolve("examples");
    }

    private static boolean isYaml(Path file) {
        return file.toString().endsWith(".yaml") || file.toString().endsWith(".yml");
    }

    private static boolean isOurs(Path file) {
        return isYaml(file) && !CORE_FILES.contains(file.getFileName().toString());
    }
}
