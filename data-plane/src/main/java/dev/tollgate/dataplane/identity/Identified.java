package dev.tollgate.dataplane.identity;

import dev.tollgate.policy.route.Caller;

/** The outcome of looking at a request's credentials. */
public sealed interface Identified {

    /** A verified caller. */
    record Known(Caller caller) implements Identified {}

    /**
     * Nobody that we know: 401.
     *
     * @param message what the client should do; holds nothing of the credential
     */
    record Unknown(String message) implements Identified {}
}
