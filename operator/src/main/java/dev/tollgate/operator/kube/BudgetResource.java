package dev.tollgate.operator.kube;

import dev.tollgate.crds.budget.BudgetSpec;
import dev.tollgate.crds.budget.BudgetStatus;
import io.fabric8.kubernetes.api.model.Namespaced;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Kind;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.ShortNames;
import io.fabric8.kubernetes.model.annotation.Version;
import org.jspecify.annotations.Nullable;

/** A Budget object. */
@Group("tollgate.dev")
@Version("v1alpha1")
@Kind("Budget")
@Plural("budgets")
@ShortNames("bud")
public final class BudgetResource extends CustomResource<BudgetSpec, BudgetStatus>
        implements Namespaced {
    private static final long serialVersionUID = 1;

    @Override
    protected @Nullable BudgetSpec initSpec() {
        return null;
    }

    @Override
    protected @Nullable BudgetStatus initStatus() {
        return null;
    }
}
