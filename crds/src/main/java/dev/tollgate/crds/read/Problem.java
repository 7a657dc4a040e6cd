package dev.tollgate.crds.read;

import org.jspecify.annotations.Nullable;

/**
 * Something that the API server would refuse, or that the reader cannot resolve. The message is the
 * API server's where it has one; the hint says what to write instead, if that is known. Neither
 * ever holds a secret value.
 */
public record Problem(
        String file, int line, int column, String path, String message, @Nullable String hint) {

    static Problem at(Place place, String path, String message, @Nullable String hint) {
        return new Problem(place.file(), place.line(), place.column(), path, message, hint);
    }

    /** One line for people: {@code file:line:column: path: message (hint)}. */
    @Override
    public String toString() {
        return "%s:%d:%d: %s%s%s"
                .formatted(
                        file,
                        line,
                        column,
                        path.isEmpty() ? "" : path + ": ",
                        message,
                        hint == null ? "" : " (" + hint + ")");
    }
}
