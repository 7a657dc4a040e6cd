package dev.tollgate.dialects.openai;

/** Tells when the pieces of an object have made it whole, without keeping them. */
final class WholeJson {
    private int depth;
    private boolean inString;
    private boolean escaped;
    private boolean whole;

    void add(String piece) {
        for (int i = 0; i < piece.length(); i++) {
            char c = piece.charAt(i);
            if (escaped) {
                escaped = false;
            } else if (inString) {
                escaped = c == '\\';
                inString = c != '"';
            } else {
                structure(c);
            }
        }
    }

    private void structure(char c) {
        switch (c) {
            case '"' -> inString = true;
            case '{', '[' -> depth++;
            case '}', ']' -> {
                depth--;
                whole |= depth == 0;
            }
            default -> {
                // a number, a word, or white space
            }
        }
    }

    /** Whether an object or an array has ended. */
    boolean isWhole() {
        return whole;
    }
}
