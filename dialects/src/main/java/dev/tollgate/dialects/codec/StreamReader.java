package dev.tollgate.dialects.codec;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tollgate.dialects.conversation.AnswerEvent;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Reads the events of one provider's stream, in their order. */
public interface StreamReader {

    /**
     * @param name of the server-sent event, null if it has none
     */
    void event(@Nullable String name, JsonNode data, Consumer<AnswerEvent> out);

    /** The stream ended: ends what is open. */
    void end(Consumer<AnswerEvent> out);

    /** The mark behind a stream's last event came, such as {@code [DONE]}. */
    default void endMark(Consumer<AnswerEvent> out) {
        end(out);
    }

    /** Whether the usage is less than what was told before. */
    boolean usageShrank();

    /** Whether the last usage came with one of several choices, and may be of that one alone. */
    default boolean usageOfOne() {
        return false;
    }

    /** Characters held back until what is open ends: the caller bounds them. */
    default int waitingChars() {
        return 0;
    }
}
