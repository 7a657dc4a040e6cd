package dev.tollgate.dialects.conversation;

/** Why the model stopped. */
public enum FinishReason {
    /** It had said all. */
    STOP,
    /** It wrote one of the client's stop sequences. */
    STOP_SEQUENCE,
    /** It wants tools to be run. */
    TOOL_CALLS,
    /** The output limit, or the end of the context window. */
    LENGTH,
    /** A filter of the provider, or a refusal of the model. */
    CONTENT_FILTER,
    /** The provider paused a long turn; sending the answer back continues it. */
    PAUSE
}
