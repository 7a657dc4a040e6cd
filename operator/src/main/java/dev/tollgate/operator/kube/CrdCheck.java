package dev.tollgate.operator.kube;

import dev.tollgate.operator.StartRefusal;
import dev.tollgate.operator.api.ApiFailure;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.apiextensions.v1.JSONSchemaProps;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Compares the CRDs that the API server serves with those of this build (api.md, G6): Helm never
 * upgrades CRDs, and an operator on an older schema would lose what users write.
 */
public final class CrdCheck {

    private static final List<String> NAMES =
            List.of(
                    "modelproviders.tollgate.dev",
                    "routingpolicies.tollgate.dev",
                    "budgets.tollgate.dev",
                    "budgetledgers.tollgate.dev");
    private static final String REMEDY = "; run: tollgate crds | kubectl apply --server-side -f -";

    private CrdCheck() {}

    /** Returns if all are served and none is older. */
    public static void check(KubernetesClient client) throws StartRefusal {
        for (var name : NAMES) {
            var served = served(client, name);
            if (served == null) {
                throw new StartRefusal(
                        StartRefusal.MISSING, "CRD " + name + " is missing" + REMEDY);
            }
            var lacking = lacking(ours(client, name), served);
            if (lacking.isPresent()) {
                throw new StartRefusal(
                        StartRefusal.MISSING,
                        "CRD "
                                + name
                                + " is older than this operator: it has no "
                                + lacking.get()
                                + REMEDY);
            }
        }
    }

    private static @Nullable CustomResourceDefinition served(KubernetesClient client, String name)
            throws StartRefusal {
        try {
            return client.apiextensions().v1().customResourceDefinitions().withName(name).get();
        } catch (KubernetesClientException e) {
            throw new StartRefusal(
                    StartRefusal.MISSING,
                    "the API server at "
                            + client.getMasterUrl()
                            + " did not show CRD "
                            + name
                            + ": "
                            + ApiFailure.text(e));
        }
    }

    private static CustomResourceDefinition ours(KubernetesClient client, String name) {
        var path = "/crds/" + name + ".yaml";
        try (InputStream in = CrdCheck.class.getResourceAsStream(path)) {
            if (in == null) {
                throw new IllegalStateException(path + " is not on the class path");
            }
            return client.getKubernetesSerialization()
                    .unmarshal(in, CustomResourceDefinition.class);
        } catch (IOException e) {
            throw new IllegalStateException(path + " cannot be read", e);
        }
    }

    /** The first path of ours that the served one lacks. */
    static Optional<String> lacking(
            CustomResourceDefinition ours, CustomResourceDefinition served) {
        for (var version : ours.getSpec().getVersions()) {
            var same =
                    served.getSpec().getVersions().stream()
                            .filter(v -> v.getName().equals(version.getName()) && v.getServed())
                            .findFirst();
            if (same.isEmpty()) {
                return Optional.of("version " + version.getName());
            }
            var lacking =
                    lacking(
                            "",
                            version.getSchema().getOpenAPIV3Schema(),
                            same.get().getSchema().getOpenAPIV3Schema());
            if (lacking.isPresent()) {
                return lacking;
            }
        }
        return Optional.empty();
    }

    private static Optional<String> lacking(
            String path, JSONSchemaProps ours, @Nullable JSONSchemaProps served) {
        if (served == null) {
            return Optional.of(path);
        }
        if (ours.getEnum() != null) {
            for (var value : ours.getEnum()) {
                if (served.getEnum() != null && !served.getEnum().contains(value)) {
                    return Optional.of(path + " value " + value.asText());
                }
            }
        }
        if (ours.getProperties() != null) {
            for (var property : ours.getProperties().entrySet()) {
                var below = path.isEmpty() ? property.getKey() : path + "." + property.getKey();
                var lacking =
                        lacking(
                                below,
                                property.getValue(),
                                served.getProperties() == null
                                        ? null
                                        : served.getProperties().get(property.getKey()));
                if (lacking.isPresent()) {
                    return lacking;
                }
            }
        }
        if (ours.getItems() != null && ours.getItems().getSchema() != null) {
            return lacking(
                    path + "[]",
                    ours.getItems().getSchema(),
                    served.getItems() == null ? null : served.getItems().getSchema());
        }
        return Optional.empty();
    }
}
