package dev.tollgate.policy.route;

/**
 * How hard a prompt looks, 0..100, as the sum of six parts (api.md, R15). The whole formula is
 * here; every part rises with what it counts and stops at its most:
 *
 * <pre>
 * part         most  points
 * length         25  1 for each 120 bytes of the ask
 * history        15  1 for each message before the last, 1 for each 2 KiB of everything else
 * code           25  8 for each fenced block, 1 for each line that ends like code
 * tools          15  5 for the first, 1 for each further one
 * constraints    20  4 for each word that bounds the answer, 8 for a JSON schema
 * reasoning      40  10 for each word that wants thought, 20 if reasoning is switched on
 * </pre>
 */
public record ComplexityScore(
        int length, int history, int code, int tools, int constraints, int reasoning) {

    public static final int MAX = 100;

    private static final int MAX_LENGTH = 25;
    private static final int MAX_HISTORY = 15;
    private static final int MAX_CODE = 25;
    private static final int MAX_TOOLS = 15;
    private static final int MAX_CONSTRAINTS = 20;
    private static final int MAX_REASONING = 40;

    public static ComplexityScore of(PromptFigures prompt) {
        return new ComplexityScore(
                most(MAX_LENGTH, prompt.askBytes() / 120),
                most(MAX_HISTORY, Math.max(0, prompt.turns() - 1) + prompt.contextBytes() / 2_048),
                most(MAX_CODE, 8L * prompt.codeBlocks() + prompt.codeLines()),
                most(MAX_TOOLS, prompt.tools() == 0 ? 0 : 4L + prompt.tools()),
                most(MAX_CONSTRAINTS, 4L * prompt.constraints() + (prompt.schema() ? 8 : 0)),
                most(MAX_REASONING, 10L * prompt.reasoning() + (prompt.thinking() ? 20 : 0)));
    }

    private static int most(int most, long points) {
        return (int) Math.min(most, points);
    }

    /** 0..100. */
    public int total() {
        return Math.min(MAX, length + history + code + tools + constraints + reasoning);
    }
}
