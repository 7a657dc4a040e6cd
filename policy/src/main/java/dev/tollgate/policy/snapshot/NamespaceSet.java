package dev.tollgate.policy.snapshot;

import java.util.List;

/**
 * Which namespaces something is for. Selectors are resolved by the compiler.
 *
 * @param all every namespace; then {@code names} is empty
 */
public record NamespaceSet(boolean all, List<String> names) {

    public NamespaceSet {
        names = names.stream().sorted().distinct().toList();
        if (all && !names.isEmpty()) {
            throw new IllegalArgumentException("names: " + names + " (expected: none beside all)");
        }
    }

    public static NamespaceSet everyone() {
        return new NamespaceSet(true, List.of());
    }

    public static NamespaceSet of(List<String> names) {
        return new NamespaceSet(false, names);
    }

    public boolean contains(String namespace) {
        return all || names.contains(namespace);
    }
}
