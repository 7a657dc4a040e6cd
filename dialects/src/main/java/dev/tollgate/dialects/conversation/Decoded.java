package dev.tollgate.dialects.conversation;

import org.jspecify.annotations.Nullable;

/** The outcome of decoding a request. */
public sealed interface Decoded {

    record Request(Conversation conversation) implements Decoded {}

    /** The body is not what its dialect says. */
    record Malformed(String message, @Nullable String param) implements Decoded {}
}
