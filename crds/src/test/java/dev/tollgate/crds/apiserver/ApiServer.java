package dev.tollgate.crds.apiserver;

import static org.awaitility.Awaitility.await;

import io.fabric8.kubeapitest.KubeAPIServer;
import io.fabric8.kubeapitest.KubeAPIServerConfig;
import io.fabric8.kubeapitest.KubeAPIServerConfigBuilder;
import io.fabric8.kubeapitest.KubeAPITestException;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A JUnit extension that gives tests a real etcd and kube-apiserver:
 *
 * <pre>{@code
 * @RegisterExtension static final ApiServer API = new ApiServer();
 * }</pre>
 *
 * One server serves all test classes of a JVM and is stopped when the run ends, so tests use
 * namespaces of their own. ServiceAccount admission is off (no controller makes tokens), RBAC is
 * on, and the client may do everything. How the binaries are found is told in {@link
 * ControlPlaneBinaries}.
 */
public final class ApiServer implements BeforeAllCallback {
    private static final List<String> CRDS =
            List.of("modelproviders", "routingpolicies", "budgets", "budgetledgers");
    private static final int START_LIMIT_MS = 120_000;
    private static final long KUBECTL_LIMIT_SECONDS = 60;

    private @Nullable Running running;

    @Override
    public void beforeAll(ExtensionContext context) {
        running =
                context.getRoot()
                        .getStore(ExtensionContext.Namespace.create(ApiServer.class))
                        .getOrComputeIfAbsent("running", _ -> Running.start(), Running.class);
    }

    private Running running() {
        if (running == null) {
            throw new IllegalStateException(
                    "the API server has not been started (expected: a static field with @RegisterExtension)");
        }
        return running;
    }

    /** A client that may do everything; closed with the server. */
    public KubernetesClient client() {
        return running().client;
    }

    public String kubeconfigYaml() {
        return running().server.getKubeConfigYaml();
    }

    /** A file that holds {@link #kubeconfigYaml()}. */
    public Path kubeconfig() {
        return running().kubeconfig;
    }

    public Path kubectl() {
        return running().binaries.resolve("kubectl");
    }

    /** The folder that holds etcd, kube-apiserver and kubectl. */
    public Path binaries() {
        return running().binaries;
    }

    /** What a kubectl command printed, and its exit code. */
    public record Outcome(int exit, String out, String err) {
        public boolean ok() {
            return exit == 0;
        }
    }

    /** Runs kubectl with {@code stdin} as its standard input. */
    public Outcome kubectl(String stdin, String... arguments) {
        return running().kubectl(stdin, List.of(arguments));
    }

    /** Applies the four CRDs, as a user would, and waits until they are served. */
    public void installCrds() {
        var text = new StringBuilder();
        for (String plural : CRDS) {
            text.append("---\n").append(crd(plural));
        }
        must(kubectl(text.toString(), "apply", "--server-side", "--force-conflicts", "-f", "-"));
        var wait =
                new ArrayList<>(List.of("wait", "--for=condition=Established", "--timeout=120s"));
        CRDS.forEach(plural -> wait.add("crd/" + plural + ".tollgate.dev"));
        must(running().kubectl("", wait));
        // an established CRD may still be missing from discovery for a moment
        await().pollInterval(Duration.ofMillis(100))
                .until(
                        () -> {
                            running().forgetDiscovery();
                            return kubectl("", "get", "llm", "-A").ok();
                        });
    }

    private static void must(Outcome outcome) {
        if (!outcome.ok()) {
            throw new IllegalStateException("kubectl: " + outcome.err());
        }
    }

    private static String crd(String plural) {
        String name = "/crds/" + plural + ".tollgate.dev.yaml";
        try (InputStream in = ApiServer.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException(name + " is not on the class path");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private record Running(
            KubeAPIServer server,
            KubernetesClient client,
            Path binaries,
            Path folder,
            Path kubeconfig)
            implements AutoCloseable {

        static Running start() {
            Path binaries = ControlPlaneBinaries.ofEnvironment().find();
            try {
                Path folder = Files.createTempDirectory("tollgate-api-server");
                Path layout = ControlPlaneBinaries.layout(folder);
                Files.createDirectories(layout.getParent());
                Files.createSymbolicLink(layout, binaries.toAbsolutePath());
                var server =
                        start(
                                new KubeAPIServerConfigBuilder()
                                        .withOfflineMode(true)
                                        .withTestDir(folder.toString())
                                        .withApiServerVersion(ControlPlaneBinaries.VERSION)
                                        .withUpdateKubeConfig(false)
                                        .withStartupTimeout(START_LIMIT_MS)
                                        .build());
                String config = server.getKubeConfigYaml();
                Path kubeconfig = Files.writeString(folder.resolve("kubeconfig"), config);
                var client =
                        new KubernetesClientBuilder()
                                .withConfig(Config.fromKubeconfig(config))
                                .build();
                return new Running(server, client, binaries, folder, kubeconfig);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        /**
         * Tries again until the limit is really over: the library compares times of day, so near
         * midnight it takes a start that has just begun for one that took too long.
         */
        private static KubeAPIServer start(KubeAPIServerConfig config) {
            long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(START_LIMIT_MS);
            while (true) {
                var server = new KubeAPIServer(config);
                try {
                    server.start();
                    return server;
                } catch (KubeAPITestException e) {
                    server.stop();
                    if (System.nanoTime() > deadline) {
                        throw e;
                    }
                }
            }
        }

        void forgetDiscovery() throws IOException {
            delete(folder.resolve("cache"));
        }

        Outcome kubectl(String stdin, List<String> arguments) {
            var command = new ArrayList<String>();
            command.add(binaries.resolve("kubectl").toString());
            command.add("--cache-dir=" + folder.resolve("cache"));
            command.add("--kubeconfig=" + kubeconfig);
            command.addAll(arguments);
            try {
                Path err = Files.createTempFile(folder, "kubectl", ".err");
                Path in = Files.writeString(Files.createTempFile(folder, "kubectl", ".in"), stdin);
                var builder =
                        new ProcessBuilder(command)
                                .redirectInput(in.toFile())
                                .redirectError(err.toFile());
                Process process = builder.start();
                String out =
                        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
                if (!process.waitFor(KUBECTL_LIMIT_SECONDS, TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                    throw new IllegalStateException(String.join(" ", command) + " took too long");
                }
                var outcome = new Outcome(process.exitValue(), out, Files.readString(err));
                Files.delete(in);
                Files.delete(err);
                return outcome;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted", e);
            }
        }

        @Override
        public void close() throws IOException {
            client.close();
            server.stop();
            delete(folder);
        }

        private static void delete(Path folder) throws IOException {
            if (!Files.exists(folder)) {
                return;
            }
            try (var files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }
}
