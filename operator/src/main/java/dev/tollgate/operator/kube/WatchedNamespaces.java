package dev.tollgate.operator.kube;

import java.util.HashSet;
import java.util.Set;

/**
 * Which namespaces are watched for something.
 *
 * @param names empty: all
 */
public record WatchedNamespaces(Set<String> names) {

    public static final WatchedNamespaces ALL = new WatchedNamespaces(Set.of());

    public WatchedNamespaces {
        names = Set.copyOf(names);
    }

    public boolean all() {
        return names.isEmpty();
    }

    /** With one more. */
    public WatchedNamespaces and(String name) {
        if (all()) {
            return this;
        }
        var more = new HashSet<>(names);
        more.add(name);
        return new WatchedNamespaces(more);
    }

    public boolean contains(String namespace) {
        return all() || names.contains(namespace);
    }
}
