package dev.tollgate.operator;

import static org.awaitility.Awaitility.await;

import dev.tollgate.crds.apiserver.ApiServer;
import dev.tollgate.crds.loopback.FreePort;
import dev.tollgate.dataplane.control.OperatorAddress;
import dev.tollgate.operator.kube.WatchedNamespaces;
import dev.tollgate.operator.push.ScriptedProxy;
import dev.tollgate.operator.push.TestProxy;
import dev.tollgate.policy.issuer.OidcIssuer;
import dev.tollgate.policy.snapshot.SettingsEntry;
import io.fabric8.kubernetes.api.model.AuthInfoBuilder;
import io.fabric8.kubernetes.api.model.Config;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpVersion;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** An operator on a real API server, with two namespaces of its own and proxies in this process. */
final class OperatorFixture implements AutoCloseable {

    private static final AtomicInteger NUMBERS = new AtomicInteger();
    static final Duration SOON = Duration.ofSeconds(90);

    final ApiServer api;
    final String platform;
    final String team;
    final Vertx vertx = Vertx.vertx();
    private final Path directory;
    private final List<TestProxy> proxies = new ArrayList<>();
    private final List<ScriptedProxy> scripted = new ArrayList<>();
    private final List<Operator> others = new ArrayList<>();
    private @Nullable Operator operator;
    private int port = FreePort.next();
    private List<OidcIssuer> issuers = List.of();
    volatile boolean fenced;

    OperatorFixture(ApiServer api, Path directory) {
        this.api = api;
        this.directory = directory;
        int number = NUMBERS.incrementAndGet();
        this.platform = "platform-" + number;
        this.team = "team-" + number;
        for (var name : List.of(platform, team)) {
            api.client()
                    .namespaces()
                    .resource(
                            new NamespaceBuilder()
                                    .withNewMetadata()
                                    .withName(name)
                                    .endMetadata()
                                    .build())
                    .create();
        }
    }

    /** Trusts these issuers from the next start on. */
    void trust(List<OidcIssuer> external) {
        issuers = external;
    }

    OperatorOptions options() {
        return options(api.kubeconfig(), OperatorOptions.Security.NONE);
    }

    OperatorOptions options(OperatorOptions.LedgerStore store) {
        return options(api.kubeconfig(), OperatorOptions.Security.NONE, null, store);
    }

    OperatorOptions options(Path kubeconfig, OperatorOptions.Security security) {
        return options(kubeconfig, security, null);
    }

    OperatorOptions options(
            Path kubeconfig,
            OperatorOptions.Security security,
            @Nullable String fleetServiceAccount) {
        return options(
                kubeconfig,
                security,
                fleetServiceAccount,
                new OperatorOptions.LedgerStore.Kubernetes());
    }

    private OperatorOptions options(
            Path kubeconfig,
            OperatorOptions.Security security,
            @Nullable String fleetServiceAccount,
            OperatorOptions.LedgerStore store) {
        var names = new WatchedNamespaces(Set.of(team)); // and the platform namespace
        return new OperatorOptions(
                kubeconfig,
                names,
                names,
                platform,
                "127.0.0.1",
                port,
                List.of(),
                security,
                fleetServiceAccount,
                null,
                SettingsEntry.EndpointPolicy.ANY,
                SettingsEntry.Unbudgeted.ALLOW,
                issuers,
                store,
                "127.0.0.1",
                0);
    }

    Operator start() {
        return start(options());
    }

    Operator start(OperatorOptions options) {
        try {
            var started = Operator.start(options, () -> fenced = true);
            operator = started;
            port = started.pushPort();
            return started;
        } catch (StartRefusal e) {
            throw new AssertionError(e);
        }
    }

    /** A second operator, on another port; returns when it leads. */
    Operator startBeside() {
        var first = operator();
        others.add(first);
        port = FreePort.next();
        return start();
    }

    Operator operator() {
        if (operator == null) {
            throw new AssertionError("not started");
        }
        return operator;
    }

    void stop() {
        operator().close();
        operator = null;
    }

    TestProxy proxy(String name) {
        return proxy(name, new OperatorAddress.Security.None());
    }

    TestProxy proxy(String name, OperatorAddress.Security security) {
        var proxy =
                new TestProxy(
                        vertx, new OperatorAddress("127.0.0.1", port, security), name, directory);
        proxies.add(proxy);
        return proxy;
    }

    /** A proxy that answers as the test says. */
    ScriptedProxy scripted(String name) throws Exception {
        var proxy =
                new ScriptedProxy(
                        vertx,
                        port,
                        new HttpClientOptions()
                                .setProtocolVersion(HttpVersion.HTTP_2)
                                .setHttp2ClearTextUpgrade(false),
                        name);
        scripted.add(proxy);
        return proxy;
    }

    int port() {
        return port;
    }

    /** A kubeconfig for the API server at another address, with a token in place of the admin. */
    Path kubeconfig(String name, String server, @Nullable String token) {
        try {
            var admin = Serialization.unmarshal(api.kubeconfigYaml(), Config.class);
            admin.getClusters().getFirst().getCluster().setServer(server);
            if (token != null) {
                admin.getUsers().getFirst().setUser(new AuthInfoBuilder().withToken(token).build());
            }
            return Files.writeString(
                    directory.resolve(name + ".kubeconfig"), Serialization.asYaml(admin));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Address of the API server. */
    URI apiAddress() {
        return URI.create(api.client().getConfiguration().getMasterUrl());
    }

    void serviceAccount(String namespace, String name) {
        apply(
                """
                apiVersion: v1
                kind: ServiceAccount
                metadata: {name: %s, namespace: %s}
                """
                        .formatted(name, namespace));
    }

    /** A token of a ServiceAccount, as a projected volume would hold it. */
    String token(String namespace, String account, String... more) {
        var arguments = new ArrayList<>(List.of("create", "token", account, "-n", namespace));
        arguments.addAll(List.of(more));
        var outcome = kubectl(arguments.toArray(String[]::new));
        if (!outcome.ok()) {
            throw new AssertionError(outcome.err());
        }
        return outcome.out().strip();
    }

    void apply(String yaml) {
        var outcome = api.kubectl(yaml, "apply", "--server-side", "-f", "-");
        if (!outcome.ok()) {
            throw new AssertionError(outcome.err());
        }
    }

    ApiServer.Outcome kubectl(String... arguments) {
        return api.kubectl("", arguments);
    }

    void secret(String namespace, String name, String key) {
        apply(
                """
                apiVersion: v1
                kind: Secret
                metadata: {name: %s, namespace: %s}
                stringData: {api-key: %s}
                """
                        .formatted(name, namespace, key));
    }

    void provider(String name, String url) {
        apply(
                """
                apiVersion: tollgate.dev/v1alpha1
                kind: ModelProvider
                metadata: {name: %s, namespace: %s}
                spec:
                  type: OpenAICompatible
                  endpoint: {url: "%s"}
                  auth: {type: APIKey, apiKey: {secretRef: {name: %s}}}
                  models:
                  - {name: m1, aliases: [%s-m1], pricing: {inputPer1M: "1", outputPer1M: "2"}, contextTokens: 1000, maxOutputTokens: 100}
                """
                        .formatted(name, team, url, name, name));
    }

    void policy(String name, String provider, String model) {
        apply(
                """
                apiVersion: tollgate.dev/v1alpha1
                kind: RoutingPolicy
                metadata: {name: %s, namespace: %s}
                spec:
                  models: [%s]
                  rules:
                  - name: default
                    targets:
                    - {name: main, providerRef: {name: %s}, model: %s}
                """
                        .formatted(name, team, name, provider, model));
    }

    /** A hard Budget of the team for all time. */
    void budget(String name, String amount) {
        apply(
                """
                apiVersion: tollgate.dev/v1alpha1
                kind: Budget
                metadata: {name: %s, namespace: %s}
                spec: {amount: "%s", period: {type: Lifetime}}
                """
                        .formatted(name, team, amount));
    }

    /** What {@code kubectl get KIND/NAME -o jsonpath} prints. */
    String get(String object, String jsonPath) {
        return kubectl("get", object, "-n", team, "-o", "jsonpath=" + jsonPath).out();
    }

    /** {@code Status/Reason message} of a condition. */
    String condition(String object, String type) {
        return get(
                object,
                "{.status.conditions[?(@.type=='%s')].status}/{.status.conditions[?(@.type=='%s')].reason} {.status.conditions[?(@.type=='%s')].message}"
                        .formatted(type, type, type));
    }

    void awaitCondition(String object, String type, String text) {
        await().atMost(SOON)
                .pollInterval(Duration.ofMillis(150))
                .untilAsserted(
                        () ->
                                org.assertj.core.api.Assertions.assertThat(condition(object, type))
                                        .contains(text));
    }

    /** Of the operator's admin port. */
    String metrics() throws IOException, InterruptedException {
        var address = "http://127.0.0.1:" + operator().adminPort() + "/metrics";
        try (var client = HttpClient.newHttpClient()) {
            return client.send(
                            HttpRequest.newBuilder(URI.create(address)).build(),
                            HttpResponse.BodyHandlers.ofString())
                    .body();
        }
    }

    @Override
    public void close() throws Exception {
        proxies.forEach(TestProxy::kill);
        scripted.forEach(ScriptedProxy::close);
        if (operator != null) {
            operator.close();
        }
        others.forEach(Operator::close);
        vertx.close().toCompletionStage().toCompletableFuture().get();
    }
}
