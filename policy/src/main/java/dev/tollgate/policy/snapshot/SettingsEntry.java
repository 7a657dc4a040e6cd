package dev.tollgate.policy.snapshot;

import java.util.List;

/**
 * Settings of the installation that every proxy must share.
 *
 * @param endpointPolicy where providers may be: checked again on every connect
 * @param unbudgetedNamespaces what happens to a namespace that no Budget covers
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
        BLOCK
    }

    public SettingsEntry {
        namespaces = List.copyOf(namespaces);
    }
}
