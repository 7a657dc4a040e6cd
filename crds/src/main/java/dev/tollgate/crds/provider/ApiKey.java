package dev.tollgate.crds.provider;

import dev.tollgate.crds.resource.SecretKeyRef;
import dev.tollgate.crds.resource.Wire;

/** A static key; default Secret entry {@code api-key}. */
@Wire
public record ApiKey(SecretKeyRef secretRef) {}
