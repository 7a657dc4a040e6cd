package dev.tollgate.operator;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The operator's clients of the API server.
 *
 * @param store of the ledger: it repeats no request, since an attempt that is repeated behind our
 *     back could turn an unknown outcome into a conflict
 */
record ApiClients(KubernetesClient client, KubernetesClient store) implements AutoCloseable {

    private static final int STORE_TIMEOUT_MILLIS = 5_000;

    /**
     * @param kubeconfig null: the usual places
     */
    static ApiClients of(@Nullable Path kubeconfig) throws StartRefusal {
        var config = config(kubeconfig);
        return new ApiClients(
                new KubernetesClientBuilder().withConfig(config).build(),
                new KubernetesClientBuilder()
                        .withConfig(
                                new ConfigBuilder(config)
                                        .withRequestRetryBackoffLimit(0)
                                        .withRequestTimeout(STORE_TIMEOUT_MILLIS)
                                        .build())
                        .build());
    }

    private static Config config(@Nullable Path file) throws StartRefusal {
        if (file == null) {
            return Config.autoConfigure(null);
        }
        try {
            return Config.fromKubeconfig(Files.readString(file));
        } catch (IOException | RuntimeException e) {
            throw new StartRefusal(
                    StartRefusal.USAGE, "--kubeconfig: " + file + " is no kubeconfig");
        }
    }

    @Override
    public void close() {
        store.close();
        client.close();
    }
}
