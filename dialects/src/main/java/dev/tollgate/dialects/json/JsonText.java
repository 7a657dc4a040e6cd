package dev.tollgate.dialects.json;

import com.fasterxml.jackson.core.io.JsonStringEncoder;

/** Text as JSON writes it. */
public final class JsonText {
    private JsonText() {}

    /** A JSON string in UTF-8, quotes included. */
    public static byte[] quoted(String text) {
        var escaped = JsonStringEncoder.getInstance().quoteAsUTF8(text);
        var quoted = new byte[escaped.length + 2];
        quoted[0] = '"';
        System.arraycopy(escaped, 0, quoted, 1, escaped.length);
        quoted[quoted.length - 1] = '"';
        return quoted;
    }

    /** Whether these ASCII characters stand at this place. */
    public static boolean startsWith(byte[] body, int at, String ascii) {
        if (at + ascii.length() > body.length) {
            return false;
        }
        for (int i = 0; i < ascii.length(); i++) {
            if (body[at + i] != ascii.charAt(i)) {
                return false;
            }
        }
        return true;
    }
}
