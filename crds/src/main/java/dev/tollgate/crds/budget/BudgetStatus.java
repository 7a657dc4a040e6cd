package dev.tollgate.crds.budget;

import com.fasterxml.jackson.annotation.JsonFormat;
import dev.tollgate.crds.resource.Absent;
import dev.tollgate.crds.resource.Condition;
import dev.tollgate.crds.resource.LimitsStatus;
import dev.tollgate.crds.resource.Wire;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A report of the ledger, never an input to it; amounts are decimal strings. */
@Wire
public record BudgetStatus(
        long observedGeneration,
        @JsonFormat(shape = JsonFormat.Shape.STRING) @Nullable Instant periodStart,
        @JsonFormat(shape = JsonFormat.Shape.STRING) @Nullable Instant resets,
        @Nullable String spent,
        @Nullable String reserved,
        @Nullable String remaining,
        @Nullable Integer usedPercent,
        @Nullable String burnPerDay,
        @JsonFormat(shape = JsonFormat.Shape.STRING) @Nullable Instant emptyAt,
        List<String> activeSteps,
        List<Hold> holds,
        @Nullable String lastHandledReset,
        @Nullable ReclaimStatus lastReclaim,
        @Nullable ViolationStatus lastViolation,
        @Nullable LimitsStatus limits,
        List<Condition> conditions) {
    public BudgetStatus {
        activeSteps = Absent.asEmpty(activeSteps);
        holds = Absent.asEmpty(holds);
        conditions = Absent.asEmpty(conditions);
    }
}
