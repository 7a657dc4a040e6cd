package dev.tollgate.policy.snapshot;

/**
 * A client key, by its hash.
 *
 * @param sha256 lower-case hex of the whole key's bytes
 * @param namespace the team that pays
 * @param caller {@code key:namespace/secret/entry}
 */
public record ClientKeyEntry(String sha256, String namespace, String caller) {}
