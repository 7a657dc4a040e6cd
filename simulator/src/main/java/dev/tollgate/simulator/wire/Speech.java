package dev.tollgate.simulator.wire;

/** The text of an answer, in pieces. */
public sealed interface Speech {
    int pieces();

    String piece(int index);

    /** All of it; equals its pieces put together. */
    String whole();

    /** A text that the script told, cut between characters. */
    final class Told implements Speech {
        private final String text;
        private final int[] cuts;

        Told(String text, int pieces) {
            var points = text.codePointCount(0, text.length());
            this.text = text;
            this.cuts = new int[Math.min(pieces, points) + 1];
            for (var i = 1; i < cuts.length; i++) {
                var before = (int) ((long) points * (i - 1) / (cuts.length - 1));
                var after = (int) ((long) points * i / (cuts.length - 1));
                cuts[i] = text.offsetByCodePoints(cuts[i - 1], after - before);
            }
        }

        @Override
        public int pieces() {
            return cuts.length - 1;
        }

        @Override
        public String piece(int index) {
            return text.substring(cuts[index], cuts[index + 1]);
        }

        @Override
        public String whole() {
            return pieces() == 0 ? "" : text;
        }
    }

    /** A given number of words, one a token, made up when they are needed. */
    record Words(int count, int pieces) implements Speech {
        private static final String[] WORDS =
                ("Every token that passes the gate is counted and every toll is paid in whole"
                                + " nano-dollars, naïve or not, be it written in 東京 or in a café 🚦.")
                        .split("(?<= )");

        public Words {
            pieces = Math.min(pieces, count);
        }

        @Override
        public String piece(int index) {
            return words(
                    (int) ((long) count * index / pieces),
                    (int) ((long) count * (index + 1) / pieces));
        }

        @Override
        public String whole() {
            return words(0, count);
        }

        private static String words(int from, int to) {
            if (to - from == 1) {
                return word(from);
            }
            var out = new StringBuilder((to - from) * 6);
            for (var i = from; i < to; i++) {
                out.append(word(i));
            }
            return out.toString();
        }

        private static String word(int index) {
            var word = WORDS[index % WORDS.length];
            return index >= WORDS.length && index % WORDS.length == 0 ? " " + word : word;
        }
    }
}
