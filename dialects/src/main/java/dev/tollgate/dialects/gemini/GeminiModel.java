package dev.tollgate.dialects.gemini;

import java.util.regex.Pattern;

/**
 * What a Gemini model takes, by the version in its name; names without one are taken for the
 * newest.
 *
 * @param version 25 for 2.5
 */
record GeminiModel(int version, boolean pro) {
    private static final Pattern NAME = Pattern.compile(".*gemini-(\\d)(?:\\.(\\d))?.*");

    static GeminiModel of(String name) {
        var found = NAME.matcher(name);
        int version =
                found.matches()
                        ? Integer.parseInt(found.group(1)) * 10
                                + (found.group(2) == null ? 0 : Integer.parseInt(found.group(2)))
                        : 99;
        return new GeminiModel(version, name.contains("pro"));
    }

    /** Demands the signature of a turn's first call, and takes levels and media in results. */
    boolean third() {
        return version >= 30;
    }

    boolean thinks() {
        return version >= 25;
    }
}
