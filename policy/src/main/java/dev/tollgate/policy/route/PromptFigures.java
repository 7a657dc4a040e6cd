package dev.tollgate.policy.route;

/**
 * What a prompt's complexity is scored from.
 *
 * @param askBytes of what the user has said since the last answer
 * @param contextBytes of everything else that the model reads
 * @param turns messages but for system prompts
 * @param tools tools that are offered
 * @param codeBlocks fenced blocks of code in the ask
 * @param codeLines lines of the ask that end like code
 * @param constraints words of the ask that bound the answer: must, exactly, JSON, at most
 * @param schema the answer must fit a JSON schema
 * @param reasoning words of the ask that want thought: why, prove, compare, step by step
 * @param thinking the request itself switches reasoning on
 */
public record PromptFigures(
        long askBytes,
        long contextBytes,
        int turns,
        int tools,
        int codeBlocks,
        int codeLines,
        int constraints,
        boolean schema,
        int reasoning,
        boolean thinking) {}
