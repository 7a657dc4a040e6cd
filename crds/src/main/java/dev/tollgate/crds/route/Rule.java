package dev.tollgate.crds.route;

import dev.tollgate.crds.resource.Absent;
import dev.tollgate.crds.resource.Wire;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Which requests it takes, and how they are served. */
@Wire
public record Rule(
        String name,
        @Nullable Match match,
        @Nullable Selection selection,
        List<Target> targets,
        @Nullable Sticky sticky,
        @Nullable Canary canary,
        List<Shadow> shadow,
        @Nullable Hedge hedge,
        @Nullable Retry retry,
        @Nullable RuleTimeouts timeouts) {
    public Rule {
        targets = Absent.asEmpty(targets);
        shadow = Absent.asEmpty(shadow);
    }
}
