package dev.tollgate.operator.kube;

import dev.tollgate.crds.resource.Budget;
import dev.tollgate.crds.resource.Bytes;
import dev.tollgate.crds.resource.ConfigMapObject;
import dev.tollgate.crds.resource.Kind;
import dev.tollgate.crds.resource.Metadata;
import dev.tollgate.crds.resource.ModelProvider;
import dev.tollgate.crds.resource.NamespaceObject;
import dev.tollgate.crds.resource.ResourceKey;
import dev.tollgate.crds.resource.RoutingPolicy;
import dev.tollgate.crds.resource.SecretObject;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Secret;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Objects of the API server as the compiler's values. */
final class ResourceReading {

    private ResourceReading() {}

    static Metadata metadata(ObjectMeta meta) {
        return new Metadata(
                meta.getNamespace() == null ? "" : meta.getNamespace(),
                meta.getName(),
                meta.getUid(),
                meta.getGeneration() == null ? 0 : meta.getGeneration(),
                instant(meta.getCreationTimestamp()),
                orEmpty(meta.getLabels()),
                orEmpty(meta.getAnnotations()));
    }

    private static Map<String, String> orEmpty(@Nullable Map<String, String> map) {
        return map == null ? Map.of() : map;
    }

    private static @Nullable Instant instant(@Nullable String text) {
        try {
            return text == null ? null : Instant.parse(text);
        } catch (DateTimeParseException e) {
            return null;
        }
    }

    static ResourceKey key(Kind kind, HasMetadata object) {
        return ResourceKey.of(kind, metadata(object.getMetadata()));
    }

    static ModelProvider provider(ModelProviderResource object) {
        return new ModelProvider(
                metadata(object.getMetadata()), object.getSpec(), object.getStatus());
    }

    static RoutingPolicy policy(RoutingPolicyResource object) {
        return new RoutingPolicy(
                metadata(object.getMetadata()), object.getSpec(), object.getStatus());
    }

    static Budget budget(BudgetResource object) {
        return new Budget(metadata(object.getMetadata()), object.getSpec(), object.getStatus());
    }

    static NamespaceObject namespace(Namespace object) {
        return new NamespaceObject(metadata(object.getMetadata()));
    }

    static ConfigMapObject configMap(ConfigMap object) {
        return new ConfigMapObject(metadata(object.getMetadata()), orEmpty(object.getData()));
    }

    static SecretObject secret(Secret object) {
        var data = new HashMap<String, Bytes>();
        orEmpty(object.getData())
                .forEach(
                        (name, value) ->
                                data.put(name, Bytes.of(Base64.getDecoder().decode(value))));
        return new SecretObject(metadata(object.getMetadata()), data);
    }
}
