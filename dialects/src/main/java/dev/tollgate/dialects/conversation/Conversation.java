package dev.tollgate.dialects.conversation;

import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * A request for an answer. System prompts are turns of role {@link Turn.Role#SYSTEM}, wherever they
 * stood; tool results are parts of user turns.
 *
 * @param toolChoice null if the client left it out
 * @param parallelToolCalls null if the client left it out
 * @param reasoning null if the client left it out
 * @param user an id of the end user, for the provider's abuse detection
 * @param choices how many answers to the same are asked for, >= 1
 * @param traits what the request uses that some dialect cannot carry, with the client's own names
 *     of the fields
 */
public record Conversation(
        List<Turn> turns,
        List<Tool> tools,
        @Nullable ToolChoice toolChoice,
        @Nullable Boolean parallelToolCalls,
        OutputFormat format,
        Sampling sampling,
        List<String> stop,
        OptionalLong maxOutputTokens,
        @Nullable ReasoningRequest reasoning,
        @Nullable String user,
        int choices,
        Map<Trait, List<String>> traits) {

    public Conversation {
        turns = List.copyOf(turns);
        tools = List.copyOf(tools);
        stop = List.copyOf(stop);
        traits = Map.copyOf(traits);
    }

    /** The same request with other turns, tools and choice. */
    public Conversation with(List<Turn> turns, List<Tool> tools, @Nullable ToolChoice toolChoice) {
        return new Conversation(
                turns,
                tools,
                toolChoice,
                parallelToolCalls,
                format,
                sampling,
                stop,
                maxOutputTokens,
                reasoning,
                user,
                choices,
                traits);
    }

    /** The same request for an answer of another format. */
    public Conversation with(OutputFormat format) {
        return new Conversation(
                turns,
                tools,
                toolChoice,
                parallelToolCalls,
                format,
                sampling,
                stop,
                maxOutputTokens,
                reasoning,
                user,
                choices,
                traits);
    }
}
