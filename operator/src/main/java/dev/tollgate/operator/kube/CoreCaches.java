package dev.tollgate.operator.kube;

import dev.tollgate.crds.resource.Bytes;
import dev.tollgate.crds.resource.ConfigMapObject;
import dev.tollgate.crds.resource.NamespaceObject;
import dev.tollgate.crds.resource.SecretObject;
import dev.tollgate.operator.StartRefusal;
import dev.tollgate.operator.api.ApiFailure;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.AnyNamespaceOperation;
import io.fabric8.kubernetes.client.dsl.FilterWatchListDeletable;
import io.fabric8.kubernetes.client.dsl.Informable;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Secrets, ConfigMaps and Namespaces as last seen. Informers never give up: an outage of the API
 * server delays them, and their list is read anew afterwards. The operator's own Secrets (label
 * {@code tollgate.dev/internal}) and Helm's are not read.
 */
public final class CoreCaches implements AutoCloseable {

    /** On what the operator keeps for itself. */
    public static final String INTERNAL = "tollgate.dev/internal";

    private static final Logger LOG = LoggerFactory.getLogger(CoreCaches.class);

    private final List<SharedIndexInformer<Secret>> secrets = new ArrayList<>();
    private final List<SharedIndexInformer<ConfigMap>> configMaps = new ArrayList<>();
    private final SharedIndexInformer<Namespace> namespaces;
    private final AtomicReference<@Nullable String> failure = new AtomicReference<>();

    /**
     * @param changed told of every change, on informer threads
     */
    public CoreCaches(KubernetesClient client, WatchedNamespaces readable, Runnable changed) {
        namespaces = start(client.namespaces(), changed);
        if (readable.all()) {
            secrets.add(start(filtered(client.secrets().inAnyNamespace()), changed));
            configMaps.add(start(client.configMaps().inAnyNamespace(), changed));
        }
        for (var namespace : readable.names()) {
            secrets.add(
                    start(
                            client.secrets()
                                    .inNamespace(namespace)
                                    .withoutLabel(INTERNAL)
                                    .withoutField("type", "helm.sh/release.v1"),
                            changed));
            configMaps.add(start(client.configMaps().inNamespace(namespace), changed));
        }
    }

    private static FilterWatchListDeletable<
                    Secret,
                    io.fabric8.kubernetes.api.model.SecretList,
                    io.fabric8.kubernetes.client.dsl.Resource<Secret>>
            filtered(
                    AnyNamespaceOperation<
                                    Secret,
                                    io.fabric8.kubernetes.api.model.SecretList,
                                    io.fabric8.kubernetes.client.dsl.Resource<Secret>>
                            all) {
        return all.withoutLabel(INTERNAL).withoutField("type", "helm.sh/release.v1");
    }

    private <T extends HasMetadata> SharedIndexInformer<T> start(
            Informable<T> of, Runnable changed) {
        var informer = of.runnableInformer(0);
        informer.exceptionHandler(
                (started, cause) -> {
                    failure.set(ApiFailure.text(cause));
                    LOG.atWarn()
                            .addKeyValue("error", ApiFailure.text(cause))
                            .log("a cache is not fresh; it will be read again");
                    return true;
                });
        informer.addEventHandler(
                new ResourceEventHandler<T>() {
                    @Override
                    public void onAdd(T object) {
                        changed.run();
                    }

                    @Override
                    public void onUpdate(T before, T now) {
                        var old = before.getMetadata().getResourceVersion();
                        if (!now.getMetadata().getResourceVersion().equals(old)) {
                            changed.run();
                        }
                    }

                    @Override
                    public void onDelete(T object, boolean unknown) {
                        changed.run();
                    }
                });
        informer.start();
        return informer;
    }

    private Stream<SharedIndexInformer<?>> all() {
        return Stream.concat(
                Stream.of(namespaces), Stream.concat(secrets.stream(), configMaps.stream()));
    }

    /** Blocks until every list was read once. */
    public void awaitComplete(Duration atMost) throws StartRefusal {
        long until = System.nanoTime() + atMost.toNanos();
        while (!all().allMatch(SharedIndexInformer::hasSynced)) {
            if (System.nanoTime() > until) {
                var reason = failure.get();
                throw new StartRefusal(
                        StartRefusal.MISSING,
                        "Secrets, ConfigMaps or Namespaces cannot be read: "
                                + (reason == null ? "no answer" : reason));
            }
            try {
                TimeUnit.MILLISECONDS.sleep(20);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new StartRefusal(StartRefusal.MISSING, "interrupted");
            }
        }
    }

    List<SecretObject> secretObjects() {
        return secrets.stream()
                .flatMap(i -> i.getStore().list().stream())
                .map(ResourceReading::secret)
                .toList();
    }

    List<ConfigMapObject> configMapObjects() {
        return configMaps.stream()
                .flatMap(i -> i.getStore().list().stream())
                .map(ResourceReading::configMap)
                .toList();
    }

    List<NamespaceObject> namespaceObjects() {
        return namespaces.getStore().list().stream().map(ResourceReading::namespace).toList();
    }

    /** The value behind {@code namespace/secret/key}. */
    Optional<Bytes> secret(String reference) {
        var parts = reference.split("/", 3);
        if (parts.length != 3) {
            return Optional.empty();
        }
        return secrets.stream()
                .map(i -> i.getStore().getByKey(parts[0] + "/" + parts[1]))
                .filter(s -> s != null && s.getData() != null)
                .map(s -> s.getData().get(parts[2]))
                .filter(v -> v != null)
                .map(v -> Bytes.of(Base64.getDecoder().decode(v)))
                .findFirst();
    }

    @Override
    public void close() {
        all().forEach(SharedIndexInformer::stop);
    }
}
