package dev.tollgate.dialects.codec;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * Ids and names that fit a dialect's pattern: deterministic, so that a call and its result meet.
 */
public final class CallIds {
    private static final int HASH_CHARS = 8;
    private static final int MADE_CHARS = 24;

    private CallIds() {}

    /** What ids are made of for the calls of one of several answers. */
    public static String seed(String idSeed, int choice) {
        return choice == 0 ? idSeed : idSeed + ":choice" + choice;
    }

    /** An id for the {@code index}-th call of an answer whose provider gave it none. */
    public static String made(String idSeed, int index) {
        return "call_" + hash(idSeed + ":" + index).substring(0, MADE_CHARS);
    }

    /** The same text if it matches, else a readable beginning of it with a hash. */
    public static String fitted(String text, Pattern pattern, int maxChars) {
        if (text.length() <= maxChars && pattern.matcher(text).matches()) {
            return text;
        }
        var clean = text.replaceAll("[^a-zA-Z0-9_-]", "_");
        int room = maxChars - HASH_CHARS - 1;
        var head = clean.length() > room ? clean.substring(0, room) : clean;
        if (head.isEmpty() || !Character.isLetter(head.charAt(0))) {
            head = "t" + head.substring(Math.min(1, head.length()));
        }
        return head + "_" + hash(text).substring(0, HASH_CHARS);
    }

    /** So many characters, hexadecimal, that stand for a text. */
    public static String hashed(String text, int chars) {
        return hash(text).substring(0, chars);
    }

    private static String hash(String text) {
        try {
            var digest = MessageDigest.getInstance("SHA-256");
            return HexFormat.of().formatHex(digest.digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException bug) {
            throw new IllegalStateException("every JDK has SHA-256", bug);
        }
    }
}
