package dev.tollgate.policy.route;

import dev.tollgate.policy.snapshot.PolicyEntry;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which of a policy's model names other policies serve in its place (api.md, 3.5 and R40). A name
 * is lost if another policy wins it in every namespace that sees it: that a team's own policy comes
 * before a shared one in its own namespace is no conflict.
 */
public final class ModelClaims {

    private ModelClaims() {}

    /**
     * @param model as written in the policy
     * @param winner {@code namespace/name}
     */
    public record Lost(String model, String winner) {}

    /** In the order of the policy's models. */
    public static List<Lost> lost(SnapshotIndex index, PolicyEntry policy) {
        var lost = new ArrayList<Lost>();
        if (policy.rules().isEmpty()) {
            return lost;
        }
        var namespaces =
                policy.visibleTo().all()
                        ? List.of(SnapshotIndex.UNNAMED)
                        : policy.visibleTo().names();
        for (var model : policy.models()) {
            var winner = winnerEverywhere(index, policy, new ModelPattern(model), namespaces);
            if (winner != null) {
                lost.add(new Lost(model, winner));
            }
        }
        return lost;
    }

    private static @Nullable String winnerEverywhere(
            SnapshotIndex index, PolicyEntry policy, ModelPattern model, List<String> namespaces) {
        String first = null;
        for (var namespace : namespaces) {
            var winner = winner(index.view(namespace), model);
            if (winner == null || winner.equals(policy.key())) {
                return null;
            }
            first = first == null ? winner : first;
        }
        return first;
    }

    /** Who serves all that a name or pattern stands for, null if nobody alone does. */
    private static @Nullable String winner(NamespaceView view, ModelPattern model) {
        for (var level : view.levels()) {
            var claim = ModelNames.covering(level, model);
            if (claim != null) {
                return claim.policy().key();
            }
        }
        return null;
    }
}
