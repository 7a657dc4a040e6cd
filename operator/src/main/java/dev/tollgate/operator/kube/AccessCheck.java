package dev.tollgate.operator.kube;

import dev.tollgate.operator.StartRefusal;
import dev.tollgate.operator.api.ApiFailure;
import io.fabric8.kubernetes.api.model.ListOptions;
import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.AnyNamespaceOperation;
import io.fabric8.kubernetes.client.dsl.MixedOperation;

/**
 * Reads one object of each kind in each watched namespace before any cache is started, so that a
 * right that is missing is said at once and by name: caches would only try again.
 */
public final class AccessCheck {

    private static final ListOptions ONE = new ListOptionsBuilder().withLimit(1L).build();

    private AccessCheck() {}

    /**
     * @param readable whose Secrets and ConfigMaps are read
     */
    public static void check(
            KubernetesClient client, WatchedNamespaces watched, WatchedNamespaces readable)
            throws StartRefusal {
        try {
            client.namespaces().list(ONE);
            list(client.resources(ModelProviderResource.class), watched);
            list(client.resources(RoutingPolicyResource.class), watched);
            list(client.resources(BudgetResource.class), watched);
            list(client.secrets(), readable);
            list(client.configMaps(), readable);
        } catch (KubernetesClientException e) {
            throw new StartRefusal(
                    StartRefusal.MISSING,
                    "the API server at "
                            + client.getMasterUrl()
                            + " lets the operator not read what it must: "
                            + ApiFailure.text(e));
        }
    }

    private static void list(MixedOperation<?, ?, ?> of, WatchedNamespaces namespaces) {
        if (namespaces.all()) {
            AnyNamespaceOperation<?, ?, ?> all = of.inAnyNamespace();
            all.list(ONE);
        }
        for (var namespace : namespaces.names()) {
            of.inNamespace(namespace).list(ONE);
        }
    }
}
