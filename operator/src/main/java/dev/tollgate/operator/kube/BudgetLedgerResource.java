package dev.tollgate.operator.kube;

import dev.tollgate.crds.ledger.BudgetLedgerSpec;
import io.fabric8.kubernetes.api.model.Namespaced;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Kind;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.Version;
import org.jspecify.annotations.Nullable;

/** A BudgetLedger object: no status, so that one update is one compare-and-swap. */
@Group("tollgate.dev")
@Version("v1alpha1")
@Kind("BudgetLedger")
@Plural("budgetledgers")
public final class BudgetLedgerResource extends CustomResource<BudgetLedgerSpec, Void>
        implements Namespaced {
    private static final long serialVersionUID = 1;

    @Override
    protected @Nullable BudgetLedgerSpec initSpec() {
        return null;
    }

    @Override
    protected @Nullable Void initStatus() {
        return null;
    }
}
