package dev.tollgate.crds.route;

import dev.tollgate.crds.resource.Absent;
import dev.tollgate.crds.resource.Wire;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** All members that are given must hold; an empty list is a member that is not given. */
@Wire
public record Match(
        List<HeaderMatch> headers,
        List<String> serviceAccounts,
        @Nullable TokenRange estimatedInputTokens,
        List<Requirement> requires,
        List<ComplexityClass> complexity,
        @Nullable TimeWindow time) {
    public Match {
        headers = Absent.asEmpty(headers);
        serviceAccounts = Absent.asEmpty(serviceAccounts);
        requires = Absent.asEmpty(requires);
        complexity = Absent.asEmpty(complexity);
    }
}
