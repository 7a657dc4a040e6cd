package dev.tollgate.dialects.conversation;

import org.jspecify.annotations.Nullable;

/**
 * A source of a text.
 *
 * @param start first character of the text that rests on it
 * @param end the character behind the last
 */
public record Citation(String url, @Nullable String title, int start, int end) {}
