package dev.tollgate.crds.resource;

import org.jspecify.annotations.Nullable;

/** An entry of a Secret in the namespace of the object that refers to it. */
@Wire
public record SecretKeyRef(String name, @Nullable String key) {}
