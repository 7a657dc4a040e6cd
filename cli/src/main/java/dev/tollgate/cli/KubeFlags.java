package dev.tollgate.cli;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which cluster a command talks to, as whom. */
final class KubeFlags {

    @Option(
            names = "--kubeconfig",
            paramLabel = "FILE",
            description = "Default: in a cluster the Pod's own account, else the usual file.")
    @Nullable Path kubeconfig;

    KubernetesClient client() {
        return new KubernetesClientBuilder().withConfig(config()).build();
    }

    private Config config() {
        var file = kubeconfig;
        if (file == null) {
            return Config.autoConfigure(null);
        }
        try {
            return Config.fromKubeconfig(Files.readString(file));
        } catch (IOException | RuntimeException e) {
            throw CommandFailure.usage("--kubeconfig: " + file + " is no kubeconfig");
        }
    }

    /** What the API server said, or why it said nothing, in one line. */
    static CommandFailure failure(String what, KubernetesClient client, String why) {
        return CommandFailure.failed(
                what
                        + " at the API server "
                        + client.getMasterUrl()
                        + ": "
                        + why
                        + " (--kubeconfig FILE names another cluster)");
    }
}
