package dev.tollgate.policy.snapshot;

import java.util.List;

/**
 * Settings of the installation that every proxy must share.
 *
 * @param endpointPolicy where providers may be: checked again on every connect
 * @param unbudgetedNamespaces what happens to requests that no Budget with an amount counts
 * @param namespaces names of all known namespaces, so that a token of another one is refused
 */
public record SettingsEntry(
        EndpointPolicy endpointPolicy, Unbudgeted unbudgetedNamespaces, List<String> namespaces) {

    /** {@code --endpoint-policy}; api.md, P3. */
    public enum EndpointPolicy {
        PUBLIC,
        CLUSTER,
        ANY
    }

    /** {@code unbudgetedNamespaces}; api.md, B8. */
    public enum Unbudgeted {
        ALLOW,
        BLOCK,
        /** {@link #DEFAULT_BUDGET} counts what no other Budget does; without one, as BLOCK. */
        DEFAULT_BUDGET
    }

    /** Name of the platform namespace's Budget for requests that no other one counts. */
    public static final String DEFAULT_BUDGET = "default";

    public SettingsEntry {
        namespaces = List.copyOf(namespaces);
    }

    /** Whether a request that no Budget counts is refused. */
    public boolean refusesUnbudgeted() {
        return unbudgetedNamespaces != Unbudgeted.ALLOW;
    }
}
