package dev.tollgate.crds.provider;

import dev.tollgate.crds.resource.SecretRef;
import dev.tollgate.crds.resource.Wire;

/** Credentials of a cloud account: all known entries of the Secret are read. */
@Wire
public record CloudCredentials(SecretRef secretRef) {}
