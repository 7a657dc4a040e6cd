package dev.tollgate.crds.provider;

import dev.tollgate.crds.resource.Absent;
import dev.tollgate.crds.resource.Condition;
import dev.tollgate.crds.resource.LimitsStatus;
import dev.tollgate.crds.resource.Wire;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the operator reports: counts, because lists grow. */
@Wire
public record ModelProviderStatus(
        long observedGeneration,
        @Nullable Integer models,
        @Nullable Integer inUseBy,
        @Nullable CredentialStatus credential,
        @Nullable DrillStatus drill,
        @Nullable LimitsStatus limits,
        List<Condition> conditions) {
    public ModelProviderStatus {
        conditions = Absent.asEmpty(conditions);
    }
}
