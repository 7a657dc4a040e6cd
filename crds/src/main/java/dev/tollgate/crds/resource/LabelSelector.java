package dev.tollgate.crds.resource;

import java.util.List;
import java.util.Map;

/** A Kubernetes label selector; an empty one selects everything. */
@Wire
public record LabelSelector(
        Map<String, String> matchLabels, List<LabelExpression> matchExpressions) {
    public LabelSelector {
        matchLabels = Absent.asEmpty(matchLabels);
        matchExpressions = Absent.asEmpty(matchExpressions);
    }
}
