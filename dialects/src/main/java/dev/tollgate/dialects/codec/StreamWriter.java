package dev.tollgate.dialects.codec;

import dev.tollgate.dialects.ErrorKind;
import dev.tollgate.dialects.conversation.AnswerEvent;

/**
 * Writes one client's stream: a state machine that takes events in whatever order providers send
 * them and writes what the client's official parser accepts.
 */
public interface StreamWriter {

    /** Any event but {@code Done} and {@code Failed}. */
    void write(AnswerEvent event, SseOut out);

    /** The clean end. */
    void close(SseOut out);

    /** The end by an error. Nothing that looks like a clean end follows. */
    void fail(ErrorKind kind, String message, SseOut out);

    /** Characters held back until what is open ends: the caller bounds them. */
    default int waitingChars() {
        return 0;
    }
}
