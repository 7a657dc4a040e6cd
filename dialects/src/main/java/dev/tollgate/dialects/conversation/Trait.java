package dev.tollgate.dialects.conversation;

/**
 * What a request may use that not every dialect can carry. The decoders note each with the client's
 * name of the field; {@code dev.tollgate.dialects.translate} holds the table of who carries what.
 */
public enum Trait {
    /** Bookkeeping of the client's dialect, without effect on the answer. */
    HINT("bookkeeping and provider hints"),
    /** A field that this gateway does not know. */
    UNKNOWN_FIELD("unknown fields"),
    /** More than one answer. */
    CHOICES("more than one answer"),
    TOP_K("top-k sampling"),
    SEED("seed"),
    PENALTIES("frequency and presence penalties"),
    LOGIT_BIAS("logit bias"),
    LOGPROBS("log probabilities"),
    STOP("stop sequences"),
    SERIAL_TOOL_CALLS("forbidding parallel tool calls"),
    IMAGE("images, base64"),
    IMAGE_URL("images by URL"),
    AUDIO("audio in the prompt"),
    AUDIO_URL("audio by URL"),
    VIDEO("video in the prompt"),
    PDF("PDF documents, base64"),
    DOCUMENT_URL("documents by URL"),
    FILE_ID("files by an id of the provider"),
    OTHER_FILE("files that are neither PDF, text, image, audio nor video"),
    CACHE_MARKERS("prompt cache markers"),
    REASONING("reasoning effort and thinking budgets"),
    JSON_OBJECT("JSON object mode"),
    JSON_SCHEMA("JSON schema of the answer"),
    CUSTOM_TOOL("tools with free text input"),
    CLAUDE_TOOL("tools of Anthropic's types that the client runs"),
    SERVER_TOOL("tools that the provider runs"),
    SERVER_TOOL_HISTORY("traces of the provider's own tools in the history"),
    SERVER_STATE("state kept by the provider"),
    MEDIA_OUTPUT("answers in audio or images"),
    MEDIA_HISTORY("media that the model made, in the history"),
    PREFILL("an answer begun by the client"),
    SAFETY_SETTINGS("thresholds of content filters"),
    CITATIONS("asking for citations");

    private final String title;

    Trait(String title) {
        this.title = title;
    }

    /** For people. */
    public String title() {
        return title;
    }
}
