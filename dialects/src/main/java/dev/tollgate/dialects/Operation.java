package dev.tollgate.dialects;

/** What a client asks for, apart from the dialect in which it asks. */
public enum Operation {
    GENERATE,
    /** Embeddings of a list of inputs: OpenAI's, and Gemini's batch. */
    EMBED,
    /** The embedding of one input, which Gemini asks for and answers in a shape of its own. */
    EMBED_ONE,
    COUNT_TOKENS,
    /** An endpoint that a provider declares: body and answer pass as they are. */
    PASS,
    LIST_MODELS,
    GET_MODEL;

    public boolean embeds() {
        return this == EMBED || this == EMBED_ONE;
    }
}
