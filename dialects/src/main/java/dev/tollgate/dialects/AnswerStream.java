package dev.tollgate.dialects;

import org.jspecify.annotations.Nullable;

/**
 * One stream on its way from provider to client: bytes in as they arrive (cut anywhere), bytes out
 * as the client's dialect wants them. Not thread-safe: one event loop feeds it. It holds at most
 * one unfinished event, bounded by {@link #MAX_EVENT_BYTES}.
 */
public interface AnswerStream {

    /** An event larger than this ends the stream with an error. */
    int MAX_EVENT_BYTES = 8 * 1024 * 1024;

    /** Receives what goes to the client. The array is valid during the call alone. */
    @FunctionalInterface
    interface Sink {
        void write(byte[] bytes, int offset, int length);
    }

    /** Feeds what arrived. */
    void feed(byte[] bytes, int offset, int length, Sink sink);

    /**
     * The provider's stream ended by itself. Writes what closes the client's stream, be it a clean
     * end or the dialect's error event.
     */
    End end(Sink sink);

    /** The stream is cut by us or by a fault: writes the client dialect's error event. */
    void fail(ErrorKind kind, String message, Sink sink);

    /**
     * Ends the client's stream cleanly, with its dialect's reason for a reached output limit,
     * though the provider would go on: what is open is closed, and nothing can be fed any more.
     * Only of a {@link Bridge#limitedStream}.
     */
    void endAtLimit(Sink sink);

    /**
     * Whether the stream cannot come to a good end any more: an event is too large or cannot be
     * read, or the provider told of an error. The caller may stop reading and call {@link #end}.
     */
    boolean failed();

    /**
     * Whether it failed as the provider told of an error: what it generates has ended, also where
     * its connection has not. Behind an event that cannot be read it may go on.
     */
    boolean toldError();

    /** Whether something was fed that commits the answer: any event but comments and pings. */
    boolean started();

    /** Whether a token (text, reasoning, tool call) has been seen: time to first token. */
    boolean sawToken();

    /** The last usage seen, cumulative; null before the first. */
    @Nullable Usage usage();

    /** Whether that usage is less than what was seen before, which no count can become. */
    boolean usageShrank();

    /** The provider's finish reason; null before it came. */
    @Nullable String finishReason();

    /**
     * Whether so many choices have their finish reasons: what the usage says is final then, also
     * before the stream ends. Not where the usage may be that of one of several choices: vLLM tells
     * each choice's own tokens with it, and those of all in a last event without any.
     */
    boolean finished(int choices);

    /** The model that the provider says answers; null before it said so. */
    @Nullable String model();

    /** UTF-8 bytes of visible text, reasoning text and tool-call arguments so far. */
    long visibleOutputBytes();

    /** How a stream ended. */
    sealed interface End {
        /** With the dialect's terminal event. */
        record Complete() implements End {}

        /** Without it, or with an error event of the provider; the client has been told. */
        record Broken(ErrorKind kind, String message) implements End {}
    }
}
