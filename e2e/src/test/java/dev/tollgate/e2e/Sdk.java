package dev.tollgate.e2e;

import java.util.List;

/**
 * An official SDK, pointed at a gateway as its users would, with its own retries off. Exceptions
 * are the SDK's.
 */
interface Sdk extends AutoCloseable {

    /** What the tool of {@link #toolTurn} answers. */
    String TOOL_RESULT = "sunny, 21 degrees";

    /**
     * An answer in the words of all SDKs.
     *
     * @param inputTokens all of them, cached ones too
     * @param calledWith arguments of the tool call that came before, as the SDK shows them
     */
    record Answer(String text, long inputTokens, long outputTokens, String calledWith) {}

    Answer plain(String model);

    Answer stream(String model);

    /** Asks for the weather, with a tool; calls it as told; gives the result; takes the answer. */
    Answer toolTurn(String model, boolean stream);

    List<String> models();

    @Override
    void close();
}
