package dev.tollgate.operator;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tollgate.crds.apiserver.ApiServer;
import dev.tollgate.operator.ledger.LedgerClient;
import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.Window;
import io.fabric8.kubernetes.api.model.events.v1.Event;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Events (api.md, O4) as {@code kubectl events} shows them. */
class EventsIT {

    @RegisterExtension static final ApiServer API = new ApiServer();

    @TempDir Path directory;
    private OperatorFixture fleet;

    @BeforeAll
    static void crds() {
        API.installCrds();
    }

    @BeforeEach
    void namespaces() {
        fleet = new OperatorFixture(API, directory);
    }

    @AfterEach
    void stop() throws Exception {
        fleet.close();
    }

    private void oneOfEach() {
        fleet.secret(fleet.team, "openai", "key-one");
        fleet.provider("openai", "http://127.0.0.1:9/v1");
        fleet.policy("chat", "openai", "m1");
    }

    /** {@code Type Reason Kind/name: note}, oldest first. */
    private List<String> events() {
        return events(fleet.team);
    }

    private static List<String> events(String namespace) {
        return API.client().events().v1().events().inNamespace(namespace).list().getItems().stream()
                .sorted((a, b) -> time(a).compareTo(time(b)))
                .map(EventsIT::line)
                .toList();
    }

    private static String time(Event event) {
        return event.getEventTime().getTime();
    }

    private static String line(Event event) {
        return event.getType()
                + " "
                + event.getReason()
                + " "
                + event.getRegarding().getKind()
                + "/"
                + event.getRegarding().getName()
                + ": "
                + event.getNote();
    }

    private long count(String beginning) {
        return events().stream().filter(e -> e.startsWith(beginning)).count();
    }

    private void awaitEvent(String beginning) {
        await().atMost(OperatorFixture.SOON)
                .untilAsserted(() -> assertThat(events()).anyMatch(e -> e.startsWith(beginning)));
    }

    private String metrics() throws IOException, InterruptedException {
        var address = "http://127.0.0.1:" + fleet.operator().adminPort() + "/metrics";
        try (var http = HttpClient.newHttpClient()) {
            return http.send(
                            HttpRequest.newBuilder(URI.create(address)).build(),
                            HttpResponse.BodyHandlers.ofString())
                    .body();
        }
    }

    @Test
    void tellEachTransitionOnceAlsoOverARestart() throws Exception {
        fleet.start();
        fleet.proxy("one");
        oneOfEach();
        awaitEvent("Normal Programmed ModelProvider/openai: generation 1 on 1/1 proxies");
        awaitEvent("Normal Programmed RoutingPolicy/chat: generation 1 on 1/1 proxies");

        fleet.proxy("two");
        fleet.awaitCondition("rpol/chat", "Programmed", "True/Programmed 2/2 proxies");
        fleet.secret(fleet.team, "openai", "key-two");
        awaitEvent("Normal CredentialRotated ModelProvider/openai: new requests use");

        fleet.apply(
                """
                apiVersion: tollgate.dev/v1alpha1
                kind: RoutingPolicy
                metadata: {name: rival, namespace: %s}
                spec:
                  models: [chat, own]
                  rules:
                  - name: default
                    targets:
                    - {name: main, providerRef: {name: openai}, model: m1}
                """
                        .formatted(fleet.team));
        awaitEvent("Warning Conflicted RoutingPolicy/rival: other policies serve: chat");

        fleet.kubectl(
                "patch",
                "mprov/openai",
                "-n",
                fleet.team,
                "--type=json",
                "-p",
                "[{\"op\":\"add\",\"path\":\"/spec/models/0/deprecation\","
                        + "\"value\":{\"date\":\"2026-01-31\",\"replacement\":\"m2\"}}]");
        awaitEvent("Warning ModelDeprecated ModelProvider/openai: m1 is retired on 2026-01-31");
        awaitEvent("Warning ModelDeprecated RoutingPolicy/chat: m1 is retired on 2026-01-31");
        awaitEvent("Normal Programmed ModelProvider/openai: generation 2 on 2/2 proxies");

        assertThat(metrics())
                .contains(
                        "tollgate_model_deprecation_timestamp_seconds{provider=\""
                                + fleet.team
                                + "/openai\",model=\"m1\"} 1769817600\n");

        fleet.stop();
        fleet.start();
        fleet.policy("late", "openai", "m1");
        awaitEvent("Normal Programmed RoutingPolicy/late: generation 1 on 2/2 proxies");
        assertThat(events()).doesNotHaveDuplicates();
        assertThat(count("Normal Programmed RoutingPolicy/chat")).isEqualTo(1);
        assertThat(count("Normal CredentialRotated")).isEqualTo(1);
        assertThat(count("Warning Conflicted")).isEqualTo(1);
        assertThat(metrics())
                .contains("tollgate_events_total{result=\"failed\"} 0\n")
                .contains("tollgate_events_total{result=\"dropped\"} 0\n")
                .contains("tollgate_ledger_failures_total 0\n");
        var event =
                API.client()
                        .events()
                        .v1()
                        .events()
                        .inNamespace(fleet.team)
                        .list()
                        .getItems()
                        .getFirst();
        assertThat(event.getReportingController()).isEqualTo("tollgate.dev/operator");
        assertThat(event.getReportingInstance()).startsWith("tollgate-operator-");
        assertThat(event.getRegarding().getApiVersion()).isEqualTo("tollgate.dev/v1alpha1");
        assertThat(fleet.kubectl("describe", "rpol/chat", "-n", fleet.team).out())
                .contains("Programmed");
    }

    @Test
    void tellWhatAProxyRefused() throws Exception {
        fleet.start();
        var one = fleet.scripted("one");
        oneOfEach();
        await().atMost(OperatorFixture.SOON).until(() -> one.offeredNow(fleet.team + "/chat"));
        one.nack("RoutingPolicy", fleet.team, "chat", "spec.rules[0]", "cannot be routed");
        awaitEvent("Warning RejectedByProxy RoutingPolicy/chat: spec.rules[0]: cannot be routed");
    }

    @Test
    void tellThatMoneyIsSpentAndThatThereIsMoneyAgain() {
        fleet.start();
        fleet.proxy("one");
        fleet.budget("all", "1.00");
        fleet.awaitCondition("bud/all", "Programmed", "True");
        try (var spender =
                new LedgerClient(
                        fleet.vertx,
                        fleet.port(),
                        "spender",
                        new AccountKey(fleet.team, "all", "", Window.LIFETIME))) {
            assertThat(spender.acquire(1_000_000)).isTrue();
            spender.report(1_000_000, 0);
            awaitEvent("Warning BudgetExhausted Budget/all: the amount is spent");
            fleet.budget("all", "2.00");
            awaitEvent("Normal BudgetReset Budget/all: there is money again");
        }
        assertThat(count("Warning BudgetExhausted")).isEqualTo(1);
    }

    @Test
    void tellThatALittleIsLeftThatIsTooLittleForWhoWasRefused() {
        fleet.start();
        fleet.proxy("one");
        fleet.budget("all", "1.00");
        fleet.awaitCondition("bud/all", "Programmed", "True");
        try (var spender =
                new LedgerClient(
                        fleet.vertx,
                        fleet.port(),
                        "spender",
                        new AccountKey(fleet.team, "all", "", Window.LIFETIME))) {
            assertThat(spender.acquire(999_000)).isTrue();
            spender.report(999_000, 0);
            fleet.awaitCondition("bud/all", "Exhausted", "False/WithinBudget");
            assertThat(spender.acquire(2_000)).isFalse();
            awaitEvent("Warning BudgetExhausted Budget/all: less is left than a refused request");
            assertThat(spender.acquire(500)).isTrue();
            fleet.budget("all", "2.00");
            awaitEvent("Normal BudgetReset Budget/all: there is money again");
        }
        assertThat(count("Warning BudgetExhausted")).isEqualTo(1);
    }

    @Test
    void tellOfEachStepThatIsReachedWhileTheBudgetStaysReady() {
        fleet.start();
        fleet.proxy("one");
        oneOfEach();
        fleet.apply(
                """
                apiVersion: tollgate.dev/v1alpha1
                kind: Budget
                metadata: {name: half, namespace: %s}
                spec:
                  amount: "1.00"
                  period: {type: Lifetime}
                  thresholds:
                  - {name: warn, percent: 50, action: Alert}
                  - {name: save, percent: 60, action: Downgrade, downgradeTo: chat}
                  - {name: trim, percent: 70, action: CapOutput, maxOutputTokens: 4}
                  - {name: stop, percent: 80, action: Block}
                """
                        .formatted(fleet.team));
        fleet.awaitCondition("bud/half", "Programmed", "True");
        fleet.awaitCondition("bud/half", "ThresholdReached", "False/WithinBudget");
        assertThat(count("Warning BudgetThreshold")).isZero();
        try (var spender =
                new LedgerClient(
                        fleet.vertx,
                        fleet.port(),
                        "spender",
                        new AccountKey(fleet.team, "half", "", Window.LIFETIME))) {
            assertThat(spender.acquire(900_000)).isTrue();
            var told = "Warning BudgetThreshold Budget/half: reached: warn at 50 % (only told)";
            spender.report(550_000, 0);
            awaitEvent(told);
            told += "; save at 60 % (chat serves)";
            spender.report(650_000, 0);
            awaitEvent(told);
            told += "; trim at 70 % (at most 4 output tokens)";
            spender.report(750_000, 0);
            awaitEvent(told);
            told += "; stop at 80 % (refuses)";
            spender.report(850_000, 0);
            awaitEvent(told);
            fleet.awaitCondition("bud/half", "ThresholdReached", "True/ThresholdReached");
            fleet.awaitCondition("bud/half", "Ready", "True");
        }
        assertThat(count("Warning BudgetThreshold")).isEqualTo(4);
    }

    @Test
    void tellOfEachNamespaceThatSpendsItsAmount() throws Exception {
        fleet.start();
        fleet.proxy("one");
        fleet.apply(shared("Namespace"));
        try (var first = spender("team-x");
                var second = spender("team-y")) {
            assertThat(first.acquire(1_000_000)).isTrue();
            first.report(1_000_000, 0);
            awaitExhausted("the amount is spent in namespace team-x");
            fleet.stop();
            fleet.start();
            assertThat(second.acquire(1_000_000)).isTrue();
            second.report(1_000_000, 0);
            awaitExhausted("the amount is spent in namespaces team-x, team-y");
        }
        assertThat(events(fleet.platform))
                .filteredOn(e -> e.startsWith("Warning BudgetExhausted"))
                .hasSize(2);
    }

    private LedgerClient spender(String namespace) {
        return new LedgerClient(
                fleet.vertx,
                fleet.port(),
                "spender-" + namespace,
                new AccountKey(fleet.platform, "everybody", namespace, Window.LIFETIME));
    }

    private void awaitExhausted(String note) {
        await().atMost(OperatorFixture.SOON)
                .untilAsserted(
                        () ->
                                assertThat(events(fleet.platform))
                                        .contains(
                                                "Warning BudgetExhausted Budget/everybody: "
                                                        + note));
    }

    @Test
    void tellThatAnotherPeriodOrSubjectHasAnotherAccount() {
        fleet.start();
        fleet.proxy("one");
        fleet.budget("all", "1.00");
        fleet.apply(shared("Shared"));
        fleet.awaitCondition("bud/all", "Programmed", "True");
        try (var spender =
                new LedgerClient(
                        fleet.vertx,
                        fleet.port(),
                        "spender",
                        new AccountKey(fleet.team, "all", "", Window.LIFETIME))) {
            assertThat(spender.acquire(600_000)).isTrue();
            spender.report(600_000, 0);
            await().atMost(OperatorFixture.SOON)
                    .until(() -> fleet.get("bud/all", "{.status.spent}").equals("0.6"));
            fleet.kubectl(
                    "patch",
                    "bud/all",
                    "-n",
                    fleet.team,
                    "--type=merge",
                    "-p",
                    "{\"spec\":{\"period\":{\"type\":\"Month\"}}}");
            awaitEvent(
                    "Normal BudgetReset Budget/all: the period was changed, so another account"
                            + " counts: that of 20");
        }
        assertThat(events())
                .anyMatch(e -> e.endsWith("that of its lifetime, of which about $0.6 was spent"));
        assertThat(count("Normal BudgetReset")).isEqualTo(1);

        await().atMost(OperatorFixture.SOON)
                .until(
                        () ->
                                fleet.kubectl(
                                                "get",
                                                "bud/everybody",
                                                "-n",
                                                fleet.platform,
                                                "-o",
                                                "jsonpath={.status.observedGeneration}")
                                        .out()
                                        .equals("1"));
        fleet.apply(shared("Namespace"));
        await().atMost(OperatorFixture.SOON)
                .untilAsserted(
                        () ->
                                assertThat(events(fleet.platform))
                                        .contains(
                                                "Normal BudgetReset Budget/everybody: the subject"
                                                        + " was changed, so other accounts count:"
                                                        + " one of each namespace, before it was"
                                                        + " one of all namespaces together"));
    }

    private String shared(String each) {
        return """
                apiVersion: tollgate.dev/v1alpha1
                kind: Budget
                metadata: {name: everybody, namespace: %s}
                spec:
                  amount: "1.00"
                  period: {type: Lifetime}
                  subject: {namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: Exists}]}, each: %s}
                """
                .formatted(fleet.platform, each);
    }

    @Test
    void areLeftOutAndCountedWithoutTheRightAndNothingElseSuffers() throws Exception {
        fleet.serviceAccount(fleet.platform, "operator");
        for (var file : List.of("/rbac.yaml", "/rbac-namespace.yaml")) {
            try (var in = EventsIT.class.getResourceAsStream(file)) {
                var rights = new String(in.readAllBytes(), UTF_8);
                assertThat(rights).contains("events.k8s.io");
                fleet.apply(
                        rights.replaceAll("(?m)^.*events\\.k8s\\.io.*\n", "")
                                .replace("PLATFORM", fleet.platform)
                                .replace("WATCHED", fleet.team));
            }
        }
        var kubeconfig =
                fleet.kubeconfig(
                        "without-events",
                        fleet.apiAddress().toString(),
                        fleet.token(fleet.platform, "operator"));
        fleet.start(fleet.options(kubeconfig, OperatorOptions.Security.NONE));
        fleet.proxy("one");
        oneOfEach();
        fleet.awaitCondition("rpol/chat", "Ready", "True");
        await().atMost(OperatorFixture.SOON)
                .until(() -> metrics().contains("tollgate_events_total{result=\"failed\"} 2\n"));
        assertThat(events()).isEmpty();
    }
}
