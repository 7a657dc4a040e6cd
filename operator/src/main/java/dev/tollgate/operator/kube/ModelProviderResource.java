package dev.tollgate.operator.kube;

import dev.tollgate.crds.provider.ModelProviderSpec;
import dev.tollgate.crds.provider.ModelProviderStatus;
import io.fabric8.kubernetes.api.model.Namespaced;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Kind;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.ShortNames;
import io.fabric8.kubernetes.model.annotation.Version;
import org.jspecify.annotations.Nullable;

/** A ModelProvider object. */
@Group("tollgate.dev")
@Version("v1alpha1")
@Kind("ModelProvider")
@Plural("modelproviders")
@ShortNames("mprov")
public final class ModelProviderResource
        extends CustomResource<ModelProviderSpec, ModelProviderStatus> implements Namespaced {
    private static final long serialVersionUID = 1;

    @Override
    protected @Nullable ModelProviderSpec initSpec() {
        return null;
    }

    @Override
    protected @Nullable ModelProviderStatus initStatus() {
        return null;
    }
}
