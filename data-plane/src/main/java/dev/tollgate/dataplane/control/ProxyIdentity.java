package dev.tollgate.dataplane.control;

/**
 * How a proxy introduces itself.
 *
 * @param name the pod's UID in a cluster, else {@code --proxy-name}
 */
public record ProxyIdentity(String name, String fleet, String version) {}
