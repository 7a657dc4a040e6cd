package dev.tollgate.policy.route;

import dev.tollgate.policy.snapshot.PolicyEntry;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The model names of policies that stand on one level of precedence: of two claims to a name the
 * more specific one wins, then the older policy, then {@code namespace/name} (api.md, 3.5).
 */
final class ModelNames {

    private static final Comparator<Claim> PRECEDENCE =
            Comparator.comparing((Claim claim) -> !claim.pattern().isExact())
                    .thenComparing(claim -> -claim.pattern().literalLength())
                    .thenComparing(Claim::age);

    static final ModelNames NONE = new ModelNames(List.of());

    private final Map<String, Claim> exact = new HashMap<>();
    private final List<Claim> patterns = new ArrayList<>();

    /**
     * @param age place in the order of the snapshot's policies
     */
    record Claim(ModelPattern pattern, int age, PolicyEntry policy) {
        static List<Claim> of(PolicyEntry policy, int age) {
            return policy.models().stream()
                    .map(text -> new Claim(new ModelPattern(text), age, policy))
                    .toList();
        }
    }

    ModelNames(List<Claim> claims) {
        claims.stream().sorted(PRECEDENCE).forEach(this::add);
    }

    private void add(Claim claim) {
        if (claim.pattern().isExact()) {
            exact.putIfAbsent(claim.pattern().text(), claim);
        } else {
            patterns.add(claim);
        }
    }

    @Nullable Claim winner(String model) {
        var claim = exact.get(model);
        if (claim != null) {
            return claim;
        }
        for (var pattern : patterns) {
            if (pattern.pattern().matches(model)) {
                return pattern;
            }
        }
        return null;
    }

    /** The winner among several tables of the same level. */
    static @Nullable Claim winner(List<ModelNames> tables, String model) {
        Claim best = null;
        for (var table : tables) {
            var claim = table.winner(model);
            if (claim != null && (best == null || PRECEDENCE.compare(claim, best) < 0)) {
                best = claim;
            }
        }
        return best;
    }

    /**
     * The claim that takes everything a name or pattern stands for: on its own level only the same
     * text does, unless a wider one is all there is.
     */
    static @Nullable Claim covering(List<ModelNames> tables, ModelPattern model) {
        if (model.isExact()) {
            return winner(tables, model.text());
        }
        Claim best = null;
        for (var table : tables) {
            for (var claim : table.patterns) {
                boolean better = best == null || PRECEDENCE.compare(claim, best) < 0;
                if (better && claim.pattern().covers(model)) {
                    best = claim;
                }
            }
        }
        return best;
    }

    List<String> exactNames() {
        return List.copyOf(exact.keySet());
    }

    List<Claim> patterns() {
        return List.copyOf(patterns);
    }
}
