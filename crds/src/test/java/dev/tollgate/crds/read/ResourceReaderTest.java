package dev.tollgate.crds.read;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.crds.budget.Enforcement;
import dev.tollgate.crds.resource.Kind;
import dev.tollgate.crds.resource.ResourceKey;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ResourceReaderTest {
    private static final String BUDGET =
            """
            apiVersion: tollgate.dev/v1alpha1
            kind: Budget
            metadata: {name: monthly}
            spec:
              %s
            """;

    private static Read read(String... texts) {
        var files =
                Stream.iterate(0, i -> i < texts.length, i -> i + 1)
                        .map(i -> new YamlFile("f" + i + ".yaml", texts[i]))
                        .toList();
        return ResourceReader.read(
                files, name -> Optional.ofNullable(Map.of("env:KEY", "s3cret").get(name)));
    }

    private static Problem only(Read read) {
        assertThat(read.problems()).hasSize(1);
        return read.problems().getFirst();
    }

    @Test
    void anObjectHasItsDefaultsItsNamespaceAndItsPlace() {
        var read =
                read(
                        """
                        # a comment
                        ---
                        """
                                + BUDGET.formatted(
                                        "amount: '5'\n  period: {type: Day}\n  enforcement: {}"));

        assertThat(read.problems()).isEmpty();
        var budget = read.resources().budgets().getFirst();
        assertThat(budget.metadata().namespace()).isEqualTo("default");
        assertThat(budget.spec().currency()).isEqualTo("USD");
        assertThat(budget.spec().period().timeZone()).isEqualTo("UTC");
        assertThat(budget.spec().enforcement().mode()).isEqualTo(Enforcement.Mode.HARD);
        assertThat(read.places())
                .containsEntry(
                        new ResourceKey(Kind.BUDGET, "default", "monthly"),
                        new Place("f0.yaml", 3, 1));
    }

    @Test
    void aBareAmountIsToldToBeQuoted() {
        var problem = only(read(BUDGET.formatted("amount: 500\n  period: {type: Day}")));

        assertThat(problem.line()).isEqualTo(5);
        assertThat(problem.column()).isEqualTo(11);
        assertThat(problem.path()).isEqualTo("spec.amount");
        assertThat(problem.message()).isEqualTo("must be of type string: \"integer\"");
        assertThat(problem.hint()).isEqualTo("quote it: \"500\"");
        assertThat(problem)
                .hasToString(
                        "f0.yaml:5:11: spec.amount: must be of type string: \"integer\" (quote it: \"500\")");
    }

    @Test
    void anUnknownFieldIsToldWithTheNearestName() {
        var problem =
                only(
                        read(
                                """
                                apiVersion: tollgate.dev/v1alpha1
                                kind: RoutingPolicy
                                metadata: {name: chat}
                                spec:
                                  models: [chat]
                                  rules:
                                  - name: r
                                    targets:
                                    - name: t
                                      providerRef: {name: p}
                                      providerReff: {name: p}
                                """));

        assertThat(problem.line()).isEqualTo(11);
        assertThat(problem.path()).isEqualTo("spec.rules[0].targets[0].providerReff");
        assertThat(problem.hint()).isEqualTo("did you mean `providerRef`?");
    }

    @Test
    void everyProblemOfAnObjectIsToldAtOnce() {
        var read =
                read(BUDGET.formatted("amount: 5\n  periodd: {}\n  suspend: off\n  models: [a b]"));

        assertThat(read.problems())
                .extracting(Problem::path)
                .containsExactlyInAnyOrder(
                        "spec.amount", "spec.periodd", "spec.suspend", "spec.models[0]");
    }

    @Test
    void aRuleIsToldAtThePlaceOfItsObject() {
        var problem =
                only(
                        read(
                                BUDGET.formatted(
                                        "amount: '5'\n  period:\n    type: Day\n    startDay: 3")));

        assertThat(problem.path()).isEqualTo("spec.period");
        assertThat(problem.line()).isEqualTo(7);
        assertThat(problem.message()).startsWith("startDay is 1..28 for Month");
    }

    @Test
    void aDuplicateKeyIsAProblem() {
        var problem =
                only(read(BUDGET.formatted("maxCostPerRequest: '5'\n  maxCostPerRequest: '6'")));

        assertThat(problem.message()).isEqualTo("duplicate key \"maxCostPerRequest\"");
        assertThat(problem.line()).isEqualTo(6);
        assertThat(problem.hint()).isEqualTo("the first one is in line 5");
    }

    @Test
    void aBrokenDocumentSpoilsNoOther() {
        var read =
                read(
                        "a: [1\n---\n"
                                + BUDGET.formatted("maxCostPerRequest: '5'")
                                + "---\n- 1\n---\n\n--- # end\n");

        assertThat(read.resources().budgets()).hasSize(1);
        assertThat(read.problems()).hasSize(2);
        assertThat(read.problems().get(0).message()).startsWith("not YAML");
        assertThat(read.problems().get(0).line()).isLessThanOrEqualTo(2);
        assertThat(read.problems().get(1).message()).isEqualTo("must be an object: \"array\"");
        assertThat(read.problems().get(1).line()).isEqualTo(9);
    }

    @Test
    void theSecondObjectOfANameIsAProblemAcrossFiles() {
        var text = BUDGET.formatted("maxCostPerRequest: '5'");
        var read = read(text, text);

        assertThat(read.resources().budgets()).hasSize(1);
        assertThat(only(read).message()).isEqualTo("Budget default/monthly is there twice");
        assertThat(only(read).hint()).isEqualTo("the first one is at f0.yaml:1:1");
        assertThat(only(read).file()).isEqualTo("f1.yaml");
    }

    @Test
    void anUnknownKindHasAHint() {
        var wrong = BUDGET.formatted("maxCostPerRequest: '5'");

        assertThat(only(read(wrong.replace("kind: Budget", "kind: Bugdet"))).hint())
                .isEqualTo("did you mean `Budget`?");
        assertThat(only(read(wrong.replace("v1alpha1", "v1"))).hint())
                .isEqualTo("write `tollgate.dev/v1alpha1`");
        assertThat(
                        only(read("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n"))
                                .hint())
                .startsWith("known: ModelProvider");
        assertThat(read("metadata: {name: a}\n").problems())
                .extracting(Problem::path)
                .containsExactly("apiVersion", "kind");
    }

    @Test
    void secretsAreDecodedResolvedAndNeverTold() {
        var read =
                read(
                        """
                        apiVersion: v1
                        kind: Secret
                        metadata: {name: keys, namespace: a}
                        type: Opaque
                        data: {encoded: c2stMQ==, both: eA==, bad: "hunter2!"}
                        stringData:
                          plain: sk-2
                          both: two
                          env: ${env:KEY}
                          unset: ${env:UNSET}
                          part: hunter2 ${env:KEY}
                          empty: null
                        """);

        var data = read.resources().secrets().getFirst().data();
        assertThat(data).containsOnlyKeys("encoded", "both", "plain", "env");
        assertThat(data.get("encoded").exposeText()).isEqualTo("sk-1");
        assertThat(data.get("both").exposeText()).isEqualTo("two");
        assertThat(data.get("env").exposeText()).isEqualTo("s3cret");
        assertThat(read.problems())
                .extracting(problem -> problem.path() + ": " + problem.message())
                .containsExactlyInAnyOrder(
                        "data.bad: illegal base64 data",
                        "stringData.unset: environment variable UNSET is not set",
                        "stringData.part: ${env:KEY} must be the whole value");
        assertThat(read.toString()).doesNotContain("s3cret", "hunter2", "sk-1", "sk-2");
    }

    @Test
    void aSecretValueOfAWrongTypeIsNotTold() {
        var problem =
                only(
                        read(
                                """
                                apiVersion: v1
                                kind: Secret
                                metadata: {name: keys}
                                stringData: {pin: 4711}
                                """));

        assertThat(problem.message() + problem.hint()).contains("quote it").doesNotContain("4711");
    }

    @Test
    void substitutionIsForSecretsAlone() {
        var read =
                read(
                        """
                        apiVersion: v1
                        kind: ConfigMap
                        metadata: {name: c}
                        data: {a: "${env:KEY}"}
                        ---
                        apiVersion: v1
                        kind: Namespace
                        metadata: {name: team-a, labels: {org: payments}}
                        ---
                        apiVersion: v1
                        kind: List
                        items:
                        - apiVersion: v1
                          kind: ServiceAccount
                          metadata: {name: chatbot, namespace: team-a}
                        """);

        assertThat(read.problems()).isEmpty();
        assertThat(read.resources().configMaps().getFirst().data())
                .containsEntry("a", "${env:KEY}");
        assertThat(read.resources().namespaces().getFirst().key())
                .isEqualTo(new ResourceKey(Kind.NAMESPACE, "", "team-a"));
        assertThat(read.resources().serviceAccounts().getFirst().metadata().namespace())
                .isEqualTo("team-a");
    }

    @Test
    void aBudgetLedgerDoesNotBelongInAFolder() {
        var read =
                read(
                        """
                        apiVersion: tollgate.dev/v1alpha1
                        kind: BudgetLedger
                        metadata: {name: a}
                        spec: {key: {namespace: a, name: b, subject: "", windowStart: "2026-01-01T00:00:00Z"}, limitMicros: 0, settledMicros: 0, overrunMicros: 0, seq: 0, epoch: 0}
                        """);

        assertThat(only(read).message()).contains("operator alone");
    }

    /** The plain scalars of the YAML that kubectl reads. */
    @ParameterizedTest
    @CsvSource({
        "on, boolean",
        "Off, boolean",
        "y, boolean",
        "NO, boolean",
        "~, null",
        "null, null",
        "010, integer",
        "0x1F, integer",
        "1_000, integer",
        "500.0, integer",
        "1e3, integer",
        "1.5, number",
        "99999999999999999999, number",
        "1:30, string",
        "2026-01-01, string",
        "'''500''', string",
        "1.2.3, string",
        "!!str 5, string",
        "abc, string",
        "0o, string"
    })
    void plainScalarsAreThoseOfKubectl(String text, String type) {
        var document =
                new YamlParser(new YamlFile("f", "a: " + text + "\n"), new ArrayList<>())
                        .documents();

        assertThat(((Yaml.Mapping) document.getFirst()).members().get("a").type()).isEqualTo(type);
    }

    @Test
    void aKeyThatIsABooleanIsTold() {
        var read = read(BUDGET.formatted("maxCostPerRequest: '5'\n  on: 1"));

        assertThat(read.problems()).extracting(Problem::hint).contains("quote it");
    }

    @Test
    void anchorsAndMergesAreFollowedAndBombsAreNot() {
        var read =
                read(
                        """
                        apiVersion: tollgate.dev/v1alpha1
                        kind: Budget
                        metadata: &m {name: monthly, labels: {a: b}}
                        spec: {maxCostPerRequest: "1"}
                        """,
                        """
                        apiVersion: tollgate.dev/v1alpha1
                        kind: Budget
                        metadata: {<<: {name: x, namespace: team}, name: other}
                        spec: {maxCostPerRequest: "1"}
                        """);

        assertThat(read.problems()).isEmpty();
        assertThat(read.resources().budgets().get(1).key())
                .isEqualTo(new ResourceKey(Kind.BUDGET, "team", "other"));
        var bomb = new StringBuilder("a0: &a0 [x]\n");
        for (int i = 1; i < 21; i++) {
            String inner = "*a" + (i - 1);
            bomb.append(
                    "a%d: &a%d [%s]%n"
                            .formatted(i, i, String.join(", ", Collections.nCopies(2, inner))));
        }
        assertThat(only(read(bomb.toString())).message())
                .isEqualTo("not YAML: more than 100000 values");
        assertThat(only(read("a: &a [*a]\n")).message()).startsWith("not YAML: nested deeper");
    }

    @Test
    void theWordsThatAreNearAreFound() {
        assertThat(Spelling.nearest("providerref", List.of("providerRef", "model")))
                .contains("providerRef");
        assertThat(Spelling.nearest("modle", List.of("providerRef", "model"))).contains("model");
        assertThat(Spelling.nearest("zzz", List.of("providerRef", "model"))).isEmpty();
    }
}
