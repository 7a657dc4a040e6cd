package dev.tollgate.crds.read;

/** The text of one file, and the name that problems call it by. */
public record YamlFile(String name, String text) {}
