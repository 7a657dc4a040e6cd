package dev.tollgate.dialects.conversation;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * A conversation while a decoder reads it. The first complaint wins; reading goes on after it, so
 * decoders need no early exit. Used by one decoding, then thrown away.
 */
public final class Draft {
    private final List<Turn> turns = new ArrayList<>();
    private final List<Tool> tools = new ArrayList<>();
    private final List<String> stop = new ArrayList<>();
    private final Map<Trait, List<String>> traits = new EnumMap<>(Trait.class);
    private @Nullable ToolChoice toolChoice;
    private @Nullable Boolean parallelToolCalls;
    private OutputFormat format = new OutputFormat.Free();
    private Sampling sampling = Sampling.DEFAULT;
    private OptionalLong maxOutputTokens = OptionalLong.empty();
    private @Nullable ReasoningRequest reasoning;
    private @Nullable String user;
    private int choices = 1;
    private Decoded.@Nullable Malformed complaint;

    /** The body is wrong. */
    public void malformed(String message, @Nullable String param) {
        if (complaint == null) {
            complaint = new Decoded.Malformed(message, param);
        }
    }

    /** The request uses this, in that field. */
    public void uses(Trait trait, String field) {
        var fields = traits.computeIfAbsent(trait, t -> new ArrayList<>());
        if (!fields.contains(field)) {
            fields.add(field);
        }
    }

    public void turn(Turn.Role role, List<Part> parts) {
        turns.add(new Turn(role, parts));
    }

    public void tool(Tool tool) {
        tools.add(tool);
    }

    public void toolChoice(@Nullable ToolChoice choice) {
        toolChoice = choice;
    }

    public void parallelToolCalls(boolean parallel) {
        parallelToolCalls = parallel;
    }

    public void format(OutputFormat wanted) {
        format = wanted;
    }

    public void sampling(Sampling wanted) {
        sampling = wanted;
    }

    public void stop(String sequence) {
        stop.add(sequence);
    }

    public void maxOutputTokens(long limit) {
        maxOutputTokens = OptionalLong.of(limit);
    }

    public void reasoning(ReasoningRequest wanted) {
        reasoning = wanted;
    }

    public void user(String id) {
        user = id;
    }

    public void choices(int wanted) {
        choices = wanted;
    }

    /** The turns so far. */
    public List<Turn> turns() {
        return turns;
    }

    /** What has been read. */
    public Decoded done() {
        if (complaint != null) {
            return complaint;
        }
        return new Decoded.Request(
                new Conversation(
                        named(turns),
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
                        traits));
    }

    /** Gives tool results the names that their calls had. */
    private static List<Turn> named(List<Turn> turns) {
        var names = new HashMap<String, String>();
        var result = new ArrayList<Turn>();
        for (var turn : turns) {
            var parts = new ArrayList<Part>();
            for (var part : turn.parts()) {
                if (part instanceof Part.ToolCall call) {
                    names.put(call.id(), call.name());
                }
                parts.add(
                        part instanceof Part.ToolResult r && r.name() == null
                                ? new Part.ToolResult(
                                        r.callId(),
                                        names.get(r.callId()),
                                        r.content(),
                                        r.error(),
                                        r.cache())
                                : part);
            }
            result.add(new Turn(turn.role(), parts));
        }
        return result;
    }
}
