package dev.tollgate.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.marcnuri.helm.Helm;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.errors.RateLimitException;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import dev.tollgate.crds.apiserver.ApiServer;
import io.fabric8.kubernetes.api.model.AuthInfoBuilder;
import io.fabric8.kubernetes.api.model.Config;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * A proxy is lost with its disk, and what it held of a Budget is given back by somebody who may,
 * under their own name, to be spent by the proxy that is left. The chart's admission policies,
 * which keep accounts from other hands too, run in a real API server.
 */
class ReclaimE2E {

    @RegisterExtension static final ApiServer API = new ApiServer();

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final String PLATFORM = "tollgate-system";
    private static final String BUDGET = "0.002";
    private static final String SCRIPT =
            """
            billingStops: true
            prices:
              gpt-4o-mini: {inputPer1M: "0.15", cachedInputPer1M: "0.075", outputPer1M: "0.60"}
            default: {chunks: 5, outputTokens: 23}
            """;

    @TempDir Path folder;

    @Test
    void givesBackWhatALostProxyHeldToTheOthersAndStaysWithinTheLimit() throws Exception {
        API.installCrds();
        kubectl("create", "namespace", PLATFORM);
        installPolicy();
        try (var openai = SimulatedProvider.start("openai", SCRIPT, folder);
                var operator = startOperator();
                var first = startProxy("proxy-1", operator);
                var second = startProxy("proxy-2", operator)) {
            apply(resources(openai));
            new Gateways(List.of(first, second)).awaitReady();
            kubectl(
                    "wait",
                    "-n=team-a",
                    "--for=condition=Programmed",
                    "--timeout=120s",
                    "rpol/chat",
                    "bud/tight");
            var token = token("chatbot", "team-a");
            client(first, token).chat().completions().create(question());
            var holder = holderOf("proxy-1", operator);
            awaitReported(holder);

            var ops = kubeconfig("ops");
            assertThat(reclaim(ops, holder, "too early").out())
                    .anyMatch(line -> line.contains("not lost: it is connected, as proxy-1"));

            first.kill();
            delete(folder.resolve("proxy-1"));
            var spender = client(second, token);
            assertThatThrownBy(() -> spend(spender)).isInstanceOf(RateLimitException.class);
            var before = openai.totalNanos();

            refusesWhoMayNot(holder, ops);
            keepsAccountsFromOtherHands();
            await().atMost(SOON)
                    .pollInterval(Duration.ofSeconds(4))
                    .until(() -> reclaim(ops, holder, "node n1 is gone").exit() == 0);

            assertThat(status("outcome")).isEqualTo("Returned");
            assertThat(status("holder")).isEqualTo(holder);
            assertThat(status("user")).isEqualTo("system:serviceaccount:" + PLATFORM + ":ops");
            assertThat(status("reason")).startsWith("node n1 is gone");
            assertThat(new BigDecimal(status("returned"))).isPositive();
            await().atMost(SOON)
                    .untilAsserted(
                            () ->
                                    assertThat(kubectl("get", "events", "-n=team-a"))
                                            .contains("BudgetReclaimed", "BudgetReclaimRefused"));

            assertThatThrownBy(() -> spend(spender)).isInstanceOf(RateLimitException.class);
            assertThat(openai.totalNanos()).as("its slice is spent").isGreaterThan(before);
            assertThat(openai.totalNanos()).isLessThanOrEqualTo(nanos(BUDGET));

            var again = reclaim(ops, holder, "once more");
            assertThat(again.exit()).isZero();
            assertThat(again.out()).anyMatch(line -> line.contains("was reclaimed before"));
            assertThat(status("returned")).isEqualTo("0");
            assertThat(ledger("show", "tight", "-n=team-a", "--kubeconfig=" + ops).out())
                    .anyMatch(line -> line.contains(holder) && line.contains("Reclaimed"));
        }
    }

    private void refusesWhoMayNot(String holder, Path ops) {
        var eve = kubeconfig("eve");
        await().atMost(SOON)
                .untilAsserted(
                        () ->
                                assertThat(annotate(eve, holder + " by " + user("eve") + ": mine"))
                                        .contains("verb reclaim on budgetledgers"));
        assertThat(annotate(ops, holder + " by " + user("eve") + ": she did it"))
                .contains("expected: HOLDER by " + user("ops"));
        assertThat(annotate(ops, "x by " + user("eve") + ": by " + user("ops") + ": it was me"))
                .contains("expected: HOLDER by");
        assertThat(API.kubectl("", "--kubeconfig=" + eve, "label", "-n=team-a", "bud/tight", "a=b"))
                .as("what is not about the annotation is not its business")
                .matches(ApiServer.Outcome::ok);
    }

    /** By their roles both may write them. */
    private void keepsAccountsFromOtherHands() {
        var account = kubectl("get", "-n=" + PLATFORM, "budgetledgers", "-o=name").strip();
        assertThat(account.lines()).hasSize(1);
        var eve = "--kubeconfig=" + kubeconfig("eve");
        var rebuilt =
                new String[] {
                    "patch",
                    "-n=" + PLATFORM,
                    account,
                    "--type=merge",
                    "--dry-run=server",
                    "-p={\"spec\":{\"seq\":1000000,\"limitMicros\":9000000}}"
                };
        var copy =
                kubectl("get", "-n=" + PLATFORM, account, "-o=yaml")
                        .replaceAll("(?m)^  (uid|resourceVersion): .*\n", "")
                        .replaceAll("(?m)^  name: .*", "  name: another");
        await().atMost(SOON)
                .untilAsserted(
                        () -> assertThat(as("", eve, rebuilt).err()).contains("verb repair on"));
        assertThat(as("", eve, "delete", "-n=" + PLATFORM, account).err())
                .contains("verb repair on");
        assertThat(as(copy, eve, "create", "-f", "-").err()).contains("verb repair on");
        var operator = "--as=" + user("tollgate-operator");
        assertThat(as("", operator, rebuilt)).matches(ApiServer.Outcome::ok);
    }

    private static ApiServer.Outcome as(String input, String who, String... arguments) {
        var all = new ArrayList<>(List.of(who));
        all.addAll(List.of(arguments));
        return API.kubectl(input, all.toArray(String[]::new));
    }

    private static String annotate(Path kubeconfig, String text) {
        var outcome =
                API.kubectl(
                        "",
                        "--kubeconfig=" + kubeconfig,
                        "annotate",
                        "--overwrite",
                        "-n=team-a",
                        "bud/tight",
                        "tollgate.dev/reclaim-lease=" + text);
        assertThat(outcome.ok()).as(text).isFalse();
        return outcome.err();
    }

    private static String user(String name) {
        return "system:serviceaccount:" + PLATFORM + ":" + name;
    }

    private record Ended(int exit, List<String> out, List<String> err) {}

    private static Ended ledger(String... arguments) throws Exception {
        var all = new ArrayList<>(List.of("ledger"));
        all.addAll(List.of(arguments));
        try (var process = TollgateProcess.start(all.toArray(String[]::new))) {
            var exit = process.awaitExit(Duration.ofSeconds(120));
            return new Ended(exit, process.out(), process.err());
        }
    }

    private static Ended reclaim(Path kubeconfig, String holder, String reason) throws Exception {
        return ledger(
                "reclaim",
                "tight",
                "-n=team-a",
                "--holder=" + holder,
                "--reason=" + reason,
                "--kubeconfig=" + kubeconfig,
                "--yes");
    }

    private static JsonNode shown(String... flags) throws Exception {
        var all = new ArrayList<>(List.of("show", "tight", "-n=team-a", "--output=json"));
        all.addAll(List.of(flags));
        var ended = ledger(all.toArray(String[]::new));
        assertThat(ended.exit()).as(ended.err().toString()).isZero();
        return JSON.readTree(String.join("\n", ended.out())).get("accounts").get(0).get("leases");
    }

    private static String holderOf(String proxy, TollgateProcess operator) throws Exception {
        for (var lease : shown("--admin=http://127.0.0.1:" + operator.adminPort())) {
            if (lease.path("proxy").asText().equals(proxy)) {
                assertThat(lease.get("connected").asBoolean()).isTrue();
                return lease.get("holder").asText();
            }
        }
        throw new AssertionError("no lease of " + proxy);
    }

    /** What is not told when a proxy is lost is in no account. */
    private static void awaitReported(String holder) {
        await().atMost(SOON)
                .pollInterval(Duration.ofSeconds(2))
                .until(
                        () -> {
                            for (var lease : shown("--kubeconfig=" + API.kubeconfig())) {
                                if (lease.get("holder").asText().equals(holder)) {
                                    return !lease.get("settled").asText().equals("0")
                                            && !lease.get("outstanding").asText().equals("0");
                                }
                            }
                            return false;
                        });
    }

    private static String status(String field) {
        return kubectl(
                "get", "-n=team-a", "bud/tight", "-o=jsonpath={.status.lastReclaim." + field + "}");
    }

    /** The chart's own roles and policy. */
    private static void installPolicy() {
        var rendered =
                new Helm(TollgateProcess.root().resolve("charts/tollgate"))
                        .template()
                        .withName("tollgate")
                        .withNamespace(PLATFORM)
                        .withKubeVersion("1.34.0")
                        .call();
        var wanted = new StringBuilder();
        for (var document : rendered.split("(?m)^---\\s*$")) {
            if (document.contains("kind: ValidatingAdmissionPolicy")
                    || document.contains("name: tollgate-platform-admin")) {
                wanted.append("---\n").append(document);
            }
        }
        assertThat(wanted).contains("ValidatingAdmissionPolicyBinding", "reclaim");
        apply(
                wanted
                        + """
                        ---
                        {apiVersion: v1, kind: ServiceAccount, metadata: {name: ops, namespace: tollgate-system}}
                        ---
                        {apiVersion: v1, kind: ServiceAccount, metadata: {name: eve, namespace: tollgate-system}}
                        ---
                        apiVersion: rbac.authorization.k8s.io/v1
                        kind: ClusterRoleBinding
                        metadata: {name: ops}
                        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: tollgate-platform-admin}
                        subjects: [{kind: ServiceAccount, name: ops, namespace: tollgate-system}]
                        ---
                        apiVersion: rbac.authorization.k8s.io/v1
                        kind: ClusterRole
                        metadata: {name: budget-editor}
                        rules: [{apiGroups: [tollgate.dev], resources: [budgets, budgetledgers], verbs: [get, list, create, patch, update, delete]}]
                        ---
                        apiVersion: rbac.authorization.k8s.io/v1
                        kind: ClusterRoleBinding
                        metadata: {name: eve}
                        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: budget-editor}
                        subjects:
                        - {kind: ServiceAccount, name: eve, namespace: tollgate-system}
                        - {kind: ServiceAccount, name: tollgate-operator, namespace: tollgate-system}
                        """);
    }

    private Path kubeconfig(String account) {
        var config = Serialization.unmarshal(API.kubeconfigYaml(), Config.class);
        config.getUsers()
                .forEach(
                        user ->
                                user.setUser(
                                        new AuthInfoBuilder()
                                                .withToken(token(account, PLATFORM))
                                                .build()));
        try {
            return Files.writeString(folder.resolve(account), Serialization.asYaml(config));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String token(String account, String namespace) {
        var outcome =
                namespace.equals(PLATFORM)
                        ? kubectl("create", "token", account, "-n", namespace)
                        : kubectl(
                                "create",
                                "token",
                                account,
                                "-n",
                                namespace,
                                "--audience",
                                "tollgate");
        return outcome.strip();
    }

    private static void delete(Path directory) throws Exception {
        try (var files = Files.walk(directory)) {
            for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    private static void spend(OpenAIClient client) {
        for (int i = 0; i < 1_000; i++) {
            client.chat().completions().create(question());
        }
    }

    private TollgateProcess startOperator() throws Exception {
        return TollgateProcess.start(
                "operator",
                "--kubeconfig=" + API.kubeconfig(),
                "--push-port=0",
                "--admin-port=0",
                "--control-security=none",
                "--platform-namespace=" + PLATFORM,
                "--secret-namespaces=" + PLATFORM + ",team-a",
                "--endpoint-policy=any",
                "--data=" + folder.resolve("operator"));
    }

    private TollgateProcess startProxy(String name, TollgateProcess operator) throws Exception {
        return TollgateProcess.start(
                "proxy",
                "--operator=127.0.0.1:" + operator.port(),
                "--port=0",
                "--admin-port=0",
                "--control-security=none",
                "--proxy-name=" + name,
                "--data=" + folder.resolve(name));
    }

    private static OpenAIClient client(TollgateProcess proxy, String token) throws Exception {
        return OpenAIOkHttpClient.builder()
                .baseUrl("http://127.0.0.1:" + proxy.port() + "/v1")
                .apiKey(token)
                .maxRetries(0)
                .build();
    }

    private static ChatCompletionCreateParams question() {
        return ChatCompletionCreateParams.builder()
                .model("fast")
                .maxCompletionTokens(60)
                .addUserMessage("What is a tollgate?")
                .build();
    }

    private static long nanos(String dollars) {
        return new BigDecimal(dollars).movePointRight(9).longValueExact();
    }

    private static void apply(String yaml) {
        var outcome = API.kubectl(yaml, "apply", "-f", "-");
        assertThat(outcome.ok()).as(outcome.err()).isTrue();
    }

    private static String kubectl(String... arguments) {
        var outcome = API.kubectl("", arguments);
        assertThat(outcome.ok()).as(outcome.err() + outcome.out()).isTrue();
        return outcome.out();
    }

    private static String resources(SimulatedProvider openai) {
        return """
                {apiVersion: v1, kind: Namespace, metadata: {name: team-a}}
                ---
                {apiVersion: v1, kind: ServiceAccount, metadata: {name: chatbot, namespace: team-a}}
                ---
                {apiVersion: v1, kind: Secret, metadata: {name: keys, namespace: tollgate-system}, stringData: {api-key: sk-simulated}}
                ---
                apiVersion: tollgate.dev/v1alpha1
                kind: ModelProvider
                metadata: {name: openai, namespace: tollgate-system}
                spec:
                  type: OpenAI
                  endpoint: {url: "%s/v1"}
                  auth: {type: APIKey, apiKey: {secretRef: {name: keys}}}
                  models:
                  - name: gpt-4o-mini
                    pricing: {inputPer1M: "0.15", outputPer1M: "0.60"}
                  allowedNamespaces: {from: All}
                ---
                apiVersion: tollgate.dev/v1alpha1
                kind: RoutingPolicy
                metadata: {name: chat, namespace: team-a}
                spec:
                  models: [fast]
                  rules:
                  - name: default
                    targets:
                    - {name: main, providerRef: {name: openai, namespace: tollgate-system}, model: gpt-4o-mini}
                ---
                apiVersion: tollgate.dev/v1alpha1
                kind: Budget
                metadata: {name: tight, namespace: team-a}
                spec:
                  amount: "%s"
                  period: {type: Lifetime}
                """
                .formatted(openai.url(), BUDGET);
    }
}
