package dev.tollgate.dialects;

/** What a client asks for, apart from the dialect in which it asks. */
public enum Operation {
    GENERATE,
    EMBED,
    COUNT_TOKENS,
    LIST_MODELS,
    GET_MODEL
}
