package dev.tollgate.policy.route;

import org.jspecify.annotations.Nullable;

/** A request's headers. */
@FunctionalInterface
public interface HeaderLookup {

    HeaderLookup NONE = name -> null;

    /** The first value of a header, given in lower case; null if the request has none. */
    @Nullable String first(String name);
}
