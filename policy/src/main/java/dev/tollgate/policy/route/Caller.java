package dev.tollgate.policy.route;

/**
 * Who asks, proven by a credential; api.md, section 6.
 *
 * @param namespace the team, which pays
 * @param name as usage records spell it: {@code sa:NS/NAME}, {@code key:NS/SECRET/ENTRY}, {@code
 *     oidc:ISSUER/SUB}, {@code anonymous:NS}
 */
public record Caller(String namespace, String name, Kind kind) {

    /** By what the caller proved itself. */
    public enum Kind {
        SERVICE_ACCOUNT,
        CLIENT_KEY,
        OIDC,
        ANONYMOUS
    }

    public static Caller serviceAccount(String namespace, String name) {
        return new Caller(namespace, "sa:" + namespace + "/" + name, Kind.SERVICE_ACCOUNT);
    }

    /** A client key's holder. {@code caller} is {@code ClientKeyEntry.caller()}. */
    public static Caller clientKey(String namespace, String caller) {
        return new Caller(namespace, caller, Kind.CLIENT_KEY);
    }

    /** A user of an external issuer. {@code name} is {@code IssuerEntry.user}. */
    public static Caller user(String namespace, String name) {
        return new Caller(namespace, name, Kind.OIDC);
    }

    public static Caller anonymous(String namespace) {
        return new Caller(namespace, "anonymous:" + namespace, Kind.ANONYMOUS);
    }
}
