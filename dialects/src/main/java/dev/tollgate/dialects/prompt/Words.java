package dev.tollgate.dialects.prompt;

import java.util.List;

/**
 * The words and pairs of words that tell something about a prompt, looked up by a hash of 64 bits:
 * a word that is none of them has practically no chance to be taken for one.
 */
final class Words {

    static final byte NOTHING = 0;
    static final byte CONSTRAINT = 1;
    static final byte REASONING = 2;

    /** The hash of no letters. */
    static final long EMPTY = 0xcbf29ce484222325L;

    private static final long PRIME = 0x100000001b3L;

    /** What an answer must look like. */
    static final List<String> CONSTRAINTS =
            List.of(
                    "must",
                    "exactly",
                    "only",
                    "never",
                    "always",
                    "strictly",
                    "ensure",
                    "required",
                    "without",
                    "json",
                    "yaml",
                    "xml",
                    "csv",
                    "schema",
                    "format",
                    "valid",
                    "constraint",
                    "constraints",
                    "at most",
                    "at least",
                    "more than",
                    "less than",
                    "fewer than",
                    "no longer",
                    "do not",
                    "word limit");

    /** What asks for thought. */
    static final List<String> REASONINGS =
            List.of(
                    "why",
                    "prove",
                    "proof",
                    "derive",
                    "deduce",
                    "infer",
                    "compare",
                    "contrast",
                    "analyze",
                    "analyse",
                    "analysis",
                    "evaluate",
                    "assess",
                    "justify",
                    "reason",
                    "reasoning",
                    "explain",
                    "plan",
                    "strategy",
                    "design",
                    "architect",
                    "optimize",
                    "optimise",
                    "debug",
                    "diagnose",
                    "refactor",
                    "hypothesis",
                    "theorem",
                    "tradeoff",
                    "tradeoffs",
                    "trade off",
                    "trade offs",
                    "root cause",
                    "by step",
                    "pros and",
                    "think through",
                    "think carefully");

    /** A power of two, far more than there are words. */
    private static final int SLOTS = 512;

    private static final long[] KEYS = new long[SLOTS];
    private static final byte[] MEANINGS = new byte[SLOTS];

    static {
        CONSTRAINTS.forEach(text -> put(text, CONSTRAINT));
        REASONINGS.forEach(text -> put(text, REASONING));
    }

    private Words() {}

    private static void put(String text, byte meaning) {
        int space = text.indexOf(' ');
        long key =
                space < 0
                        ? hash(text)
                        : pair(hash(text.substring(0, space)), hash(text.substring(space + 1)));
        int slot = slot(key);
        while (MEANINGS[slot] != NOTHING) {
            slot = slot + 1 & SLOTS - 1;
        }
        KEYS[slot] = key;
        MEANINGS[slot] = meaning;
    }

    private static long hash(String word) {
        long hash = EMPTY;
        for (int i = 0; i < word.length(); i++) {
            hash = next(hash, word.charAt(i));
        }
        return hash;
    }

    private static int slot(long key) {
        return (int) (key ^ key >>> 32) & SLOTS - 1;
    }

    /** FNV-1a, letter by letter. */
    static long next(long hash, int letter) {
        return (hash ^ letter) * PRIME;
    }

    /** Of two words that follow each other. */
    static long pair(long first, long second) {
        return first * PRIME ^ second;
    }

    static byte meaning(long key) {
        int slot = slot(key);
        while (MEANINGS[slot] != NOTHING) {
            if (KEYS[slot] == key) {
                return MEANINGS[slot];
            }
            slot = slot + 1 & SLOTS - 1;
        }
        return NOTHING;
    }
}
