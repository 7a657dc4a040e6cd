package dev.tollgate.dialects.prompt;

/**
 * Counts the signs in texts, byte by byte as they stand in JSON. A word is a run of letters; a byte
 * outside ASCII is a letter.
 */
final class TextCount {

    private static final int OUTSIDE_ASCII = 0x80;
    private static final int ESCAPED_UNIT = 6;

    /** Letters in lower case, 0 for anything else. */
    private static final byte[] LETTERS = letters();

    long bytes;
    int fences;
    int codeLines;
    int constraints;
    int reasoning;

    private boolean inWord;
    private long word;

    /** Of the word before, where only a space or a hyphen lies between. */
    private long before;

    private int ticks;

    /** The last two characters of the line that are no spaces. */
    private int last;

    private int beforeLast;

    TextCount() {
        word = Words.EMPTY;
        before = Words.EMPTY;
    }

    private static byte[] letters() {
        var letters = new byte[256];
        for (int c = 'a'; c <= 'z'; c++) {
            letters[c] = (byte) c;
            letters[c - 'a' + 'A'] = (byte) c;
        }
        for (int c = OUTSIDE_ASCII; c < letters.length; c++) {
            letters[c] = 1;
        }
        return letters;
    }

    void clear() {
        bytes = 0;
        fences = 0;
        codeLines = 0;
        constraints = 0;
        reasoning = 0;
    }

    void add(TextCount other) {
        bytes += other.bytes;
        fences += other.fences;
        codeLines += other.codeLines;
        constraints += other.constraints;
        reasoning += other.reasoning;
    }

    /** Reads what stands between the quotes of a JSON string. */
    void read(byte[] json, int from, int to) {
        int i = from;
        while (i < to) {
            int c = json[i] & 0xFF;
            if (LETTERS[c] != 0) {
                int end = letters(json, i, to);
                bytes += end - i;
                i = end;
            } else if (c != '\\') {
                bytes++;
                i++;
                see(c);
            } else if (i + ESCAPED_UNIT <= to && json[i + 1] == 'u') {
                int unit = unit(json, i + 2);
                boolean half = Character.isSurrogate((char) unit);
                bytes += unit < OUTSIDE_ASCII ? 1 : unit < 0x800 || half ? 2 : 3;
                i += ESCAPED_UNIT;
                see(Math.min(unit, OUTSIDE_ASCII));
            } else {
                bytes++;
                see(i + 1 < to ? escaped(json[i + 1]) : ' ');
                i += 2;
            }
        }
        see('\n');
    }

    /** Reads the letters from here on, as {@link #see} would one by one; the offset behind them. */
    private int letters(byte[] json, int from, int to) {
        long hash = word;
        int i = from;
        int letter = LETTERS[json[i] & 0xFF];
        while (letter != 0) {
            hash = Words.next(hash, letter);
            i++;
            letter = i < to ? LETTERS[json[i] & 0xFF] : 0;
        }
        word = hash;
        inWord = true;
        ticks = 0;
        last = json[i - 1] & 0xFF;
        return i;
    }

    private static int unit(byte[] json, int at) {
        int unit = 0;
        for (int i = at; i < at + 4; i++) {
            unit = unit << 4 | Math.max(Character.digit(json[i], 16), 0);
        }
        return unit;
    }

    private static int escaped(byte letter) {
        return switch (letter) {
            case 'n', 'r' -> '\n';
            case 't', 'b', 'f' -> ' ';
            default -> letter & 0xFF;
        };
    }

    private void see(int c) {
        int letter = LETTERS[c];
        if (letter != 0) {
            inWord = true;
            word = Words.next(word, letter);
            ticks = 0;
            last = c;
            return;
        }
        if (inWord) {
            endWord();
        }
        if (c == ' ' || c == '-') {
            ticks = 0;
            if (c == '-') {
                beforeLast = last;
                last = c;
            }
            return;
        }
        before = Words.EMPTY;
        if (c == '\n') {
            endLine();
            return;
        }
        ticks = c == '`' ? ticks + 1 : 0;
        if (ticks == 3) {
            fences++;
        }
        beforeLast = last;
        last = c;
    }

    private void endWord() {
        count(Words.meaning(word));
        if (before != Words.EMPTY) {
            count(Words.meaning(Words.pair(before, word)));
        }
        before = word;
        word = Words.EMPTY;
        inWord = false;
    }

    private void count(byte meaning) {
        if (meaning == Words.CONSTRAINT) {
            constraints++;
        } else if (meaning == Words.REASONING) {
            reasoning++;
        }
    }

    private void endLine() {
        if (last == ';' || last == '{' || last == '}' || last == ':' && beforeLast == ')') {
            codeLines++;
        }
        last = 0;
        beforeLast = 0;
        ticks = 0;
    }
}
