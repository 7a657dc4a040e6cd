package dev.tollgate.dialects;

import org.jspecify.annotations.Nullable;

/** The outcome of reading a request's bytes. */
public sealed interface Scanned permits RequestScan, Scanned.Malformed {

    /**
     * The body cannot be read as what it should be: 400.
     *
     * @param message what is wrong and where, for the client
     * @param param the field at fault, null if none
     */
    record Malformed(String message, @Nullable String param) implements Scanned {}
}
