package dev.tollgate.crds.route;

import dev.tollgate.crds.resource.Absent;
import dev.tollgate.crds.resource.Wire;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What holds for every target whatever the strategy; empty {@code regions} means any. */
@Wire
public record Constraints(List<String> regions, @Nullable String maxCostPerRequest) {
    public Constraints {
        regions = Absent.asEmpty(regions);
    }
}
