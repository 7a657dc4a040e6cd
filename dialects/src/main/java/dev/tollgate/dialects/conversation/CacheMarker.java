package dev.tollgate.dialects.conversation;

/** The end of a prefix that the provider is asked to cache. */
public enum CacheMarker {
    FIVE_MINUTES,
    ONE_HOUR
}
