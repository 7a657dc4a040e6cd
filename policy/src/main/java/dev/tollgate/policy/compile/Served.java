package dev.tollgate.policy.compile;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What one object came to.
 *
 * @param findings of its present generation
 * @param entry null: it is not served
 * @param generation of {@code entry}
 */
record Served<T>(Findings findings, @Nullable T entry, @Nullable Long generation) {

    static <T, S> Served<T> of(
            Findings findings, @Nullable T entry, LastAccepted.@Nullable Generation<S> generation) {
        return new Served<>(
                findings,
                entry,
                entry == null || generation == null ? null : (Long) generation.generation());
    }

    /**
     * Runs one object's compile. A defect that an odd object brings out must not take all the
     * others down with it: the object is refused, saying so.
     */
    static <T> @Nullable T guarded(Findings findings, Supplier<@Nullable T> compile) {
        try {
            return compile.get();
        } catch (RuntimeException e) {
            findings.invalid("spec", "cannot be compiled, which is a defect: " + e);
            return null;
        }
    }
}
