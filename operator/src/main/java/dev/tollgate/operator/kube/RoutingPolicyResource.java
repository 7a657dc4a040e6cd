package dev.tollgate.operator.kube;

import dev.tollgate.crds.route.RoutingPolicySpec;
import dev.tollgate.crds.route.RoutingPolicyStatus;
import io.fabric8.kubernetes.api.model.Namespaced;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Kind;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.ShortNames;
import io.fabric8.kubernetes.model.annotation.Version;
import org.jspecify.annotations.Nullable;

/** A RoutingPolicy object. */
@Group("tollgate.dev")
@Version("v1alpha1")
@Kind("RoutingPolicy")
@Plural("routingpolicies")
@ShortNames("rpol")
public final class RoutingPolicyResource
        extends CustomResource<RoutingPolicySpec, RoutingPolicyStatus> implements Namespaced {
    private static final long serialVersionUID = 1;

    @Override
    protected @Nullable RoutingPolicySpec initSpec() {
        return null;
    }

    @Override
    protected @Nullable RoutingPolicyStatus initStatus() {
        return null;
    }
}
