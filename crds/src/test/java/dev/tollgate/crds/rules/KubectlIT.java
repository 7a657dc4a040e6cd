package dev.tollgate.crds.rules;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.crds.apiserver.ApiServer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a user of kubectl sees of the kinds. */
class KubectlIT {
    @RegisterExtension static final ApiServer API = new ApiServer();

    @BeforeAll
    static void install() {
        API.installCrds();
        API.kubectl("", "create", "namespace", "kubectl-it");
        must(
                "apply",
                """
                apiVersion: tollgate.dev/v1alpha1
                kind: ModelProvider
                metadata: {name: groq}
                spec: {type: Groq, region: eu, auth: {type: APIKey, apiKey: {secretRef: {name: groq}}}}
                ---
                apiVersion: tollgate.dev/v1alpha1
                kind: RoutingPolicy
                metadata: {name: chat}
                spec: {models: [fast, slow], rules: [{name: r, targets: [{name: t, providerRef: {name: groq}}]}]}
                ---
                apiVersion: tollgate.dev/v1alpha1
                kind: Budget
                metadata: {name: monthly}
                spec: {amount: "500.00", period: {type: Month}}
                ---
                apiVersion: tollgate.dev/v1alpha1
                kind: BudgetLedger
                metadata: {name: team-a.monthly.20261101.9f3c2a}
                spec: {key: {namespace: a, name: b, subject: "", windowStart: "2026-01-01T00:00:00Z"}, limitMicros: 0, settledMicros: 0, overrunMicros: 0, seq: 0, epoch: 0}
                """,
                "--server-side");
    }

    private static String must(String verb, String stdin, String... more) {
        var arguments = new java.util.ArrayList<>(java.util.List.of(verb, "-n", "kubectl-it"));
        arguments.addAll(java.util.List.of(more));
        if (!stdin.isEmpty()) {
            arguments.addAll(java.util.List.of("-f", "-"));
        }
        var outcome = API.kubectl(stdin, arguments.toArray(String[]::new));
        assertThat(outcome.ok()).as(outcome.err()).isTrue();
        return outcome.out();
    }

    @Test
    void getLlmShowsTheThreeKindsOfUsersAndNoLedger() {
        String out = must("get", "", "llm");

        assertThat(out)
                .contains(
                        "modelprovider.tollgate.dev/groq",
                        "routingpolicy.tollgate.dev/chat",
                        "budget.tollgate.dev/monthly")
                .doesNotContain("ledger");
        assertThat(must("get", "", "mprov"))
                .containsPattern("NAME +TYPE +MODELS +READY +HEALTHY +USED-BY +AGE");
        assertThat(must("get", "", "mprov", "-o", "wide")).containsPattern("AGE +REASON +URL");
        assertThat(must("get", "", "rpol", "-o", "wide"))
                .containsPattern("NAME +MODELS +TARGETS +READY +AGE +REASON +CONFLICTED")
                .contains("[\"fast\",\"slow\"]");
        assertThat(must("get", "", "bud"))
                .containsPattern(
                        "NAME +AMOUNT +SPENT +HELD +USED% +PER-DAY +EMPTY +PERIOD +RESETS +READY"
                                + " +EXHAUSTED +AGE")
                .containsPattern("monthly +500.00 +Month");
    }

    @Test
    void anObjectThatNobodyLookedAtSaysSo() {
        // G1: without it kstatus calls the object Current before the operator has looked
        for (String name : new String[] {"mprov/groq", "rpol/chat", "bud/monthly"}) {
            assertThat(must("get", "", name, "-o", "jsonpath={.status}"))
                    .isEqualTo("{\"observedGeneration\":-1}");
        }
        assertThat(must("get", "", "budgetledgers", "-o", "jsonpath={.items[*].status}")).isEmpty();
    }

    @Test
    void providersAreSelectedByTypeAndRegion() {
        assertThat(
                        must(
                                "get",
                                "",
                                "mprov",
                                "--field-selector=spec.type=Groq,spec.region=eu",
                                "-o",
                                "name"))
                .contains("groq");
        assertThat(must("get", "", "mprov", "--field-selector=spec.type=OpenAI", "-o", "name"))
                .isEmpty();
    }

    @Test
    void explainIsTheManual() {
        assertThat(must("explain", "", "budget.spec.thresholds.downgradeTo"))
                .contains("Client-visible model name, resolved for the caller.");
    }

    @Test
    void applyingAgainChangesNothing() {
        assertThat(
                        must(
                                "apply",
                                """
                                apiVersion: tollgate.dev/v1alpha1
                                kind: Budget
                                metadata: {name: monthly}
                                spec: {amount: "500.00", period: {type: Month}}
                                """,
                                "--server-side"))
                .contains("serverside-applied");
        assertThat(must("get", "", "bud/monthly", "-o", "jsonpath={.metadata.generation}"))
                .isEqualTo("1");
    }
}
