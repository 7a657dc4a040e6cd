package dev.tollgate.dataplane.standalone;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tollgate.crds.read.ResourceReader;
import dev.tollgate.crds.read.YamlFile;
import dev.tollgate.dataplane.config.LiveConfig;
import dev.tollgate.policy.compile.CompileSettings;
import dev.tollgate.policy.compile.Compiler;
import dev.tollgate.policy.compile.LastAccepted;
import dev.tollgate.policy.price.Catalogue;
import dev.tollgate.policy.snapshot.SettingsEntry;
import dev.tollgate.policy.snapshot.SnapshotCodec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FolderConfigTest {

    private static final String PROVIDER =
            """
            apiVersion: tollgate.dev/v1alpha1
            kind: ModelProvider
            metadata: {name: openai, namespace: team-a}
            spec:
              type: OpenAI
              endpoint: {url: "http://127.0.0.1:9/v1"}
              auth: {type: APIKey, apiKey: {secretRef: {name: openai}}}
              models:
              - {name: gpt-4o-mini, aliases: [small]}
            ---
            apiVersion: v1
            kind: Secret
            metadata: {name: openai, namespace: team-a}
            stringData: {api-key: "${env:OPENAI_KEY}"}
            ---
            apiVersion: v1
            kind: Namespace
            metadata: {name: team-a}
            """;
    private static final String BUDGET =
            """
            apiVersion: tollgate.dev/v1alpha1
            kind: Budget
            metadata: {name: monthly, namespace: team-a}
            spec:
              amount: "AMOUNT"
              period: {type: Month}
            """;

    @TempDir Path directory;
    private final LiveConfig live = new LiveConfig();
    private FolderConfig config;

    @AfterEach
    void close() {
        if (config != null) {
            config.close();
        }
    }

    private void open() throws IOException {
        config =
                FolderConfig.load(
                        new FolderSettings(
                                directory,
                                "tollgate-system",
                                SettingsEntry.EndpointPolicy.ANY,
                                SettingsEntry.Unbudgeted.ALLOW,
                                new SecretSources(directory, Map.of("OPENAI_KEY", "sk-env"))),
                        live);
        config.watch();
    }

    private void write(String name, String text) throws IOException {
        // by a rename: nobody sees it half written, however slow this thread is
        var next = Files.writeString(directory.resolve(".next"), text);
        Files.move(next, directory.resolve(name), StandardCopyOption.ATOMIC_MOVE);
    }

    private long limitMicros() {
        var budgets = live.applied().snapshot().budgets();
        return budgets.isEmpty() ? -1 : budgets.getFirst().limitMicros();
    }

    private String key() {
        return new String(live.credentials().value("team-a/openai/api-key"), UTF_8);
    }

    @Test
    void saysThatADrillByAnnotationIsForClusters() throws IOException {
        write(
                "provider.yaml",
                PROVIDER.replace(
                        "{name: openai, namespace: team-a}\nspec",
                        "{name: openai, namespace: team-a, annotations:"
                                + " {tollgate.dev/drill-until: \"2099-01-01T00:00:00Z\"}}\nspec"));
        open();
        assertThat(live.applied().snapshot().providers()).hasSize(1);
        assertThat(config.problems())
                .singleElement()
                .asString()
                .contains("provider.yaml:", "tollgate.dev/drill-until", "tollgate drill");
    }

    @Test
    void servesWhatTheFolderHolds() throws IOException {
        write("provider.yaml", PROVIDER);
        write("budget.yml", BUDGET.replace("AMOUNT", "5.00"));
        open();
        assertThat(config.problems()).isEmpty();
        assertThat(live.applied().snapshot().providers()).hasSize(1);
        assertThat(limitMicros()).isEqualTo(5_000_000);
        assertThat(key()).isEqualTo("sk-env");
        assertThat(live.applied().revision()).isEqualTo("0/1");
    }

    @Test
    void givesTheBytesThatTheOperatorWouldGive() throws IOException {
        write("provider.yaml", PROVIDER);
        open();
        var read =
                ResourceReader.read(
                        List.of(new YamlFile("x.yaml", PROVIDER)), r -> Optional.of("other-key"));
        var compiled =
                Compiler.compile(
                        read.resources(),
                        new CompileSettings(
                                "tollgate-system",
                                SettingsEntry.EndpointPolicy.ANY,
                                SettingsEntry.Unbudgeted.ALLOW,
                                List.of(),
                                30,
                                Instant.EPOCH,
                                Catalogue.builtIn()),
                        LastAccepted.NONE);
        assertThat(live.applied().bytes()).isEqualTo(SnapshotCodec.encode(compiled.snapshot()));
    }

    @Test
    void aChangeIsLiveWithoutARestart() throws IOException {
        write("provider.yaml", PROVIDER);
        write("budget.yaml", BUDGET.replace("AMOUNT", "5.00"));
        open();
        write("budget.yaml", BUDGET.replace("AMOUNT", "7.50"));
        await().until(() -> limitMicros() == 7_500_000);
        Files.delete(directory.resolve("budget.yaml"));
        await().until(() -> limitMicros() == -1);
    }

    @Test
    void aBadObjectLeavesTheOthersServingAndIsToldWithItsPlace() throws IOException {
        write("provider.yaml", PROVIDER);
        write(
                "bad.yaml",
                """
                apiVersion: tollgate.dev/v1alpha1
                kind: Budget
                metadata: {name: monthly, namespace: team-a}
                spec:
                  amonut: "5.00"
                """);
        open();
        assertThat(live.applied().snapshot().providers()).hasSize(1);
        assertThat(config.problems())
                .anySatisfy(text -> assertThat(text).contains("bad.yaml:5").contains("amonut"));
    }

    @Test
    void aBudgetThatCannotBeReadAtTheStartBlocksItsNamespaceUntilItIsMended() throws IOException {
        write("provider.yaml", PROVIDER);
        write("budget.yaml", BUDGET.replace("AMOUNT", "a lot"));
        write(
                "kind.yaml",
                BUDGET.replace("AMOUNT", "5.00")
                        .replace("kind: Budget", "kind: Budgett")
                        .replace("team-a", "team-b"));
        open();
        assertThat(live.applied().snapshot().budgets())
                .satisfiesExactly(
                        one -> {
                            assertThat(one.blocked()).contains("cannot be read");
                            assertThat(one.namespaces().contains("team-a")).isTrue();
                            assertThat(one.namespaces().contains("team-b")).isFalse();
                        },
                        two -> assertThat(two.namespaces().contains("team-b")).isTrue());
        assertThat(live.applied().snapshot().providers()).hasSize(1);
        write("budget.yaml", BUDGET.replace("AMOUNT", "6.00"));
        write("kind.yaml", "");
        await().untilAsserted(
                        () ->
                                assertThat(live.applied().snapshot().budgets())
                                        .singleElement()
                                        .satisfies(b -> assertThat(b.blocked()).isNull()));
    }

    @Test
    void aBadEditKeepsTheObjectAsItWas() throws IOException {
        write("provider.yaml", PROVIDER);
        write("budget.yaml", BUDGET.replace("AMOUNT", "5.00"));
        open();
        write("budget.yaml", BUDGET.replace("AMOUNT", "a lot"));
        await().until(() -> !config.problems().isEmpty());
        assertThat(limitMicros()).isEqualTo(5_000_000);
        var before = config.problems();
        write("budget.yaml", BUDGET.replace("AMOUNT", "still not a number"));
        await().until(() -> !config.problems().equals(before));
        assertThat(limitMicros()).isEqualTo(5_000_000);
        write("budget.yaml", BUDGET.replace("AMOUNT", "6.00"));
        await().until(() -> limitMicros() == 6_000_000);
        assertThat(config.problems()).isEmpty();
    }

    @Test
    void aSecretFileIsWatchedAndReplacesTheKeyAlone() throws IOException {
        write("key.txt", "sk-one\n");
        write("provider.yaml", PROVIDER.replace("${env:OPENAI_KEY}", "${file:key.txt}"));
        open();
        assertThat(key()).isEqualTo("sk-one");
        var revision = live.applied().revision();
        write("key.txt", "sk-two\n");
        await().until(() -> key().equals("sk-two"));
        assertThat(live.applied().revision()).isEqualTo(revision);
    }

    @Test
    void holdsNoKeyThatNoProviderNeeds() throws IOException {
        write(
                "provider.yaml",
                PROVIDER
                        + "---\napiVersion: v1\nkind: Secret\nmetadata: {name: other, namespace: team-a}\n"
                        + "stringData: {password: hush}\n");
        open();
        assertThat(live.credentials().references()).containsExactly("team-a/openai/api-key");
    }

    @Test
    void anUnsetVariableIsToldAndNotServed() throws IOException {
        write("provider.yaml", PROVIDER.replace("OPENAI_KEY", "NOT_SET"));
        open();
        assertThat(config.problems()).anyMatch(text -> text.contains("NOT_SET"));
        assertThat(live.credentials().references()).isEmpty();
    }

    @Test
    void keepsWhatAFileHeldThatIsEmptiedAndNotYetWritten() throws IOException {
        write("provider.yaml", PROVIDER);
        write("budget.yml", BUDGET.replace("AMOUNT", "5.00"));
        open();
        write("budget.yml", "\n");
        await().untilAsserted(
                        () ->
                                assertThat(config.problems())
                                        .singleElement()
                                        .asString()
                                        .contains("budget.yml:1:1: the file is empty", "remove"));
        assertThat(limitMicros()).isEqualTo(5_000_000);
        write("budget.yml", "");
        write("other.yaml", "# nothing yet\n"); // another load, and it is still empty
        write("provider.yaml", PROVIDER.replace("[small]", "[small, smaller]"));
        await().untilAsserted(() -> assertThat(live.applied().revision()).isEqualTo("0/2"));
        assertThat(limitMicros()).isEqualTo(5_000_000);
        write("budget.yml", BUDGET.replace("AMOUNT", "7.00"));
        await().untilAsserted(() -> assertThat(limitMicros()).isEqualTo(7_000_000));
        assertThat(config.problems()).isEmpty();
        write("budget.yml", "");
        await().untilAsserted(() -> assertThat(config.problems()).hasSize(1));
        Files.delete(directory.resolve("budget.yml"));
        await().untilAsserted(() -> assertThat(limitMicros()).isEqualTo(-1));
        assertThat(config.problems()).isEmpty();
    }
}
