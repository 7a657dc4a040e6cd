package dev.tollgate.policy.compile;

/** Callers as resources name them, to the names of usage records. */
final class Callers {

    private Callers() {}

    /** {@code name} is of the object's own namespace, {@code namespace/name} of another. */
    static String serviceAccount(String namespace, String text) {
        return "sa:" + (text.contains("/") ? text : namespace + "/" + text);
    }

    /** {@code secret/entry}. */
    static String clientKey(String namespace, String text) {
        return "key:" + namespace + "/" + text;
    }
}
