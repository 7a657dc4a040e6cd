package dev.tollgate.dialects.conversation;

import java.util.ArrayList;
import java.util.List;

/** What one side said at once. */
public record Turn(Role role, List<Part> parts) {

    /** Who speaks. Tool results are the user's. */
    public enum Role {
        SYSTEM,
        USER,
        ASSISTANT
    }

    public Turn {
        parts = List.copyOf(parts);
    }

    /** All system parts, in their order, joined in front: for dialects with one system prompt. */
    public static List<Part> system(List<Turn> turns) {
        var parts = new ArrayList<Part>();
        for (var turn : turns) {
            if (turn.role == Role.SYSTEM) {
                parts.addAll(turn.parts);
            }
        }
        return parts;
    }

    /**
     * The turns without system ones, user and assistant in alternation: neighbours of one role are
     * merged, and in user turns tool results come first, as Anthropic and Gemini demand. What the
     * model did not say vanishes, what the user did not say does not.
     */
    public static List<Turn> alternating(List<Turn> turns) {
        var merged = new ArrayList<Turn>();
        for (var turn : turns) {
            boolean unsaid = turn.role == Role.ASSISTANT && turn.parts.isEmpty();
            if (turn.role == Role.SYSTEM || unsaid) {
                continue;
            }
            var last = merged.isEmpty() ? null : merged.getLast();
            if (last != null && last.role == turn.role) {
                var parts = new ArrayList<>(last.parts);
                parts.addAll(turn.parts);
                merged.set(merged.size() - 1, new Turn(turn.role, parts));
            } else {
                merged.add(turn);
            }
        }
        merged.replaceAll(turn -> turn.role == Role.USER ? resultsFirst(turn) : turn);
        return merged;
    }

    private static Turn resultsFirst(Turn turn) {
        var results = new ArrayList<Part>();
        var others = new ArrayList<Part>();
        for (var part : turn.parts) {
            (part instanceof Part.ToolResult ? results : others).add(part);
        }
        results.addAll(others);
        return new Turn(turn.role, results);
    }
}
