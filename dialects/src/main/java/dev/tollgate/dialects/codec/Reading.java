package dev.tollgate.dialects.codec;

import dev.tollgate.dialects.conversation.Answer;

/** The outcome of reading a provider's answer. */
public sealed interface Reading {

    record Read(Answer answer) implements Reading {}

    record Unreadable(String message) implements Reading {}
}
