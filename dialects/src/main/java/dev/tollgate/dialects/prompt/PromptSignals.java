package dev.tollgate.dialects.prompt;

import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * Signs of how hard a prompt is, counted in one pass with no tree and no decoded text; what they
 * weigh is up to routing. They depend on nothing but the body, so the same request has the same
 * signs everywhere, however its JSON is escaped.
 *
 * <p>Text, code and words are those of the <em>ask</em>: what the user has said since the last
 * answer. A system prompt, earlier turns and the results of tools say how much there is to read,
 * and not how hard the question is. Words are English ones.
 *
 * @param askBytes UTF-8 bytes of the ask's text
 * @param turns messages but for system prompts
 * @param tools tools that are offered
 * @param codeBlocks pairs of code fences in the ask
 * @param codeLines lines of the ask that end like code: {@code ;}, {@code {}, {@code }}, {@code ):}
 * @param constraints words such as must, exactly, JSON, at most
 * @param reasoning words such as why, prove, compare, step by step
 */
public record PromptSignals(
        long askBytes,
        int turns,
        int tools,
        int codeBlocks,
        int codeLines,
        int constraints,
        int reasoning) {

    /** Of a body that has no messages. */
    public static final PromptSignals NONE = new PromptSignals(0, 0, 0, 0, 0, 0, 0);

    /**
     * Counts the signs in a request's body, of any dialect: their names for messages and texts do
     * not contradict each other. The body is one that a scan has found to be sound.
     */
    public static PromptSignals of(byte[] body) {
        try {
            return new PromptReader(body).read();
        } catch (IOException e) {
            throw new UncheckedIOException("body: not JSON (expected: one that was scanned)", e);
        }
    }
}
