package dev.tollgate.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.marcnuri.helm.Helm;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBinding;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.api.model.rbac.RoleBinding;
import io.fabric8.kubernetes.api.model.rbac.Subject;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The charts as Helm renders them: what is in them fits together, and grants no more than needed.
 */
class ChartsTest {

    private static final String NAMESPACE = "platform";
    private static final Set<String> READ = Set.of("get", "list", "watch");

    @ParameterizedTest
    @ValueSource(strings = {"operator", "proxy"})
    void startsItsContainersWithFlagsThatTheCommandKnows(String command) throws Exception {
        var arguments = new ArrayList<>(container(command).getArgs());
        assertThat(arguments.getFirst()).isEqualTo(command);
        arguments.add("--print-settings");
        try (var process = TollgateProcess.start(arguments.toArray(String[]::new))) {
            assertThat(process.awaitExit(Duration.ofSeconds(90))).as(process.tail()).isZero();
            var printed = process.out();
            for (var argument : arguments.subList(1, arguments.size() - 1)) {
                var flag = argument.substring(2, argument.indexOf('='));
                assertThat(printed)
                        .anyMatch(line -> line.startsWith(flag + "=") && line.endsWith("(flag)"));
            }
        }
    }

    @Test
    void tellsProxiesOfAValkeyOnlyWhereThereIsOne() throws Exception {
        assertThat(container("proxy").getArgs()).noneMatch(flag -> flag.contains("valkey"));
        var proxy =
                container(
                        "proxy",
                        "proxy.valkey.url=rediss://valkey.platform.svc",
                        "proxy.valkey.secret=valkey",
                        "proxy.valkey.ca=true");
        assertThat(flag(proxy, "valkey")).isEqualTo("rediss://valkey.platform.svc");
        assertThat(proxy.getVolumeMounts())
                .anyMatch(
                        mount ->
                                flag(proxy, "valkey-password-file")
                                                .equals(mount.getMountPath() + "/password")
                                        && flag(proxy, "valkey-ca-file")
                                                .equals(mount.getMountPath() + "/ca.crt"));
    }

    @Test
    void tellsTheOperatorOfAValkeyForItsLedgerOnlyWhereThatIsTheStore() throws Exception {
        assertThat(container("operator").getArgs())
                .contains("--ledger-store=kubernetes")
                .noneMatch(flag -> flag.contains("valkey"));
        var operator =
                container(
                        "operator",
                        "operator.ledger.store=valkey",
                        "operator.ledger.valkey.url=rediss://ledger.platform.svc",
                        "operator.ledger.valkey.secret=ledger",
                        "operator.ledger.valkey.ca=true");
        assertThat(flag(operator, "ledger-store")).isEqualTo("valkey");
        assertThat(flag(operator, "ledger-valkey")).isEqualTo("rediss://ledger.platform.svc");
        assertThat(flag(operator, "ledger-valkey-prefix")).isEqualTo("tollgate:ledger");
        assertThat(operator.getVolumeMounts())
                .anyMatch(
                        mount ->
                                flag(operator, "ledger-valkey-password-file")
                                                .equals(mount.getMountPath() + "/password")
                                        && flag(operator, "ledger-valkey-ca-file")
                                                .equals(mount.getMountPath() + "/ca.crt"));
    }

    @Test
    void mountsTheExternalIssuersOnlyWhereThereAreSome(@TempDir Path folder) throws Exception {
        assertThat(container("operator").getArgs()).noneMatch(flag -> flag.contains("oidc"));
        var settings =
                new String[] {
                    "operator.oidcIssuers[0].issuer=https://login.example.com",
                    "operator.oidcIssuers[0].namespaces[0].claim=groups",
                    "operator.oidcIssuers[0].namespaces[0].prefix=llm-"
                };
        var operator = container("operator", settings);
        var file = flag(operator, "oidc-issuers");
        assertThat(operator.getVolumeMounts())
                .anyMatch(
                        mount ->
                                mount.getName().equals("oidc-issuers")
                                        && file.equals(mount.getMountPath() + "/issuers.yaml"));
        assertThat(pod("operator", settings).getSpec().getVolumes())
                .anyMatch(
                        volume ->
                                volume.getConfigMap() != null
                                        && volume.getName().equals("oidc-issuers")
                                        && volume.getConfigMap()
                                                .getName()
                                                .equals("tollgate-oidc-issuers"));
        assertThat(pod("operator", settings).getMetadata().getAnnotations())
                .containsKey("tollgate.dev/oidc-issuers");
        var map = named(ConfigMap.class, "tollgate-oidc-issuers", settings);
        var written =
                Files.writeString(
                        folder.resolve("issuers.yaml"), map.getData().get("issuers.yaml"));
        var budget = Files.writeString(folder.resolve("budget.yaml"), Resources.namespace("a"));
        try (var lint =
                TollgateProcess.start("lint", budget.toString(), "--oidc-issuers=" + written)) {
            assertThat(lint.awaitExit(Duration.ofSeconds(90))).as(lint.tail()).isZero();
        }
    }

    @Test
    void letsAProxyThatEndsServeWhileEndpointsLagAndRequestsRun() throws Exception {
        assertThat(flag(container("proxy"), "close-lag")).isEqualTo("5s");
        // the lag, the ten minutes in which requests may end, and the ledger's five seconds
        assertThat(pod("proxy").getSpec().getTerminationGracePeriodSeconds())
                .isGreaterThan(5 + 600 + 5);
    }

    @Test
    void givesEveryPortOneNumber() throws Exception {
        var operator = container("operator");
        var proxy = container("proxy");
        assertThat(ports(proxy))
                .isEqualTo(
                        Map.of(
                                "http", Integer.parseInt(flag(proxy, "port")),
                                "admin", Integer.parseInt(flag(proxy, "admin-port"))));
        assertThat(ports(operator))
                .isEqualTo(
                        Map.of(
                                "push", Integer.parseInt(flag(operator, "push-port")),
                                "admin", Integer.parseInt(flag(operator, "admin-port"))));
        var push = named(Service.class, "tollgate-operator");
        assertThat(flag(proxy, "operator"))
                .isEqualTo(
                        flag(operator, "push-name")
                                + ":"
                                + push.getSpec().getPorts().getFirst().getPort());
        assertThat(flag(operator, "push-name"))
                .isEqualTo("tollgate-operator." + NAMESPACE + ".svc");
        for (var container : List.of(operator, proxy)) {
            for (var probe :
                    List.of(
                            container.getStartupProbe(),
                            container.getLivenessProbe(),
                            container.getReadinessProbe())) {
                assertThat(ports(container)).containsKey(probe.getHttpGet().getPort().getStrVal());
            }
        }
    }

    @Test
    void sendsEachServiceToItsPodsAlone() throws Exception {
        var gateway = named(Service.class, "tollgate");
        assertThat(gateway.getSpec().getPorts().getFirst().getPort()).isEqualTo(80);
        var pods = Map.of("tollgate", "proxy", "tollgate-operator", "operator");
        for (var name : pods.keySet()) {
            var service = named(Service.class, name);
            for (var command : List.of("operator", "proxy")) {
                var labels = pod(command).getMetadata().getLabels().entrySet();
                assertThat(labels.containsAll(service.getSpec().getSelector().entrySet()))
                        .isEqualTo(pods.get(name).equals(command));
            }
            var target = service.getSpec().getPorts().getFirst().getTargetPort().getStrVal();
            assertThat(ports(container(pods.get(name)))).containsKey(target);
        }
    }

    /** A chart that took it would pass it over: the operator would never hear of it. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "operator.endpointPolcy=cluster",
                "operator.endpointPolicy=private",
                "operator.unbudgetedNamespaces=Deny",
                "operator.ledger.store=redis",
                "operator.ledger.valkey.url=redis://ledger",
                "operator.ledger.valkey.ca=true",
                "proxy.replica=3",
                "proxy.replicas=two",
                "proxy.valkey.secret=valkey",
                "proxy.valkey.ca=true",
                "service.ports=80"
            })
    void refusesAValueThatWouldDoNothing(String setting) {
        assertThatThrownBy(() -> render("tollgate", setting))
                .hasMessageContaining(
                        setting.startsWith("operator.ledger.valkey")
                                ? "operator.ledger.store is kubernetes"
                                : lastName(setting));
    }

    private static String lastName(String setting) {
        var path = setting.substring(0, setting.indexOf('='));
        return path.substring(path.lastIndexOf('.') + 1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"operator", "proxy"})
    void losesOneOfEachKindToADrainAtATime(String command) throws Exception {
        var name = "tollgate-" + command;
        var budget = named(PodDisruptionBudget.class, name).getSpec();
        assertThat(budget.getMaxUnavailable().getIntVal()).isEqualTo(1);
        assertThat(pod(command).getMetadata().getLabels().entrySet())
                .containsAll(budget.getSelector().getMatchLabels().entrySet());
        for (var other : List.of("operator", "proxy")) {
            var labels = pod(other).getMetadata().getLabels().entrySet();
            assertThat(labels.containsAll(budget.getSelector().getMatchLabels().entrySet()))
                    .isEqualTo(other.equals(command));
        }
        assertThat(all(PodDisruptionBudget.class, command + ".replicas=1"))
                .noneMatch(one -> one.getMetadata().getName().equals(name));
        assertThat(pod(command).getSpec().getTopologySpreadConstraints())
                .singleElement()
                .matches(
                        spread ->
                                spread.getLabelSelector()
                                        .getMatchLabels()
                                        .equals(budget.getSelector().getMatchLabels()));
    }

    @Test
    void runsTwoOperatorsThatMayShareOneLeaseAndNoMore() throws Exception {
        assertThat(named(Deployment.class, "tollgate-operator").getSpec().getReplicas())
                .isEqualTo(2);
        assertThat(all(PodDisruptionBudget.class)).hasSize(2);
        var rules =
                all(Role.class).stream()
                        .flatMap(role -> role.getRules().stream())
                        .filter(rule -> rule.getResources().contains("leases"))
                        .toList();
        assertThat(rules).hasSize(2);
        for (var rule : rules) {
            assertThat(rule.getVerbs())
                    .isEqualTo(
                            rule.getResourceNames().equals(List.of("tollgate-operator"))
                                    ? List.of("get", "update")
                                    : List.of("create"));
        }
    }

    @Test
    void letsProxiesDoNothingInTheCluster() throws Exception {
        var subjects = new ArrayList<Subject>();
        all(RoleBinding.class).forEach(b -> subjects.addAll(b.getSubjects()));
        all(ClusterRoleBinding.class).forEach(b -> subjects.addAll(b.getSubjects()));
        assertThat(subjects).extracting(Subject::getName).containsOnly("tollgate-operator");
        var pod = pod("proxy").getSpec();
        assertThat(pod.getServiceAccountName()).isEqualTo("tollgate-proxy");
        assertThat(pod.getAutomountServiceAccountToken()).isFalse();
    }

    @Test
    void letsTheOperatorWriteStatusesAndItsOwnNamespaceOnly() throws Exception {
        var everywhere = new ArrayList<PolicyRule>();
        all(ClusterRoleBinding.class)
                .forEach(
                        binding ->
                                everywhere.addAll(role(binding.getRoleRef().getName()).getRules()));
        assertThat(everywhere)
                .anyMatch(
                        rule ->
                                rule.getApiGroups().equals(List.of("events.k8s.io"))
                                        && rule.getResources().equals(List.of("events")));
        for (var rule : everywhere) {
            assertThat(rule.getResources()).doesNotContain("secrets", "configmaps", "pods", "*");
            assertThat(rule.getVerbs()).doesNotContain("*", "delete", "update");
            var resources = new HashSet<>(rule.getResources());
            resources.removeIf(r -> r.endsWith("/status"));
            if (resources.removeAll(Set.of("events", "tokenreviews"))) {
                assertThat(rule.getVerbs()).containsExactly("create");
            }
            if (!resources.isEmpty()) {
                assertThat(READ).as(resources + "").containsAll(rule.getVerbs());
            }
        }
        for (var role : all(Role.class, "operator.secretNamespaces[0]=team-a")) {
            for (var rule : role.getRules()) {
                assertThat(rule.getResources()).doesNotContain("*");
                assertThat(rule.getVerbs()).doesNotContain("*");
                if (!role.getMetadata().getNamespace().equals(NAMESPACE)) {
                    assertThat(READ).containsAll(rule.getVerbs());
                }
            }
        }
    }

    @Test
    void keepsAccountsForTheOperatorAlone() throws Exception {
        var operator =
                "system:serviceaccount:"
                        + NAMESPACE
                        + ":"
                        + pod("operator").getSpec().getServiceAccountName();
        var policies =
                render("tollgate").stream()
                        .filter(text -> text.contains("kind: ValidatingAdmissionPolicy\n"))
                        .filter(text -> text.contains("resources: [budgetledgers]"))
                        .toList();
        assertThat(policies).hasSize(1);
        assertThat(policies.getFirst()).contains("username != '" + operator + "'");
        for (var role : all(ClusterRole.class)) {
            for (var rule : role.getRules()) {
                assertThat(rule.getVerbs()).doesNotContain("repair");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"operator", "proxy"})
    void runsWithoutPrivileges(String command) throws Exception {
        var pod = pod(command).getSpec();
        assertThat(pod.getSecurityContext().getRunAsNonRoot()).isTrue();
        var context = container(command).getSecurityContext();
        assertThat(context.getAllowPrivilegeEscalation()).isFalse();
        assertThat(context.getReadOnlyRootFilesystem()).isTrue();
        assertThat(context.getCapabilities().getDrop()).containsExactly("ALL");
        assertThat(container(command).getResources().getLimits()).containsKey("memory");
    }

    @Test
    void installsTheCrdsOfTheModule() throws Exception {
        var rendered = new HashMap<String, Map<?, ?>>();
        for (var text : render("tollgate-crds")) {
            Map<?, ?> crd = Serialization.unmarshal(text, Map.class);
            rendered.put(name(crd), crd);
        }
        var folder = TollgateProcess.root().resolve("crds/src/main/resources/crds");
        try (var files = Files.list(folder)) {
            var sources = files.toList();
            assertThat(rendered).hasSameSizeAs(sources);
            for (Path source : sources) {
                Map<?, ?> crd = Serialization.unmarshal(Files.readString(source), Map.class);
                var installed = rendered.get(name(crd));
                assertThat(installed).as(name(crd)).isNotNull();
                assertThat(installed.get("spec")).isEqualTo(crd.get("spec"));
                var metadata = (Map<?, ?>) installed.get("metadata");
                assertThat(((Map<?, ?>) metadata.get("annotations")).get("helm.sh/resource-policy"))
                        .isEqualTo("keep");
            }
        }
    }

    private static String name(Map<?, ?> object) {
        return (String) ((Map<?, ?>) object.get("metadata")).get("name");
    }

    private static List<String> render(String chart, String... settings) {
        var template =
                new Helm(TollgateProcess.root().resolve("charts").resolve(chart))
                        .template()
                        .withName("tollgate")
                        .withNamespace(NAMESPACE)
                        .withKubeVersion("1.34.0");
        for (var setting : settings) {
            template.set(
                    setting.substring(0, setting.indexOf('=')),
                    setting.substring(setting.indexOf('=') + 1));
        }
        var documents = new ArrayList<String>();
        for (var document : template.call().split("(?m)^---\\s*$")) {
            if (!document.lines().allMatch(line -> line.isBlank() || line.startsWith("#"))) {
                documents.add(document);
            }
        }
        return documents;
    }

    private static <T extends HasMetadata> List<T> all(Class<T> kind, String... settings) {
        return render("tollgate", settings).stream()
                .map(text -> (HasMetadata) Serialization.unmarshal(text))
                .filter(kind::isInstance)
                .map(kind::cast)
                .toList();
    }

    private static <T extends HasMetadata> T named(Class<T> kind, String name, String... settings) {
        var found =
                all(kind, settings).stream()
                        .filter(o -> name.equals(o.getMetadata().getName()))
                        .toList();
        assertThat(found).as(kind.getSimpleName() + " " + name).hasSize(1);
        return found.getFirst();
    }

    private static ClusterRole role(String name) {
        return named(ClusterRole.class, name);
    }

    private static PodTemplateSpec pod(String command, String... settings) {
        return named(Deployment.class, "tollgate-" + command, settings).getSpec().getTemplate();
    }

    private static Container container(String command, String... settings) {
        return pod(command, settings).getSpec().getContainers().getFirst();
    }

    private static Map<String, Integer> ports(Container container) {
        var ports = new HashMap<String, Integer>();
        for (ContainerPort port : container.getPorts()) {
            ports.put(port.getName(), port.getContainerPort());
        }
        return ports;
    }

    private static String flag(Container container, String name) {
        var start = "--" + name + "=";
        return container.getArgs().stream()
                .filter(argument -> argument.startsWith(start))
                .map(argument -> argument.substring(start.length()))
                .findFirst()
                .orElseThrow(() -> new AssertionError(start + " among " + container.getArgs()));
    }
}
