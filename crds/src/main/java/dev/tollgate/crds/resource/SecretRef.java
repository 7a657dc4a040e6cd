package dev.tollgate.crds.resource;

/**
 * A whole Secret in the namespace of the object that refers to it; which entries are read depends
 * on its use.
 */
@Wire
public record SecretRef(String name) {}
