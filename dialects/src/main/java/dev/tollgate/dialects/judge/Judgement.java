package dev.tollgate.dialects.judge;

import java.util.OptionalInt;

/**
 * What was found in an answer. Of several choices the best counts: a flaw is one only if all have
 * it.
 *
 * @param empty no text and no tool call, or nothing that can be read
 * @param truncated it ends at the output limit
 * @param refused a filter or a refusal ended it, or it begins with a known phrase of refusal
 * @param invalidJson it is not the JSON that was asked for, or calls a tool with none
 * @param doubtful it begins with a known phrase of doubt
 * @param confidencePercent geometric mean of its tokens' probabilities, rounded down; empty: it has
 *     none
 */
public record Judgement(
        boolean empty,
        boolean truncated,
        boolean refused,
        boolean invalidJson,
        boolean doubtful,
        OptionalInt confidencePercent) {

    static final Judgement UNREADABLE =
            new Judgement(true, false, false, false, false, OptionalInt.empty());

    /** Of two choices the better. */
    Judgement or(Judgement other) {
        var mine = confidencePercent;
        var its = other.confidencePercent;
        return new Judgement(
                empty && other.empty,
                truncated && other.truncated,
                refused && other.refused,
                invalidJson && other.invalidJson,
                doubtful && other.doubtful,
                mine.isPresent() && its.isPresent()
                        ? OptionalInt.of(Math.max(mine.getAsInt(), its.getAsInt()))
                        : mine.isPresent() ? mine : its);
    }
}
