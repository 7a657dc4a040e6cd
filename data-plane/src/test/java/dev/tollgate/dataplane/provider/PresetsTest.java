package dev.tollgate.dataplane.provider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tollgate.crds.provider.ProviderType;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.deviation.Deviation;
import dev.tollgate.policy.price.Catalogue;
import dev.tollgate.policy.route.Caller;
import dev.tollgate.policy.route.Router;
import dev.tollgate.policy.route.SnapshotIndex;
import dev.tollgate.policy.route.VisibleModel;
import dev.tollgate.policy.snapshot.ProviderEntry;
import dev.tollgate.policy.snapshot.SettingsEntry.EndpointPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Eight lines and a Secret make each provider of use. */
class PresetsTest {
    private static final int LINES = 8;
    private static final Set<ProviderType> LATER =
            EnumSet.of(
                    ProviderType.VERTEX_AI,
                    ProviderType.BEDROCK,
                    ProviderType.AZURE_OPENAI,
                    ProviderType.UNKNOWN);

    static List<Path> examples() throws IOException {
        return Examples.files();
    }

    @ParameterizedTest
    @MethodSource("examples")
    void eightLinesAreEnough(Path file) throws IOException {
        var provider = Files.readString(file).split("(?m)^---$")[0];
        assertThat(provider.lines().filter(line -> !line.isBlank())).hasSize(LINES);
        var compiled = Examples.compile(file);
        assertThat(compiled.problems()).isEmpty();
        assertThat(compiled.verdicts().values()).allMatch(verdict -> verdict.problems().isEmpty());
        var entry = compiled.snapshot().providers().getFirst();
        var listed =
                Router.visibleModels(
                        SnapshotIndex.of(compiled.snapshot()), Caller.anonymous("default"));
        assertThat(listed).isNotEmpty();
        if (!provider.contains("models:")) {
            assertThat(entry.models()).hasSize(Catalogue.builtIn().models(entry.type()).size());
            assertThat(listed.stream().map(VisibleModel::name))
                    .containsExactlyElementsOf(
                            entry.models().stream().map(model -> model.name()).sorted().toList());
            assertThat(entry.models()).allMatch(model -> model.price() != null);
        }
    }

    @Test
    void everyTypeHasAnExample() throws IOException {
        var types = EnumSet.noneOf(ProviderType.class);
        for (var file : Examples.files()) {
            var type = Examples.provider(file).type();
            for (var each : ProviderType.values()) {
                if (each.name().replace("_", "").equalsIgnoreCase(type)) {
                    types.add(each);
                }
            }
        }
        assertThat(types).isEqualTo(EnumSet.complementOf(EnumSet.copyOf(LATER)));
    }

    @ParameterizedTest
    @MethodSource("examples")
    void everyQuirkOfChatCompletionsMeansSomething(Path file) throws IOException {
        ProviderEntry entry = Examples.provider(file);
        if (Dialect.of(entry.dialect()) == Dialect.OPENAI_CHAT) {
            assertThat(Deviation.of(entry.quirks()).stream().map(Deviation::wireName))
                    .containsExactlyInAnyOrderElementsOf(entry.quirks());
        }
    }

    @Test
    void everyDeviationIsSomeProviders() throws IOException {
        var used = EnumSet.of(Deviation.NO_REASONING_EFFORT);
        for (var file : Examples.files()) {
            used.addAll(Deviation.of(Examples.provider(file).quirks()));
        }
        assertThat(used).containsExactly(Deviation.values());
    }

    /** On a laptop the server is this host; in a cluster nobody's pod has one. */
    @Test
    void ollamaWithoutAnEndpointIsThisHostWhereThatMayBe() {
        var yaml =
                """
                apiVersion: tollgate.dev/v1alpha1
                kind: ModelProvider
                metadata: {name: ollama}
                spec:
                  type: Ollama
                  auth: {type: None}
                  models: [{name: "qwen3:8b"}]
                  pricing: {onUnknownModel: Free}
                """;
        var laptop = Examples.compile(yaml, EndpointPolicy.ANY).snapshot().providers();
        assertThat(laptop.getFirst().url()).isEqualTo("http://localhost:11434/v1");
        for (var policy : List.of(EndpointPolicy.PUBLIC, EndpointPolicy.CLUSTER)) {
            var cluster = Examples.compile(yaml, policy);
            assertThat(cluster.snapshot().providers()).isEmpty();
            assertThat(cluster.verdicts().values().toString()).contains("localhost:11434");
        }
    }

    @Test
    void modelsWithoutACatalogueOrAnAddressAreAskedFor() {
        var yaml =
                """
                apiVersion: tollgate.dev/v1alpha1
                kind: ModelProvider
                metadata: {name: x}
                spec: {type: VLLM, auth: {type: None}}
                """;
        assertThatThrownBy(() -> Examples.compile(yaml, EndpointPolicy.ANY))
                .hasMessageContaining("VLLM and AzureOpenAI have no public address")
                .hasMessageContaining("VLLM and AzureOpenAI have no catalogue");
    }
}
