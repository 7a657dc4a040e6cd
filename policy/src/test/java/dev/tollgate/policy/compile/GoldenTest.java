package dev.tollgate.policy.compile;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.crds.read.ResourceReader;
import dev.tollgate.crds.read.YamlFile;
import dev.tollgate.crds.resource.Budget;
import dev.tollgate.crds.resource.Metadata;
import dev.tollgate.crds.resource.ModelProvider;
import dev.tollgate.crds.resource.ResourceKey;
import dev.tollgate.crds.resource.Resources;
import dev.tollgate.crds.resource.RoutingPolicy;
import dev.tollgate.policy.issuer.OidcIssuer;
import dev.tollgate.policy.issuer.OidcIssuers;
import dev.tollgate.policy.snapshot.SettingsEntry;
import dev.tollgate.policy.snapshot.SnapshotCodec;
import dev.tollgate.policy.snapshot.SnapshotValidator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each {@code in-NAME.yaml} compiles to {@code out-NAME.json}: snapshot, verdicts, problems. Where
 * there is a {@code before-NAME.yaml}, that was compiled before, and is what was last accepted; an
 * {@code issuers-NAME.yaml} has the external issuers of the installation. What only a server gives
 * an object stands in annotations: {@code golden/created}, {@code golden/generation}. On a
 * difference the actual text is left in {@code target/golden}.
 */
class GoldenTest {

    private static final Path FOLDER = Path.of("src/test/resources/compile");
    private static final ObjectMapper JSON =
            JsonMapper.builder().enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS).build();

    static List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(FOLDER)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(file -> file.startsWith("in-"))
                    .map(file -> file.substring(3, file.length() - ".yaml".length()))
                    .sorted()
                    .toList();
        }
    }

    @ParameterizedTest
    @MethodSource("names")
    void compilesTo(String name) throws IOException {
        var before = FOLDER.resolve("before-" + name + ".yaml");
        var settings = settings(FOLDER.resolve("issuers-" + name + ".yaml"));
        var last =
                Files.exists(before)
                        ? Compiler.compile(read(before), settings, LastAccepted.NONE).accepted()
                        : LastAccepted.NONE;
        var compiled =
                Compiler.compile(read(FOLDER.resolve("in-" + name + ".yaml")), settings, last);
        assertThat(SnapshotValidator.validate(compiled.snapshot())).isEmpty();
        var actual = text(compiled);
        assertThat(actual).doesNotContain("planted-secret").doesNotContain("plain-key");
        var golden = FOLDER.resolve("out-" + name + ".json");
        var expected = Files.exists(golden) ? Files.readString(golden) : "";
        if (!actual.equals(expected)) {
            Files.createDirectories(Path.of("target/golden"));
            Files.writeString(Path.of("target/golden", golden.getFileName().toString()), actual);
        }
        assertThat(actual).isEqualTo(expected);
    }

    private static CompileSettings settings(Path issuers) throws IOException {
        if (!Files.exists(issuers)) {
            return Given.SETTINGS;
        }
        var all =
                OidcIssuers.read(
                        Files.readString(issuers),
                        SettingsEntry.EndpointPolicy.PUBLIC,
                        name -> {
                            throw new AssertionError(name);
                        });
        return Given.trusting(all.stream().map(OidcIssuer::entry).toList());
    }

    private static Resources read(Path file) throws IOException {
        var read =
                ResourceReader.read(
                        List.of(new YamlFile(file.toString(), Files.readString(file))),
                        reference -> Optional.empty());
        assertThat(read.problems()).isEmpty();
        var all = read.resources();
        return new Resources(
                all.providers().stream()
                        .map(o -> new ModelProvider(served(o.metadata()), o.spec(), o.status()))
                        .toList(),
                all.policies().stream()
                        .map(o -> new RoutingPolicy(served(o.metadata()), o.spec(), o.status()))
                        .toList(),
                all.budgets().stream()
                        .map(o -> new Budget(served(o.metadata()), o.spec(), o.status()))
                        .toList(),
                all.secrets(),
                all.configMaps(),
                all.namespaces(),
                all.serviceAccounts());
    }

    /** With the generation and the age that a server would have given it. */
    private static Metadata served(Metadata written) {
        var generation = written.annotations().getOrDefault("golden/generation", "1");
        var created = written.annotations().get("golden/created");
        return new Metadata(
                written.namespace(),
                written.name(),
                null,
                Long.parseLong(generation),
                created == null ? null : Instant.parse(created),
                written.labels(),
                written.annotations());
    }

    @Test
    void usesEveryFile() throws IOException {
        try (Stream<Path> files = Files.list(FOLDER)) {
            var expected =
                    names().stream()
                            .flatMap(n -> Stream.of("in-" + n + ".yaml", "out-" + n + ".json"))
                            .toList();
            assertThat(
                            files.map(file -> file.getFileName().toString())
                                    .filter(file -> !file.startsWith("before-"))
                                    .filter(file -> !file.startsWith("issuers-")))
                    .containsExactlyInAnyOrderElementsOf(expected);
        }
    }

    private static String text(Compiled compiled) throws IOException {
        var out = JSON.createObjectNode();
        out.set("snapshot", JSON.readTree(SnapshotCodec.encode(compiled.snapshot())));
        var verdicts = out.putObject("verdicts");
        compiled.verdicts().entrySet().stream()
                .sorted(Map.Entry.comparingByKey(Comparator.<ResourceKey>naturalOrder()))
                .forEach(v -> add(verdicts.putObject(v.getKey().toString()), v.getValue()));
        var credentials = out.putArray("credentials");
        compiled.credentials().stream().sorted().forEach(credentials::add);
        var problems = out.putArray("problems");
        compiled.problems().forEach(p -> problems.add(p.object() + " " + p.text()));
        var printer = new DefaultPrettyPrinter();
        printer.indentArraysWith(new DefaultIndenter("  ", "\n"));
        printer.indentObjectsWith(new DefaultIndenter("  ", "\n"));
        return JSON.writer(printer).writeValueAsString(out) + "\n";
    }

    private static void add(ObjectNode out, Verdict verdict) {
        for (var finding : verdict.findings()) {
            out.put(
                    WireName.of(finding.type()),
                    WireName.of(finding.status())
                            + "/"
                            + WireName.of(finding.reason())
                            + ": "
                            + finding.message());
        }
        out.put("usable", verdict.usable());
        out.put("figures", verdict.figures().toString());
        var problems = out.putArray("problems");
        verdict.problems().forEach(p -> problems.add(WireName.of(p.reason()) + " " + p.text()));
    }
}
