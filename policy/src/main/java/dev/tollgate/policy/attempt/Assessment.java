package dev.tollgate.policy.attempt;

import java.util.OptionalInt;

/**
 * What was found in a whole answer, before the client has any of it; api.md, R16.
 *
 * @param empty it says nothing and calls nothing, or cannot be read
 * @param truncated it ends at the output limit
 * @param refused a filter stopped it, or it says that it will not help
 * @param invalidJson it is not the JSON that was asked for
 * @param doubtful it says that it does not know
 * @param confidencePercent geometric mean of its tokens' probabilities, empty: the provider gave
 *     none
 */
public record Assessment(
        boolean empty,
        boolean truncated,
        boolean refused,
        boolean invalidJson,
        boolean doubtful,
        OptionalInt confidencePercent) {

    /** Nothing is wrong with it. */
    public static final Assessment GOOD =
            new Assessment(false, false, false, false, false, OptionalInt.empty());
}
